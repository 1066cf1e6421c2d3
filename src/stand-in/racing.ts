import { getDefaultResultOrder } from 'node:dns';
import type { Socket } from 'node:net';
import { Observable, type SchedulerLike } from 'rxjs';
import type { Family } from '../core/address/address.js';
import type { Connector } from '../connector/connector.js';
import { MAKES, type Makes } from '../connector/makes.js';
import type { History, HistoryOptions } from '../connector/path-history.js';
import { historyOfSockets, processHistory } from '../connector/process-history.js';
import { withHistory } from '../connector/teaching.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, given, isObject, oneOf } from '../core/input/checks.js';
import type { RaceEvent } from '../core/race/events.js';
import { failuresLast, type Past } from '../core/race/path-records.js';
import { filtersOf, type Filters } from '../node/filter.js';
import type { SocketFactory } from '../node/tcp.js';
import { inTurn } from '../node/turns.js';
import { observe } from '../observe/observed.js';
import { checkHost, checkOptions, checkRaceOptions, defaults, type RaceOptions, type Settings } from '../plan/options.js';
import type { Order } from '../plan/order.js';
import { plan } from '../plan/plan.js';
import { connecting } from '../plan/transport.js';
import type { Resolver } from '../rx/resolver.js';
import { aheadOf } from './ahead.js';
import type { Begun, FindAhead } from './head-start.js';

/**
 * How races for the sockets of other people's code are run. `connectTimeout` is `Infinity` by default: that code has limits of
 * its own.
 */
export interface StandInOptions extends Omit<RaceOptions, 'signal' | 'family'> {
  /**
   * What is raced for where a socket is for TLS, as those of `tls.connect` and `https` are.
   *
   * - `'auto'`, the default: the first finished handshake, which the socket is given; on a Node whose internals are not as
   *   expected, the first TCP connection
   * - `'probe'`: the first finished handshake; where that is not the first address's, its connection is closed, and the socket
   *   connects to the same address by itself
   * - `'off'`: the first TCP connection; the handshake is left to the socket
   *
   * At `localhost`, whose addresses are one machine, a handshake that has failed is not made again at the other address.
   */
  readonly tls?: TlsMode | undefined;
  /**
   * A history of their own for these races, as `{ file: true }` that outlives the process; false: none. Default: the one that
   * all sockets of the process share. Not with a connector, which has its own.
   */
  readonly history?: false | HistoryOptions | undefined;
}

/** What is raced for where a socket is for TLS. */
export type TlsMode = 'auto' | 'probe' | 'off';

/** What races for sockets. */
export interface Racing {
  readonly race$: (host: string, port: number, own: OwnOptions) => Observable<RaceEvent<Socket>>;
  /** It says itself how names are looked up. */
  readonly hasResolver: boolean;
  /** Nothing but the order of addresses is asked for, so that one address alone can be left to Node. */
  readonly isPlain: boolean;
  /** What sockets must not connect to, whether they are raced for or not. */
  readonly filters?: Filters;
  readonly tls: TlsRacing;
  /** Absent where options have a say in how the first attempt is made, or what is reported of it. */
  readonly ahead?: FindAhead | undefined;
}

/** How sockets for TLS are raced for. Durations in ms of the scheduler's time. */
export interface TlsRacing {
  readonly mode: TlsMode;
  /**
   * For how long nothing may happen once all addresses have been tried: then the socket is given the first connection that is up,
   * whose handshake goes on. `Infinity` where the race itself has a limit.
   *
   * Much of what would end a socket waits until it is connected: a client's time-out that begins with `connect`.
   */
  readonly patience: number;
  /** The same where a handshake has failed, and no other is under way: then the socket fails with its error. */
  readonly patienceAfterFailure: number;
  readonly scheduler: SchedulerLike;
}

