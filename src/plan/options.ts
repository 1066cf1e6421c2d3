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
  /** 4 or 6 restricts the race to one family. Default 0: both. */
  readonly family?: 0 | Family | undefined;
  /** Leads, whatever the order says, and is what the Resolution Delay waits for. Default: IPv6, unless the policy table of `sort` prefers IPv4. */
  readonly preferFamily?: Family | undefined;
  /**
   * The order of the addresses, before the families are interleaved. `'rfc6724'`: destination address selection, with the
   * source addresses that this machine would use and, on a glibc system, the tables of `/etc/gai.conf`, which is read again
   * when it has changed. `rfc6724()` goes by the RFC's table alone. `'none'` keeps the resolver's order, so that the first address received
   * leads. A function gets all endpoints known so far and returns them in order. Default: `'rfc6724'`; with a `transport` of
   * your own, of whose sources this machine knows nothing, the resolver's order with IPv6 first.
   */
  readonly sort?:
    | 'rfc6724'
    | 'none'
    | ((endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>)
    | undefined;
  /** Alternate the families. Default true. */
  readonly interleave?: boolean | undefined;
  /** How many of the leading family come before the first of the other. Default 1. */
  readonly firstAddressFamilyCount?: number | undefined;
  /**
   * Between two starts; at least 10. Default 250. `'adaptive'`: when the first packet would be sent again on a path whose
   * round-trip time a connector knows; on another, 250.
   */
  readonly connectionAttemptDelay?: number | 'adaptive' | undefined;
  /** The least that an adaptive delay may be; at least 10. Default 100. */
  readonly minimumConnectionAttemptDelay?: number | undefined;
  /**
   * The most that an adaptive or multiplied delay may be. It is also how long an attempt keeps its place when
   * `maxConcurrentAttempts` are in flight and another is due. Default 2000.
   */
  readonly maximumConnectionAttemptDelay?: number | undefined;
  /**
   * What each attempt in flight besides the first multiplies the delay before the next start by; 1 to 100. Failed attempts do
   * not count. The delay grows up to `maximumConnectionAttemptDelay`. Default 1.
   */
  readonly connectionAttemptDelayMultiplier?: number | undefined;
  /** How long the first attempt waits for the preferred family's answer once the other's has come. Default 50; 0 allowed. */
  readonly resolutionDelay?: number | undefined;
  /**
   * Attempts in flight. When that many are and another is due, the oldest that has had `maximumConnectionAttemptDelay` gives
   * way. Default 8; `Infinity` allowed.
   */
  readonly maxConcurrentAttempts?: number | undefined;
  /** Per-family pacing, with `attemptSpacingDelay`: how much later the other family starts. At least 10. */
  readonly familyStaggerDelay?: number | undefined;
  /** Per-family pacing, with `familyStaggerDelay`: between two starts of one family, instead of `connectionAttemptDelay`. At least 10. */
  readonly attemptSpacingDelay?: number | undefined;
  /** False: one attempt after another, no racing. Default true. */
  readonly enabled?: boolean | undefined;
  /**
   * The whole race, look-up included. One that is not longer than the delay between two starts leaves no time for a second
   * address that a silent first one makes necessary. Default 10 000; `Infinity` allowed.
   */
  readonly connectTimeout?: number | undefined;
  /** One attempt. Default `Infinity`. */
  readonly attemptTimeout?: number | undefined;
  /** Default: `systemResolver()`. */
  readonly resolver?: Resolver | undefined;
  /**
   * Addresses that are never dialled, in whatever form they come (also on Node 20, whose `net.connect` knows no block list).
   * Their attempts fail at once with `ERR_IP_BLOCKED`.
   */
  readonly blockList?: BlockList | undefined;
  /** Decides of each endpoint, and of each IPv4 address that it may lead to, whether it may be dialled. See `ssrf()`. */
  readonly filter?: Filter | undefined;
  /**
   * How IPv4 is reached where it has no route. `'auto'`: where IPv6 has one, by the NAT64 of the network, whose prefixes its DNS
   * tells; or by the prefixes that are given. An IPv6 address within one counts as the IPv4 address that it stands for. `false`:
   * addresses are what they are. Default `'auto'`.
   */
  readonly nat64?: 'auto' | false | Nat64Options | undefined;
  /**
   * Goes by the HTTPS records of the host: to which names and ports they lead, in which order, and for which protocols.
   * `true`: for https. Needs a resolver that asks for them: `systemResolver`, `dnsResolver`, `serviceResolver`. Default false.
   */
  readonly serviceRecords?: boolean | ServiceOptions | undefined;
  /** Ends the race; it errors with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Where chance is needed: a function like the default, `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** How attempts connect and what follows; which of it goes together is said by `ConnectOptions`. */
export interface AttemptOptions<T, C> extends Pick<TcpOptions, 'localAddress' | 'localPort' | 'socketFactory'> {
  /** How an attempt connects. Default: `tcp()`, or `tls()`. In place of `tcp`, `tls`, `localAddress`, `localPort` and `socketFactory`. */
  readonly transport?: Transport<C> | undefined;
  /** Options of the sockets, as in `net.connect`. */
  readonly tcp?: SocketOptions | undefined;
  /**
   * The winner is the first whose TLS handshake is complete: a `tls.TLSSocket`. `true`, or options as in `tls.connect`; names and
   * certificates are checked for the host. Default false.
   */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * A step after connecting that belongs to the attempt, as a greeting or a proxy's handshake: its first value is the result.
   * While it runs, errors of the connection are the attempt's; when it fails or is cancelled, the connection is destroyed.
   */
  readonly setup?: Setup<C, T> | undefined;
  /** Which errors of `setup` end the whole race, instead of the attempt alone. Default: none. */
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
  const settings: Record<string, unknown> = { ...template };
  for (const name of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) settings[name] = value;
  }
  checkTogether(settings as unknown as Settings<T>);
  // Most options are made for one call, and to remember those would cost more than to check them.
  if (options === latest && !canChange(options)) {
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
  for (let i = 0; i < current.length; i++) {
    const name = current[i]!;
    if (name !== names[i] || (options as typeof settings)[name] !== settings[name]) return false;
  }
  return true;
}

/** Whether options hold lists or options of their own, which can change without a change in these. */
export function canChange({ tcp, tls, localAddress, localPort }: AllOptions): boolean {
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

/** What settings are copied from. It is not frozen: to copy what is frozen costs ten times as much. */
const template = { ...Object.fromEntries(optionNames.map((name) => [name, undefined])), ...defaults };

/** Every option as it is where it is not given. */
const nothingGiven = Object.freeze({ ...template });

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
