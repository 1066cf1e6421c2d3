import type { Family } from '../address/address.js';
import type { Endpoint } from './endpoint.js';

/** How the two families share the list of candidates. */
export interface Interleaving {
  /** The family that leads. Default: that of the first endpoint. */
  readonly preferFamily?: Family;
  /** If false, the families do not alternate. */
  readonly interleave: boolean;
  /** The number of endpoints of the leading family before the first of the other. */
  readonly firstAddressFamilyCount: number;
}

/**
 * Alternates the families of a sorted list. Each family keeps its order.
 *
 *     6a 6b 6c 4a 4b   →   6a 4a 6b 4b 6c           firstAddressFamilyCount 1
 *     6a 6b 6c 4a 4b   →   6a 6b 4a 6c 4b           firstAddressFamilyCount 2
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-4 RFC 8305 section 4}; HEv3, "Interleaving"
 */
export function interleave(sorted: readonly Endpoint[], options: Interleaving): readonly Endpoint[] {
  if (sorted.length < 2) return sorted;
  const leader = options.preferFamily ?? sorted[0]?.family;
  if (sorted.length === 2 && sorted[0]?.family === leader) return sorted;
  const leading = sorted.filter(({ family }) => family === leader);
  if (leading.length === sorted.length) return sorted;
  const following = sorted.filter(({ family }) => family !== leader);
  if (!options.interleave) return options.preferFamily === undefined ? sorted : [...leading, ...following];

  const ahead = options.firstAddressFamilyCount - 1;
  const alternated = leading.slice(0, ahead);
  for (let i = 0; i < Math.max(leading.length, following.length); i++) {
    if (ahead + i < leading.length) alternated.push(leading[ahead + i]!);
    if (i < following.length) alternated.push(following[i]!);
  }
  return alternated;
}
