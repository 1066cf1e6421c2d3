import { filtersOf, type Filters } from '../node/filter.js';
import type { AttemptOptions, RaceOptions } from '../plan/options.js';

/**
 * The key under which a connector states what it makes, for agents that accept TCP connections only, and its filters, for sockets
 * that are not raced. All copies of this package share it.
 */
export const MAKES: unique symbol = Symbol.for('rx-happy-eyeballs.makes');

/** The options of a connector that calls of stand-ins would replace without need. */
export type Defaults = Readonly<Partial<RaceOptions & AttemptOptions<unknown, unknown>>>;

/** What the races of a connector produce. `D` exists in types only. */
export interface Makes<D> {
  /** The option because of which it makes something other than TCP connections; absent if it makes those. */
  readonly by?: 'tls' | 'setup' | 'transport';
  readonly filters?: Filters;
  /** The options of its races, for what stands in their place where a call has none. Absent in copies of earlier versions. */
  readonly defaults?: Defaults;
  readonly result?: (made: D) => void;
}

/** What races with these options produce. */
export function makes(options: object): Makes<never> {
  const { tls, setup, transport } = options as Partial<Record<'tls' | 'setup' | 'transport', unknown>>;
  const by = setup ? 'setup' : transport ? 'transport' : tls ? 'tls' : undefined;
  const filters = filtersOf(options);
  return { ...(by && { by }), ...(filters && { filters }), defaults: options };
}
