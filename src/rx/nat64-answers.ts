import { defer, finalize, mergeMap, of, ReplaySubject, share, type Observable } from 'rxjs';
import type { Nat64Prefix } from '../core/address/nat64.js';
import { saysNothing, type Answer } from '../core/race/answers.js';
import type { Query } from './resolver.js';

/**
 * Answers on a network that may reach IPv4 through NAT64. The prefixes are discovered in parallel, and A answers wait for them,
 * since no IPv4 address can be dialled without them.
 *
 *     prefixes   ────────────●
 *     AAAA       ────●
 *     A          ───────●····●
 *
 * If there is a prefix, A is queried even where its answer was assumed because the machine has no IPv4 route.
 *
 * @param prefixes$ emits once
 * @see HEv3, "Discovering PREF64"
 */
export function nat64Answers(
  ask: (query: Query) => Observable<Answer>,
  query: Query,
  prefixes$: Observable<readonly Nat64Prefix[]>,
): Observable<Answer> {
  return defer(() => {
    const known$ = prefixes$.pipe(share({ connector: () => new ReplaySubject(1), resetOnComplete: false }));
    const asking = known$.subscribe({ error: () => undefined });
    return ask(query).pipe(
      mergeMap((answer) => {
        if (answer.type !== 'A') return of(answer);
        return known$.pipe(
          mergeMap((prefixes) => {
            const isAskedFor = prefixes.length === 0 || answer.assumed !== true || !saysNothing(answer);
            return isAskedFor ? of(answer) : ask({ ...query, family: 4, insist: true });
          }),
        );
      }),
      finalize(() => asking.unsubscribe()),
    );
  });
}
