import {
  concatMap,
  defer,
  forkJoin,
  from,
  map,
  merge,
  of,
  shareReplay,
  switchMap,
  take,
  tap,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { parseAddress, type Address } from '../../../core/address/address.js';
import { parseLiteral } from '../../../core/address/literal.js';
import { monotonicScheduler } from '../../../rx/monotonic.js';
import { echoReport } from './echo.js';
import { fallbackReport } from './fallback.js';
import { mapInOrder } from '../../../rx/map-in-order.js';
import { ordered } from './order.js';
import type { Probing } from './probing.js';
import { reachabilityReport } from './reachability.js';
import { recordsReport } from './records.js';
import type { AddressReport, EchoReport, FallbackReport, HostReport, OrderedAddress, Records } from '../report.js';
import { reverseReport } from './reverse.js';
import type { Target } from '../targets.js';

/** Addresses of a host that are tried at once. */
const ADDRESSES_AT_ONCE = 8;

/** Addresses of each family that are tried, the first ones of the answer: more would tell no more. */
const ADDRESSES_TRIED = 16;

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
      const families = literal ? [[literal]] : addressesOf(records!);
      const tried = families.flatMap((addresses) => addresses.slice(0, ADDRESSES_TRIED));
      const untried = families.flat().length - tried.length;
      return addressReports(ordered(tried, port), target, useTls, probing).pipe(
        map((addresses) => ({ records, addresses, untried })),
      );
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

/** Of each family, each once; those of AAAA first, without IPv4-mapped ones among them. */
function addressesOf({ AAAA, A }: Records): readonly (readonly Address[])[] {
  const [six, four] = [AAAA, A].map(({ addresses }) => [...new Set(addresses)].map((text) => parseAddress(text)!));
  return [six!.filter(({ family }) => family === 6), four!];
}

function addressReports(
  addresses: readonly OrderedAddress[],
  target: Target,
  useTls: boolean,
  probing: Probing,
): Observable<readonly AddressReport[]> {
  const report = (address: OrderedAddress) => addressReport(address, target, useTls, probing);
  return from(addresses).pipe(mapInOrder(report, ADDRESSES_AT_ONCE), toArray());
}

/** ms after which the other probes of an address no longer wait for its connection. */
const CONNECTION_FIRST = 250;

/**
 * The connection comes first: to start a program and to encode a question take ms, which would be counted as those of the
 * connection.
 */
function addressReport(address: OrderedAddress, target: Target, useTls: boolean, probing: Probing): Observable<AddressReport> {
  const reached$ = reachabilityReport(address, target, useTls, probing).pipe(shareReplay({ bufferSize: 1, refCount: true }));
  const others$ = defer(() => forkJoin({ echo: echoOf(address, probing), reverse: reverseReport(address, probing) }));
  const later$ = merge(reached$, timer(CONNECTION_FIRST, monotonicScheduler)).pipe(
    take(1),
    switchMap(() => others$),
  );
  return forkJoin({ reached: reached$, others: later$ }).pipe(
    map(({ reached, others: { echo, reverse } }) => ({ ...address, reverse, echo, ...reached })),
  );
}

function echoOf(address: Address, probing: Probing): Observable<EchoReport | null> {
  return probing.ping === undefined ? of(null) : echoReport(address, probing);
}
