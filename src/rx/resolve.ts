import { defer, filter, from, map, of, type Observable } from 'rxjs';
import { parseAddress, type Address, type Family } from '../core/address/address.js';
import { recordType, wellFormed, type Answer, type ServiceAnswer } from '../core/race/answers.js';

/** What a race wants to know of a host. */
export interface Query {
  /** Only this family; both when absent. */
  readonly family?: Family;
  /** Asks now, whatever is remembered and however little is to be expected: no answer may be an assumed one. */
  readonly insist?: boolean;
}

/**
 * Finds the addresses of a host: emits an answer whenever a query has been answered, and completes when all have been.
 * An answer without addresses is a negative one. An error after the first answer loses nothing that was found.
 * Unsubscribing cancels the queries. The race never asks it for an IP address or for `localhost`, unless it `decides`.
 */
export interface Resolver {
  (host: string, query?: Query): Observable<Answer>;
  /** Its queries go on when they are unsubscribed, so that waiting for them a little longer costs nothing. */
  readonly uncancellable?: boolean;
  /** It is asked for `localhost` and addresses as well: who gave it wants to decide. */
  readonly decides?: boolean;
  /** Asks for service records, in races with the option `serviceRecords`; absent: such races go without. */
  readonly serviceRecords?: ServiceLookup;
}

/**
 * Finds the HTTPS records of a name: emits one answer, with records or without, and completes. Addresses of the names to which
 * the records lead, where they have come along, are emitted before. Unsubscribing cancels the query.
 */
export type ServiceLookup = (name: string) => Observable<Answer | ServiceAnswer>;

/** A resolver whose answers are well-formed; `complain` is told of what is left out. */
export function wellFormedResolver(resolver: Resolver, complain: (complaint: string) => void): Resolver {
  const ask = (host: string, query?: Query) =>
    defer(() => resolver(host, query)).pipe(
      map((answer) => wellFormed(answer, complain)),
      filter((answer) => answer !== undefined),
    );
  const { uncancellable = false, decides = false, serviceRecords } = resolver;
  return Object.assign(ask, { uncancellable, decides, ...(serviceRecords && { serviceRecords }) });
}

/** The addresses of a name that this machine's own files hold; none where they do not hold it. */
export type OwnNames = (name: string) => readonly Address[];

/**
 * The answers for a host: what is known without asking, or else the resolver's.
 *
 * @param ownNames default: none
 */
export function resolve(host: string, resolver: Resolver, query: Query, ownNames?: OwnNames): Observable<Answer> {
  return (resolver.decides ? undefined : knownAnswers(host, ownNames)) ?? resolver(host, query);
}

/**
 * What is known of a host without asking anybody.
 *
 * IP literals (with brackets or without, with a zone, IPv4-mapped) are their own answer. `localhost`, and all names below
 * it, are the two loopback addresses (RFC 6761 section 6.3), unless the machine's own files map them elsewhere.
 */
export function knownAnswers(host: string, ownNames: OwnNames = () => []): Observable<Answer> | undefined {
  const literal = parseLiteral(host);
  if (literal) return of(answer(literal.family, [literal.address]));
  if (!isLocalhost(host)) return undefined;
  const own = ownNames(host);
  const isElsewhere = own.some(({ address }) => address !== '::1' && address !== '127.0.0.1');
  return isElsewhere ? from(answersOf(own)) : of(answer(6, ['::1']), answer(4, ['127.0.0.1']));
}

/** Both families' answers, that of the first address first. */
function answersOf(addresses: readonly Address[]): readonly Answer[] {
  const families: readonly Family[] = addresses[0]!.family === 6 ? [6, 4] : [4, 6];
  return families.map((family) =>
    answer(
      family,
      addresses.filter((one) => one.family === family).map(({ address }) => address),
    ),
  );
}

/** The address that a host names itself, as people write it and, in brackets, as URLs do (there `%25` for the `%` of a zone). */
export function parseLiteral(host: string): Address | undefined {
  if (!host.startsWith('[') || !host.endsWith(']')) return parseAddress(host);
  const inside = host.slice(1, -1);
  return inside.includes(':') ? parseAddress(inside.replace('%25', '%')) : undefined;
}

/** Whether a name is `localhost`, or below it. */
export function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host);
}

function answer(family: Family, addresses: readonly string[]): Answer {
  return { type: recordType(family), addresses };
}
