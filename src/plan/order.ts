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

/** Puts endpoints in order: at once, or as an Observable whose first value is the order. */
export type Order = (endpoints: readonly Endpoint[]) => readonly Endpoint[] | Observable<readonly Endpoint[]>;

/** The stage that puts endpoints in order, as the `sort` option has it. */
export function ordering<T>(settings: Settings<T>, past: Past | undefined): Order {
  const { sort, transport } = settings;
  if (sort === 'none') return (endpoints) => endpoints;
  if (typeof sort === 'function' && !selectionOf(sort)) return (endpoints) => sortedBy(sort, endpoints);
  const select = sort === undefined && transport ? ipv6First(past?.recall) : selecting(settings, past?.recall);
  // Within their families that is, for these alternate later.
  return past ? (endpoints) => failuresLast(select(endpoints), past) : select;
}

/** Destination address selection, by tables that may change from one race to the next. A single address needs none. */
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

/** The sources of sockets that are bound to the first local address of their family. */
function among(localAddresses: readonly string[]): FindSources {
  const locals = localAddresses.map(parseAddress);
  return (addresses) => addresses.map(({ family }) => locals.find((local) => local?.family === family)?.address);
}

/** The order where nothing is known of sources: IPv6 first, then by history. */
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

/** What a caller's `sort` returned: endpoints may be missing, and be copies, but none may be new. */
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
