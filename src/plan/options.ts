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

/** How a race is run. Durations are in ms of the scheduler's time. `Infinity` or `false` switches off; 0 never does. */
export interface RaceOptions {
  /** Restricts the race to IPv4 or IPv6. Default 0: both. */
  readonly family?: 0 | Family | undefined;
  /**
   * The family that leads, whatever `sort` says, and that the Resolution Delay waits for. Default: IPv6, unless the policy table of
   * `sort` prefers IPv4.
   */
  readonly preferFamily?: Family | undefined;
  /**
   * The order of the addresses, before the families are interleaved. `'rfc6724'`: destination address selection with the source
   * addresses of this machine and, on a glibc system, the tables of `/etc/gai.conf`, which is read again when it changes.
   * `rfc6724()`: the same with the RFC's own table. `'none'`: the resolver's order, so that the first address received leads. A
   * function receives all endpoints known so far and returns them in order. Default: `'rfc6724'`; with a `transport` of your own,
   * whose source addresses are unknown, the resolver's order with IPv6 first.
   */
  readonly sort?:
    | 'rfc6724'
    | 'none'
    | ((endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>)
    | undefined;
  /** Whether the families alternate. Default true. */
  readonly interleave?: boolean | undefined;
  /** The number of addresses of the leading family before the first of the other. Default 1. */
  readonly firstAddressFamilyCount?: number | undefined;
  /**
   * The delay between the starts of two attempts; at least 10. Default 250. `'adaptive'`: the retransmission timeout of a path whose
   * round-trip time a connector knows; 250 on any other.
   */
  readonly connectionAttemptDelay?: number | 'adaptive' | undefined;
  /** The lower bound of an adaptive delay; at least 10. Default 100. */
  readonly minimumConnectionAttemptDelay?: number | undefined;
  /**
   * The upper bound of an adaptive or multiplied delay. With `maxConcurrentAttempts` in flight and another due, it is also how long
   * an attempt keeps its place. Default 2000.
   */
  readonly maximumConnectionAttemptDelay?: number | undefined;
  /**
   * Multiplies the delay before the next start once for each attempt in flight beyond the first, up to
   * `maximumConnectionAttemptDelay`; 1 to 100. Failed attempts do not count. Default 1.
   */
  readonly connectionAttemptDelayMultiplier?: number | undefined;
  /** How long the first attempt waits for the preferred family's answer after the other's has arrived. Default 50; 0 allowed. */
  readonly resolutionDelay?: number | undefined;
  /**
   * The most attempts in flight. When the limit is reached and another attempt is due, the oldest one gives way once it has had
   * `maximumConnectionAttemptDelay`. Default 8; `Infinity` allowed.
   */
  readonly maxConcurrentAttempts?: number | undefined;
  /** Per-family pacing, together with `attemptSpacingDelay`: how much later the other family starts. At least 10. */
  readonly familyStaggerDelay?: number | undefined;
  /**
   * Per-family pacing, together with `familyStaggerDelay`: the delay between two starts of one family, instead of
   * `connectionAttemptDelay`. At least 10.
   */
  readonly attemptSpacingDelay?: number | undefined;
  /** If false, attempts run one after another, without racing. Default true. */
  readonly enabled?: boolean | undefined;
  /**
   * The limit for the whole race, including the look-up. It should be longer than the delay between two starts, or a silent first
   * address leaves no time for a second. Default 10 000; `Infinity` allowed.
   */
  readonly connectTimeout?: number | undefined;
  /** The limit for one attempt. Default `Infinity`. */
  readonly attemptTimeout?: number | undefined;
  /** Finds the addresses of the host. Default: `systemResolver()`. */
  readonly resolver?: Resolver | undefined;
  /**
   * Addresses that are never dialled, in any spelling. Their attempts fail at once with `ERR_IP_BLOCKED`. Also works on Node 20, whose
   * `net.connect` has no block list.
   */
  readonly blockList?: BlockList | undefined;
  /** Decides whether an endpoint, and each IPv4 address that it may lead to, may be dialled: only `true` permits it. See `ssrf()`. */
  readonly filter?: Filter | undefined;
  /**
   * How IPv4 is reached without an IPv4 route. `'auto'`: through the network's NAT64, whose prefixes are discovered from its DNS.
   * `{ prefixes }`: through these prefixes. An IPv6 address under a prefix counts as the IPv4 address that it represents. `false`:
   * addresses are never translated. Default `'auto'`.
   */
  readonly nat64?: 'auto' | false | Nat64Options | undefined;
  /**
   * Uses the host's HTTPS records, which name other targets and ports, their order and their protocols. `true`: for https. Requires a
   * resolver that queries them: `systemResolver`, `dnsResolver`, `serviceResolver`. Default false.
   */
  readonly serviceRecords?: boolean | ServiceOptions | undefined;
  /** Aborts the race, which errors with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Used for every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
  /** The source of randomness. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** How attempts connect and what follows; which of it goes together is said by `ConnectOptions`. */
export interface AttemptOptions<T, C> extends Pick<TcpOptions, 'localAddress' | 'localPort' | 'socketFactory'> {
  /** How an attempt connects. Replaces `tcp`, `tls`, `localAddress`, `localPort` and `socketFactory`. Default: `tcp()` or `tls()`. */
  readonly transport?: Transport<C> | undefined;
  /** Socket options, as in `net.connect`. */
  readonly tcp?: SocketOptions | undefined;
  /**
   * Makes the winner the first `tls.TLSSocket` whose handshake is complete. `true`, or options as in `tls.connect`. Certificates are
   * verified for the host. Default false.
   */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * A step after connecting that belongs to the attempt, such as a greeting or a proxy's handshake. Its first value becomes the
   * result. Errors of the connection during this step fail the attempt. If the step fails or is cancelled, the connection is
   * destroyed.
   */
  readonly setup?: Setup<C, T> | undefined;
  /** Decides whether an error of `setup` ends the whole race instead of one attempt. Default: never. */
  readonly isTerminal?: ((error: Error) => boolean) | undefined;
}

/** The default values of options. */
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

/** Options including all defaults. */
export type Settings<T> = AllOptions<T> & Required<Pick<RaceOptions, keyof typeof defaults>>;

/** All options, in any combination. */
type AllOptions<T = unknown> = RaceOptions & AttemptOptions<T, unknown>;

/**
 * Checks the options and adds the defaults; `undefined` counts as absent.
 *
 * The same unchanged options are not checked twice, and return the same settings object.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, RangeError `ERR_OUT_OF_RANGE`, naming option and value
 */
export function checkOptions<T>(options?: object): Settings<T> {
  if (options === undefined) return nothingGiven;
  const known = checked.get(options);
  if (known && isUnchanged(options, known)) return known.settings as unknown as Settings<T>;

  checkEach('options', options, OPTION_CHECKS);
  // Setting existing properties takes a tenth of the time of adding them.
  const settings: Record<string, unknown> = { ...nothingGiven };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) settings[name] = value;
  checkTogether(settings as unknown as Settings<T>);
  // Most options are created for one call. Remembering those would take longer than checking them.
  if (options === latest && !holdsMore(options)) {
    checked.set(options, { names: Object.keys(options), settings });
    share(settings);
  }
  latest = options;
  return settings as unknown as Settings<T>;
}

let latest: object | undefined;

/** Options as they were when they were checked: their names, and settings with their values. */
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

/** Whether options contain lists or nested options, whose changes would go unnoticed. */
function holdsMore({ tcp, tls, localAddress, localPort }: AllOptions): boolean {
  return [tcp, tls, localAddress, localPort].some(isObject);
}

/** @throws as {@link checkOptions}, unless the port is an integer from 1 to 65535 */
export function checkPort(port: unknown): asserts port is number {
  isPort('port', port);
}

const isPort: Check = integer(1, 65_535);

/** Characters that no valid name contains. A colon may occur in the hosts file. */
const NEVER_IN_NAMES = /[\s\0-\x1f\x7f/\\?#@[\]<>^|%"`{}]/;

/** A host with its port, or a malformed IPv6 address. Other text with a colon is left to the resolver. */
const MISTAKEN = /:\d+$|^[\da-f.]*:[\da-f.]*:[\da-f:.]*$/i;

/**
 * Checks a host and returns it in ASCII (internationalised names by IDNA).
 *
 * @throws as {@link checkOptions}, unless the host may be a name or an IP address
 */
export function checkHost(host: unknown): string {
  if (typeof host !== 'string') throw invalidType('host', 'of type string', host);
  const known = checkedHosts.get(host);
  if (known !== undefined) return known;
  if (host === '') throw invalidValue('host', 'must not be empty', host);
  if (host.length > LONGEST_TEXT) throw invalidValue('host', 'has over 253 characters', host);
  const ascii = /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
  const mistake = parseLiteral(ascii) ? undefined : mistakeIn(ascii);
  // The system may know any name. Asking it reads a file, so this happens only for apparent mistakes.
  if (mistake !== undefined && systemHosts(ascii).length === 0) throw invalidValue('host', mistake, host);
  if (checkedHosts.size === REMEMBERED) checkedHosts.clear();
  checkedHosts.set(copyOf(host), copyOf(ascii));
  return ascii;
}

/** In characters. A name has at most 253 in ASCII and fewer in Unicode, but a bracketed address with a zone may have more. */
const LONGEST_TEXT = 300;

/** Valid hosts, remembered because a program connects to few hosts, often. */
const checkedHosts = new Map<string, string>();
const REMEMBERED = 1000;

/** What is wrong with a name; `undefined` if it can be looked up. */
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

/** The names of all options. */
export const optionNames = Object.keys(OPTION_CHECKS) as readonly (keyof AllOptions)[];

/** The settings without any options. */
const nothingGiven = Object.freeze({ ...Object.fromEntries(optionNames.map((name) => [name, undefined])), ...defaults });

/** Settings that several races use, so that results derived from them are worth remembering. */
const shared = new WeakSet<object>([nothingGiven]);

/** Marks settings that several races use. */
export function share(settings: object): void {
  shared.add(settings);
}

/** Memoizes a function of settings, for shared settings only. */
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

/** The options that `transport` replaces. */
export const SOCKET_OPTIONS = ['tcp', 'tls', 'localAddress', 'localPort', 'socketFactory'] as const;

/** The options of how attempts connect and what follows. */
const ATTEMPT_OPTIONS = ['transport', ...SOCKET_OPTIONS, 'setup', 'isTerminal'] as const;

/**
 * Checks the options of races for other code's sockets, which excludes the options of how attempts connect.
 *
 * @param others further options that are excluded
 * @throws as {@link checkOptions}
 */
export function checkRaceOptions(options: RaceOptions, ...others: readonly (keyof RaceOptions)[]): void {
  checkOptions(options);
  for (const name of [...ATTEMPT_OPTIONS, ...others]) {
    const value = (options as AllOptions)[name];
    if (value !== undefined) throw invalidValue(`options.${name}`, 'is not an option of these races', value);
  }
}

/** Checks options that require or exclude others. */
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
