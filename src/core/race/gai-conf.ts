import { addressWords } from '../address/address-bits.js';
import { parseAddress, type Family } from '../address/address.js';
import type { Prefix } from '../address/prefix-table.js';

/** A row of a table: the value of addresses within a prefix. */
export interface GaiRow extends Prefix {
  readonly value: number;
}

/**
 * The tables of a gai.conf. Each replaces the system's default table; `undefined` if the file has no valid line of that kind.
 *
 * The first of several rows with the same prefix counts.
 */
export interface GaiConf {
  readonly labels: readonly GaiRow[] | undefined;
  readonly precedences: readonly GaiRow[] | undefined;
  /** For IPv4 addresses only, in IPv4-mapped form. */
  readonly scopes: readonly GaiRow[] | undefined;
}

/**
 * Parses a gai.conf as glibc does: gai.conf(5).
 *
 *     precedence  ::ffff:0:0/96   100      keyword, prefix, value; the rest is a comment
 *     scopev4     10.0.0.0/8      2        dotted or IPv4-mapped; the other tables accept IPv6 notation only
 *
 * Keywords are case-sensitive. A prefix without a length is a single address. A table without a catch-all row gets one. `reload`
 * is ignored: it tells glibc whether to reread a changed file.
 *
 * @param complain called with each invalid line, which is ignored
 */
export function parseGaiConf(text: string, complain: (line: string) => void = () => undefined): GaiConf {
  const tables = new Map<string, GaiRow[]>([...READERS.keys()].map((keyword) => [keyword, []]));
  for (const line of text.split('\n')) {
    const [keyword, prefix = '', value = ''] = wordsOf(line);
    if (keyword === undefined || keyword === 'reload') continue;
    const row = readRow(READERS.get(keyword), prefix, value);
    if (row) tables.get(keyword)!.push(row);
    else complain(line);
  }
  return {
    labels: completed(tables.get('label')!, { ...ALL, value: 1 }),
    precedences: completed(tables.get('precedence')!, { ...ALL, value: 40 }),
    scopes: completed(tables.get('scopev4')!, { ...ALL_IPV4, value: 14 }),
  };
}

const ALL: Prefix = { words: addressWords({ address: '::', family: 6 }), length: 0 };
const ALL_IPV4: Prefix = { words: addressWords({ address: '0.0.0.0', family: 4 }), length: 96 };

/** glibc keeps values as `int`. */
const GREATEST_VALUE = 2 ** 31 - 1;

/** A prefix as written, before its table is known. */
interface WrittenPrefix extends Prefix {
  readonly family: Family;
  readonly dotted: boolean;
}

/** By keyword: which prefixes a table accepts. */
const READERS = new Map<string, (prefix: WrittenPrefix) => boolean>([
  ['label', ({ dotted }) => !dotted],
  ['precedence', ({ dotted }) => !dotted],
  ['scopev4', ({ family, length }) => family === 4 && length >= 96],
]);

/** Splits at C's white space and end of string, not JavaScript's: a no-break space or a byte order mark is part of a word. */
function wordsOf(line: string): readonly string[] {
  return line.replace(/[#\0].*/s, '').match(/[^ \t\v\f\r]+/g) ?? [];
}

function readRow(takes: ((prefix: WrittenPrefix) => boolean) | undefined, text: string, digits: string): GaiRow | undefined {
  const prefix = readPrefix(text);
  const value = decimal(digits, GREATEST_VALUE);
  if (!prefix || value === undefined || !takes?.(prefix)) return undefined;
  return { words: prefix.words, length: prefix.length, value };
}

function readPrefix(text: string): WrittenPrefix | undefined {
  const [, start = '', digits] = /^([^/%]*)(?:\/(.*))?$/.exec(text) ?? [];
  const address = parseAddress(start);
  if (!address) return undefined;
  const dotted = !start.includes(':');
  const most = dotted ? 32 : 128;
  const length = digits === undefined ? most : decimal(digits, most);
  if (length === undefined) return undefined;
  return { words: addressWords(address), length: dotted ? length + 96 : length, family: address.family, dotted };
}

function decimal(text: string, most: number): number | undefined {
  return /^\+?\d+$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

function completed(rows: readonly GaiRow[], rest: GaiRow): readonly GaiRow[] | undefined {
  if (rows.length === 0) return undefined;
  return rows.some(({ length }) => length === rest.length) ? rows : [...rows, rest];
}
