import { EMPTY, map, merge, mergeMap, NEVER, of, timer, type Observable, type SchedulerLike } from 'rxjs';
import type { AnyAnswer, Answer, Endpoint, RaceEvent, RaceOptions, Resolver, ServiceRecord } from '../../src/index.js';
import { formatEndpoint } from '../../src/index.js';
import { answering, runRace, type RaceReport, type VirtualRace } from './virtual-race.js';

/** How a query is answered: after so many ms, with this; with nothing; never. */
export type Reply<Data> =
  readonly [after: number, ...data: Data[]] | { readonly after: number; readonly code: string } | 'dropped';

/** What a DNS has for a name; a type that is not named has nothing, after the zone's usual time. */
export interface ServiceEntry {
  readonly HTTPS?: Reply<ServiceRecord>;
  readonly AAAA?: Reply<string>;
  readonly A?: Reply<string>;
  /** Addresses of other names that come along with the HTTPS answer. */
  readonly along?: readonly Answer[];
}

export type ServiceZone = Readonly<Record<string, ServiceEntry>>;

/** ms; as in the sequences of HEv3 */
const USUAL = 30;

/** A service record in which only what matters is written. */
export const record = (
  priority: number,
  target: string,
  params: Omit<ServiceRecord, 'priority' | 'target'> = {},
): ServiceRecord => ({
  priority,
  target,
  ...params,
});

/** A resolver in virtual time; `asked`: gets the questions, as `name type`, with when they were asked. */
export function zoneResolver(zone: ServiceZone, scheduler: SchedulerLike, asked: string[] = []): Resolver {
  const began = scheduler.now();
  const entryOf = (name: string) => zone[name.toLowerCase().replace(/\.$/, '')] ?? {};
  const ask = <Data>(name: string, type: string, reply: Reply<Data> = [USUAL]) => {
    asked.push(`${scheduler.now() - began} ${name.replace(/\.$/, '')} ${type}`);
    if (reply === 'dropped') return NEVER;
    const [after, data, code] = 'code' in reply ? [reply.after, [], reply.code] : [reply[0], reply.slice(1) as Data[], 'ENODATA'];
    const error = data.length > 0 ? {} : { error: Object.assign(new Error(`${name} ${type} ${code}`), { code }) };
    return timer(after, scheduler).pipe(map(() => ({ data, ...error })));
  };
  const resolver: Resolver = (name, { family } = {}) => {
    const entry = entryOf(name);
    const addresses = (type: 'AAAA' | 'A') =>
      ask<string>(name, type, entry[type]).pipe(map(({ data, ...error }): Answer => ({ type, addresses: data, ...error })));
    return merge(family === 4 ? EMPTY : addresses('AAAA'), family === 6 ? EMPTY : addresses('A'));
  };
  const serviceRecords = (name: string): Observable<AnyAnswer> => {
    const { HTTPS, along = [] } = entryOf(name);
    return ask<ServiceRecord>(name, 'HTTPS', HTTPS).pipe(
      mergeMap(({ data, ...error }) => of<AnyAnswer[]>(...along, { type: 'HTTPS', records: data, ...error })),
    );
  };
  return Object.assign(resolver, { serviceRecords });
}

export interface ServiceRace extends Partial<Omit<VirtualRace, 'lookup' | 'options'>> {
  readonly zone: ServiceZone;
  readonly options?: RaceOptions;
}

export interface ServiceReport extends RaceReport {
  /** `ms name type` of each question, in order. */
  readonly asked: readonly string[];
  /** `ms address:port` of each start, with the target where a record or an alias has led there. */
  readonly begun: readonly string[];
}

/** Runs a race for https in a virtual network whose DNS is a zone. Addresses hang unless `fates` say otherwise. */
export function serviceRace({ zone, fates = {}, options = {}, ...race }: ServiceRace): ServiceReport {
  const asked: string[] = [];
  const report = runRace({
    host: 'example.com',
    lookup: answering(),
    fates,
    options: (scheduler) => ({
      resolver: zoneResolver(zone, scheduler, asked),
      serviceRecords: true,
      random: () => 0.99,
      connectTimeout: 5000,
      ...options,
    }),
    ...race,
  });
  return { ...report, asked, begun: report.events.flatMap((event) => (event.type === 'started' ? [begin(event)] : [])) };
}

function begin({ at, endpoint }: Extract<RaceEvent, { type: 'started' }>): string {
  return `${at} ${placeOf(endpoint)}`;
}

/** `address:port target`, with `?` behind a hint. */
export function placeOf(endpoint: Endpoint): string {
  const { service } = endpoint;
  return service ? `${formatEndpoint(endpoint)} ${service.target}${service.hint ? '?' : ''}` : formatEndpoint(endpoint);
}
