import type { BlockList } from 'node:net';
import { isIP } from 'node:net';
import type { Observable } from 'rxjs';
import type { ConnectorOptions, ConnectOptions } from '../index.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import {
  boolean,
  callable,
  checkEach,
  given,
  integer,
  isObject,
  LONGEST_DELAY,
  number,
  orInfinity,
  type Check,
  type Checks,
} from '../core/input/checks.js';
import { verifier, type Verify } from './credentials.js';
import type { ProxyRequest } from './events.js';
import { isLoopback, subnets } from './subnets.js';

/** A refusal by `route`. */
export interface RouteRefusal {
  /** The message for the client. */
  readonly refuse: string;
  /** The HTTP status, 400 to 599. Default 403. */
  readonly status?: number;
}

/** The result of `route`: options for the race of this request, a refusal, or `undefined` to serve it with the proxy's own options. */
export type RouteAnswer = (ConnectOptions & { readonly partition?: string }) | RouteRefusal | undefined;

/** Decides whether and how a request is served. */
export type Route = (request: ProxyRequest) => RouteAnswer | PromiseLike<RouteAnswer> | Observable<RouteAnswer>;

/** Options of {@link proxy$}. Durations are in ms, and `Infinity` switches a limit off. */
export interface ProxyOptions {
  /**
   * The address to listen on: `'127.0.0.1:8118'`, `'[::1]:0'`, or an object. Port 0 chooses a free port. An address beyond loopback
   * requires `auth` or `allow`. Default `127.0.0.1:8118`.
   */
  readonly listen?: string | { readonly host?: string; readonly port?: number } | undefined;
  /** The allowed users, each as `name:password`. Default: everyone. SOCKS 4 has no passwords and is refused if this is set. */
  readonly auth?: string | readonly string[] | undefined;
  /** The addresses or subnets from which clients may connect. Default: all. */
  readonly allow?: string | readonly string[] | undefined;
  /** Whether clients may connect to public addresses only. Default: true if the proxy listens beyond loopback. */
  readonly publicOnly?: boolean | undefined;
  /** Options of the connector that all clients share, and of its races. */
  readonly race?: ConnectorOptions | undefined;
  /** Decides about each request. */
  readonly route?: Route | undefined;
  /** The most connections of clients. Further ones are refused at once. Default 10 000. */
  readonly maxConnections?: number | undefined;
  /** The longest head of a request, in bytes. Default 16 384. */
  readonly maxHeaderSize?: number | undefined;
  /** How long a client may take for the head of a request. Default 10 000. */
  readonly headerTimeout?: number | undefined;
  /** How long a connection may be idle in both directions. Default 600 000. */
  readonly idleTimeout?: number | undefined;
  /** The most requests per second of a client. Default `Infinity`. */
  readonly clientRate?: number | undefined;
  /** When aborted, no further connections are accepted, and the stream completes when the last one has closed. */
  readonly drain?: AbortSignal | undefined;
}

/** Options including all defaults. */
export interface ProxySettings extends Required<
  Pick<ProxyOptions, 'publicOnly' | 'race' | 'maxConnections' | 'maxHeaderSize' | 'headerTimeout' | 'idleTimeout' | 'clientRate'>
> {
  readonly host: string;
  readonly port: number;
  /** Absent if everyone may use the proxy. */
  readonly verify?: Verify;
  /** Absent if clients may connect from anywhere. */
  readonly allow?: BlockList;
  readonly route?: Route;
  readonly drain?: AbortSignal;
}

/** The defaults. */
export const proxyDefaults = Object.freeze({
  maxConnections: 10_000,
  maxHeaderSize: 16_384,
  headerTimeout: 10_000,
  idleTimeout: 600_000,
  clientRate: Infinity,
} satisfies ProxyOptions);

const DEFAULT_LISTEN = Object.freeze({ host: '127.0.0.1', port: 8118 });

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError, RangeError with Node's codes, naming option and value; also for options that would let anyone use the proxy
 */
