import type { Address } from '../../../core/address/address.js';
import { decision, destinationOf, selectDestinations } from '../../../core/race/rfc6724.js';
import { defaultSelection } from '../../../node/address-selection.js';
import { findSources, type FindSources } from '../../../node/source-address.js';
import type { OrderedAddress } from '../report.js';

/** Addresses in the order of RFC 6724, each with the rule that puts it before the next one. */
export function ordered(addresses: readonly Address[], port: number, find: FindSources = findSources): readonly OrderedAddress[] {
  const sources = find(addresses);
  const destinations = addresses.map((address, index) =>
    destinationOf({ ...address, port }, sources[index], defaultSelection.policyOf),
  );
  const sourceOf = new Map(addresses.map(({ address }, index) => [address, sources[index] ?? null]));
  const sorted = selectDestinations(destinations);
  return sorted.map((destination, index) => {
    const { address, family } = destination.endpoint;
    const next = sorted[index + 1];
    return { address, family, source: sourceOf.get(address)!, before: next ? decision(destination, next) : null };
  });
}
