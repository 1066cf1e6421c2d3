import { addressWords, type Words } from '../address/address-bits.js';
import { parseAddress } from '../address/address.js';
import { invalidType, invalidValue, outOfRange } from '../input/argument-errors.js';
import { longestMatch, parsePrefix, type Prefix } from '../address/prefix-table.js';

/** A row of RFC 6724's policy table: the precedence and label of addresses within a prefix. */
export interface PolicyTableRow {
  /** In CIDR form, IPv4 as IPv4-mapped: `::ffff:0:0/96`, `2001:db8::/32`. */
  readonly prefix: string;
  readonly precedence: number;
  readonly label: number;
}

/**
 * The default policy table.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6724#section-2.1 RFC 6724 section 2.1}
 */
export const defaultPolicyTable: readonly PolicyTableRow[] = Object.freeze([
  { prefix: '::1/128', precedence: 50, label: 0 },
  { prefix: '::/0', precedence: 40, label: 1 },
  { prefix: '::ffff:0:0/96', precedence: 35, label: 4 },
  { prefix: '2002::/16', precedence: 30, label: 2 },
  { prefix: '2001::/32', precedence: 5, label: 5 },
  { prefix: 'fc00::/7', precedence: 3, label: 13 },
  { prefix: '::/96', precedence: 1, label: 3 },
  { prefix: 'fec0::/10', precedence: 1, label: 11 },
  { prefix: '3ffe::/16', precedence: 1, label: 12 },
]);

/** What the tables say about an address. */
export interface AddressPolicy extends Pick<PolicyTableRow, 'precedence' | 'label'> {
  /** Overrides the scope of RFC 6724 section 3, if a table has another. */
  readonly scope?: number | undefined;
}

/** Returns the policy of an address: for each table, the row with the longest matching prefix. */
export type PolicyLookup = (words: Words) => AddressPolicy;

/** The policy if no row matches, as in a table without `::/0`. */
const NO_POLICY = { precedence: 0, label: -1 };

/**
 * Creates a look-up in a policy table.
 *
 * @throws TypeError, RangeError for an invalid row, naming row and value
 */
export function policyLookup(table: readonly PolicyTableRow[]): PolicyLookup {
  if (!Array.isArray(table)) throw invalidType('policyTable', 'an array of policies', table);
  const find = longestMatch(
    table.map((row: PolicyTableRow, index) => ({ ...row, ...checkPolicy(row, `policyTable[${index}]`) })),
  );
  return (words) => find(words) ?? NO_POLICY;
}

/** Whether a policy puts IPv4 destinations before global IPv6 ones if nothing else distinguishes them. */
export function prefersIPv4(policyOf: PolicyLookup): boolean {
  const [six, four] = ['2000::', '0.0.0.0'].map((text) => policyOf(addressWords(parseAddress(text)!)).precedence) as [
    number,
    number,
  ];
  return four > six;
}

function checkPolicy({ prefix, precedence, label }: PolicyTableRow, name: string): Prefix {
  if (typeof prefix !== 'string') throw invalidType(`${name}.prefix`, 'of type string', prefix);
  for (const [key, value] of Object.entries({ precedence, label })) {
    if (typeof value !== 'number') throw invalidType(`${name}.${key}`, 'of type number', value);
    if (!(value >= 0)) throw outOfRange(`${name}.${key}`, '>= 0', value);
  }
  const parsed = prefix.includes(':') ? parsePrefix(prefix) : undefined;
  if (!parsed) throw invalidValue(`${name}.prefix`, 'must be an IPv6 prefix', prefix);
  return parsed;
}
