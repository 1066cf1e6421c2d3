import type { Address } from '../address/address.js';
import type { Endpoint } from './endpoint.js';
import type { Recall } from './path-records.js';
import type { PolicyLookup } from './policy-table.js';
import { destinationOf, ignoresHistory, selectDestinations, type Destination } from './rfc6724.js';

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
    return sorted(endpoints, policyOf, sourcesOf, recall).map(({ endpoint }) => endpoint);
  };
}

/** Endpoints in order. */
export interface Ranking {
  readonly order: readonly Endpoint[];
  /** Whether the order is the same with any history. */
  readonly isFinal: boolean;
}

/** Destination address selection without history. */
export function rankingBy(policyOf: PolicyLookup, sourcesOf: SourcesOf): (endpoints: readonly Endpoint[]) => Ranking {
  return (endpoints) => {
    if (endpoints.length < 2) return { order: endpoints, isFinal: true };
    const destinations = sorted(endpoints, policyOf, sourcesOf);
    return { order: destinations.map(({ endpoint }) => endpoint), isFinal: ignoresHistory(destinations) };
  };
}

function sorted(
  endpoints: readonly Endpoint[],
  policyOf: PolicyLookup,
  sourcesOf: SourcesOf,
  recall?: Recall,
): readonly Destination[] {
  const sources = sourcesOf(endpoints);
  return selectDestinations(
    endpoints.map((endpoint, index) => destinationOf(endpoint, sources[index], policyOf, recall?.(endpoint))),
  );
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
