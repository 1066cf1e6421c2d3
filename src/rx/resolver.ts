import { defer, filter, map, type Observable } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { wellFormed, type Answer, type ServiceAnswer } from '../core/race/answers.js';

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
