import type { Socket } from 'node:net';
import type { Observable, SchedulerLike } from 'rxjs';
import { racesOf, type Races, type Terms } from '../connect.js';
import type { ConnectOptions, GivenOptions, NotInferred, Won } from '../plan/connect-options.js';
import { connecting } from '../plan/transport.js';
import { invalidType } from '../core/input/argument-errors.js';
import { boolean, given, integer, isObject, orInfinity, string } from '../core/input/checks.js';
import { MAKES, makes, type Makes } from './makes.js';
import { createHistory, type History, type HistoryOptions } from './path-history.js';
import { wallClock } from './wall-clock.js';
import type { Snapshot } from '../core/race/snapshot.js';
import { beginWithHistory } from './teaching.js';
import { networkCache } from '../node/cached.js';
import { inTurn } from '../node/turns.js';
import { systemResolver } from '../node/system-resolver.js';
import { debug } from '../observe/debug.js';
import { checkOptions, share, SOCKET_OPTIONS, type RaceOptions } from '../plan/options.js';
import type { CacheOptions } from '../rx/cache.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { wellFormedResolver } from '../rx/resolver.js';
import { ownTlsOptions } from '../node/tls.js';
import { createSessions } from './tls-sessions.js';
import { takesSocketOptions } from '../rx/transport.js';
import { turnstile } from './turnstile.js';
import { watchable, type ConnectorRace } from './watched-races.js';

/** The defaults of a connector's races, and what they share. */
export type ConnectorOptions<T = Socket, C = T> = ConnectOptions<T, C> & Shared;

/** Which races of a connector share with each other. */
interface Partitioned {
  /**
   * Separates tenants or profiles. Races share answers, history and TLS sessions only within their partition. A call may name another
   * partition than the connector's.
   *
   * @defaultValue ''
   * @example `{ partition: 'tenant-1' }`
   */
  readonly partition?: string | undefined;
}

/** What the races of a connector share. */
interface Shared extends Partitioned {
  /**
   * How DNS answers are remembered; `false`: not at all. By default an answer is kept for its time to live, at most 30 s.
   *
   * @defaultValue none
   * @example `{ cache: { maxTtl: 60, staleFor: 3600 } }`
   */
  readonly cache?: false | CacheOptions | undefined;
  /**
   * How failures, round-trip times and successes of addresses are remembered; `false`: not at all. A `sort` function of your own, or
   * `sort: 'none'`, ignores them.
   *
   * @defaultValue none
   * @example `{ history: { failureAge: 60_000 } }`
   */
  readonly history?: false | HistoryOptions | undefined;
  /**
   * How many races run at a time. The others wait in order. `connectTimeout` counts from the start of a race; `signal` also cancels
   * one that still waits.
   *
   * @defaultValue Infinity
   * @example `{ maxConcurrentRaces: 100 }`
   */
  readonly maxConcurrentRaces?: number | undefined;
  /**
   * Whether TLS sessions are resumed. A session is resumed for the same name, port and TLS options only, and never kept for a peer
   * that was not authorized.
   *
   * @defaultValue true
   * @example `{ tls: true, sessions: false }`
   */
  readonly sessions?: boolean | undefined;
}

/**
 * Races that profit from each other. `D` is what they are for where a call does not say otherwise, and `B` what their attempts
 * connect then.
 */
export interface Connector<D = Socket, B = D> extends Races<D, B, Partitioned> {
  /** @internal */
  readonly [MAKES]?: Makes<D>;
  /**
   * All races of the connector, each as it begins. Hot, and costs nothing while it is not subscribed to. A race's `events$` is
   * what `race$` emits, from the beginning; it completes without `connected` when the race is cancelled. What is won belongs to
   * the caller of the race.
   */
  readonly races$: Observable<ConnectorRace>;
  /** Returns the history as plain JSON, for another connector to restore, even in another run of the program. */
  readonly snapshot: () => Snapshot;
  /**
   * Adds the records of a {@link snapshot} to the history. Invalid records are ignored.
   *
   * @throws TypeError for an invalid snapshot
   */
  readonly restore: (snapshot: unknown) => void;
  /** Clears answers, history and TLS sessions. Races in progress go on. */
  readonly clear: () => void;
}

/**
 * Makes a connector: the same three functions, whose races share a cache of answers and a history of paths, kept for each
 * network by itself.
 *
 * - An address that failed recently, or was overtaken by a later attempt, is tried after the other addresses of its family. If this
 *   applies to a whole family, the other one leads. A success or time clears it.
 * - Among addresses that selection does not distinguish, those with lower round-trip times come first, then those that were used
 *   successfully (RFC 8305 section 4).
 * - With `connectionAttemptDelay: 'adaptive'` the delay follows the round-trip time.
 * - One race in twenty ignores the history, to find paths that have recovered.
 *
 * Connectors share nothing with each other, and neither do partitions. A `resolver` that is given to one call bypasses the cache.
 *
 * @throws TypeError, RangeError at the call, for options that make no sense
 *
 * @example
 * const { connect } = createConnector({ connectionAttemptDelay: 'adaptive' });
 */
