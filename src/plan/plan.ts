import type { Past } from '../core/race/path-records.js';
import { systemHosts } from '../node/hosts-file.js';
import { systemResolver } from '../node/system-resolver.js';
import { debug } from '../observe/debug.js';
import type { RacePlan } from '../rx/race-plan.js';
import { resolve } from '../rx/resolve.js';
import type { Settings } from './options.js';
import { ordering } from './order.js';
import { pacing } from './pace.js';
import type { Connecting } from './transport.js';

const SYSTEM_RESOLVER = systemResolver();

/** Where a race goes: the host as it was given and as it is looked up. */
interface Destination {
  readonly host: string;
  readonly asciiHost: string;
  readonly port: number;
}

/** The stages of a race, with defaults plugged in. */
export function plan<T>(
  { host, asciiHost, port }: Destination,
  settings: Settings<T>,
  attempts: Connecting<T>,
  past?: Past,
): RacePlan<T> {
  const { family, resolver = SYSTEM_RESOLVER, attemptTimeout, connectTimeout, signal, scheduler } = settings;
  return {
    host,
    port,
    family,
    // The machine's files say nothing of what a transport of the caller's connects to.
    answers: (query) =>
      resolve(asciiHost, resolver, family === 0 ? query : { ...query, family }, settings.transport ? undefined : systemHosts),
    complain: debug,
    sort: ordering(settings, past),
    interleaving: settings,
    pacing: pacing(settings, past),
    ...attempts,
    attemptTimeout,
    connectTimeout,
    signal,
    scheduler,
  };
}