/** What the race for one socket has of its own: a resolver where the socket has a look-up of its own. */
export interface OwnOptions {
  readonly socketFactory: SocketFactory;
  /** The protocols of HTTP that it offers in its handshake; absent: it is for something else, and no service record is for it. */
  readonly alpn?: readonly string[];
  readonly resolver?: Resolver;
  /** An attempt that was begun before the race. */
  readonly begun?: Begun;
}

/** Options that have a say even where there is but one address. */
const SAYS = ['blockList', 'filter', 'sort', 'connectTimeout', 'attemptTimeout', 'scheduler'] as const;

/**
 * What races for sockets, with options for each race.
 *
 * @param connector whose races share cache and history; default: the races share the history of the process
 * @throws TypeError, RangeError for options that make no sense
 */
export function racing(standInOptions: StandInOptions = {}, connector?: Pick<Connector, 'race$'>): Racing {
  if (!isObject(standInOptions) || Array.isArray(standInOptions)) throw invalidType('options', 'an object', standInOptions);
  const { tls: mode = 'auto', ...others } = standInOptions;
  oneOf('auto', 'probe', 'off')('options.tls', mode);
  checkConnector(connector, 'tls', 'setup', 'transport');
  const { raceOptions: options, history } = splitHistory(others, connector);
  checkRaceOptions(options, 'signal', 'family');
  const filters = filtersOf({ ...filtersOfConnector(connector), ...given(options) });
  return {
    race$: connector ? racesOf(connector, options) : races(options, history),
    hasResolver: options.resolver !== undefined,
    isPlain: !connector && SAYS.every((name) => options[name] === undefined),
    tls: tlsRacing(mode, options),
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
 * The options of the races, and the history that they go by.
 *
 * @throws TypeError, RangeError for a `history` that makes no sense, and for one beside a connector's
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
export function filtersOfConnector(connector: object = {}): Filters | undefined {
  const { [MAKES]: made } = connector as { readonly [MAKES]?: Makes<never> };
  return made?.filters;
}

/** Races that share a history, if any. What their options have in common is checked once. */
function races(options: RaceOptions, history: (() => History) | undefined): Racing['race$'] {
  const common = checkOptions<Socket>({ connectTimeout: Infinity, ...given(options) });
  const pupil = { random: common.random, partition: '' };
  const race = (host: string, port: number, { resolver, socketFactory, alpn, begun }: OwnOptions) => {
    const settings: Mutable<Settings<Socket>> = { ...common };
    settings.socketFactory = socketFactory;
    if (begun) settings.scheduler = begun.scheduler;
    if (common.serviceRecords) settings.serviceRecords = servicesFor(common.serviceRecords, alpn);
    if (resolver) {
      settings.resolver = resolver;
      // What a look-up of the caller's puts first is tried first, as Node does.
      settings.sort = options.sort ?? 'none';
    } else settings.preferFamily = options.preferFamily ?? leadingFamily();
    const asciiHost = checkHost(host);
    const attempts = connecting(settings, asciiHost);
    return withHistory<Socket>(history?.(), pupil, (observer, lived) => {
      const stages = plan({ host, asciiHost, port }, settings, attempts, lived?.past);
      observe(
        resolver && !options.sort ? { ...stages, sort: inGivenOrder(lived?.past, begun?.endpoint) } : stages,
        observer,
        lived,
      );
    });
  };
  return (host, port, own) => {
    const race$ = race(host, port, own);
    // One whose first attempt is under way has begun.
    if (own.begun) return race$;
    return new Observable(inTurn(common, (observer) => void race$.subscribe(observer)));
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

/** Races whose order a connector's history decides. */
function racesOf(connector: Pick<Connector, 'race$'>, options: StandInOptions): Racing['race$'] {
  const race$ = connector.race$ as (host: string, port: number, options: object) => Observable<RaceEvent<Socket>>;
  return (host, port, { alpn, ...own }) => {
    const services = options.serviceRecords && { serviceRecords: servicesFor(options.serviceRecords, alpn) };
    const shared = given({ preferFamily: leadingFamily(), ...given(options), ...services });
    return race$(host, port, { connectTimeout: Infinity, ...shared, ...own });
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
