import type { Words } from '../address/address-bits.js';
import { longestMatch } from '../address/prefix-table.js';
import type { GaiConf, GaiRow } from './gai-conf.js';
import type { PolicyLookup } from './policy-table.js';

/**
 * Creates a look-up in the tables of a gai.conf.
 *
 * @param otherwise used for the tables that the file does not replace
 */
export function gaiPolicyLookup({ labels, precedences, scopes }: GaiConf, otherwise: PolicyLookup): PolicyLookup {
  const [labelOf, precedenceOf, scopeOf] = [labels, precedences, scopes].map(valueLookup) as [Lookup, Lookup, Lookup];
  return (words) => {
    const { label, precedence, scope } = otherwise(words);
    return { label: labelOf(words) ?? label, precedence: precedenceOf(words) ?? precedence, scope: scopeOf(words) ?? scope };
  };
}

type Lookup = (words: Words) => number | undefined;

function valueLookup(rows: readonly GaiRow[] | undefined): Lookup {
  const find = longestMatch(rows ?? []);
  return (words) => find(words)?.value;
}