export function createConnector<R = never, C = never, S = unknown, T = Won<R, C, S>>(
  options?: GivenOptions<R, C, S, T> & Shared,
): Connector<NotInferred<T>, NotInferred<Won<never, C, S>>>;
export function createConnector(options: RaceOptions & Shared = {}): Connector<never> {
  checkShared(options);
  const { history, ...others } = options;
  const { scheduler = monotonicScheduler } = options;
  if (history === false) return connectorOver(others, undefined);
  return connectorOver(others, createHistory(history ?? {}, clockOf(scheduler)), history?.network);
}

/**
 * Creates a connector over a history that others may share.
 *
 * @param history absent if its races have none
 * @param network returns the name of the network that the machine is in
 */
export function connectorOver(
  options: RaceOptions & Omit<Shared, 'history'>,
  history: History | undefined,
  network?: () => string,
): Connector<never> {
  const {
    cache,
    sessions: resuming = true,
    partition: defaultPartition = '',
    maxConcurrentRaces = Infinity,
    ...shared
  } = options;
  const { scheduler } = checkOptions(shared);
  const base = wellFormedResolver(shared.resolver ?? systemResolver(), debug);
  const answers = cache === false ? undefined : networkCache(base, { clock: scheduler, network, ...given(cache ?? {}) });
  const sessions = resuming ? createSessions() : undefined;
  const whenItsTurn = maxConcurrentRaces === Infinity ? inTurn : turnstile(maxConcurrentRaces, scheduler);

  const resolverOf = (partition: string) => answers?.resolver(partition) ?? base;
  const defaults = checkOptions<never>({ ...shared, resolver: resolverOf(defaultPartition) });
  share(defaults);

  /** Cached for calls without their own options, which are the most. */
  const settingsFor = (own: Partitioned & Own): OwnTerms => {
    if (Object.keys(own).length === 0) return { partition: defaultPartition, settings: defaults };
    const { partition = defaultPartition, ...ownOptions } = given(own);
    string('options.partition', partition);
    const all = { ...withoutReplaced(shared, own), resolver: resolverOf(partition), ...ownOptions };
    return { partition, settings: checkOptions<never>(all) };
  };

  const watched = watchable();
  const races = racesOf<OwnTerms>({
    terms: (own = NOTHING) => settingsFor(own),
    attempts: ({ settings, partition }, asciiHost, port) => {
      if (!settings.tls) return connecting(settings, asciiHost);
      const tls = ownTlsOptions(settings.tls === true ? {} : settings.tls);
      return connecting({ ...settings, tls }, asciiHost, sessions?.slot(`${asciiHost}:${port}`, partition, tls));
    },
    begin: (race, observer) => {
      const { settings, partition } = race.terms;
      const begin = (holder: typeof observer) =>
        beginWithHistory(history, { random: settings.random, partition }, holder, watched.watching(race));
      whenItsTurn(settings, observer, { begin });
    },
  });

  return {
    [MAKES]: makes(shared),
    ...races,
    races$: watched.races$,
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

interface OwnTerms extends Terms {
  readonly partition: string;
}

const checkRaces = orInfinity(integer(1, Number.MAX_SAFE_INTEGER));

function checkShared({ cache, history, sessions = true, partition = '', maxConcurrentRaces = Infinity }: Shared): void {
  checkRaces('options.maxConcurrentRaces', maxConcurrentRaces);
  boolean('options.sessions', sessions);
  string('options.partition', partition);
  for (const [name, value] of Object.entries({ cache, history })) {
    if (value !== undefined && value !== false && !isObject(value))
      throw invalidType(`options.${name}`, 'false or an object', value);
  }
}

/** With real time, a clock that continues across runs of a program. */
function clockOf(scheduler: SchedulerLike): () => number {
  return scheduler === monotonicScheduler ? wallClock : () => scheduler.now();
}

type Own = Readonly<Partial<Record<'transport' | (typeof SOCKET_OPTIONS)[number], unknown>>>;

/** The connector's options without those that a call replaces: a `transport` replaces socket options, and vice versa. */
function withoutReplaced(shared: object, own: Own): object {
  const { transport = (shared as Own).transport } = own;
  const kept = takesSocketOptions(transport) ? SOCKET_OPTIONS.filter((name) => name !== 'tcp') : SOCKET_OPTIONS;
  const replaced: readonly string[] = own.transport ? kept : kept.some((name) => own[name] !== undefined) ? ['transport'] : [];
  return Object.fromEntries(Object.entries(shared).filter(([name]) => !replaced.includes(name)));
}
