import { concat, defer, mergeMap, Observable } from 'rxjs';
import { familiesFrom, type Family, parseAddress } from '../core/address/address.js';
import { codedError } from '../core/error-tools.js';
import { callable, checkEach, type Checks } from '../core/input/checks.js';
import { recordType, type Answer } from '../core/race/answers.js';
import type { Query, Resolver, ServiceLookup } from '../rx/resolver.js';
import { askFamilies, currentFamilies } from './connectivity.js';
import { systemHosts } from './hosts-file.js';
import { hostSources } from './nsswitch.js';
import { resolvConf } from './resolv-conf.js';
import { systemLookup } from './original-lookup.js';
import { lookUpsBy, type Found, type LookupFunction, type LookUps } from './system-lookup.js';
import { familiesApart, type FamiliesApart, type SystemNames } from './system-names.js';

export type { LookupFunction };

/** Options of {@link systemResolver}. */
export interface SystemResolverOptions {
  /** Default: `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  /** Returns the families worth looking up. Default: those in which the kernel has a route. */
  readonly families?: (() => readonly Family[]) | undefined;
}

/** The system's files, read when a name is looked up. */
const SYSTEM_NAMES: SystemNames = {
  hosts: systemHosts,
  resolvConf: resolvConf(),
  sources: hostSources(),
  searchesMore: process.platform === 'win32',
};

/**
 * Creates a resolver that asks the system, like every other program: hosts file, name service switch, mDNS and DNS, through
 * `dns.lookup`.
 *
 *     lookup(host, IPv6)  ───────► AAAA
 *     lookup(host, IPv4)  ──► A
 *
 * Makes one look-up per family in parallel, AAAA first. Each answer is emitted when it arrives. Makes a single look-up for both
 * families if two could lead to different machines (names in the hosts file, names to which the search list applies, and others
 * that {@link familiesApart} lists), or if the system has no thread left for a second.
 *
 * Completes after all answers, and never errors. A family without addresses, with a failed look-up or without a route gets a
 * negative answer with the reason as its `error`.
 *
 * The system's look-ups cannot be cancelled. One that was unsubscribed goes on, and later races for the same name and family wait
 * for it. Node runs half as many at the same time as `UV_THREADPOOL_SIZE` has threads; by default, two.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3.1 RFC 8305 section 3.1}
 */
export function systemResolver(options: SystemResolverOptions = {}): Resolver {
  checkEach('options', options, { lookup: callable, families: callable } satisfies Checks<SystemResolverOptions>);
  const { lookup = systemLookup, families = currentFamilies } = options;
  const lookUps = lookUpsBy(lookup);
  // The system's configuration does not apply to other functions.
  const apart = lookup === systemLookup ? (host: string) => familiesApart(host, SYSTEM_NAMES) : asItIs;

  const resolver = (host: string, query: Query = {}) =>
    defer(() => {
      const names = apart(host);
      const both$ = together(lookUps, host, query);
      if (!names || lookUps.has(host, 0)) return both$;
      const connected = families();
      const each$ = askFamilies(query, connected, (family) => alone(lookUps, names.name, family));
      const separately$ = names.isSearched ? elseSearched(each$, both$) : each$;
      const isOne = query.family !== undefined || (connected.length < 2 && !query.insist);
      return isOne ? separately$ : whereThereIsRoom(lookUps, host, names.name, separately$, both$);
    });
  return Object.assign(resolver, { uncancellable: true, serviceRecords });
}

/** Loaded on first use, because the code for DNS messages takes longer to load than everything else in a race. */
const serviceRecords: ServiceLookup = (name) =>
  defer(() => import('./system-service-records.js')).pipe(mergeMap(({ systemServiceRecords }) => systemServiceRecords(name)));

function asItIs(name: string): FamiliesApart {
  return { name, isSearched: false };
}

/** Two parallel look-ups if neither takes the thread of another name, otherwise one for both families. */
function whereThereIsRoom(
  lookUps: LookUps,
  host: string,
  name: string,
  separately$: Observable<Answer>,
  both$: Observable<Answer>,
): Observable<Answer> {
  return new Observable((subscriber) => {
    lookUps.decide(host, name, (isApart) => {
      if (!subscriber.closed) subscriber.add((isApart ? separately$ : both$).subscribe(subscriber));
    });
  });
}

/** One look-up for both families. The family that the system puts first is emitted first. */
function together(lookUps: LookUps, host: string, query: Query): Observable<Answer> {
  return new Observable((subscriber) =>
    lookUps.find(host, 0, (found) => {
      const [first] = 'error' in found ? [] : found.addresses;
      const firstFamily = first === undefined || first.includes(':') ? 6 : 4;
      for (const family of familiesFrom(firstFamily)) {
        if (query.family === undefined || query.family === family) subscriber.next(answerOf(found, host, family));
      }
      subscriber.complete();
    }),
  );
}

function alone(lookUps: LookUps, name: string, family: Family): Observable<Answer> {
  return new Observable((subscriber) =>
    lookUps.find(name, family, (found) => {
      subscriber.next(answerOf(found, name, family));
      subscriber.complete();
    }),
  );
}

/** The answer for one family. Look-ups of literals, and careless functions, also return the other family's addresses. */
function answerOf(found: Found, host: string, family: Family): Answer {
  const type = recordType(family);
  if ('error' in found) return { type, addresses: [], error: found.error };
  const addresses = found.addresses.filter((address) => parseAddress(address)?.family === family);
  if (addresses.length > 0) return { type, addresses };
  return { type, addresses, error: codedError('ENODATA', `the look-up of ${host} found no IPv${family} address`) };
}

/**
 * The answers for a name as it is or, if no family has any address, those for what the system tries next. Negative answers are
 * held back until an answer has addresses.
 */
function elseSearched(answers$: Observable<Answer>, searched$: Observable<Answer>): Observable<Answer> {
  return defer(() => {
    const held: Answer[] = [];
    let isFound = false;
    const asItIs$ = answers$.pipe(
      mergeMap((answer) => {
        isFound ||= answer.addresses.length > 0;
        if (!isFound) held.push(answer);
        return isFound ? [...held.splice(0), answer] : [];
      }),
    );
    return concat(
      asItIs$,
      defer(() => (isFound ? [] : searched$)),
    );
  });
}
