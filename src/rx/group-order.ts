import { combineLatest, defer, from, map, of, type Observable } from 'rxjs';
import type { Endpoint } from '../core/race/endpoint.js';
import { interleave, type Interleaving } from '../core/race/interleave.js';

type Sort = (endpoints: readonly Endpoint[]) => readonly Endpoint[] | Observable<readonly Endpoint[]>;

/**
 * Joins groups to one list. Each group is sorted and interleaved separately, and comes after the whole group before it.
 *
 *     6a 6b 4a   |   6c 4c      →      6a 4a 6b   6c 4c
 *
 * @returns an Observable if the order of any group is one
 * @see HEv3, "Grouping By Service Priority"
 */
export function groupOrder(
  groups: readonly (readonly Endpoint[])[],
  sort: Sort,
  interleaving: Interleaving,
): readonly Endpoint[] | Observable<readonly Endpoint[]> {
  const sorted = groups.map(sort);
  const alternate = (order: readonly Endpoint[]) => interleave(order, interleaving);
  if (sorted.every(isList)) return sorted.flatMap(alternate);
  if (sorted.length === 0) return [];
  const orders$ = sorted.map((order) => (isList(order) ? of(order) : defer(() => from(order))));
  return combineLatest(orders$).pipe(map((orders) => orders.flatMap(alternate)));
}

function isList(sorted: ReturnType<Sort>): sorted is readonly Endpoint[] {
  return Array.isArray(sorted);
}
