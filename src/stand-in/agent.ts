// Named: the default imports of a declaration need esModuleInterop.
import { Agent as NodeHttpAgent, type AgentOptions as HttpAgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as NodeHttpsAgent, type AgentOptions as HttpsAgentOptions, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connector } from '../connector/connector.js';
import { invalidValue } from '../core/input/argument-errors.js';
import { connectByRace } from './connect-by-race.js';
import { plainRacing, refuseMisplaced } from './misplaced.js';
import { connectProxied, filterProxy, isProxied } from './proxied.js';
import { racing, type StandInOptions } from './racing.js';
import type { ConnectTarget } from './connect-arguments.js';

/** Options of racing agents. */
export interface RaceAgentOptions {
  /** Options of the races. */
  readonly race?: StandInOptions | undefined;
  /**
   * A connector to share cache and history with. It must make TCP connections, so that `tls`, `setup` and `transport` are excluded.
   * Default: the races share the history of the process.
   */
  readonly connector?: Connector | undefined;
}

type Created = (error: Error | null, stream: Duplex) => void;

/**
 * An `http.Agent` that races for its connections to host names. Pooling, `maxSockets`, timeouts and aborts are Node's own.
 *
 * @throws TypeError, RangeError for invalid options
 *
 * @example
 * http.get('http://example.com/', { agent: new HttpAgent({ keepAlive: true }) }, (response) => response.resume());
 */
export class HttpAgent extends NodeHttpAgent {
  readonly #racing;

  constructor({ race, connector, ...options }: HttpAgentOptions & RaceAgentOptions = {}) {
    super(options);
    checkAgentOptions(options, race);
    this.#racing = plainRacing(options, race, connector);
    if (isProxied(this)) filterProxy(this, this.#racing.filters);
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    const create = (changed: object) => super.createConnection(changed, created) as Socket;
    if (isProxied(this)) return connectProxied(create, options as ConnectTarget, this.#racing.filters);
    return connectByRace(create, options as ConnectTarget, this.#racing);
  }
}

/**
 * An `https.Agent` that races for its connections to host names. The winner is the first finished TLS handshake or, with the option
 * `tls: 'off'`, the first TCP connection. Pooling and session resumption are Node's own.
 *
 * @throws TypeError, RangeError for invalid options
 */
export class HttpsAgent extends NodeHttpsAgent {
  readonly #racing;

  constructor({ race, connector, ...options }: HttpsAgentOptions & RaceAgentOptions = {}) {
    super(options);
    checkAgentOptions(options, race);
    refuseMisplaced(options);
    this.#racing = racing(race, connector);
    if (isProxied(this)) filterProxy(this, this.#racing.filters);
  }

  override createConnection(options: RequestOptions, created?: Created): Duplex | null | undefined {
    const create = (changed: object) => super.createConnection(changed, created) as Socket;
    // TLS over an existing connection.
    if ((options as ConnectTarget).socket) return create(options);
    if (isProxied(this)) return connectProxied(create, options as ConnectTarget, this.#racing.filters);
    return connectByRace(create, withSession(this, options), this.#racing);
  }
}

/**
 * Refuses options that a race would ignore.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
function checkAgentOptions(options: object, race?: StandInOptions): void {
  const { lookup, autoSelectFamilyAttemptTimeout } = options as Record<string, unknown>;
  if (autoSelectFamilyAttemptTimeout !== undefined) {
    const reason = 'has no effect: use options.race.connectionAttemptDelay';
    throw invalidValue('options.autoSelectFamilyAttemptTimeout', reason, autoSelectFamilyAttemptTimeout);
  }
  if (lookup !== undefined && race?.resolver !== undefined)
    throw invalidValue('options.race.resolver', 'has no effect beside options.lookup', race.resolver);
}

/** Adds the session that Node's agent would resume, because the race needs it too. */
function withSession(agent: NodeHttpsAgent, options: RequestOptions): ConnectTarget {
  const { _getSession } = agent as { _getSession?: (key: string | undefined) => Buffer | undefined };
  const { _agentKey } = options as { _agentKey?: string };
  const session = _getSession?.call(agent, _agentKey);
  return { ...(session && { session }), ...(options as ConnectTarget) };
}
