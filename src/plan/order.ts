import { from, map, take, throwIfEmpty, type Observable, type ObservableInput } from 'rxjs';
import { parseAddress } from '../core/address/address.js';
import { invalidReturn } from '../core/input/argument-errors.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { failuresLast, type Past, type Recall } from '../core/race/path-records.js';
import { firstDecision, preferLowerRoundTripTime, preferUsed } from '../core/race/rfc6724.js';
import { destinationSelection, selectionOf, type Selection } from '../node/address-selection.js';
import type { FindSources } from '../node/source-address.js';
import type { RaceOptions, Settings } from './options.js';
import { selectionFor } from './selection.js';

/** Sorts endpoints, synchronously or as an Observable whose first value is the order. */
export type Order = (endpoints: readonly Endpoint[]) => readonly Endpoint[] | Observable<readonly Endpoint[]>;

/** The sorting stage, from the `sort` option. */
export function ordering<T>(settings: Settings<T>, past: Past | undefined): Order {
  const { sort, transport } = settings;
  if (sort === 'none') return (endpoints) => endpoints;
  if (typeof sort === 'function' && !selectionOf(sort)) return (endpoints) => sortedBy(sort, endpoints);
  const select = sort === undefined && transport ? ipv6First(past?.recall) : selecting(settings, past?.recall);
  // This matters within each family only, since families alternate later.
  return past ? (endpoints) => failuresLast(select(endpoints), past) : select;
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

type SortFunction = Exclude<RaceOptions['sort'], string | undefined>;

/** The source addresses of sockets that are bound to the first local address of their family. */
function among(localAddresses: readonly string[]): FindSources {
  const locals = localAddresses.map(parseAddress);
  return (addresses) => addresses.map(({ family }) => locals.find((local) => local?.family === family)?.address);
}

/** The order if source addresses are unknown: IPv6 first, then by history. */
function ipv6First(recall: Recall | undefined): SelectionSort {
  return (endpoints) => {
    const sixes = endpoints.filter(({ family }) => family === 6);
    const fours = endpoints.filter(({ family }) => family === 4);
    return recall ? [...byHistory(sixes, recall), ...byHistory(fours, recall)] : [...sixes, ...fours];
  };
}

function byHistory(endpoints: readonly Endpoint[], recall: Recall): readonly Endpoint[] {
  return endpoints
    .map((endpoint) => ({ endpoint, record: recall(endpoint) ?? {} }))
    .sort((a, b) => firstDecision([preferLowerRoundTripTime, preferUsed], a, b))
    .map(({ endpoint }) => endpoint);
}

function sortedBy(sort: SortFunction, endpoints: readonly Endpoint[]): ReturnType<Order> {
  const sorted: unknown = sort([...endpoints]);
  const refuse = () => invalidReturn('options.sort', 'endpoints, or an Observable of them', sorted);
  if (typeof sorted !== 'object' || sorted === null) throw refuse();
  if (Array.isArray(sorted)) return amongGiven(sorted, endpoints);
  return from(sorted as ObservableInput<unknown>).pipe(
    take(1),
    throwIfEmpty(refuse),
    map((list) => amongGiven(list, endpoints)),
  );
}

/** Maps the result of a caller's `sort` to the given endpoints. It may omit and copy endpoints, but not add any. */
function amongGiven(sorted: unknown, given: readonly Endpoint[]): readonly Endpoint[] {
  if (!Array.isArray(sorted)) throw invalidReturn('options.sort', 'endpoints', sorted);
  const own = new Set<unknown>(given);
  const known = (sorted as readonly (Partial<Endpoint> | undefined)[]).flatMap((endpoint) => {
    if (own.has(endpoint)) return [endpoint as Endpoint];
    const originals = given.filter(({ address }) => address === endpoint?.address);
    if (originals.length === 0) throw invalidReturn('options.sort', 'endpoints that it was given', endpoint?.address);
    return originals;
  });
  return [...new Set(known)];
}
