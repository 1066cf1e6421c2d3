import type { BlockList } from 'node:net';
import { domainToASCII } from 'node:url';
import type { ObservableInput, SchedulerLike } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { invalidType, invalidValue, outOfRange } from '../core/input/argument-errors.js';
import {
  boolean,
  callable,
  checkEach,
  integer,
  isObject,
  LONGEST_DELAY,
  number,
  oneOf,
  orInfinity,
  scheduler,
  type Check,
  type Checks,
} from '../core/input/checks.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { systemHosts } from '../node/hosts-file.js';
import type { Filter } from '../node/filter.js';
import type { Setup } from '../node/setup.js';
import { localChecks, socketChecks, type SocketOptions, type TcpOptions } from '../node/tcp.js';
import { copyOf } from '../core/remembered.js';
import { checkTlsOptions, type TlsOptions } from '../node/tls.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import type { Transport } from '../rx/transport.js';
import { parseLiteral } from '../core/address/literal.js';
import type { Resolver } from '../rx/resolver.js';
import { checkNat64, type Nat64Options } from './nat64-options.js';
import { checkServiceRecords, needsQuic, type ServiceOptions } from './service-options.js';

/** How a race is run. Durations in ms of the scheduler's time; off is `Infinity` or `false`, never 0. */
export interface RaceOptions {
  /**
   * Restricts the race to one family, 4 or 6. With 0, both are raced.
   *
   * @defaultValue 0
   * @example `{ family: 6 }`
   */
  readonly family?: 0 | Family | undefined;
  /**
   * The family that leads, whatever the order says, and whose answer the Resolution Delay waits for. Without this option the order
   * decides which family leads. The race then waits for IPv6 where this machine has a route for it and the policy table of `sort`
   * does not prefer IPv4; otherwise for IPv4.
   *
   * @defaultValue none
   * @example `{ preferFamily: 4 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3 | RFC 8305 section 3}
   */
  readonly preferFamily?: Family | undefined;
  /**
   * The order of the addresses, before the families are interleaved.
   *
   * - `'rfc6724'`: destination address selection with the source addresses that this machine would use. On a glibc system it also
   *   follows the tables of `/etc/gai.conf`, which is read again when it has changed.
   * - `rfc6724()`: the RFC's own table, whatever `/etc/gai.conf` says. `rfc6724({ policyTable })`: a table of your own.
   * - `'none'`: the resolver's order, so that the first address received leads.
   * - a function: gets every endpoint known so far and returns them in order, as a list, an Observable or a Promise.
   *
   * With a `transport` of your own, whose source addresses this machine does not know, the default is the resolver's order with
   * IPv6 first.
   *
   * @defaultValue 'rfc6724'
   * @example `{ sort: 'none' }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc6724#section-6 | RFC 6724 section 6}
   */
  readonly sort?:
    | 'rfc6724'
    | 'none'
    | ((endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>)
    | undefined;
  /**
   * Whether the families alternate. With `false` the race follows the order as it is.
   *
   * @defaultValue true
   * @example `{ interleave: false }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-4 | RFC 8305 section 4}
   */
  readonly interleave?: boolean | undefined;
  /**
   * How many addresses of the leading family come before the first of the other family.
   *
   * @defaultValue 1
   * @example `{ firstAddressFamilyCount: 2 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-4 | RFC 8305 section 4}
   */
  readonly firstAddressFamilyCount?: number | undefined;
  /**
   * The time between the starts of two attempts, at least 10. A failed attempt ends the wait, so the next one starts at once.
   *
   * With `'adaptive'`, a connector derives the delay from the round-trip time of the path: it is the time after which TCP would
   * send its first packet again. Where the round-trip time is not known, the delay is 250 ms.
   *
   * @defaultValue 250
   * @example `{ connectionAttemptDelay: 200 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305 section 5}
   */
  readonly connectionAttemptDelay?: number | 'adaptive' | undefined;
  /**
   * The lower bound of an adaptive delay, at least 10.
   *
   * @defaultValue 100
   * @example `{ connectionAttemptDelay: 'adaptive', minimumConnectionAttemptDelay: 50 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305 section 5}
   */
  readonly minimumConnectionAttemptDelay?: number | undefined;
  /**
   * The upper bound of an adaptive or multiplied delay. It is also how long an attempt keeps its place when
   * `maxConcurrentAttempts` are in flight and the next one is due.
   *
   * @defaultValue 2000
   * @example `{ maximumConnectionAttemptDelay: 1000 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305 section 5}
   */
  readonly maximumConnectionAttemptDelay?: number | undefined;
  /**
   * Multiplies the delay once for each attempt in flight after the first, from 1 to 100. Failed attempts do not count. With a delay
   * of 50 ms and a multiplier of 2, attempts start at 0, 50, 150, 350 and 750 ms. The delay never exceeds
   * `maximumConnectionAttemptDelay`.
   *
   * @defaultValue 1
   * @example `{ connectionAttemptDelay: 50, connectionAttemptDelayMultiplier: 2 }`
   */
  readonly connectionAttemptDelayMultiplier?: number | undefined;
  /**
   * How long the first attempt waits for the preferred family's answer once the other family's has arrived. 0 is allowed.
   *
   * @defaultValue 50
   * @example `{ resolutionDelay: 0 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3 | RFC 8305 section 3}
   */
  readonly resolutionDelay?: number | undefined;
  /**
   * How many attempts may be in flight. At this limit the next attempt waits until one has failed, or until the oldest has been in
   * flight for `maximumConnectionAttemptDelay`; that one is then cancelled. `Infinity` is allowed.
   *
   * @defaultValue 8
   * @example `{ maxConcurrentAttempts: 2 }`
   */
  readonly maxConcurrentAttempts?: number | undefined;
  /**
   * Gives each family a queue of its own, and says how much later the second family starts. At least 10. Needs
   * `attemptSpacingDelay`.
   *
   * @defaultValue none
   * @example `{ familyStaggerDelay: 250, attemptSpacingDelay: 125 }`
   */
  readonly familyStaggerDelay?: number | undefined;
  /**
   * With a queue for each family, the time between the starts of two attempts of one family. It replaces `connectionAttemptDelay`.
   * At least 10. Needs `familyStaggerDelay`.
   *
   * @defaultValue none
   * @example `{ familyStaggerDelay: 250, attemptSpacingDelay: 125 }`
   */
  readonly attemptSpacingDelay?: number | undefined;
  /**
   * Whether attempts overlap. With `false` each attempt starts when the one before it has failed, so a silent address uses up the
   * whole `connectTimeout` unless there is an `attemptTimeout`.
   *
   * @defaultValue true
   * @example `{ enabled: false, attemptTimeout: 1000 }`
   */
  readonly enabled?: boolean | undefined;
  /**
   * The time limit of the whole race, look-up included. `Infinity` is allowed. Set it well above `connectionAttemptDelay`: when the
   * first address is silent, the second one starts only after that delay.
   *
   * @defaultValue 10000
   * @example `{ connectTimeout: 5000 }`
   */
  readonly connectTimeout?: number | undefined;
  /**
   * The time limit of one attempt. The attempt then fails with `ETIMEDOUT`, and the next one starts at once.
   *
   * @defaultValue Infinity
   * @example `{ attemptTimeout: 3000 }`
   */
  readonly attemptTimeout?: number | undefined;
  /**
   * Finds the addresses of a host: `systemResolver()`, `dnsResolver()`, `staticResolver(table)`, `cached(resolver)`, or a function
   * from a host to an Observable of answers. It is not asked about IP addresses and `localhost`.
   *
   * @defaultValue systemResolver()
   * @example `{ resolver: dnsResolver({ servers: ['192.0.2.53'] }) }`
   */
  readonly resolver?: Resolver | undefined;
  /**
   * Addresses that are never dialled, however they are written. Their attempts fail at once with `ERR_IP_BLOCKED`. Works on Node 20
   * too, whose `net.connect` ignores block lists.
   *
   * @defaultValue none
   * @example `{ blockList: new BlockList() }`
   */
  readonly blockList?: BlockList | undefined;
  /**
   * Decides whether an endpoint may be dialled. Only `true` lets it pass. It is also asked about the IPv4 address inside an IPv6
   * address. `ssrf()` allows public addresses only.
   *
   * @defaultValue none
   * @example `{ filter: ssrf() }`
   */
  readonly filter?: Filter | undefined;
  /**
   * How IPv4 addresses are reached on a network that has no IPv4. `'auto'`: through the network's NAT64, whose prefixes are looked
   * up in its DNS. An object names the prefixes. `false`: addresses are dialled as they are. An IPv6 address within a prefix counts
   * as the IPv4 address that it stands for.
   *
   * @defaultValue 'auto'
   * @example `{ nat64: { prefixes: ['64:ff9b::/96'] } }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc7050 | RFC 7050}
   */
  readonly nat64?: 'auto' | false | Nat64Options | undefined;
  /**
   * Whether the race follows the HTTPS records of the host: the names, ports and protocols that they lead to, by priority. `true`
   * means `{ scheme: 'https' }`. Has no effect with a resolver that does not ask for them; `systemResolver`, `dnsResolver` and
   * `serviceResolver` do.
   *
   * @defaultValue false
   * @example `{ tls: true, serviceRecords: true }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc9460 | RFC 9460}
   */
  readonly serviceRecords?: boolean | ServiceOptions | undefined;
  /**
   * Cancels the race, which then errors with the signal's reason.
   *
   * @defaultValue none
   * @example `{ signal: AbortSignal.timeout(2000) }`
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The RxJS scheduler of every timer and timestamp in the race. The default is monotonic real time.
   *
   * @defaultValue none
   * @example `{ scheduler: asyncScheduler }`
   */
  readonly scheduler?: SchedulerLike | undefined;
  /**
   * The source of randomness, a function like `Math.random`. It decides which of a connector's races ignore its history, and the
   * order of service records of equal priority.
   *
   * @defaultValue Math.random
   * @example `{ random: () => 0.5 }`
   */
  readonly random?: (() => number) | undefined;
}

/** How attempts connect and what follows; which of it goes together is said by `ConnectOptions`. */
export interface AttemptOptions<T, C> extends Pick<TcpOptions, 'localAddress' | 'localPort' | 'socketFactory'> {
  /**
   * How an attempt connects: a function from an endpoint to an Observable. It replaces `tcp`, `tls`, `localAddress`, `localPort` and
   * `socketFactory`, which are invalid beside it.
   *
   * @defaultValue tcp(), or tls() with the option tls
   * @example `{ transport: tcp({ noDelay: true }) }`
   */
  readonly transport?: Transport<C> | undefined;
  /**
   * Options of the sockets, named as in `net.connect`: `noDelay`, `keepAlive`, `keepAliveInitialDelay`, `allowHalfOpen` and
   * `highWaterMark`.
   *
   * @defaultValue none
   * @example `{ tcp: { noDelay: true, keepAlive: true } }`
   */
  readonly tcp?: SocketOptions | undefined;
  /**
   * Races for the first complete TLS handshake instead of the first TCP connection; the result is a `tls.TLSSocket`. `true`, or the
   * options of `tls.connect`. Certificates are verified for the host, whichever of its addresses answers.
   *
   * @defaultValue false
   * @example `{ tls: { ALPNProtocols: ['h2', 'http/1.1'] } }`
   */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * A step after connecting that belongs to the attempt, such as reading a greeting: `(socket, endpoint) =>` an Observable or a
   * Promise, whose first value is the result of the race. While it runs, errors of the connection are the attempt's. When it fails
   * or is cancelled, the connection is destroyed.
   *
   * @defaultValue none
   * @example `{ setup: async (socket) => ({ socket, greeting: await once(socket, 'data') }) }`
   */
  readonly setup?: Setup<C, T> | undefined;
  /**
   * Tells which errors of `setup` end the whole race, such as a wrong password. Other errors end their attempt only.
   *
   * @defaultValue none
   * @example `{ setup: (socket) => [socket], isTerminal: (error) => error.message === 'wrong password' }`
   */
  readonly isTerminal?: ((error: Error) => boolean) | undefined;
}

/** The value of every option that is not given and has one. */
export const defaults = Object.freeze({
  family: 0,
  interleave: true,
  firstAddressFamilyCount: 1,
  connectionAttemptDelay: 250,
  minimumConnectionAttemptDelay: 100,
  maximumConnectionAttemptDelay: 2000,
  connectionAttemptDelayMultiplier: 1,
  resolutionDelay: 50,
  maxConcurrentAttempts: 8,
  enabled: true,
  connectTimeout: 10_000,
  attemptTimeout: Infinity,
  scheduler: monotonicScheduler,
  random: Math.random,
} satisfies RaceOptions);

/** Options with every default filled in. */
export type Settings<T> = AllOptions<T> & Required<Pick<RaceOptions, keyof typeof defaults>>;

/** Every option, whatever goes together. */
type AllOptions<T = unknown> = RaceOptions & AttemptOptions<T, unknown>;

/**
 * Checks the options and fills in the defaults; `undefined` counts as not given.
 *
 * Options that are given again, unchanged, are not checked again, and their settings are the same object.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, RangeError `ERR_OUT_OF_RANGE`, naming option and value
 */
export function checkOptions<T>(options?: object): Settings<T> {
  if (options === undefined) return nothingGiven;
  const known = checked.get(options);
  if (known && isUnchanged(options, known)) return known.settings as unknown as Settings<T>;

  checkEach('options', options, OPTION_CHECKS);
  // Properties that are there already cost a tenth of those that are added.
  const settings: Record<string, unknown> = { ...nothingGiven };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) settings[name] = value;
  checkTogether(settings as unknown as Settings<T>);
  // Most options are made for one call, and to remember those would cost more than to check them.
  if (options === latest && !holdsMore(options)) {
    checked.set(options, { names: Object.keys(options), settings });
    share(settings);
  }
  latest = options;
  return settings as unknown as Settings<T>;
}

