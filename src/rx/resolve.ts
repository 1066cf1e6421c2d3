import { from, of, type Observable } from 'rxjs';
import { type Address, familiesFrom, type Family } from '../core/address/address.js';
import { isLocalhost, parseLiteral } from '../core/address/literal.js';
import { recordType, type Answer } from '../core/race/answers.js';
import type { Query, Resolver } from './resolver.js';

/** The addresses of a name in this machine's own files; none if they do not list it. */
export type OwnNames = (name: string) => readonly Address[];

/**
 * The answers for a host: those known without a query, or else the resolver's.
 *
 * @param ownNames default: none
 */
export function resolve(host: string, resolver: Resolver, query: Query, ownNames?: OwnNames): Observable<Answer> {
  return (resolver.decides ? undefined : knownAnswers(host, ownNames)) ?? resolver(host, query);
}

/**
 * The answers for a host that are known without a query, or `undefined`.
 *
 * IP literals (with or without brackets, with a zone, IPv4-mapped) are their own answer. `localhost` and its subdomains are the
 * two loopback addresses (RFC 6761 section 6.3), unless the machine's own files map them elsewhere.
 */
export function knownAnswers(host: string, ownNames: OwnNames = () => []): Observable<Answer> | undefined {
  const literal = parseLiteral(host);
  if (literal) return of(answer(literal.family, [literal.address]));
  if (!isLocalhost(host)) return undefined;
  const own = ownNames(host);
  const isElsewhere = own.some(({ address }) => address !== '::1' && address !== '127.0.0.1');
  return isElsewhere ? from(answersOf(own)) : of(answer(6, ['::1']), answer(4, ['127.0.0.1']));
}

/** The answers of both families, that of the first address first. */
function answersOf(addresses: readonly Address[]): readonly Answer[] {
  return familiesFrom(addresses[0]?.family).map((family) =>
    answer(
      family,
      addresses.filter((one) => one.family === family).map(({ address }) => address),
    ),
  );
}

function answer(family: Family, addresses: readonly string[]): Answer {
  return { type: recordType(family), addresses };
}