export function checkProxyOptions(options: ProxyOptions): ProxySettings {
  checkEach('options', options, PROXY_CHECKS);
  const { listen, auth, allow, publicOnly, race = {}, ...others } = given(options);
  const { host, port } = listenAt(listen);
  const isOpen = !isLoopback(host);
  if (isOpen && auth === undefined && allow === undefined) {
    const reason = 'is beyond loopback: say who may use the proxy with options.auth or options.allow';
    throw invalidValue('options.listen', reason, listen);
  }
  return {
    ...proxyDefaults,
    ...others,
    host,
    port,
    race,
    publicOnly: publicOnly ?? isOpen,
    ...(auth !== undefined && { verify: verifier([auth].flat()) }),
    ...(allow !== undefined && { allow: subnets('options.allow', [allow].flat()) }),
  };
}

const isPort = integer(0, 65_535);

/** @throws TypeError for an invalid address */
function listenAt(listen: ProxyOptions['listen']): { readonly host: string; readonly port: number } {
  if (listen === undefined) return DEFAULT_LISTEN;
  if (typeof listen !== 'string') return { ...DEFAULT_LISTEN, ...given(listen) };
  if (isIP(listen)) return { ...DEFAULT_LISTEN, host: listen };
  const [, literal, name, port] = /^(?:\[([^\]]+)\]|([^\s:[\]]*))(?::(\d{1,5}))?$/.exec(listen) ?? [];
  const alone = port === undefined && /^\d{1,5}$/.test(name ?? ''); // a port and nothing else
  const host = alone ? DEFAULT_LISTEN.host : literal || name || DEFAULT_LISTEN.host;
  const number = Number(alone ? name : (port ?? DEFAULT_LISTEN.port));
  const isBad = listen === '' || (literal === undefined && name === undefined) || (literal !== undefined && isIP(literal) !== 6);
  if (isBad || number > 65_535)
    throw invalidValue('options.listen', 'must be an address with a port, such as 127.0.0.1:8118', listen);
  return { host, port: number };
}

const duration = orInfinity(number(1, LONGEST_DELAY));

const strings = (what: string): Check => {
  return (name, value) => {
    const all: unknown[] = [value].flat();
    if (all.length === 0 || !all.every((one) => typeof one === 'string')) throw invalidType(name, what, value);
  };
};

/** The error does not show the value because it holds passwords. */
const credentials: Check = (name, value) => {
  const all: unknown[] = [value].flat();
  const areGood = all.length > 0 && all.every((one) => typeof one === 'string' && /^[^:]+:/.test(one));
  if (!areGood) throw invalidValue(name, 'must be name:password, or several', [...all].fill('[hidden]'));
};

const PROXY_CHECKS: Checks<ProxyOptions> = {
  listen: (name, value) => {
    if (typeof value === 'string') return void listenAt(value);
    if (!isObject(value)) throw invalidType(name, 'a string or an object', value);
    checkEach<{ host?: string; port?: number }>(name, value, {
      host: (host, text) => {
        if (typeof text !== 'string') throw invalidType(host, 'of type string', text);
        if (text === '') throw invalidValue(host, 'must not be empty', text);
      },
      port: isPort,
    });
  },
  auth: credentials,
  allow: (name, value) => {
    strings('a subnet or several')(name, value);
    subnets(name, [value].flat() as string[]);
  },
  publicOnly: boolean,
  race: (name, value) => {
    if (!isObject(value)) throw invalidType(name, 'an object', value);
  },
  route: callable,
  maxConnections: orInfinity(integer(1, Number.MAX_SAFE_INTEGER)),
  maxHeaderSize: integer(512, 1_048_576),
  headerTimeout: duration,
  idleTimeout: duration,
  clientRate: orInfinity(number(0.001, Number.MAX_SAFE_INTEGER)),
  drain: (name, value) => {
    if (!(value instanceof AbortSignal)) throw invalidType(name, 'an AbortSignal', value);
  },
};
