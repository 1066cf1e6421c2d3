import { addressWords } from '../address/address-bits.js';
import { parseAddress, type Family } from '../address/address.js';
import type { Prefix } from '../address/prefix-table.js';

/** A row of a table: addresses within the prefix have this value. */
export interface GaiRow extends Prefix {
  readonly value: number;
}

/**
 * The tables of a gai.conf. Each replaces the system's own one; `undefined`: the file has no valid line of that kind.
 *
 * Of rows with the same prefix the first counts.
 */
export interface GaiConf {
  readonly labels: readonly GaiRow[] | undefined;
  readonly precedences: readonly GaiRow[] | undefined;
  /** Of IPv4 addresses alone, in their IPv4-mapped form. */
  readonly scopes: readonly GaiRow[] | undefined;
}

/**
 * Reads a gai.conf as glibc does: gai.conf(5).
 *
 *     precedence  ::ffff:0:0/96   100      keyword, prefix, value; what follows is a comment
 *     scopev4     10.0.0.0/8      2        dotted or IPv4-mapped; the other tables take IPv6 notation alone
 *
 * Keywords are case-sensitive; a prefix without a length is a single address. A table that lacks a row for all other
 * addresses gets one. `reload` is ignored: it tells glibc whether to read a changed file again.
 *
 * @param complain called with each line that is invalid, and therefore ignored
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

/** A prefix as it is written, whatever table it is for. */
interface WrittenPrefix extends Prefix {
  readonly family: Family;
  readonly dotted: boolean;
}

/** Which prefixes a table takes, by its keyword. */
const READERS = new Map<string, (prefix: WrittenPrefix) => boolean>([
  ['label', ({ dotted }) => !dotted],
  ['precedence', ({ dotted }) => !dotted],
  ['scopev4', ({ family, length }) => family === 4 && length >= 96],
]);

/** C's white space and end of text, not JavaScript's: a no-break space or a byte order mark belongs to its word. */
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
