import { commonPrefixLength, wordsOf, type Words } from '../address/address-bits.js';
import { parseAddress } from '../address/address.js';
import { remembered } from '../remembered.js';
import type { Endpoint } from './endpoint.js';
import type { PathRecord } from './path-records.js';
import type { PolicyLookup } from './policy-table.js';

/** What the rules know about a destination D and about Source(D), the address that the kernel would connect from. */
export interface Destination {
  readonly endpoint: Endpoint;
  /** Whether there is a source address, and hence a route. */
  readonly usable: boolean;
  readonly scope: number;
  readonly sourceScope: number;
  readonly label: number;
  readonly sourceLabel: number;
  readonly precedence: number;
  /** CommonPrefixLen(Source(D), D), at most 64; -1 for IPv4, where it means nothing. */
  readonly commonPrefixLength: number;
  /** What earlier races have learnt. */
  readonly record: PathRecord;
}

/** Anything with a history. */
type Recorded = Pick<Destination, 'record'>;

/** Compares two destinations: negative if `a` comes first, positive if `b` does, 0 if the next rule decides. */
export type Rule = (a: Destination, b: Destination) => number;

/** Rule 1: avoid unusable destinations. */
export const avoidUnusableDestinations: Rule = (a, b) => first(a, b, ({ usable }) => usable);

/** Rule 2: prefer destinations whose scope matches their source's. */
export const preferMatchingScope: Rule = (a, b) => first(a, b, ({ scope, sourceScope }) => scope === sourceScope);

// Rule 3 (avoid deprecated addresses) and rule 4 (prefer home addresses) depend on properties of the source address that Node
// does not expose. The kernel applies similar rules when it chooses the source.

/** Rule 5: prefer destinations whose label matches their source's. */
export const preferMatchingLabel: Rule = (a, b) => first(a, b, ({ label, sourceLabel }) => label === sourceLabel);

/** Rule 6: prefer higher precedence. */
export const preferHigherPrecedence: Rule = (a, b) => b.precedence - a.precedence;

// Rule 7 (prefer native transport) concerns tunnels, which cannot be recognised from here.

/** Rule 8: prefer smaller scope. */
export const preferSmallerScope: Rule = (a, b) => a.scope - b.scope;

/** Between rules 8 and 9, given history: prefer lower round-trip times (RFC 8305 section 4). */
export const preferLowerRoundTripTime = ({ record: a }: Recorded, { record: b }: Recorded): number => {
  const [first, second] = [a.smoothedRtt ?? Infinity, b.smoothedRtt ?? Infinity];
  return first === second ? 0 : first - second;
};

/** Then: prefer addresses that were used successfully (RFC 8305 section 4). */
export const preferUsed = (a: Recorded, b: Recorded): number => first(a, b, ({ record }) => record.usedAt !== undefined);

/**
 * Rule 9: use the longest matching prefix.
 *
 * For IPv6 only: in IPv4 it would defeat the rotation of addresses by DNS servers. Between families, which the RFC leaves
 * unordered, IPv6 comes first; otherwise the comparison would not be transitive.
 */
export const useLongestMatchingPrefix: Rule = (a, b) => b.commonPrefixLength - a.commonPrefixLength;

/** A rule that decided. */
export interface Decision {
  /** Its number in RFC 6724 section 6; `history` for those that RFC 8305 section 4 adds between rules 8 and 9. */
  readonly rule: number | 'history';
  /** What the rule asks for. */
  readonly name: string;
}

/**
 * The rules of destination address selection, in order. Rule 10 (otherwise leave the order unchanged) follows from the sort,
 * which is stable.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6724#section-6 RFC 6724 section 6}
 */
const DECISIONS = new Map<Rule, Decision>([
  [avoidUnusableDestinations, { rule: 1, name: 'avoid unusable destinations' }],
  [preferMatchingScope, { rule: 2, name: 'prefer matching scope' }],
  [preferMatchingLabel, { rule: 5, name: 'prefer matching label' }],
  [preferHigherPrecedence, { rule: 6, name: 'prefer higher precedence' }],
  [preferSmallerScope, { rule: 8, name: 'prefer smaller scope' }],
  [preferLowerRoundTripTime, { rule: 'history', name: 'prefer lower round-trip times' }],
  [preferUsed, { rule: 'history', name: 'prefer addresses that were used' }],
  [useLongestMatchingPrefix, { rule: 9, name: 'use longest matching prefix' }],
]);

