import { isIP, type Socket } from 'node:net';
import { defer, of, throwError, type Observable } from 'rxjs';
import type { TLSSocket } from 'node:tls';
import type { Agent, buildConnector, Dispatcher } from 'undici';
import { connectorOver, type Connector } from '../connector/connector.js';
import { boolean, checkEach, given, isObject, LONGEST_DELAY, number, type Checks } from '../core/input/checks.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { filtersOf } from '../node/filter.js';
import { checkTlsOptions, ownTlsOptions, tls, type TlsOptions } from '../node/tls.js';
import { checkRaceOptions, type RaceOptions } from '../plan/options.js';
import { refusalOf } from './connect-filtered.js';
import { checkConnector, defaultsOf, filtersOfConnector, splitHistory, type StandInOptions } from './racing.js';
import { refuseMisplaced } from './misplaced.js';
import { createAgent, GLOBAL_DISPATCHERS, globals } from './undici-agent.js';

/** Options of racing connections for undici, and so for `fetch`. */
export interface UndiciOptions {
  /** Options of the races. `history: false`: without the history that all sockets of the process share. */
  readonly race?: (Omit<RaceOptions, 'signal'> & Pick<StandInOptions, 'history'>) | undefined;
  /** A connector to share cache, history and TLS sessions with. Default: the process's history, and separate TLS sessions. */
  readonly connector?: Connector | Connector<TLSSocket> | undefined;
  /** TLS options, as in `tls.connect`. */
  readonly tls?: TlsOptions | undefined;
  /** Offers and allows HTTP/2. Default false. */
  readonly allowH2?: boolean | undefined;
}

/** In ms; undici's default. */
const KEEP_ALIVE_INITIAL_DELAY = 60_000;

/**
 * Creates a `connect` function for undici's clients, pools and agents. The winner is the first finished TLS handshake for https,
 * otherwise the first TCP connection.
 *
 * @throws TypeError, RangeError for invalid options
 *
 * @example
 * new Agent({ connect: connector({ race: { connectionAttemptDelay: 200 } }) });
 */
export function connector(options: UndiciOptions = {}): buildConnector.connector {
  return connectorWith(options, true);
}

