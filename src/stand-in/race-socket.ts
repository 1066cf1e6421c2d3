import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Connector } from '../connector/connector.js';
import { connectArguments } from './connect-arguments.js';
import { races } from './races.js';
import type { Racing, StandInOptions } from './racing.js';

/** Options of {@link RaceSocket}: those of `net.Socket`, and of its race. */
export interface RaceSocketOptions extends SocketConstructorOpts {
  /** Options of the race. */
  readonly race?: StandInOptions | undefined;
  /**
   * A connector to share cache and history with. It must make TCP connections, so that `tls`, `setup` and `transport` are excluded.
   * Default: the race shares the history of the process.
   */
  readonly connector?: Connector | undefined;
}

/**
 * A `net.Socket` that connects to a host name by racing its addresses. Everything else is inherited.
 *
 * @example
 * const client = new pg.Client({ stream: () => new RaceSocket() });
 */
export class RaceSocket extends Socket {
  readonly #racing: Racing;

  /** @throws TypeError, RangeError for invalid options */
  constructor({ race, connector, ...options }: RaceSocketOptions = {}) {
    super(options);
    this.#racing = races.plainRacing(options, race, connector);
  }

  override connect(...given: unknown[]): this {
    const { filters } = this.#racing;
    const isConnected = races.hasConnection(this);
    if (isConnected && !filters) return super.connect(...(given as [never]));
    const [destination, listener] = connectArguments(given);
    const create = (changed: object) => super.connect(changed as never, listener);
    if (isConnected) return races.connectFiltered(create, destination, filters);
    return races.connectByRace(create, destination, this.#racing);
  }
}
