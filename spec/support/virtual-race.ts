import { EMPTY, map, merge, mergeMap, NEVER, of, tap, throwError, timer, type SchedulerLike } from 'rxjs';
import {
  formatEndpoint,
  race$,
  type Answer,
  type RaceOptions,
  type RaceEvent,
  type Resolver,
  type Transport,
} from '../../src/index.js';
import { hangs, virtualNetwork, type Fate } from '../../src/testing/index.js';

/** What a resolver does, and when: ms after it was asked, or within the call. */
export interface Lookup {
  readonly answers: readonly { readonly after: number | 'at once'; readonly answer: Answer }[];
  /** How it ends after its answers; `never`: it does not. */
  readonly ends: { readonly after: number | 'at once'; readonly error?: Error } | 'never';
}

export const AAAA = (...addresses: string[]): Answer => ({ type: 'AAAA', addresses });
export const A = (...addresses: string[]): Answer => ({ type: 'A', addresses });
export const negative = (type: Answer['type'], code = 'ENOTFOUND'): Answer => ({
  type,
  addresses: [],
  error: Object.assign(new Error(`${type} ${code}`), { code }),
});

/** A look-up whose answers come so many ms after the question; it ends with the last. */
export function answering(...answers: readonly (readonly [after: number | 'at once', answer: Answer])[]): Lookup {
  return {
    answers: answers.map(([after, answer]) => ({ after, answer })),
    ends: { after: answers.length === 0 ? 'at once' : answers.at(-1)![0] },
  };
}

/** All that a race did. Times in ms of virtual time since it began. */
export interface RaceReport {
  /** `address: ms` in start order. */
  readonly starts: readonly (readonly [address: string, at: number])[];
  /** How each attempt ended, in the order of their ends. */
  readonly ends: readonly (readonly [address: string, outcome: RaceEvent['type'], at: number])[];
  readonly winner?: string;
  readonly error?: Error;
  /** When the race ended; absent while it goes on. */
  readonly finish?: number;
  readonly events: readonly RaceEvent<string>[];
  /** The most attempts that were in flight at the same time. */
  readonly mostInFlight: number;
}

export interface VirtualRace {
  readonly lookup: Lookup;
  /** By address; those of others hang. What is a matter of time, as `behaves` makes it, is made of the race's scheduler. */
  readonly fates: Readonly<Record<string, Fate | ((scheduler: SchedulerLike) => Fate)>>;
  /** Options, or what makes them of the race's scheduler. */
  readonly options?: RaceOptions | ((scheduler: SchedulerLike) => RaceOptions);
  readonly host?: string;
  /** Default 443. */
  readonly port?: number;
  /** What races; default: the package's own function. */
  readonly racing?: typeof race$;
  /** Unsubscribes so many ms after the start. */
  readonly unsubscribeAt?: number;
}

/**
 * Runs one race in a virtual network, for an address as text, and reports what it did.
 *
 * Every run is also checked for what holds in every race: nothing is started twice, what ended was let go of before the
 * winner was emitted, and nothing (attempt, look-up or timer) is left when it is over.
 */
export function runRace({
  lookup,
  fates,
  options = {},
  host = 'example.com',
  port = 443,
  racing = race$,
  unsubscribeAt,
}: VirtualRace): RaceReport {
  const network = virtualNetwork({
    dns: () => answersOf(lookup, network.scheduler),
    endpoints: ({ address }) => {
      const fate = fates[address] ?? hangs();
      return typeof fate === 'function' ? fate(network.scheduler) : fate;
    },
  });
  const { resolver, scheduler } = network;
  const dialled: string[] = [];
  const transport: Transport<string> = (endpoint, progressed) => {
    dialled.push(`${endpoint.protocol ?? 'tcp'} ${formatEndpoint(endpoint)}`);
    return network.transport(endpoint, progressed).pipe(map((socket) => socket.destroy().remoteAddress!));
  };
  /** What was left when somebody heard of the end. */
  const left: unknown[] = [];
  const over = () => left.push(...network.leaks.filter(({ kind }) => kind !== 'timer'));

  const events$ = racing<string>(host, port, {
    resolver,
    transport,
    scheduler,
    ...(typeof options === 'function' ? options(scheduler) : options),
  }).pipe(tap({ next: ({ type }) => type === 'connected' && over(), error: over }));
  const { values: events, finish, error, mostInFlight } = network.run(events$, { until: Infinity, unsubscribeAt });

  // Also of a race that goes on for ever: it was unsubscribed.
  expect({ left, leaks: network.leaks }).toEqual({ left: [], leaks: [] });
  expect(dialled).toEqual([...new Set(dialled)]);
  const ends = events.filter((event) => event.type === 'failed' || event.type === 'cancelled' || event.type === 'connected');
  const winner = events.find((event) => event.type === 'connected')?.value;
  return {
    ...(winner !== undefined && { winner }),
    ...(error !== undefined && { error: error as Error }),
    ...(finish !== undefined && { finish }),
    starts: events.flatMap((event) => (event.type === 'started' ? [[event.endpoint.address, event.at] as const] : [])),
    ends: ends.map((event) => [event.endpoint.address, event.type, event.at]),
    events,
    mostInFlight,
  };
}

const later = (after: number | 'at once', scheduler: SchedulerLike) => (after === 'at once' ? of(0) : timer(after, scheduler));

/** Each answer at its time, then the end at its own, all counted from the question on. */
function answersOf({ answers, ends }: Lookup, scheduler: SchedulerLike): ReturnType<Resolver> {
  const answers$ = answers.map(({ after, answer }) => later(after, scheduler).pipe(map(() => answer)));
  if (ends === 'never') return merge(...answers$, NEVER);
  const { after, error } = ends;
  const end$ = later(after, scheduler).pipe(mergeMap(() => (error ? throwError(() => error) : EMPTY)));
  return merge(...answers$, end$);
}