function connectorWith(options: UndiciOptions, sessions: boolean): buildConnector.connector {
  checkUndiciOptions(options);
  const { tls: tlsOptions, allowH2 = false } = options;
  const { raceOptions: race, history } = splitHistory(options.race ?? {}, options.connector);
  const { connect$ } = options.connector ?? connectorOver({ cache: false, sessions }, history?.());
  const filters = filtersOf({ ...filtersOfConnector(options.connector), ...given(race) });
  const { tls: connectorTls, serviceRecords: connectorServices } = defaultsOf(options.connector);
  const serviceRecords = race.serviceRecords ?? connectorServices;

  return ({ hostname, protocol, port, servername, localAddress, httpSocket }, callback) => {
    const secure = protocol === 'https:';
    const ownTls = ownTlsOptions({ ...(typeof connectorTls === 'object' && connectorTls), ...tlsOptions });
    const secureOptions = given({
      ...ownTls,
      ALPNProtocols: protocols(allowH2),
      servername: servername || ownTls.servername,
    });
    // Service records lead to TLS endpoints, which a plain connection cannot use.
    const services = serviceRecords && { serviceRecords: secure && serviceOptions(serviceRecords, allowH2) };
    const connection = { ...race, ...services, tls: secure && secureOptions, localAddress: localAddress ?? undefined };
    const socket$ = defer((): Observable<Socket> => {
      const portNumber = (port as string | undefined | null) ? Number(port) : secure ? 443 : 80;
      if (!httpSocket) return connect$<Socket>(hostname, portNumber, connection as object);
      const refused = filters && refusalOf(hostname, portNumber, filters);
      return refused ? throwError(() => refused) : secured(httpSocket, hostname, portNumber, secureOptions);
    });
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

function serviceOptions(given: NonNullable<RaceOptions['serviceRecords']>, allowH2: boolean): RaceOptions['serviceRecords'] {
  return { scheme: 'https', alpn: protocols(allowH2), ...(typeof given === 'object' ? given : undefined) };
}

function protocols(allowH2: boolean): string[] {
  return allowH2 ? ['h2', 'http/1.1'] : ['http/1.1'];
}

/** TLS over a proxy's connection. The certificate must be valid for `host`. */
function secured(socket: Socket, host: string, port: number, options: TlsOptions): Observable<Socket> {
  const identity = isIP(host) ? {} : { servername: host };
  const family = isIP(host) === 6 ? 6 : 4;
  return tls({ ...identity, ...options }, () => of(socket))({ address: host, family, port });
}

/**
 * Creates a dispatcher for `fetch`, globally or for one request, that races for its connections. It is an `Agent` of the undici that
 * the program's main module would load, or that is installed next to this package. If there is none, or Node's `fetch` does not work
 * with it (undici 6 on Node 26), it is an `Agent` of Node's own undici.
 *
 * @throws TypeError, RangeError for invalid options
 *
 * @example
 * await fetch('https://example.com/', { dispatcher: createDispatcher() });
 */
export function createDispatcher(options: DispatcherOptions = {}): AnyDispatcher {
  const { race, connector: own, tls: tlsOptions, allowH2, ...agentOptions } = options;
  refuseMisplaced(agentOptions, ['connectTimeout', 'localAddress']);
  const { ownRace, sessions, others } = heeded(agentOptions, { race, connector: own });
  const connect = connectorWith({ race: ownRace, connector: own, tls: tlsOptions, allowH2 }, sessions);
  return createAgent({ ...others, ...(allowH2 !== undefined && { allowH2 }), connect }) as unknown as AnyDispatcher;
}

/** Options of {@link createDispatcher}: those of undici's `Agent`, except those that the race decides. */
export type DispatcherOptions = UndiciOptions & Omit<Agent.Options, 'connect' | 'allowH2' | 'tls' | RefusedOption>;

/** Options of undici's own `connect`, which it ignores if another is given. */
const REFUSED = {
  connect: 'the race connects',
  socketPath: 'there is nothing to race for: use undici’s own Agent for a socket path',
  autoSelectFamily: 'use `race.enabled`',
  autoSelectFamilyAttemptTimeout: 'use `race.connectionAttemptDelay`',
} as const;

type RefusedOption = keyof typeof REFUSED;

/**
 * Applies the agent's options for connections, which the agent itself would ignore.
 *
 * @throws TypeError for those that a race cannot use
 */
function heeded(agentOptions: object, { race, connector: own }: UndiciOptions) {
  const { connectTimeout, maxCachedSessions, autoSelectFamily, ...others } = agentOptions as Record<string, unknown>;
  const refused = { ...others, autoSelectFamily: autoSelectFamily === true ? undefined : autoSelectFamily };
  for (const [name, instead] of Object.entries(REFUSED)) {
    const value = refused[name as keyof typeof refused];
    if (value != null) throw invalidValue(`options.${name}`, `has no effect: ${instead}`, value);
  }
  if (connectTimeout != null) number(0, LONGEST_DELAY)('options.connectTimeout', connectTimeout);
  if (connectTimeout != null && race?.connectTimeout !== undefined)
    throw invalidValue('options.connectTimeout', 'has no effect beside options.race.connectTimeout', connectTimeout);
  if (maxCachedSessions != null && maxCachedSessions !== DEFAULT_SESSIONS && (maxCachedSessions !== 0 || own))
    throw invalidValue('options.maxCachedSessions', SESSIONS_SAID, maxCachedSessions);
  return {
    // For undici, 0 means no limit.
    ownRace: connectTimeout == null ? race : { ...race, connectTimeout: Number(connectTimeout) || Infinity },
    sessions: maxCachedSessions !== 0,
    others,
  };
}

/** undici's default. */
const DEFAULT_SESSIONS = 100;
const SESSIONS_SAID = `must be ${DEFAULT_SESSIONS}, the default, or 0 for none; a connector has sessions of its own`;

/** A dispatcher for undici's own `fetch` and for Node's, whose types differ. */
export type AnyDispatcher = Dispatcher & (RequestInit extends { dispatcher?: infer D } ? NonNullable<D> : unknown);

/**
 * Installs {@link createDispatcher} as the dispatcher of the process, for every `fetch` without its own.
 *
 * @returns a function that restores the previous dispatcher, unless someone has installed another since
 * @throws TypeError, RangeError for invalid options
 */
export function installGlobal(options: DispatcherOptions = {}): () => void {
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
  checkEach('options', options, UNDICI_CHECKS);
  const { race = {}, tls: tlsOptions = {} } = options;
  checkRaceOptions(splitHistory(race, options.connector).raceOptions, 'signal');
  checkTlsOptions('options.tls', tlsOptions);
  const { ALPNProtocols } = tlsOptions;
  if (ALPNProtocols !== undefined)
    throw invalidValue('options.tls.ALPNProtocols', 'has no effect: use options.allowH2', ALPNProtocols);
}

const UNDICI_CHECKS: Checks<UndiciOptions> = {
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
