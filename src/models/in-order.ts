import { FAMILIES, parseAddress, type Address } from '../core/address/address.js';
import { interleave } from '../core/race/interleave.js';
import { answerOf, DEFAULT_PORT, type ModelledNetwork } from './model.js';

/** All addresses of a network as its system sorts them, each once. */
export function sortedAddresses(network: ModelledNetwork): readonly Address[] {
  const found = FAMILIES.flatMap((family) => answerOf(network, family).addresses);
  return [...new Set(network.order ?? found)].flatMap((text) => parseAddress(text) ?? []);
}

/** The same with the families alternated, beginning with that of the first address. */
export function alternated(network: ModelledNetwork): readonly Address[] {
  const { port = DEFAULT_PORT } = network;
  const endpoints = sortedAddresses(network).map((address) => ({ ...address, port }));
  return interleave(endpoints, { interleave: true, firstAddressFamilyCount: 1 }).map(({ address, family }) => ({
    address,
    family,
  }));
}

/** When both queries are answered, as for a client that asks `getaddrinfo`. */
export function bothAnswered(network: ModelledNetwork): number {
  return Math.max(answerOf(network, 6).at, answerOf(network, 4).at);
}
