import { FAMILIES, parseAddress, type Address } from '../core/address/address.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { interleave } from '../core/race/interleave.js';
import { answerOf, type ModelledNetwork } from './model.js';

/** All addresses of a network as its system sorts them, each once. */
export function sortedAddresses(network: ModelledNetwork): readonly Address[] {
  const known = sorted.get(network);
  if (known) return known;
  const found = FAMILIES.flatMap((family) => answerOf(network, family).addresses);
  const addresses = [...new Set(network.order ?? found)].flatMap((text) => parseAddress(text) ?? []);
  sorted.set(network, addresses);
  return addresses;
}

/** Several clients are asked about one network. */
const sorted = new WeakMap<ModelledNetwork, readonly Address[]>();

/** The same with the families alternated, beginning with that of the first address. */
export function alternated(network: ModelledNetwork): readonly Address[] {
  // Families are all that counts, and so addresses do as well as endpoints.
  const endpoints = sortedAddresses(network) as readonly Endpoint[];
  return interleave(endpoints, { interleave: true, firstAddressFamilyCount: 1 });
}

/** When both queries are answered, as for a client that asks `getaddrinfo`. */
export function bothAnswered(network: ModelledNetwork): number {
  return Math.max(answerOf(network, 6).at, answerOf(network, 4).at);
}
