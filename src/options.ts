import type { Socket } from 'node:net';
import { domainToASCII } from 'node:url';
import type { ObservableInput, SchedulerLike } from 'rxjs';
import { parseAddress, type Family } from './core/address.js';
import { invalidType, invalidValue, outOfRange } from './core/argument-errors.js';
import type { Endpoint } from './core/endpoint.js';
import type { SocketOptions, TcpOptions } from './node/tcp.js';
import { monotonicScheduler } from './rx/monotonic.js';
import type { Transport } from './rx/race.js';
import { parseLiteral, type Resolver } from './rx/resolve.js';

/** How a race is run. Durations in ms of the scheduler's time; off is `Infinity` or `false`, never 0. */
export interface ConnectOptions<T = Socket> extends Pick<TcpOptions, 'localAddress' | 'localPort' | 'socketFactory'> {
  /** 4 or 6 restricts the race to one family. Default 0: both. */
  readonly family?: 0 | Family;
  /** Leads, whatever the order says, and is what the Resolution Delay waits for. Default: IPv6. */
  readonly preferFamily?: Family;
  /**
   * The order of the addresses, before the families are interleaved. `'rfc6724'`: destination address selection, with the
   * source addresses that this machine would use. `'none'` keeps the resolver's order, so that the first address received
   * leads. A function gets all endpoints known so far and returns them in order. Default: `'rfc6724'`; with a `transport` of
   * your own, of whose sources this machine knows nothing, the resolver's order with IPv6 first.
   */
  readonly sort?:
    'rfc6724' | 'none' | ((endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>);
  /** Alternate the families. Default true. */
  readonly interleave?: boolean;
  /** How many of the leading family come before the first of the other. Default 1. */
  readonly firstAddressFamilyCount?: number;
  /** Between two starts; at least 10. Default 250. */
  readonly connectionAttemptDelay?: number;
  /** The least that a delay which the race derives by itself may be; at least 10. Default 100. No effect on the delays given here. */
  readonly minimumConnectionAttemptDelay?: number;
  /** The most that a delay which the race derives by itself may be. Default 2000. No effect on the delays given here. */
  readonly maximumConnectionAttemptDelay?: number;
  /** How long the first attempt waits for the preferred family's answer once the other's has come. Default 50; 0 allowed. */
  readonly resolutionDelay?: number;
  /** How long a NAT64 network is given before addresses are synthesised locally. Default 2000. No effect before there is synthesis. */
  readonly lastResortLocalSynthesisDelay?: number;
  /** Attempts in flight. Default 8; `Infinity` allowed. */
  readonly maxConcurrentAttempts?: number;
  /** Per-family pacing, with `attemptSpacingDelay`: how much later the other family starts. At least 10. */
  readonly familyStaggerDelay?: number;
  /** Per-family pacing, with `familyStaggerDelay`: between two starts of one family, instead of `connectionAttemptDelay`. At least 10. */
  readonly attemptSpacingDelay?: number;
  /** False: one attempt after another, no racing. Default true. */
  readonly enabled?: boolean;
  /** The whole race, look-up included. Default 10 000; `Infinity` allowed. */
  readonly connectTimeout?: number;
  /** One attempt. Default `Infinity`. */
  readonly attemptTimeout?: number;
  /** Default: `systemResolver()`. */
  readonly resolver?: Resolver;
  /** How an attempt connects. Default: `tcp()`. Replaces `tcp`, `localAddress`, `localPort` and `socketFactory`. */
  readonly transport?: Transport<T>;
  /** Options of the sockets, as in `net.connect`. */
  readonly tcp?: SocketOptions;
  /** Ends the race; it errors with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike;
  /** Where chance is needed: a function like the default, `Math.random`. */
  readonly random?: () => number;
}

/** The value of every option that is not given and has one. */
export const defaults = Object.freeze({
  family: 0,
  interleave: true,
  firstAddressFamilyCount: 1,
  connectionAttemptDelay: 250,
  minimumConnectionAttemptDelay: 100,
  maximumConnectionAttemptDelay: 2000,
  resolutionDelay: 50,
  lastResortLocalSynthesisDelay: 2000,
  maxConcurrentAttempts: 8,
  enabled: true,
  connectTimeout: 10_000,
  attemptTimeout: Infinity,
  scheduler: monotonicScheduler,
  random: Math.random,
} satisfies ConnectOptions);

/** Options with every default filled in. */
export type Settings<T> = ConnectOptions<T> & Required<Pick<ConnectOptions<T>, keyof typeof defaults>>;

/**
 * Checks the options and fills in the defaults; `undefined` counts as not given.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, RangeError `ERR_OUT_OF_RANGE`, naming option and value
 */
export function checkOptions<T>(options: ConnectOptions<T> = {}): Settings<T> {
  if (!isObject(options)) throw invalidType('options', 'an object', options);
  const settings: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(checks, name)) throw invalidValue(`options.${name}`, 'is not an option', value);
    checks[name as keyof ConnectOptions](`options.${name}`, value);
    settings[name] = value;
  }
  const checked = settings as unknown as Settings<T>;
  checkTogether(checked);
  return checked;
}

