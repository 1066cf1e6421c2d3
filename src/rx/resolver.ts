import { defer, filter, map, type Observable } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { wellFormed, type Answer, type ServiceAnswer } from '../core/race/answers.js';

/** What a race wants to know about a host. */
export interface Query {
  /** Only this family. Default: both. */
  readonly family?: Family;
  /** Forces a query, bypassing caches and assumptions: no answer may be an assumed one. */
  readonly insist?: boolean;
}

/**
 * Finds the addresses of a host. Emits an answer whenever a query is answered, and completes when all are. An answer without
 * addresses is negative. An error after the first answer does not discard earlier answers. Unsubscribing cancels the queries. A
 * race never passes an IP address or `localhost` to a resolver, unless the resolver `decides`.
 */
export interface Resolver {
  (host: string, query?: Query): Observable<Answer>;
  /** Whether its queries continue after they are unsubscribed, so that waiting a little longer costs nothing. */
  readonly uncancellable?: boolean;
  /** Whether it also receives `localhost` and IP addresses. */
  readonly decides?: boolean;
  /** Looks up service records for races with the option `serviceRecords`. Without it, the option has no effect. */
  readonly serviceRecords?: ServiceLookup;
}

/**
 * Finds the HTTPS records of a name. Emits one answer, positive or negative, and completes. May first emit addresses of the
 * records' targets, if the response contained them. Unsubscribing cancels the query.
 */
export type ServiceLookup = (name: string) => Observable<Answer | ServiceAnswer>;

/** Wraps a resolver so that its answers are well-formed. `complain` is called with a message for everything that is dropped. */
export function wellFormedResolver(resolver: Resolver, complain: (complaint: string) => void): Resolver {
  const ask = (host: string, query?: Query) =>
    defer(() => resolver(host, query)).pipe(
      map((answer) => wellFormed(answer, complain)),
      filter((answer) => answer !== undefined),
    );
  const { uncancellable = false, decides = false, serviceRecords } = resolver;
  return Object.assign(ask, { uncancellable, decides, ...(serviceRecords && { serviceRecords }) });
}
