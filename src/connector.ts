import type { Socket } from 'node:net';
import { defer, firstValueFrom, tap, type MonoTypeOperatorFunction, type Observable, type SchedulerLike } from 'rxjs';
import { plan, winner } from './connect.js';
import { invalidType } from './core/argument-errors.js';
import { isObject } from './core/checks.js';
import { ConnectionError } from './core/errors.js';
import type { RaceEvent } from './core/events.js';
import { createHistory, type HistoryOptions, type RaceHistory, type Snapshot } from './history.js';
import { debug } from './node/debug.js';
import { systemResolver } from './node/lookup.js';
import { checkHost, checkOptions, checkPort, SOCKET_OPTIONS, type ConnectOptions } from './options.js';
import { cached, type CacheOptions } from './rx/cached.js';
import { monotonicScheduler } from './rx/monotonic.js';
import { race } from './rx/race.js';
import { wellFormedResolver } from './rx/resolve.js';

/** Defaults of a connector's races, and what they share. */
export interface ConnectorOptions<T = Socket> extends ConnectOptions<T> {
  /** How answers are remembered; false: not at all. Default: for as long as they hold, at most 30 s. */
  readonly cache?: false | CacheOptions;
  /** How failures, round-trip times and use are remembered; false: not at all. */
  readonly history?: false | HistoryOptions;
}

/** Races that profit from each other. */
export interface Connector<D = Socket> {
  /** As the function of this name, with the connector's defaults. */
  readonly connect$: <T = D>(host: string, port: number, options?: ConnectOptions<T>) => Observable<T>;
  /** As the function of this name, with the connector's defaults. */
  readonly race$: <T = D>(host: string, port: number, options?: ConnectOptions<T>) => Observable<RaceEvent<T>>;
  /** As the function of this name, with the connector's defaults. */
  readonly connect: <T = D>(host: string, port: number, options?: ConnectOptions<T>) => Promise<T>;
  /** The history as plain JSON, to be restored by another connector, in another run of the program too. */
  readonly snapshot: () => Snapshot;
  /**
   * Adds what {@link snapshot} gave to the history; a record in it that is none is passed over.
   *
   * @throws TypeError for what is no snapshot
   */
  readonly restore: (snapshot: unknown) => void;
  /** Forgets answers and history. Races under way go on. */
  readonly clear: () => void;
}

/**
 * Makes a connector: the same three functions, whose races share a cache of answers and a history of paths, kept for each
 * network by itself.
 *
 * - An address that failed lately, or that a later attempt overtook, is tried after those of its family that did not; with
 *   all of a family so, the other leads. A success clears it, and so does time.
 * - Addresses with lower round-trip times, then those used with success, come before others that selection does not tell
 *   apart (RFC 8305 section 4).
 * - With `connectionAttemptDelay: 'adaptive'` the delay follows the round-trip time.
 * - One race in twenty takes no notice, so that what has recovered is found, and clients with different pasts come to agree.
 *
 * Two connectors share nothing. A `resolver` that is given to one call is asked without the cache.
 *
 * @throws TypeError, RangeError at the call, for options that make no sense
 *
 * @example
 * const { connect } = createConnector({ connectionAttemptDelay: 'adaptive' });
 */
export function createConnector<D = Socket>(options: ConnectorOptions<D> = {}): Connector<D> {
  checkMemory(options);
  const { cache, history: historyOptions, ...shared } = options;
  const { scheduler } = checkOptions(shared);
  const base = wellFormedResolver(shared.resolver ?? systemResolver(), debug);
  const answers = cache === false ? undefined : cached(base, { clock: scheduler, ...cache });
  const history = historyOptions === false ? undefined : createHistory(historyOptions ?? {}, clockOf(scheduler));

  const race$ = <T>(host: string, port: number, own: ConnectOptions<T> = {}): Observable<RaceEvent<T>> => {
    const asciiHost = checkHost(host);
    checkPort(port);
    const options = { ...withoutReplaced(shared, own), resolver: answers ?? base, ...given(own) };
    const settings = checkOptions(options as ConnectOptions<T>);
    return defer(() => {
      const lived = history?.begin(settings.random);
      const events$ = race(() => plan({ host, asciiHost, port }, settings, lived?.past));
      return lived ? events$.pipe(teaching(lived)) : events$;
    });
  };
  const connect$ = <T>(host: string, port: number, own?: ConnectOptions<T>) => race$(host, port, own).pipe(winner());

  return {
    connect$,
    race$,
    connect: async (host, port, own) => firstValueFrom(connect$(host, port, own)),
    snapshot: () => history?.snapshot() ?? { version: 1, paths: {} },
    restore: (snapshot) => history?.restore(snapshot),
    clear: () => {
      answers?.clear();
      history?.clear();
    },
  };
}

function checkMemory({ cache, history }: ConnectorOptions<unknown>): void {
  for (const [name, value] of Object.entries({ cache, history })) {
    if (value !== undefined && value !== false && !isObject(value))
      throw invalidType(`options.${name}`, 'false or an object', value);
  }
}

/** Instants that mean the same in another run of the program, where the clock is the real one. */
function clockOf(scheduler: SchedulerLike): () => number {
  return scheduler === monotonicScheduler ? () => performance.timeOrigin + performance.now() : () => scheduler.now();
}

/** The connector's options without what a call puts its own in place of: a transport of sockets, and the other way round. */
function withoutReplaced(shared: ConnectOptions<unknown>, own: ConnectOptions<unknown>): ConnectOptions<unknown> {
  const replaced: readonly string[] = own.transport
    ? SOCKET_OPTIONS
    : SOCKET_OPTIONS.some((name) => own[name] !== undefined)
      ? ['transport']
      : [];
  return Object.fromEntries(Object.entries(shared).filter(([name]) => !replaced.includes(name)));
}

function given(options: ConnectOptions<unknown>): ConnectOptions<unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Lets a history learn from a race once it has ended by itself: before its winner, or its error, is told. */
function teaching<T>(history: RaceHistory): MonoTypeOperatorFunction<RaceEvent<T>> {
  return (events$) =>
    defer(() => {
      const events: RaceEvent<T>[] = [];
      return events$.pipe(
        tap({
          next: (event) => {
            events.push(event);
            if (event.type === 'connected') history.learn(events);
          },
          error: (error: unknown) => {
            if (error instanceof ConnectionError) history.learn(events);
          },
        }),
      );
    });
}
