import type { BlockList, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { ObservableInput } from 'rxjs';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, checkEach, isObject, oneOf, type Checks } from '../core/input/checks.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { systemHosts } from '../node/hosts-file.js';
import type { Filter } from '../node/filter.js';
import type { Setup } from '../node/setup.js';
import { localChecks, socketChecks, type SocketOptions, type TcpOptions } from '../node/tcp.js';
import { copyOf } from '../core/remembered.js';
import { checkTlsOptions, type TlsOptions } from '../node/tls.js';
import type { Transport } from '../rx/transport.js';
import type { Resolver } from '../rx/resolver.js';
import { hostInAscii } from './host-name.js';
import { checkDelaysTogether, defaults, racingChecks, type RacingOptions } from './racing-options.js';
import { needsQuic } from './service-options.js';

export { checkPort, defaults } from './racing-options.js';

/** How a race is run. Durations in ms of the scheduler's time; off is `Infinity` or `false`, never 0. */
export interface RaceOptions extends RacingOptions {
  /**
   * The order of the addresses, before the families are interleaved. `'rfc6724'`: destination address selection, with the
   * source addresses that this machine would use and, on a glibc system, the tables of `/etc/gai.conf`, which is read again
   * when it has changed. `rfc6724()` goes by the RFC's table alone. `'none'` keeps the resolver's order, so that the first address received
   * leads. A function gets all endpoints known so far and returns them in order. Default: `'rfc6724'`; with a `transport` of
   * your own, of whose sources this machine knows nothing, the resolver's order with IPv6 first.
   */
  readonly sort?:
    'rfc6724' | 'none' | ((endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>);
  /** Default: `systemResolver()`. */
  readonly resolver?: Resolver;
  /**
   * Addresses that are never dialled, in whatever form they come (also on Node 20, whose `net.connect` knows no block list).
   * Their attempts fail at once with `ERR_IP_BLOCKED`.
   */
  readonly blockList?: BlockList;
  /** Decides of each endpoint, and of each IPv4 address that it may lead to, whether it may be dialled. See `ssrf()`. */
  readonly filter?: Filter;
}

/** How attempts connect and what follows; which of it goes together is said by {@link ConnectOptions}. */
interface AttemptOptions<T, C> extends Pick<TcpOptions, 'localAddress' | 'localPort' | 'socketFactory'> {
  /** How an attempt connects. Default: `tcp()`, or `tls()`. In place of `tcp`, `tls`, `localAddress`, `localPort` and `socketFactory`. */
  readonly transport?: Transport<C>;
  /** Options of the sockets, as in `net.connect`. */
  readonly tcp?: SocketOptions;
  /**
   * The winner is the first whose TLS handshake is complete: a `tls.TLSSocket`. `true`, or options as in `tls.connect`; names and
   * certificates are checked for the host. Default false.
   */
  readonly tls?: boolean | TlsOptions;
  /**
   * A step after connecting that belongs to the attempt, as a greeting or a proxy's handshake: its first value is the result.
   * While it runs, errors of the connection are the attempt's; when it fails or is cancelled, the connection is destroyed.
   */
  readonly setup?: Setup<C, T>;
  /** Which errors of `setup` end the whole race, instead of the attempt alone. Default: none. */
  readonly isTerminal?: (error: Error) => boolean;
}

/** What is not given. */
type Without<Name extends keyof AttemptOptions<never, never>> = Readonly<Partial<Record<Name, undefined>>>;

type LocalEnds = Pick<TcpOptions, 'localAddress' | 'localPort'> & Without<'transport'>;

type OverSockets = LocalEnds &
  (
    | (Without<'socketFactory'> & Pick<AttemptOptions<never, never>, 'tcp'>)
    | (Without<'tcp'> & Required<Pick<TcpOptions, 'socketFactory'>>)
  );

type WithSetup<T, C> = Required<Pick<AttemptOptions<T, C>, 'setup'>> & Pick<AttemptOptions<T, C>, 'isTerminal'>;

/** How attempts connect, in all combinations that make sense. `C` is what the transport emits, `T` what the race is for. */
type Attempts<T, C> =
  | (OverSockets & { readonly tls?: false } & (Without<'setup' | 'isTerminal'> | WithSetup<T, Socket>))
  | (OverSockets & { readonly tls: true | TlsOptions } & (Without<'setup' | 'isTerminal'> | WithSetup<T, TLSSocket>))
  | (Without<'tcp' | 'localAddress' | 'localPort' | 'socketFactory'> & { readonly tls?: false } & (
        | (Without<'setup' | 'isTerminal'> & { readonly transport: Transport<T> })
        | (WithSetup<T, C> & { readonly transport: Transport<C> })
      ));

/**
 * How a race is run and what its attempts do. `T` is what it is for: a socket, or what a `setup` makes of it; `C` what a
 * `transport` of the caller's emits, where a `setup` follows.
 */
export type ConnectOptions<T = Socket, C = T> = RaceOptions & Attempts<T, C>;

/** Options of a race over TLS: what it is for is a `tls.TLSSocket`. */
export type TlsConnectOptions = RaceOptions & OverSockets & { readonly tls: true | TlsOptions } & Without<'setup' | 'isTerminal'>;

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

/**
 * Checks a host and returns it in ASCII (internationalised names by IDNA).
 *
 * @throws as {@link checkOptions}, for what cannot be a host name or an IP address
 */
export function checkHost(host: unknown): string {
  const known = checkedHosts.get(host as string);
  if (known !== undefined) return known;
  // Whatever a name looks like, the system may know it. To ask it looks at a file, so it is asked about mistakes alone.
  const ascii = hostInAscii(host, domainToASCII, (name) => systemHosts(name).length > 0);
  if (checkedHosts.size === REMEMBERED) checkedHosts.clear();
  checkedHosts.set(copyOf(host as string), copyOf(ascii));
  return ascii;
}

/** Hosts that were found good: a program connects to few, and often. */
const checkedHosts = new Map<string, string>();
const REMEMBERED = 1000;

const OPTION_CHECKS: Checks<AllOptions> = {
  ...racingChecks,
  sort: (name, value) => {
    if (typeof value !== 'function') oneOf('rfc6724', 'none')(name, value);
  },
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
  checkDelaysTogether(settings);
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
