import { getDefaultResultOrder } from 'node:dns';
import type { Socket } from 'node:net';
import { Observable, type SchedulerLike } from 'rxjs';
import type { Family } from '../core/address/address.js';
import type { Connector } from '../connector/connector.js';
import { MAKES, type Defaults, type Makes } from '../connector/makes.js';
import type { History, HistoryOptions, RaceHistory } from '../connector/path-history.js';
import { historyOfSockets, processHistory } from '../connector/process-history.js';
import { beginWithHistory } from '../connector/teaching.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, given, isObject, oneOf } from '../core/input/checks.js';
import type { RaceEvent } from '../core/race/events.js';
import { failuresLast, type Past } from '../core/race/path-records.js';
import { filtersOf, type Filters } from '../node/filter.js';
import type { SocketFactory } from '../node/tcp.js';
import type { Beginning } from '../node/queue-up.js';
import { inTurn } from '../node/turns.js';
import { observe } from '../observe/observed.js';
import { checkHost, checkOptions, checkRaceOptions, defaults, type RaceOptions, type Settings } from '../plan/options.js';
import type { Order } from '../plan/order.js';
import { plan } from '../plan/plan.js';
import { connecting } from '../plan/transport.js';
import type { Holder } from '../rx/guarded.js';
import type { Resolver } from '../rx/resolver.js';
import { aheadOf } from './ahead.js';
import type { Begun, FindAhead } from './head-start.js';

/**
 * Options of races for other code's sockets. `connectTimeout` is `Infinity` by default, because that code has its own limits.
 */
export interface StandInOptions extends Omit<RaceOptions, 'signal' | 'family'> {
  /**
   * What a TLS socket is raced for, such as those of `tls.connect` and `https`.
   *
   * - `'auto'`: the first complete handshake, which the socket takes over. On a Node whose internals are not as expected: the first
   *   TCP connection.
   * - `'probe'`: the first complete handshake. Unless the first attempt won, its connection is closed, and the socket connects to the
   *   same address by itself.
   * - `'off'`: the first TCP connection. The handshake is left to the socket, and one that stalls is not noticed.
   *
   * At `localhost`, whose addresses are one machine, a failed handshake is final.
   *
   * @defaultValue 'auto'
   */
  readonly tls?: TlsMode | undefined;
  /**
   * Options of a separate history for these races, such as `{ file: true }`; `false`: none. By default all sockets of the process
   * share one history. Invalid beside a connector, which has its own.
   *
   * @defaultValue none
   */
  readonly history?: false | HistoryOptions | undefined;
}

/** What decides a race for a TLS socket. */
export type TlsMode = 'auto' | 'probe' | 'off';

/** Races for sockets with given options. */
export interface Racing {
  readonly race$: (host: string, port: number, own: OwnOptions) => Observable<RaceEvent<Socket>>;
  /** Whether the options include a resolver. */
  readonly hasResolver: boolean;
  /** Whether the options affect only the order of addresses, so that a single address can be left to Node. */
  readonly isPlain: boolean;
  /** The filters, which also apply to sockets that are not raced for. */
  readonly filters?: Filters;
  readonly tls: TlsRacing;
  /** Absent if an option affects the first attempt or what is reported about it. */
  readonly ahead?: FindAhead | undefined;
}

/** How races for TLS sockets are decided. Durations are in ms of the scheduler's time. */
export interface TlsRacing {
  readonly mode: TlsMode;
  /**
   * How long to wait after all addresses have been tried and nothing happens. The socket then gets the first connection that is up,
   * whose handshake goes on. `Infinity` if the race itself has a limit.
   *
   * A limit is needed because many clients start their own timeouts only on `connect`.
   */
  readonly patience: number;
  /** The same if a handshake has failed and no other is in progress. The socket then fails with its error. */
  readonly patienceAfterFailure: number;
  readonly scheduler: SchedulerLike;
}

/** Options of the race for one socket, such as a resolver if the socket has its own look-up. */
export interface OwnOptions {
  readonly socketFactory: SocketFactory;
  /** The HTTP protocols that the socket offers in its handshake. Absent if it is not for HTTP, so that service records do not apply. */
  readonly alpn?: readonly string[];
  readonly resolver?: Resolver;
  /** An attempt that began before the race. */
  readonly begun?: Begun;
}

