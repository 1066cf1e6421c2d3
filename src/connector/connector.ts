import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { defer, tap, type MonoTypeOperatorFunction, type Observable, type SchedulerLike } from 'rxjs';
import { plan } from '../plan/plan.js';
import { winner, winnerOf } from '../connect.js';
import { connecting } from '../plan/transport.js';
import { invalidType } from '../core/input/argument-errors.js';
import { boolean, given, isObject, string } from '../core/input/checks.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { RaceEvent } from '../core/race/events.js';
import { MAKES, makes, type Makes } from './makes.js';
import { createHistory, type HistoryOptions, type RaceHistory, type Snapshot } from './path-history.js';
import { networkCache } from '../node/cached.js';
import { systemResolver } from '../node/system-resolver.js';
import { debug } from '../observe/debug.js';
import { observed } from '../observe/observed.js';
import {
  checkHost,
  checkOptions,
  checkPort,
  SOCKET_OPTIONS,
  type ConnectOptions,
  type RaceOptions,
  type Settings,
  type TlsConnectOptions,
} from '../plan/options.js';
import type { CacheOptions } from '../rx/cache.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { realTime } from '../rx/real-time.js';
import { wellFormedResolver } from '../rx/resolve.js';
import { createSessions } from './tls-sessions.js';

/** Defaults of a connector's races, and what they share. */
export type ConnectorOptions<T = Socket, C = T> = ConnectOptions<T, C> & Shared;

/** Which races of a connector share anything. */
interface Partitioned {
  /**
   * Races of one partition share cache, history and TLS sessions with each other alone: a tenant, or a profile. A call may have
   * another than the connector's. Default: `''`, a partition like others.
   */
  readonly partition?: string;
}

/** What the races of a connector share. */
interface Shared extends Partitioned {
  /** How answers are remembered; false: not at all. Default: for as long as they hold, at most 30 s. */
  readonly cache?: false | CacheOptions;
  /** How failures, round-trip times and use are remembered; false: not at all. */
  readonly history?: false | HistoryOptions;
  /** Whether TLS sessions are resumed, by name, port and TLS options. Default true. */
  readonly sessions?: boolean;
}

