import type { Endpoint } from '../core/race/endpoint.js';
import { defaultPolicyTable, policyLookup, prefersIPv4, type PolicyTableRow } from '../core/race/policy-table.js';
import { oncePerRace, selectingBy, type FindSources } from '../core/race/source-selection.js';

/** Options of {@link rfc6724}. */
export interface GivenSourcesOptions {
  /** The source address for each destination, `undefined` where there is no route. Asked once for each address and race. */
  readonly findSources: FindSources;
  /** Default: the policy table of RFC 6724 section 2.1. */
  readonly policyTable?: readonly PolicyTableRow[];
}

/** Sort functions made here whose policy table prefers IPv4. */
const preferringIPv4 = new WeakSet<object>();

/**
 * Destination address selection as a `sort` function, for source addresses that the caller knows: usable addresses first, then by
 * scope, label, precedence and longest matching prefix. What no rule tells apart stays in order.
 *
 * @throws TypeError, RangeError at the call, for an invalid policy table
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6724#section-6 RFC 6724 section 6}
 */
export function rfc6724({ findSources, policyTable = defaultPolicyTable }: GivenSourcesOptions) {
  const policyOf = policyLookup(policyTable);
  const select = selectingBy(policyOf, oncePerRace(findSources));
  const sort = (endpoints: readonly Endpoint[]): readonly Endpoint[] => select(endpoints);
  if (prefersIPv4(policyOf)) preferringIPv4.add(sort);
  return sort;
}

/** Whether an order is by a table that prefers IPv4: then its answer is what the first attempt waits for. */
export function prefersIPv4In(sort: unknown): boolean {
  return typeof sort === 'function' && preferringIPv4.has(sort);
}