/** Options that matter even if there is only one address. */
const SAYS = ['blockList', 'filter', 'sort', 'connectTimeout', 'attemptTimeout', 'scheduler'] as const;

/**
 * Creates races for sockets with these options.
 *
 * @param connector a connector to share cache and history with; default: the races share the history of the process
 * @throws TypeError, RangeError for invalid options
 */
export function racing(standInOptions: StandInOptions = {}, connector?: Pick<Connector, 'race$'>): Racing {
  if (!isObject(standInOptions) || Array.isArray(standInOptions)) throw invalidType('options', 'an object', standInOptions);
  const { tls: mode = 'auto', ...others } = standInOptions;
  oneOf('auto', 'probe', 'off')('options.tls', mode);
  checkConnector(connector, 'tls', 'setup', 'transport');
  const { raceOptions: options, history } = splitHistory(others, connector);
  checkRaceOptions(options, 'signal', 'family');
  const common: Defaults = { ...given(defaultsOf(connector)), ...given(options) };
  refuseSockets(common, connector);
  const filters = filtersOf({ ...filtersOfConnector(connector), ...given(options) });
  return {
    race$: connector ? racesOf(connector, options, common) : races(options, history),
    hasResolver: common.resolver !== undefined,
    isPlain: !connector && SAYS.every((name) => options[name] === undefined),
    tls: tlsRacing(mode, common),
    ...(filters && { filters }),
    ...(connector ? undefined : { ahead: aheadOf(options, history) }),
  };
}

function tlsRacing(mode: TlsMode, options: RaceOptions): TlsRacing {
  const { connectTimeout, attemptTimeout, maximumConnectionAttemptDelay, connectionAttemptDelay, scheduler } = {
    ...{ ...defaults, connectTimeout: Infinity },
    ...given(options),
  };
  return {
    mode,
    patience: Math.min(connectTimeout, attemptTimeout) < Infinity ? Infinity : maximumConnectionAttemptDelay,
    patienceAfterFailure: connectionAttemptDelay === 'adaptive' ? defaults.connectionAttemptDelay : connectionAttemptDelay,
    scheduler,
  };
}

/**
 * Splits the options of the races from their history.
 *
 * @throws TypeError, RangeError for an invalid `history`, and for one in addition to a connector's
 */
export function splitHistory<O extends object>(
  options: O,
  connector: object | undefined,
): { readonly raceOptions: Omit<O, 'history'>; readonly history: (() => History) | undefined } {
  const { history, ...others } = options as O & { readonly history?: unknown };
  if (history === undefined) return { raceOptions: options, history: connector ? undefined : processHistory };
  if (connector) throw invalidValue('options.history', 'has no effect: the connector has its own', history);
  if (history === false) return { raceOptions: others, history: undefined };
  if (!isObject(history) || Array.isArray(history)) throw invalidValue('options.history', 'must be false or an object', history);
  const own = historyOfSockets(history);
  return { raceOptions: others, history: () => own };
}

/** What the races of a connector filter, where its calls do not say otherwise. */
export function filtersOfConnector(connector?: object): Filters | undefined {
  return madeBy(connector)?.filters;
}

/** The options of a connector's races. */
export function defaultsOf(connector?: object): Defaults {
  return madeBy(connector)?.defaults ?? {};
}

function madeBy(connector: object = {}): Makes<never> | undefined {
  return (connector as { readonly [MAKES]?: Makes<never> })[MAKES];
}

/** Refuses a connector with options of sockets: a stand-in has sockets of its own, whose options are those of its user. */
function refuseSockets({ tcp, socketFactory }: Defaults, connector: object | undefined): void {
  const name = tcp ? 'tcp' : socketFactory ? 'socketFactory' : undefined;
  if (name === undefined) return;
  throw invalidValue('options.connector', `was created with \`${name}\`, which has no effect on sockets that exist`, connector);
}

