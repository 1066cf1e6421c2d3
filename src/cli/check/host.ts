import { concatMap, defer, forkJoin, from, map, of, tap, toArray, type Observable } from 'rxjs';
import { parseAddress, type Address } from '../../core/address.js';
import { parseLiteral } from '../../rx/resolve.js';
import { fallbackReport } from './fallback.js';
import { mapInOrder } from './in-order.js';
import { ordered } from './order.js';
import type { Probing } from './probing.js';
import { reachabilityReport } from './reachability.js';
import { recordsReport } from './records.js';
import type { AddressReport, FallbackReport, HostReport, OrderedAddress, Records } from './report.js';
import { reverseReport } from './reverse.js';
import type { Target } from './targets.js';

/** Addresses of a host that are tried at once. */
const ADDRESSES_AT_ONCE = 8;

/** What is being done for a host. */
export type Step = 'records' | 'addresses' | 'fallback' | 'done';

/** Everything about one host: emits it, and completes. Never errors. */
export function hostReport(
  target: Target,
  useTls: boolean,
  probing: Probing,
  begin: (step: Step) => void,
): Observable<HostReport> {
  const { host, port } = target;
  const literal = parseLiteral(host);
  return defer(() => {
    begin('records');
    return literal ? of(null) : recordsReport(target, useTls, probing);
  }).pipe(
    concatMap((records) => {
      begin('addresses');
      const addresses = ordered(literal ? [literal] : addressesOf(records!), port);
      return addressReports(addresses, target, useTls, probing).pipe(map((reports) => ({ records, addresses: reports })));
    }),
    concatMap((found) => {
      begin('fallback');
      const fallback$: Observable<FallbackReport | null> =
        found.addresses.length === 0 ? of(null) : fallbackReport(target, useTls, probing);
      return fallback$.pipe(map((fallback) => ({ host, port, tls: useTls, ...found, fallback })));
    }),
    tap(() => {
      begin('done');
    }),
  );
}

/** Each once, AAAA first. */
function addressesOf({ AAAA, A }: Records): readonly Address[] {
  return [...new Set([...AAAA.addresses, ...A.addresses])].map((text) => parseAddress(text)!);
}

function addressReports(
  addresses: readonly OrderedAddress[],
  target: Target,
  useTls: boolean,
  probing: Probing,
): Observable<readonly AddressReport[]> {
  const report = (address: OrderedAddress) =>
    forkJoin({
      reverse: reverseReport(address, probing),
      reached: reachabilityReport({ address: address.address, family: address.family }, target, useTls, probing),
    }).pipe(map(({ reverse, reached }) => ({ ...address, reverse, ...reached })));
  return from(addresses).pipe(mapInOrder(report, ADDRESSES_AT_ONCE), toArray());
}
