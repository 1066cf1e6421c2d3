import type { Endpoint } from '../core/race/endpoint.js';
import type { Past } from '../core/race/path-records.js';
import type { Pacing } from '../core/race/schedule.js';
import { systemHosts } from '../node/hosts-file.js';
import { systemResolver } from '../node/system-resolver.js';
import { debug } from '../observe/debug.js';
import type { RacePlan } from '../rx/race-plan.js';
import { parseLiteral } from '../core/address/literal.js';
import { resolve } from '../rx/resolve.js';
import type { Query } from '../rx/resolver.js';
import type { RaceTarget } from './host-name.js';
import { nat64Stages } from './nat64.js';
import { oncePerSettings, type Settings } from './options.js';
import { ordering, type Order } from './order.js';
import { pacing } from './pace.js';
import { servicePlan } from './services.js';
import type { Connecting } from './transport.js';

const SYSTEM_RESOLVER = systemResolver();

/** Builds the plan of a race from its settings. */
export function plan<T>(
  { host, asciiHost, port }: RaceTarget,
  settings: Settings<T>,
  attempts: Connecting<T>,
  past?: Past,
): RacePlan<T> {
  const { family, resolver = SYSTEM_RESOLVER, attemptTimeout, connectTimeout, signal, scheduler } = settings;
  const { sort, pacing: paced } = stages(settings, past);
  const pacing = paced();
  const nat64 = nat64Stages(settings);
  const translation = nat64?.translation;
  const services = settings.serviceRecords
    ? servicePlan({ asciiHost, port }, settings, resolver, { pacing, translation })
    : undefined;
  const only = onlyEndpoint(asciiHost, port, settings);
  // This machine's files say nothing about where the caller's transport connects.
  const ownNames = settings.transport ? undefined : systemHosts;
  return {
    host,
    port,
    family,
    only: only && nat64?.isOther(only) ? undefined : only,
    answers: (asked, name) => {
      // The target of a record is fully qualified, so that no search domain applies.
      const ask = (query: Query) => resolve(name === undefined ? asciiHost : `${name}.`, resolver, query, ownNames);
      const query = family === 0 ? asked : { ...asked, family };
      return nat64 ? nat64.answers(ask, query) : ask(query);
    },
    services,
    translation,
    complain: debug,
    sort,
    interleaving: settings,
    pacing,
    transport: attempts.transport,
    protocol: attempts.protocol,
    discard: attempts.discard,
    attemptTimeout,
    connectTimeout,
    signal,
    scheduler,
  };
}

/** The endpoint of a literal, unless an option of the caller's may exclude or change it. */
function onlyEndpoint<T>(asciiHost: string, port: number, { family: only, resolver, sort }: Settings<T>): Endpoint | undefined {
  const literal = resolver?.decides || typeof sort === 'function' ? undefined : parseLiteral(asciiHost);
  if (!literal || (only !== 0 && literal.family !== only)) return undefined;
  return { address: literal.address, family: literal.family, port };
}

/** The stages that follow from settings and from the history of earlier races. */
interface Stages {
  readonly past: Past | undefined;
  readonly sort: Order;
  readonly pacing: () => Pacing;
}

/** Holds the latest stages of settings, since most races share the history of the race before. */
const latestStages = oncePerSettings((): { stages?: Stages } => ({}));

function stages<T>(settings: Settings<T>, past: Past | undefined): Stages {
  const latest = latestStages(settings);
  if (latest.stages?.past === past && latest.stages) return latest.stages;
  return (latest.stages = { past, sort: ordering(settings, past), pacing: pacing(settings, past) });
}
