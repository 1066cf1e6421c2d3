import { EMPTY, merge, mergeMap, of, type Observable } from 'rxjs';
import type { Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent } from '../core/race/events.js';

/**
 * What a race is for, for as long as it lives.
 *
 *     race$    ──s────a──(c|)
 *     life               ├──────────|
 *     result   ──────────c──────────|
 *
 * The life begins before the value is emitted: what becomes of a connection in that very instant is not missed.
 *
 * @param lifeOf completes or errors with the value, and ends it when it is unsubscribed
 */
export function connections<T>(
  race$: Observable<RaceEvent<T>>,
  lifeOf: (value: T, endpoint: Endpoint) => Observable<never>,
): Observable<T> {
  return race$.pipe(
    mergeMap((event) => (event.type === 'connected' ? merge(lifeOf(event.value, event.endpoint), of(event.value)) : EMPTY)),
  );
}
