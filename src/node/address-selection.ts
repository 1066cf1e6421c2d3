import type { Endpoint } from '../core/race/endpoint.js';
import type { Recall } from '../core/race/path-records.js';
import { defaultPolicyTable, policyLookup, prefersIPv4, type PolicyLookup, type PolicyTableRow } from '../core/race/policy-table.js';
import { oncePerRace, selectingBy, type FindSources, type SelectionSort } from '../core/race/source-selection.js';
import { currentConnectivity, currentSources } from './connectivity.js';

/** Options of {@link rfc6724}. */
export interface AddressSelectionOptions {
  /** Default: the policy table of RFC 6724 section 2.1, whatever tables this system has. */
  readonly policyTable?: readonly PolicyTableRow[];
  /** Asked once for each address and race. Default: asks the kernel, whose answers are believed for a second. */
  readonly findSources?: FindSources;
}

/**
 * Destination address selection as a `sort` function: usable addresses first, then by scope, label, precedence and longest
 * matching prefix, with the source address that the kernel would choose for each. What no rule tells apart stays in order.
 *
 * Rules 3, 4 and 7 (deprecated and home addresses, native transport) need to know what Node does not tell, and are left out.
 * A single address is not asked for. No packet is sent. The tables of this system, in `/etc/gai.conf`, count for
 * `sort: 'rfc6724'` alone.
 *
 * @throws TypeError, RangeError at the call, for a policy table that is none
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

/** A sort function by a selection, which {@link selectionOf} finds again. */
export function sortBy(selection: Selection): (endpoints: readonly Endpoint[]) => readonly Endpoint[] {
  const sort = destinationSelection(selection);
  selections.set(sort, selection);
  return sort;
}

/** {@link AddressSelectionOptions}, the policy table having been read. */
export interface Selection extends Omit<AddressSelectionOptions, 'policyTable'> {
  readonly policyOf: PolicyLookup;
  /** Whether IPv4 destinations come before those of global IPv6 where nothing else tells them apart. */
  readonly prefersIPv4: boolean;
}

/** Selection by tables, with the sources that the kernel tells. */
export function selectionBy(policyOf: PolicyLookup): Selection {
  return { policyOf, prefersIPv4: prefersIPv4(policyOf) };
}

/** By the policy table of RFC 6724. */
export const defaultSelection: Selection = selectionBy(policyLookup(defaultPolicyTable));

const selections = new WeakMap<object, Selection>();

/** By what a sort function selects that {@link sortBy} has made. */
export function selectionOf(sort: object): Selection | undefined {
  return selections.get(sort);
}

/** {@link rfc6724} with what is known of earlier races. */
export function destinationSelection({
  policyOf,
  findSources,
  recall,
}: Omit<Selection, 'prefersIPv4'> & { readonly recall?: Recall }): SelectionSort {
  if (!findSources && !recall) return selectionAlone(policyOf);
  return selectingBy(policyOf, findSources ? oncePerRace(findSources) : currentSources, recall);
}

const alone = new WeakMap<PolicyLookup, SelectionSort>();

/** Selection that goes by the addresses alone, so that all races share what it has decided. */
function selectionAlone(policyOf: PolicyLookup): SelectionSort {
  const known = alone.get(policyOf);
  if (known) return known;
  const made = remembering(selectingBy(policyOf, currentSources), currentConnectivity);
  alone.set(policyOf, made);
  return made;
}

/** Lists that are remembered, and how long they may be. */
const REMEMBERED = 1000;
const LONGEST = 16;

/**
 * Remembers the order of lists of addresses for as long as the state of the machine stays the same object.
 *
 * @param state changes whenever the machine has been looked at anew
 */
function remembering(select: SelectionSort, state: () => object): SelectionSort {
  const orders = new Map<string, readonly number[]>();
  let known: object | undefined;
  return (endpoints) => {
    if (endpoints.length < 2 || endpoints.length > LONGEST) return select(endpoints);
    const current = state();
    if (current !== known || orders.size >= REMEMBERED) orders.clear();
    known = current;
    const key = endpoints.map(({ address }) => address).join(' ');
    const order = orders.get(key);
    if (order) return order.map((index) => endpoints[index]!);
    const selected = select(endpoints);
    orders.set(
      key,
      selected.map((endpoint) => endpoints.indexOf(endpoint)),
    );
    return selected;
  };
}
