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

/** How many addresses of a host are tried at once. */
const ADDRESSES_AT_ONCE = 8;

/** How many addresses of each family are tried, in the order of the answer. Further ones would add little. */
const ADDRESSES_TRIED = 16;

/** A step in the check of a host. */
export type Step = 'records' | 'addresses' | 'fallback' | 'done';

/** Emits the report of a host, and completes. Never errors. */
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

/** The distinct addresses of each family. Those of AAAA records come first, without IPv4-mapped ones. */
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

/** How long the other probes of an address wait for its connection, in ms. */
const CONNECTION_FIRST = 250;

/**
 * The connection comes first. Starting a program and encoding a query take milliseconds, which would be counted as part of the time to
 * connect.
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