let latest: object | undefined;

/** What options were when they were found good: their names, and settings with their values. */
interface Checked {
  readonly names: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
}

const checked = new WeakMap<object, Checked>();

function isUnchanged(options: object, { names, settings }: Checked): boolean {
  const current = Object.keys(options);
  if (current.length !== names.length) return false;
  return current.every((name, index) => name === names[index] && (options as typeof settings)[name] === settings[name]);
}

/** Whether options hold lists or options of their own, which can change without a change in these. */
function holdsMore({ tcp, tls, localAddress, localPort }: AllOptions): boolean {
  return [tcp, tls, localAddress, localPort].some(isObject);
}

/** @throws as {@link checkOptions}, for what cannot be a port: a whole number from 1 to 65535 */
export function checkPort(port: unknown): asserts port is number {
  isPort('port', port);
}

const isPort: Check = integer(1, 65_535);

/** No name that can be looked up holds one of these; a colon may stand in the hosts file. */
const NEVER_IN_NAMES = /[\s\0-\x1f\x7f/\\?#@[\]<>^|%"`{}]/;

/** A host with its port, and an IPv6 address gone wrong. Others with a colon are left to the resolver. */
const MISTAKEN = /:\d+$|^[\da-f.]*:[\da-f.]*:[\da-f:.]*$/i;

/**
 * Checks a host and returns it in ASCII (internationalised names by IDNA).
 *
 * @throws as {@link checkOptions}, for what cannot be a host name or an IP address
 */
export function checkHost(host: unknown): string {
  if (typeof host !== 'string') throw invalidType('host', 'of type string', host);
  const known = checkedHosts.get(host);
  if (known !== undefined) return known;
  if (host === '') throw invalidValue('host', 'must not be empty', host);
  if (host.length > LONGEST_TEXT) throw invalidValue('host', 'has over 253 characters', host);
  const ascii = /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
  const mistake = parseLiteral(ascii) ? undefined : mistakeIn(ascii);
  // Whatever a name looks like, the system may know it. To ask it looks at a file, so it is asked about mistakes alone.
  if (mistake !== undefined && systemHosts(ascii).length === 0) throw invalidValue('host', mistake, host);
  if (checkedHosts.size === REMEMBERED) checkedHosts.clear();
  checkedHosts.set(copyOf(host), copyOf(ascii));
  return ascii;
}

/** No host is written in more characters: 253 of ASCII may be fewer in Unicode, but a bracketed address with a zone may be more. */
const LONGEST_TEXT = 300;

/** Hosts that were found good: a program connects to few, and often. */
const checkedHosts = new Map<string, string>();
const REMEMBERED = 1000;

/** What is wrong with a name; `undefined` for one that can be looked up. */
function mistakeIn(ascii: string): string | undefined {
  if (ascii === '' || NEVER_IN_NAMES.test(ascii) || MISTAKEN.test(ascii)) return 'is neither a host name nor an IP address';
  const labels = ascii.replace(/\.$/, '').split('.');
  if (labels.includes('')) return 'has an empty label';
  if (labels.some((label) => label.length > 63)) return 'has a label of over 63 characters';
  return labels.join('.').length > 253 ? 'has over 253 characters' : undefined;
}

/** RFC 8305 section 5: the Connection Attempt Delay MUST NOT be under 10 ms. */
const attemptDelay = number(10, LONGEST_DELAY);

const OPTION_CHECKS: Checks<AllOptions> = {
  family: oneOf(0, 4, 6),
  preferFamily: oneOf(4, 6),
  sort: (name, value) => {
    if (typeof value !== 'function') oneOf('rfc6724', 'none')(name, value);
  },
  interleave: boolean,
  firstAddressFamilyCount: integer(1, Number.MAX_SAFE_INTEGER),
  connectionAttemptDelay: (name, value) => {
    if (value !== 'adaptive') attemptDelay(name, value);
  },
  minimumConnectionAttemptDelay: attemptDelay,
  maximumConnectionAttemptDelay: attemptDelay,
  connectionAttemptDelayMultiplier: number(1, 100),
  resolutionDelay: number(0, LONGEST_DELAY),
  maxConcurrentAttempts: orInfinity(integer(1, Number.MAX_SAFE_INTEGER)),
  familyStaggerDelay: attemptDelay,
  attemptSpacingDelay: attemptDelay,
  enabled: boolean,
  connectTimeout: orInfinity(number(1, LONGEST_DELAY)),
  attemptTimeout: orInfinity(number(1, LONGEST_DELAY)),
  resolver: callable,
  transport: callable,
  tcp: (name, value) => {
    checkEach(name, value, socketChecks);
  },
  tls: (name, value) => {
    if (typeof value !== 'boolean') checkTlsOptions(name, value);
  },
  ...localChecks,
  setup: callable,
  isTerminal: callable,
  blockList: (name, value) => {
    const { check } = (isObject(value) ? value : {}) as Partial<BlockList>;
    if (typeof check !== 'function') throw invalidType(name, 'a net.BlockList', value);
  },
  filter: callable,
  nat64: checkNat64,
  serviceRecords: checkServiceRecords,
  signal: (name, value) => {
    const { aborted, addEventListener } = (isObject(value) ? value : {}) as Partial<AbortSignal>;
    if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') throw invalidType(name, 'an AbortSignal', value);
  },
  scheduler,
  random: callable,
};

/** Every option there is. */
export const optionNames = Object.keys(OPTION_CHECKS) as readonly (keyof AllOptions)[];

/** Every option as it is where it is not given. */
const nothingGiven = Object.freeze({ ...Object.fromEntries(optionNames.map((name) => [name, undefined])), ...defaults });

/** Settings of which several races are run: what follows from them is worth remembering. */
const shared = new WeakSet<object>([nothingGiven]);

/** Says that several races are run with these settings. */
export function share(settings: object): void {
  shared.add(settings);
}

/** Works out what follows from settings, and for those that are shared, once. */
export function oncePerSettings<Result>(workOut: <T>(settings: Settings<T>) => Result): <T>(settings: Settings<T>) => Result {
  const results = new WeakMap<object, Result>();
  return (settings) => {
    const known = results.get(settings);
    if (known !== undefined) return known;
    const result = workOut(settings);
    if (shared.has(settings)) results.set(settings, result);
    return result;
  };
}

/** What a `transport` stands in place of. */
export const SOCKET_OPTIONS = ['tcp', 'tls', 'localAddress', 'localPort', 'socketFactory'] as const;

/** What says how attempts connect, and what they are for. */
const ATTEMPT_OPTIONS = ['transport', ...SOCKET_OPTIONS, 'setup', 'isTerminal'] as const;

/**
 * Checks options of races whose sockets are for somebody who has own ideas of them.
 *
 * @param others options that these races do not have, beside those that say how attempts connect
 * @throws as {@link checkOptions}
 */
export function checkRaceOptions(options: RaceOptions, ...others: readonly (keyof RaceOptions)[]): void {
  checkOptions(options);
  for (const name of [...ATTEMPT_OPTIONS, ...others]) {
    const value = (options as AllOptions)[name];
    if (value !== undefined) throw invalidValue(`options.${name}`, 'is not an option of these races', value);
  }
}

/** Options that only make sense with others, or without them. */
function checkTogether<T>(settings: Settings<T>): void {
  const { familyStaggerDelay, attemptSpacingDelay, minimumConnectionAttemptDelay, maximumConnectionAttemptDelay } = settings;
  if ((familyStaggerDelay === undefined) !== (attemptSpacingDelay === undefined)) {
    const [given, missing] =
      attemptSpacingDelay === undefined
        ? ['familyStaggerDelay', 'attemptSpacingDelay']
        : ['attemptSpacingDelay', 'familyStaggerDelay'];
    throw invalidValue(`options.${missing}`, `must be given together with options.${given}`, undefined);
  }
  if (maximumConnectionAttemptDelay < minimumConnectionAttemptDelay) {
    const least = `>= options.minimumConnectionAttemptDelay (${minimumConnectionAttemptDelay})`;
    throw outOfRange('options.maximumConnectionAttemptDelay', least, maximumConnectionAttemptDelay);
  }
  for (const name of SOCKET_OPTIONS) {
    if (settings.transport && (settings[name] ?? false) !== false) {
      throw invalidValue(`options.${name}`, 'has no effect on the transport that is given', settings[name]);
    }
  }
  if (needsQuic(settings.serviceRecords) && !settings.transport) {
    throw invalidValue(
      'options.serviceRecords.alpn',
      'names h3, which needs a transport that speaks QUIC',
      settings.serviceRecords,
    );
  }
  if (settings.socketFactory && settings.tcp) {
    throw invalidValue('options.tcp', 'has no effect on the sockets of options.socketFactory', settings.tcp);
  }
  if (settings.isTerminal && !settings.setup) {
    throw invalidValue('options.isTerminal', 'has no effect without options.setup', settings.isTerminal);
  }
}
