import type { Address } from '../address/address.js';
import type { Endpoint } from './endpoint.js';
import type { Recall } from './path-records.js';
import type { PolicyLookup } from './policy-table.js';
import { destinationOf, selectDestinations } from './rfc6724.js';

/** The address from which a machine would connect to each of the given ones, or `undefined` where it has no route. */
export type FindSources = (addresses: readonly Address[]) => readonly (string | undefined)[];

/** Puts endpoints in order. */
export type SelectionSort = (endpoints: readonly Endpoint[]) => readonly Endpoint[];

/** The sources of endpoints, in the same order. */
export type SourcesOf = (endpoints: readonly Endpoint[]) => readonly (string | undefined)[];

/** Destination address selection: by a policy, the sources of the endpoints, and what is known of their paths. */
export function selectingBy(policyOf: PolicyLookup, sourcesOf: SourcesOf, recall?: Recall): SelectionSort {
  return (endpoints) => {
    if (endpoints.length < 2) return endpoints;
    const sources = sourcesOf(endpoints);
    const destinations = endpoints.map((endpoint, index) =>
      destinationOf(endpoint, sources[index], policyOf, recall?.(endpoint)),
    );
    return selectDestinations(destinations).map(({ endpoint }) => endpoint);
  };
}

/** Finds the source of each endpoint once. An endpoint object belongs to one race. */
export function oncePerRace(find: FindSources): SourcesOf {
  const sources = new WeakMap<Endpoint, { readonly source: string | undefined }>();
  return (endpoints) => {
    const unknown = endpoints.filter((endpoint) => !sources.has(endpoint));
    find(unknown).forEach((source, index) => sources.set(unknown[index]!, { source }));
    return endpoints.map((endpoint) => sources.get(endpoint)?.source);
  };
}