export const rules: readonly Rule[] = [...DECISIONS.keys()];

/** Sorts destinations, best first, by the first rule that distinguishes them. Returns the same list if it is in order. */
export function selectDestinations(destinations: readonly Destination[]): readonly Destination[] {
  const isInOrder = destinations.every((one, i) => i === 0 || firstDecision(rules, destinations[i - 1]!, one) <= 0);
  return isInOrder ? destinations : [...destinations].sort((a, b) => firstDecision(rules, a, b));
}

const RULES_BEFORE_HISTORY = rules.slice(0, rules.indexOf(preferLowerRoundTripTime));

/** Whether the order of sorted destinations does not depend on history, because the rules before it distinguish all of them. */
export function ignoresHistory(sorted: readonly Destination[]): boolean {
  return sorted.every((one, i) => i === 0 || firstDecision(RULES_BEFORE_HISTORY, sorted[i - 1]!, one) !== 0);
}

/** The result of the first rule that is not 0. */
export function firstDecision<D>(by: readonly ((a: D, b: D) => number)[], a: D, b: D): number {
  for (const rule of by) {
    const order = rule(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

const UNCHANGED: Decision = { rule: 10, name: 'otherwise, leave the order unchanged' };

/** The first rule that distinguishes two destinations. */
export function decision(a: Destination, b: Destination): Decision {
  const deciding = rules.find((rule) => rule(a, b) !== 0);
  return deciding ? DECISIONS.get(deciding)! : UNCHANGED;
}

/** The destination that the rules see. Without a `source` address it is unusable. */
export function destinationOf(
  endpoint: Endpoint,
  source: string | undefined,
  policyOf: PolicyLookup,
  record: PathRecord = {},
): Destination {
  const traitsOf = traitsBy(policyOf);
  const { words, scope, label, precedence } = traitsOf(endpoint.address);
  const address = source === undefined ? undefined : parseAddress(source)?.address;
  const from = address === undefined ? undefined : traitsOf(address);
  return {
    endpoint,
    usable: from !== undefined,
    scope,
    sourceScope: from ? from.scope : -1,
    label,
    sourceLabel: from ? from.label : -1,
    precedence,
    commonPrefixLength: from && endpoint.family === 6 ? Math.min(commonPrefixLength(from.words, words), 64) : -1,
    record,
  };
}

/** The bits of an address and what a policy says about it. */
interface Traits {
  readonly words: Words;
  readonly scope: number;
  readonly label: number;
  readonly precedence: number;
}

/** Memoized for as long as the policy is in use. */
const traits = new WeakMap<PolicyLookup, (address: string) => Traits>();

function traitsBy(policyOf: PolicyLookup): (address: string) => Traits {
  const known = traits.get(policyOf);
  if (known) return known;
  const traitsOf = remembered((address) => {
    const words = wordsOf(address);
    const { scope = scopeOf(words), label, precedence } = policyOf(words);
    return { words, scope, label, precedence };
  });
  traits.set(policyOf, traitsOf);
  return traitsOf;
}

/** Scope values of IPv6 multicast addresses: RFC 6724 section 3.1. */
const LINK_LOCAL = 0x2;
const SITE_LOCAL = 0x5;
const GLOBAL = 0xe;

/** RFC 6724 sections 3.1, 3.2 and 3.4; loopback addresses count as link-local. */
function scopeOf(words: Words): number {
  const [first, , , , , sixth, high, low] = words as [number, number, number, number, number, number, number, number];
  if (words.slice(0, 5).every((word) => word === 0) && sixth === 0xffff) {
    const [a, b] = [high >>> 8, high & 0xff];
    return a === 127 || (a === 169 && b === 254) ? LINK_LOCAL : GLOBAL;
  }
  if (first >>> 8 === 0xff) return first & 0xf;
  if ((first & 0xffc0) === 0xfe80) return LINK_LOCAL;
  if ((first & 0xffc0) === 0xfec0) return SITE_LOCAL;
  return words.slice(0, 7).every((word) => word === 0) && low === 1 ? LINK_LOCAL : GLOBAL;
}

function first<D>(a: D, b: D, preferred: (destination: D) => boolean): number {
  return Number(preferred(b)) - Number(preferred(a));
}