/** @throws as {@link checkOptions}, for what cannot be a port: a whole number from 1 to 65535 */
export function checkPort(port: unknown): asserts port is number {
  integer(1, 65_535)('port', port);
}

/** No name that can be looked up holds one of these. */
const NEVER_IN_NAMES = /[\s\0-\x1f\x7f/\\?#@:[\]<>^|%"`{}]/;

/**
 * Checks a host and returns it in ASCII (internationalised names by IDNA).
 *
 * @throws as {@link checkOptions}, for what cannot be a host name or an IP address
 */
export function checkHost(host: unknown): string {
  if (typeof host !== 'string') throw invalidType('host', 'of type string', host);
  if (host === '') throw invalidValue('host', 'must not be empty', host);
  const ascii = /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
  if (parseLiteral(ascii)) return ascii;
  if (ascii === '' || NEVER_IN_NAMES.test(ascii)) throw invalidValue('host', 'is neither a host name nor an IP address', host);
  const labels = ascii.replace(/\.$/, '').split('.');
  if (labels.includes('')) throw invalidValue('host', 'has an empty label', host);
  if (labels.some((label) => label.length > 63)) throw invalidValue('host', 'has a label of over 63 characters', host);
  if (labels.join('.').length > 253) throw invalidValue('host', 'has over 253 characters', host);
  return ascii;
}

type Check = (name: string, value: unknown) => void;

/** The longest delay that Node's timers know; a longer one would end at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** RFC 8305 section 5: the Connection Attempt Delay MUST NOT be under 10 ms. */
const attemptDelay = number(10, LONGEST_DELAY);

const checks: Record<keyof ConnectOptions, Check> = {
  family: oneOf(0, 4, 6),
  preferFamily: oneOf(4, 6),
  sort: (name, value) => {
    if (typeof value !== 'function') oneOf('rfc6724', 'none')(name, value);
  },
  interleave: boolean,
  firstAddressFamilyCount: integer(1, Number.MAX_SAFE_INTEGER),
  connectionAttemptDelay: attemptDelay,
  minimumConnectionAttemptDelay: attemptDelay,
  maximumConnectionAttemptDelay: attemptDelay,
  resolutionDelay: number(0, LONGEST_DELAY),
  lastResortLocalSynthesisDelay: attemptDelay,
  maxConcurrentAttempts: orInfinity(integer(1, Number.MAX_SAFE_INTEGER)),
  familyStaggerDelay: attemptDelay,
  attemptSpacingDelay: attemptDelay,
  enabled: boolean,
  connectTimeout: orInfinity(number(1, LONGEST_DELAY)),
  attemptTimeout: orInfinity(number(1, LONGEST_DELAY)),
  resolver: callable,
  transport: callable,
  tcp: checkSocketOptions,
  localAddress: oneOrMore((name, value) => {
    if (typeof value !== 'string') throw invalidType(name, 'an IP address or several', value);
    if (!parseAddress(value)) throw invalidValue(name, 'must be an IP address', value);
  }),
  localPort: oneOrMore(integer(0, 65_535)),
  socketFactory: callable,
  signal: (name, value) => {
    if (!isObject(value) || !('aborted' in value)) throw invalidType(name, 'an AbortSignal', value);
  },
  scheduler: (name, value) => {
    const { now, schedule } = (isObject(value) ? value : {}) as Partial<SchedulerLike>;
    if (typeof now !== 'function' || typeof schedule !== 'function') throw invalidType(name, 'an RxJS scheduler', value);
  },
  random: callable,
};

/** Every option there is. */
export const optionNames = Object.keys(checks) as readonly (keyof ConnectOptions)[];

const socketChecks: Record<keyof SocketOptions, Check> = {
  allowHalfOpen: boolean,
  highWaterMark: integer(0, Number.MAX_SAFE_INTEGER),
  noDelay: boolean,
  keepAlive: boolean,
  keepAliveInitialDelay: number(0, LONGEST_DELAY),
};

function checkSocketOptions(name: string, value: unknown): void {
  if (!isObject(value)) throw invalidType(name, 'an object', value);
  for (const [key, own] of Object.entries(value)) {
    if (!Object.hasOwn(socketChecks, key)) throw invalidValue(`${name}.${key}`, 'is not an option', own);
    if (own !== undefined) socketChecks[key as keyof SocketOptions](`${name}.${key}`, own);
  }
}

/** Options that only make sense with others, or without them. */
function checkTogether<T>(settings: Settings<T>): void {
  const { familyStaggerDelay, attemptSpacingDelay, minimumConnectionAttemptDelay, maximumConnectionAttemptDelay } = settings;
  if ((familyStaggerDelay === undefined) !== (attemptSpacingDelay === undefined)) {
    const [given, missing] = ['familyStaggerDelay', 'attemptSpacingDelay'].sort((name) => (name in settings ? -1 : 1));
    throw invalidValue(`options.${missing}`, `must be given together with options.${given}`, undefined);
  }
  if (maximumConnectionAttemptDelay < minimumConnectionAttemptDelay) {
    const least = `>= options.minimumConnectionAttemptDelay (${minimumConnectionAttemptDelay})`;
    throw outOfRange('options.maximumConnectionAttemptDelay', least, maximumConnectionAttemptDelay);
  }
  for (const name of ['tcp', 'localAddress', 'localPort', 'socketFactory'] as const) {
    if (settings.transport && settings[name] !== undefined) {
      throw invalidValue(`options.${name}`, 'has no effect on the transport that is given', settings[name]);
    }
  }
  if (settings.socketFactory && settings.tcp) {
    throw invalidValue('options.tcp', 'has no effect on the sockets of options.socketFactory', settings.tcp);
  }
}

function oneOf(...values: readonly (string | number)[]): Check {
  return (name, value) => {
    if (typeof value !== typeof values[0]) throw invalidType(name, `of type ${typeof values[0]}`, value);
    if (!values.includes(value as string | number)) throw invalidValue(name, `must be one of: ${values.join(', ')}`, value);
  };
}

function number(least: number, most: number): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `>= ${least}` : `>= ${least} and <= ${most}`;
  return (name, value) => {
    if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
    if (!(value >= least && value <= most)) throw outOfRange(name, range, value);
  };
}

function integer(least: number, most: number): Check {
  const inRange = number(least, most);
  return (name, value) => {
    inRange(name, value);
    if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  };
}

function orInfinity(check: Check): Check {
  return (name, value) => {
    if (value !== Infinity) check(name, value);
  };
}

function oneOrMore(check: Check): Check {
  return (name, value) => {
    if (Array.isArray(value) && value.length === 0) throw invalidValue(name, 'must not be empty', value);
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) check(name, one);
  };
}

function boolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

function callable(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