/** Races that share a history, if any. What their options have in common is checked once. */
function races(options: RaceOptions, history: (() => History) | undefined): Racing['race$'] {
  const common = checkOptions<Socket>({ connectTimeout: Infinity, ...given(options) });
  const pupil = { random: common.random, partition: '' };
  const race = (
    host: string,
    port: number,
    { resolver, socketFactory, alpn, begun }: OwnOptions,
  ): Beginning<RaceEvent<Socket>> => {
    const settings: Mutable<Settings<Socket>> = { ...common };
    settings.socketFactory = socketFactory;
    if (begun) settings.scheduler = begun.scheduler;
    settings.serviceRecords = servicesFor(common.serviceRecords, alpn);
    if (resolver) {
      settings.resolver = resolver;
      // What a look-up of the caller's puts first is tried first, as Node does.
      settings.sort = options.sort ?? 'none';
    } else settings.preferFamily = options.preferFamily ?? leadingFamily();
    const asciiHost = checkHost(host);
    const attempts = connecting(settings, asciiHost);
    const begin = (observer: Holder<RaceEvent<Socket>>, lived?: RaceHistory) => {
      const stages = plan({ host, asciiHost, port }, settings, attempts, lived?.past);
      const { past } = lived ?? {};
      observe(resolver && !options.sort ? { ...stages, sort: inGivenOrder(past, begun?.endpoint) } : stages, observer, lived);
    };
    return { begin: (observer) => beginWithHistory(history?.(), pupil, observer, { begin }) };
  };
  return (host, port, own) => {
    const beginning = race(host, port, own);
    // One whose first attempt is under way has begun.
    return new Observable((subscriber) => (own.begun ? beginning.begin(subscriber) : inTurn(common, subscriber, beginning)));
  };
}

/** Service records are for sockets that speak HTTP over TLS, and those say so by ALPN. */
function servicesFor(given: RaceOptions['serviceRecords'], alpn: OwnOptions['alpn']): RaceOptions['serviceRecords'] {
  if (!given || !alpn) return false;
  return { scheme: 'https', alpn, ...(typeof given === 'object' ? given : undefined) };
}

/**
 * The order of a look-up of the caller's, but for what failed lately.
 *
 * @param begun has been begun, and is the first in any case
 */
function inGivenOrder(past: Past | undefined, begun?: Endpoint): Order {
  return (endpoints) => {
    const order = past ? failuresLast(endpoints, past) : endpoints;
    const first = begun && order.find(({ address }) => address === begun.address);
    return first ? [first, ...order.filter((endpoint) => endpoint !== first)] : order;
  };
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Races whose order a connector's history decides.
 *
 * @param common the options, and for those that are absent the connector's
 */
function racesOf(connector: Pick<Connector, 'race$'>, options: RaceOptions, common: Defaults): Racing['race$'] {
  const race$ = connector.race$ as (host: string, port: number, options: object) => Observable<RaceEvent<Socket>>;
  const { connectTimeout = Infinity, serviceRecords } = common;
  return (host, port, { alpn, ...own }) => {
    const preferFamily = common.preferFamily ?? leadingFamily();
    const shared = given({ connectTimeout, preferFamily, serviceRecords: servicesFor(serviceRecords, alpn) });
    return race$(host, port, { ...given(options), ...shared, ...own });
  };
}

/**
 * Checks a connector.
 *
 * @param refused what it must not make: no stand-in has a use for it
 * @throws TypeError for what is no connector, and for one whose races are for something else
 */
export function checkConnector(connector: unknown, ...refused: readonly Makes<never>['by'][]): void {
  if (connector === undefined) return;
  if (!isObject(connector)) throw invalidType('options.connector', 'a connector', connector);
  const { race$, [MAKES]: made } = connector as Partial<Connector>;
  callable('options.connector.race$', race$);
  if (made?.by && refused.includes(made.by)) {
    throw invalidValue('options.connector', `must make TCP connections: it was created with \`${made.by}\``, connector);
  }
}

/** The family that leads where the program was started, or has set, that one does. */
function leadingFamily(): Family | undefined {
  const order = getDefaultResultOrder();
  return order === 'verbatim' ? undefined : order === 'ipv4first' ? 4 : 6;
}
