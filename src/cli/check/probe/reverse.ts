import { catchError, defer, forkJoin, map, of, switchMap, type Observable } from 'rxjs';
import { parseAddress, type Address } from '../../../core/address/address.js';
import { recordType } from '../../../core/race/answers.js';
import { errorCode, NOTHING_THERE } from '../../../core/error-tools.js';
import { reverseName } from '../../../core/address/reverse-name.js';
import { dnsQuery } from '../../../node/dns-query.js';
import { failure, type Probing } from './probing.js';
import type { ReverseReport } from '../report.js';

/** How many names of an address are looked up to see whether they lead back to it. */
const FOLLOWED_NAMES = 4;

/** The names of an address, and whether the addresses of one of these names include it. */
export function reverseReport(address: Address, probing: Probing): Observable<ReverseReport> {
  return defer(() => {
    const elapsed = probing.stopwatch();
    const none = (error: Error | null) => ({
      names: [],
      confirmed: null,
      time: elapsed(),
      error: error === null || NOTHING_THERE.has(errorCode(error) ?? '') ? null : failure(error),
    });
    return dnsQuery(reverseName(address), 'PTR', probing.query).pipe(
      switchMap(({ data: names }) => {
        if (names.length === 0) return of(none(null));
        const time = elapsed();
        const followed = names.slice(0, FOLLOWED_NAMES).map((name) => leadsTo(name, address, probing));
        return forkJoin(followed).pipe(map((led) => ({ names, confirmed: anyOf(led), time, error: null })));
      }),
      catchError((error: Error) => of(none(error))),
    );
  });
}

function leadsTo(name: string, { address, family }: Address, { query }: Probing): Observable<boolean | null> {
  return dnsQuery(name, recordType(family), query).pipe(
    map(({ data }) => data.some((text) => parseAddress(text)?.address === address.replace(/%.*/, ''))),
    catchError((error: Error) => of(['ENOTFOUND', 'EBADNAME'].includes(errorCode(error) ?? '') ? false : null)),
  );
}

/** True if any is true, and otherwise `null` if any is unknown. */
function anyOf(led: readonly (boolean | null)[]): boolean | null {
  if (led.includes(true)) return true;
  return led.includes(null) ? null : false;
}
