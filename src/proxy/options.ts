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

/** What `route` refuses a request with. */
export interface RouteRefusal {
  /** What the client is told. */
  readonly refuse: string;
  /** Of HTTP, 400 to 599. Default 403. */
  readonly status?: number;
}

/** What `route` decides: options of the race for this request, a refusal, or nothing in particular. */
export type RouteAnswer = (ConnectOptions & { readonly partition?: string }) | RouteRefusal | undefined;

/** Decides about a request. */
export type Route = (request: ProxyRequest) => RouteAnswer | PromiseLike<RouteAnswer> | Observable<RouteAnswer>;

/** Options of {@link proxy$}. Durations in ms; off is `Infinity`. */
export interface ProxyOptions {
  /**
   * Where to listen: `'127.0.0.1:8118'`, `'[::1]:0'`, or the parts of that; port 0 takes a free one. Beyond loopback only with
   * `auth` or `allow`. Default `127.0.0.1:8118`.
   */
  readonly listen?: string | { readonly host?: string; readonly port?: number } | undefined;
  /** The users that may use it, each as `name:password`. Default: everyone. SOCKS 4 knows no passwords, and is then refused. */
  readonly auth?: string | readonly string[] | undefined;
  /** The addresses or subnets that clients may come from. Default: all. */
  readonly allow?: string | readonly string[] | undefined;
  /** Whether only public addresses may be connected to. Default: where it listens beyond loopback. */
  readonly publicOnly?: boolean | undefined;
  /** Options of the races, and of the connector whose cache, history and sessions all clients share. */
  readonly race?: ConnectorOptions | undefined;
  /** Decides about each request. */
  readonly route?: Route | undefined;
  /** Connections of clients. Those beyond are refused at once. Default 10 000. */
  readonly maxConnections?: number | undefined;
  /** Bytes of the head of a request. Default 16 384. */
  readonly maxHeaderSize?: number | undefined;
  /** How long a client may take for the head of a request. Default 10 000. */
  readonly headerTimeout?: number | undefined;
  /** How long a connection may stay without a byte in either direction. Default 600 000. */
  readonly idleTimeout?: number | undefined;
  /** Requests per second of each client. Default `Infinity`. */
  readonly clientRate?: number | undefined;
  /** When it is aborted, no connection is accepted any more; the stream completes with the last that is open. */
  readonly drain?: AbortSignal | undefined;
}

/** Options including all defaults. */
export interface ProxySettings extends Required<
  Pick<ProxyOptions, 'publicOnly' | 'race' | 'maxConnections' | 'maxHeaderSize' | 'headerTimeout' | 'idleTimeout' | 'clientRate'>
> {
  readonly host: string;
  readonly port: number;
  /** Absent: everyone may use it. */
  readonly verify?: Verify;
  /** Absent: clients may come from everywhere. */
  readonly allow?: BlockList;
  readonly route?: Route;
  readonly drain?: AbortSignal;
}

/** The default values of options. */
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
 * @throws TypeError, RangeError with Node's codes, naming option and value; also where anyone could use the proxy
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

/** @throws TypeError for what is no place to listen at */
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

/** Values are not shown: they hold passwords. */
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
