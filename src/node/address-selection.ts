import type { Endpoint } from '../core/race/endpoint.js';
import type { Recall } from '../core/race/path-records.js';
import {
  defaultPolicyTable,
  policyLookup,
  prefersIPv4,
  type PolicyLookup,
  type PolicyTableRow,
} from '../core/race/policy-table.js';
import { oncePerRace, rankingBy, selectingBy, type FindSources, type SelectionSort } from '../core/race/source-selection.js';
import { currentConnectivity, currentSources } from './connectivity.js';

/** Options of {@link rfc6724}. */
export interface AddressSelectionOptions {
  /** Default: the policy table of RFC 6724 section 2.1. The system's own tables do not apply. */
  readonly policyTable?: readonly PolicyTableRow[] | undefined;
  /** Finds source addresses; called once for each address and race. Default: asks the kernel and caches its answers for 1 s. */
  readonly findSources?: FindSources | undefined;
}

/**
 * Destination address selection as a `sort` function: usable addresses first, then by scope, label, precedence and longest
 * matching prefix, using the source address that the kernel would choose for each. Addresses that no rule distinguishes keep
 * their order.
 *
 * Rules 3, 4 and 7 (deprecated and home addresses, native transport) are omitted, because Node does not expose what they need.
 * No packet is sent. A single address is not sorted. The system's tables in `/etc/gai.conf` apply to `sort: 'rfc6724'` only.
 *
 * @throws TypeError, RangeError at the call, for an invalid policy table
 *
 * @example
 * // IPv4 first, as RFC 6724 section 10.3 would have it
 * const policyTable = [...defaultPolicyTable.filter(({ label }) => label !== 4), { prefix: '::ffff:0:0/96', precedence: 100, label: 4 }];
 * connect$('example.com', 443, { sort: rfc6724({ policyTable }) });
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6724#section-6 RFC 6724 section 6}
 */
export function rfc6724(options: AddressSelectionOptions = {}): (endpoints: readonly Endpoint[]) => readonly Endpoint[] {
  const { policyTable, ...others } = options;
  return sortBy({ ...(policyTable === undefined ? defaultSelection : selectionBy(policyLookup(policyTable))), ...others });
}

/** Creates a sort function from a selection, which {@link selectionOf} finds again. */
export function sortBy(selection: Selection): (endpoints: readonly Endpoint[]) => readonly Endpoint[] {
  const sort = destinationSelection(selection);
  selections.set(sort, selection);
  return sort;
}

/** {@link AddressSelectionOptions} with a parsed policy table. */
export interface Selection extends Omit<AddressSelectionOptions, 'policyTable'> {
  readonly policyOf: PolicyLookup;
  /** Whether IPv4 destinations come before global IPv6 ones if nothing else distinguishes them. */
  readonly prefersIPv4: boolean;
}

/** Selection by policy tables, with the kernel's source addresses. */
export function selectionBy(policyOf: PolicyLookup): Selection {
  return { policyOf, prefersIPv4: prefersIPv4(policyOf) };
}

/** Selection by the policy table of RFC 6724. */
export const defaultSelection: Selection = selectionBy(policyLookup(defaultPolicyTable));

const selections = new WeakMap<object, Selection>();

/** The selection of a sort function that {@link sortBy} created. */
export function selectionOf(sort: object): Selection | undefined {
  return selections.get(sort);
}

/** {@link rfc6724} with the history of earlier races. */
export function destinationSelection({
  policyOf,
  findSources,
  recall,
}: Omit<Selection, 'prefersIPv4'> & { readonly recall?: Recall }): SelectionSort {
  if (findSources) return selectingBy(policyOf, oncePerRace(findSources), recall);
  const rank = rankingAlone(policyOf);
  if (!recall) return (endpoints) => rank(endpoints).order;
  const select = selectingBy(policyOf, currentSources, recall);
  return (endpoints) => {
    if (endpoints.length > LONGEST) return select(endpoints);
    const { order, isFinal } = rank(endpoints);
    return isFinal ? order : select(endpoints);
  };
}

type Rank = ReturnType<typeof rankingBy>;

const alone = new WeakMap<PolicyLookup, Rank>();

/** Selection by addresses only, whose results all races share. */
function rankingAlone(policyOf: PolicyLookup): Rank {
  const known = alone.get(policyOf);
  if (known) return known;
  const made = remembering(rankingBy(policyOf, currentSources), currentConnectivity);
  alone.set(policyOf, made);
  return made;
}

/** The most lists that are remembered, and the most addresses in one. */
const REMEMBERED = 1000;
const LONGEST = 16;

/**
 * Memoizes the order of lists of addresses while `state` returns the same object.
 *
 * @param state returns another object whenever the machine's state has been read again
 */
function remembering(rank: Rank, state: () => object): Rank {
  const rankings = new Map<string, { readonly indices: readonly number[]; readonly isFinal: boolean }>();
  let known: object | undefined;
  return (endpoints) => {
    if (endpoints.length < 2 || endpoints.length > LONGEST) return rank(endpoints);
    const current = state();
    if (current !== known || rankings.size >= REMEMBERED) rankings.clear();
    known = current;
    const key = endpoints.map(({ address }) => address).join(' ');
    const ranking = rankings.get(key);
    if (ranking) return { order: ranking.indices.map((index) => endpoints[index]!), isFinal: ranking.isFinal };
    const { order, isFinal } = rank(endpoints);
    rankings.set(key, { indices: order.map((endpoint) => endpoints.indexOf(endpoint)), isFinal });
    return { order, isFinal };
  };
}
