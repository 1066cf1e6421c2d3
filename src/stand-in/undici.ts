import { isIP, type Socket } from 'node:net';
import { of, type Observable } from 'rxjs';
import type { TLSSocket } from 'node:tls';
import type { Agent, buildConnector, Dispatcher } from 'undici';
import { createConnector, type Connector } from '../connector/connector.js';
import { boolean, checkEach, given, isObject, type Checks } from '../core/input/checks.js';
import { invalidType } from '../core/input/argument-errors.js';
import { checkTlsOptions, tls, type TlsOptions } from '../node/tls.js';
import { checkRaceOptions, type RaceOptions } from '../plan/options.js';
import { checkConnector } from './racing.js';
import { createAgent, GLOBAL_DISPATCHERS, globals } from './undici-agent.js';

/** How connections for undici, and so for `fetch`, are raced for. */
export interface UndiciOptions {
  /** Options of the races. */
  readonly race?: Omit<RaceOptions, 'signal'>;
  /** Whose races share cache and history; default: one that shares TLS sessions alone. */
  readonly connector?: Connector | Connector<TLSSocket>;
  /** Options of TLS, as in `tls.connect`. */
  readonly tls?: TlsOptions;
  /** Offer HTTP/2, and allow it. Default false. */
  readonly allowH2?: boolean;
}

/** ms; as undici has it. */
const KEEP_ALIVE_INITIAL_DELAY = 60_000;

/**
 * A `connect` function for the clients, pools and agents of undici: the winner is the first finished TLS handshake, for https,
 * and else the first TCP connection.
 *
 * @throws TypeError, RangeError for options that make no sense
 *
 * @example
 * new Agent({ connect: connector({ race: { connectionAttemptDelay: 200 } }) });
 */
export function connector(options: UndiciOptions = {}): buildConnector.connector {
  checkUndiciOptions(options);
  const { race, tls: tlsOptions, allowH2 = false } = options;
  const { connect$ } = options.connector ?? createConnector({ cache: false, history: false });

  return ({ hostname, protocol, port, servername, localAddress, httpSocket }, callback) => {
    const secure = protocol === 'https:';
    const secureOptions = given({
      ...tlsOptions,
      ALPNProtocols: allowH2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      servername: servername || tlsOptions?.servername,
    });
    const connection = { ...race, tls: secure && secureOptions, localAddress: localAddress ?? undefined };
    const socket$: Observable<Socket> = httpSocket
      ? secured(httpSocket, hostname, secureOptions)
      : connect$<Socket>(hostname, Number(port) || (secure ? 443 : 80), connection as object);
    socket$.subscribe({
      next: (socket) => {
        callback(null, socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_INITIAL_DELAY));
      },
      error: (error: Error) => {
        callback(error, null);
      },
    });
  };
}

/** TLS over what a proxy has connected. */
function secured(socket: Socket, host: string, options: TlsOptions): Observable<Socket> {
  const identity = isIP(host) ? { host } : { host, servername: host };
  return tls({ ...identity, ...options }, () => of(socket))({ address: host, family: 4, port: 443 });
}

/**
 * A dispatcher for `fetch`, globally or for one request, whose connections are raced for. It is an `Agent` of the undici that
 * the program's main module has, or that is installed beside this package; else, and where Node's `fetch` does not work with that
 * one (undici 6 on Node 26), of the undici within Node.
 *
 * @throws TypeError, RangeError for options that make no sense
 *
 * @example
 * await fetch('https://example.com/', { dispatcher: createDispatcher() });
 */
export function createDispatcher(
  options: UndiciOptions & Omit<Agent.Options, 'connect' | 'allowH2' | 'tls'> = {},
): AnyDispatcher {
  const { race, connector: own, tls: tlsOptions, allowH2, ...agentOptions } = options;
  const connect = connector({ race, connector: own, tls: tlsOptions, allowH2 });
  return createAgent({ ...agentOptions, ...(allowH2 !== undefined && { allowH2 }), connect }) as unknown as AnyDispatcher;
}

/** One for undici's own `fetch`, and for Node's, which have types of their own. */
export type AnyDispatcher = Dispatcher & (RequestInit extends { dispatcher?: infer D } ? NonNullable<D> : unknown);

/**
 * Makes {@link createDispatcher} the dispatcher of the process: of every `fetch` that has none of its own.
 *
 * @returns puts back what was there before, unless somebody has put another there since
 * @throws TypeError, RangeError for options that make no sense
 */
export function installGlobal(options: UndiciOptions & Omit<Agent.Options, 'connect' | 'allowH2' | 'tls'> = {}): () => void {
  const dispatcher: Dispatcher = createDispatcher(options);
  const replaced = GLOBAL_DISPATCHERS.flatMap((key) => {
    const before = globals[key];
    if (!before) return [];
    globals[key] = dispatcher;
    return [{ key, before }];
  });
  return () => {
    for (const { key, before } of replaced) if (globals[key] === dispatcher) globals[key] = before;
  };
}

function checkUndiciOptions(options: UndiciOptions): void {
  checkEach('options', options, checks);
  const { race = {}, tls: tlsOptions = {} } = options;
  checkRaceOptions(race, 'signal');
  checkTlsOptions('options.tls', tlsOptions);
}

const checks: Checks<UndiciOptions> = {
  race: object,
  connector: (_name, value) => {
    checkConnector(value, 'setup', 'transport');
  },
  tls: object,
  allowH2: boolean,
};

function object(name: string, value: unknown): void {
  if (!isObject(value)) throw invalidType(name, 'an object', value);
}
