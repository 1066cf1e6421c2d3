import { Socket, type SocketConstructorOpts } from 'node:net';
import { connectArguments, hasConnection } from './connect-arguments.js';
import { connectByRace } from './connect-by-race.js';
import { racing, type Racing, type StandInOptions } from './racing.js';

/**
 * A `net.Socket` that connects to a host name by racing its addresses; in everything else it is what it extends.
 *
 * @example
 * const client = new pg.Client({ stream: () => new RaceSocket() });
 */
export class RaceSocket extends Socket {
  readonly #racing: Racing;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor({ race = {}, ...options }: SocketConstructorOpts & { readonly race?: StandInOptions } = {}) {
    super(options);
    this.#racing = racing(race);
  }

  override connect(...given: unknown[]): this {
    if (hasConnection(this)) return super.connect(...(given as [never]));
    const [destination, listener] = connectArguments(given);
    return connectByRace((changed) => super.connect(changed as never, listener), destination, this.#racing);
  }
}
