import { addressWords, commonPrefixLength, type Words } from './address-bits.js';
import { parseAddress } from './address.js';

/** A prefix as bits; IPv4 prefixes in their IPv4-mapped form. */
export interface Prefix {
  readonly words: Words;
  readonly length: number;
}

/** Parses a prefix in CIDR form: `10.0.0.0/8`, `2001:db8::/32`, `::ffff:0:0/96`. Returns `undefined` for invalid text. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, start = '', digits = ''] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(start);
  if (!address) return undefined;
  const length = Number(digits) + (start.includes(':') ? 0 : 96);
  return length <= 128 ? { words: addressWords(address), length } : undefined;
}

/** Returns a function that finds the row with the longest prefix that contains an address. */
export function longestMatch<Row extends Prefix>(rows: readonly Row[]): (words: Words) => Row | undefined {
  const longestFirst = [...rows].sort((a, b) => b.length - a.length);
  return (words) => longestFirst.find((row) => commonPrefixLength(row.words, words) >= row.length);
}
