import { filtersOf, type Filters } from '../node/filter.js';

/**
 * Where a connector says what it makes, for those that can do with TCP connections alone, and what its races filter, for
 * sockets that are not raced for; one for all copies of this package.
 */
export const MAKES: unique symbol = Symbol.for('rx-happy-eyeballs.makes');

/** What the races of a connector are for. `D` tells types apart, and nothing of it is there when a program runs. */
export interface Makes<D> {
  /** The option that makes it more than TCP connections; absent: it makes those. */
  readonly by?: 'tls' | 'setup' | 'transport';
  readonly filters?: Filters;
  readonly result?: (made: D) => void;
}

/** What the options of a connector make of its races. */
export function makes(options: object): Makes<never> {
  const { tls, setup, transport } = options as Partial<Record<'tls' | 'setup' | 'transport', unknown>>;
  const by = setup ? 'setup' : transport ? 'transport' : tls ? 'tls' : undefined;
  const filters = filtersOf(options);
  return { ...(by && { by }), ...(filters && { filters }) };
}
