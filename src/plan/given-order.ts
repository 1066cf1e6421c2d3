import { from, map, take, throwIfEmpty, type Observable, type ObservableInput } from 'rxjs';
import { invalidReturn } from '../core/input/argument-errors.js';
import type { Endpoint } from '../core/race/endpoint.js';

/** Sorts endpoints, synchronously or as an Observable whose first value is the order. */
export type Order = (endpoints: readonly Endpoint[]) => readonly Endpoint[] | Observable<readonly Endpoint[]>;

type Sort = (endpoints: readonly Endpoint[]) => readonly Endpoint[];

/**
 * The order if source addresses are unknown: IPv6 first.
 *
 * @param within the order within each family; default: as given
 */
export function ipv6First(within: Sort = (endpoints) => endpoints): Sort {
  return (endpoints) => {
    const sixes = endpoints.filter(({ family }) => family === 6);
    const fours = endpoints.filter(({ family }) => family === 4);
    return [...within(sixes), ...within(fours)];
  };
}

/** A caller's function that puts endpoints in order. */
export type SortFunction = (endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>;

/** The order that a caller's function gives, once it is found to be one. */
export function sortedBy(sort: SortFunction, endpoints: readonly Endpoint[]): ReturnType<Order> {
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
