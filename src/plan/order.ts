import { parseAddress } from '../core/address/address.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { failuresLast, type Past, type Recall } from '../core/race/path-records.js';
import { firstDecision, preferLowerRoundTripTime, preferUsed } from '../core/race/rfc6724.js';
import { destinationSelection, selectionOf, type Selection } from '../node/address-selection.js';
import type { FindSources } from '../node/source-address.js';
import { ipv6First, sortedBy, type Order } from './given-order.js';
import type { Settings } from './options.js';
import { selectionFor } from './selection.js';

export type { Order };

/** The sorting stage, from the `sort` option. */
export function ordering<T>(settings: Settings<T>, past: Past | undefined): Order {
  const { sort, transport } = settings;
  if (sort === 'none') return (endpoints) => endpoints;
  if (typeof sort === 'function' && !selectionOf(sort)) return (endpoints) => sortedBy(sort, endpoints);
  const select = sort === undefined && transport ? ipv6First(past && byHistory(past.recall)) : selecting(settings, past?.recall);
  // This matters within each family only, since families alternate later.
  return past ? (endpoints) => failuresLast(select(endpoints), past) : select;
}

function byHistory(recall: Recall): SelectionSort {
  return (endpoints) =>
    endpoints
      .map((endpoint) => ({ endpoint, record: recall(endpoint) ?? {} }))
      .sort((a, b) => firstDecision([preferLowerRoundTripTime, preferUsed], a, b))
      .map(({ endpoint }) => endpoint);
}

/** Destination address selection. Its tables may change from one race to the next. A single address needs no sorting. */
function selecting<T>({ sort, transport, localAddress }: Settings<T>, recall: Recall | undefined): SelectionSort {
  const sources = localAddress === undefined ? {} : { findSources: among([localAddress].flat()) };
  let selection: Selection | undefined;
  let select: SelectionSort = (endpoints) => endpoints;
  return (endpoints) => {
    if (endpoints.length < 2) return endpoints;
    const current = selectionFor(sort, transport)!;
    if (current !== selection) {
      selection = current;
      select = destinationSelection({ ...sources, ...current, recall });
    }
    return select(endpoints);
  };
}

type SelectionSort = (endpoints: readonly Endpoint[]) => readonly Endpoint[];

/** The source addresses of sockets that are bound to the first local address of their family. */
function among(localAddresses: readonly string[]): FindSources {
  const locals = localAddresses.map(parseAddress);
  return (addresses) => addresses.map(({ family }) => locals.find((local) => local?.family === family)?.address);
}