/** Races that profit from each other. `D` is what they are for where a call does not say otherwise. */
export interface Connector<D = Socket> {
  /** @internal */
  readonly [MAKES]?: Makes<D>;
  /** As the function of this name, with the connector's defaults. */
  readonly connect$: {
    (host: string, port: number, options: TlsConnectOptions & Partitioned): Observable<TLSSocket>;
    <T = D, C = T>(host: string, port: number, options: ConnectOptions<T, C> & Partitioned): Observable<T>;
    <T = D, C = T>(host: string, port: number, options?: ConnectOptions<T, C> & Partitioned): Observable<T>;
  };
  /** As the function of this name, with the connector's defaults. */
  readonly race$: {
    (host: string, port: number, options: TlsConnectOptions & Partitioned): Observable<RaceEvent<TLSSocket>>;
    <T = D, C = T>(host: string, port: number, options: ConnectOptions<T, C> & Partitioned): Observable<RaceEvent<T>>;
    <T = D, C = T>(host: string, port: number, options?: ConnectOptions<T, C> & Partitioned): Observable<RaceEvent<T>>;
  };
  /** As the function of this name, with the connector's defaults. */
  readonly connect: {
    (host: string, port: number, options: TlsConnectOptions & Partitioned): Promise<TLSSocket>;
    <T = D, C = T>(host: string, port: number, options: ConnectOptions<T, C> & Partitioned): Promise<T>;
    <T = D, C = T>(host: string, port: number, options?: ConnectOptions<T, C> & Partitioned): Promise<T>;
  };
  /** The history as plain JSON, to be restored by another connector, in another run of the program too. */
  readonly snapshot: () => Snapshot;
  /**
   * Adds what {@link snapshot} gave to the history; a record in it that is none is passed over.
   *
   * @throws TypeError for what is no snapshot
   */
  readonly restore: (snapshot: unknown) => void;
  /** Forgets answers, history and TLS sessions. Races under way go on. */
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
 * Two connectors share nothing, and neither do two partitions of one. A `resolver` that is given to one call is asked without
 * the cache.
 *
 * @throws TypeError, RangeError at the call, for options that make no sense
 *
 * @example
 * const { connect } = createConnector({ connectionAttemptDelay: 'adaptive' });
 */
export function createConnector(options: TlsConnectOptions & Shared): Connector<TLSSocket>;
export function createConnector<D = Socket, C = D>(options: ConnectorOptions<D, C>): Connector<D>;
export function createConnector<D = Socket, C = D>(options?: ConnectorOptions<D, C>): Connector<D>;
export function createConnector(options: RaceOptions & Shared = {}): Connector<never> {
  checkShared(options);
  const { cache, history: historyOptions, sessions: resuming = true, partition: defaultPartition = '', ...shared } = options;
  const { scheduler } = checkOptions(shared);
  const base = wellFormedResolver(shared.resolver ?? systemResolver(), debug);
  const history = historyOptions === false ? undefined : createHistory(historyOptions ?? {}, clockOf(scheduler));
  const network = historyOptions === false ? undefined : historyOptions?.network;
  const answers = cache === false ? undefined : networkCache(base, { clock: scheduler, network, ...given(cache ?? {}) });
  const sessions = resuming ? createSessions() : undefined;

  const resolverOf = (partition: string) => answers?.resolver(partition) ?? base;
  const defaults = checkOptions<never>({ ...shared, resolver: resolverOf(defaultPartition) });

  /** What a call without options of its own, as most are, has not to work out anew. */
  const settingsFor = (own: Partitioned & Own): { readonly partition: string; readonly settings: Settings<never> } => {
    if (Object.keys(own).length === 0) return { partition: defaultPartition, settings: defaults };
    const { partition = defaultPartition, ...ownOptions } = given(own);
    string('options.partition', partition);
    const all = { ...withoutReplaced(shared, own), resolver: resolverOf(partition), ...ownOptions };
    return { partition, settings: checkOptions<never>(all) };
  };

  const race$ = (host: string, port: number, own: Partitioned & Own = NOTHING): Observable<RaceEvent<never>> => {
    const asciiHost = checkHost(host);
    checkPort(port);
    const { partition, settings } = settingsFor(own);
    const slot = settings.tls ? sessions?.slot(`${asciiHost}:${port}`, partition, settings.tls) : undefined;
    const attempts = connecting(settings, asciiHost, slot);
    return defer(() => {
      const lived = history?.begin(settings.random, partition);
      const events$ = observed(plan({ host, asciiHost, port }, settings, attempts, lived?.past));
      return lived ? events$.pipe(teaching(lived)) : events$;
    });
  };
  const connect$ = (host: string, port: number, own?: object) => race$(host, port, own).pipe(winner);

  return {
    [MAKES]: makes(shared),
    connect$,
    race$,
    connect: async (host: string, port: number, own?: object) => winnerOf(race$(host, port, own)),
    snapshot: () => history?.snapshot() ?? { version: 1, paths: {} },
    restore: (snapshot) => history?.restore(snapshot),
    clear: () => {
      answers?.clear();
      history?.clear();
      sessions?.clear();
    },
  };
}

const NOTHING = Object.freeze({});

function checkShared({ cache, history, sessions = true, partition = '' }: Shared): void {
  boolean('options.sessions', sessions);
  string('options.partition', partition);
  for (const [name, value] of Object.entries({ cache, history })) {
    if (value !== undefined && value !== false && !isObject(value))
      throw invalidType(`options.${name}`, 'false or an object', value);
  }
}

/** Instants that mean the same in another run of the program, where the clock is the real one. */
function clockOf(scheduler: SchedulerLike): () => number {
  if (scheduler !== monotonicScheduler) return () => scheduler.now();
  return () => {
    const { timeOrigin, now } = realTime();
    return timeOrigin + now();
  };
}

type Own = Readonly<Partial<Record<'transport' | (typeof SOCKET_OPTIONS)[number], unknown>>>;

/** The connector's options without what a call puts its own in place of: a transport of sockets, and the other way round. */
function withoutReplaced(shared: object, own: Own): object {
  const replaced: readonly string[] = own.transport
    ? SOCKET_OPTIONS
    : SOCKET_OPTIONS.some((name) => own[name] !== undefined)
      ? ['transport']
      : [];
  return Object.fromEntries(Object.entries(shared).filter(([name]) => !replaced.includes(name)));
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
