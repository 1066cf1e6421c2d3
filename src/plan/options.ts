import type { BlockList } from 'node:net';
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
import { takesSocketOptions, type Transport } from '../rx/transport.js';
import type { Resolver } from '../rx/resolver.js';
import { hostInAscii } from './host-name.js';
import { checkDelaysTogether, defaults, racingChecks, type RacingOptions } from './racing-options.js';
import { needsQuic } from './service-options.js';

export { checkPort, defaults } from './racing-options.js';

/** How a race is run. Durations are in ms of the scheduler's time. `Infinity` or `false` switches off; 0 never does. */
export interface RaceOptions extends RacingOptions {
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
  const settings: Record<string, unknown> = { ...template };
  for (const name of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) settings[name] = value;
  }
  checkTogether(settings as unknown as Settings<T>);
  // Most options are created for one call. Remembering those would take longer than checking them.
  if (options === latest && !canChange(options)) {
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
  for (let i = 0; i < current.length; i++) {
    const name = current[i]!;
    if (name !== names[i] || (options as typeof settings)[name] !== settings[name]) return false;
  }
  return true;
}

/** Whether options contain lists or nested options, whose changes would go unnoticed. */
export function canChange({ tcp, tls, localAddress, localPort }: AllOptions): boolean {
  return [tcp, tls, localAddress, localPort].some(isObject);
}

/**
 * Checks a host and returns it in ASCII (internationalised names by IDNA).
 *
 * @throws as {@link checkOptions}, unless the host may be a name or an IP address
 */
export function checkHost(host: unknown): string {
  const known = checkedHosts.get(host as string);
  if (known !== undefined) return known;
  // The system may know any name. Asking it reads a file, so this happens only for apparent mistakes.
  const ascii = hostInAscii(host, domainToASCII, (name) => systemHosts(name).length > 0);
  if (checkedHosts.size === REMEMBERED) checkedHosts.clear();
  checkedHosts.set(copyOf(host as string), copyOf(ascii));
  return ascii;
}

/** Valid hosts, remembered because a program connects to few hosts, often. */
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

/** The names of all options. */
export const optionNames = Object.keys(OPTION_CHECKS) as readonly (keyof AllOptions)[];

/** The template of settings. It is not frozen, because copying a frozen object takes ten times as long. */
const template = { ...Object.fromEntries(optionNames.map((name) => [name, undefined])), ...defaults };

/** The settings without any options. */
const nothingGiven = Object.freeze({ ...template });

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
  checkDelaysTogether(settings);
  for (const name of SOCKET_OPTIONS) {
    if (name === 'tcp' && takesSocketOptions(settings.transport)) continue;
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
