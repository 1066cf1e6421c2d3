import { Socket, type SocketConstructorOpts } from 'node:net';
import { connectArguments } from './connect-arguments.js';
import { races } from './races.js';
import type { Racing, StandInOptions } from './racing.js';

/**
 * A `net.Socket` that connects to a host name by racing its addresses. Everything else is inherited.
 *
 * @example
 * const client = new pg.Client({ stream: () => new RaceSocket() });
 */
export class RaceSocket extends Socket {
  readonly #racing: Racing;

  /** @throws TypeError, RangeError for invalid options */
  constructor({ race = {}, ...options }: SocketConstructorOpts & { readonly race?: StandInOptions } = {}) {
    super(options);
    this.#racing = races.racing(race);
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
