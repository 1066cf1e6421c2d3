import { addressWords, type Words } from './address-bits.js';
import { parseAddress, type Address } from './address.js';

/** What an address of the network's NAT64 begins with: `64:ff9b::` and 96 bits. */
export interface Nat64Prefix {
  /** In its canonical form; the bits after the prefix are 0. */
  readonly prefix: string;
  readonly length: Nat64Length;
}

/** The name whose addresses are known to be {@link WELL_KNOWN}, so that any IPv6 address of it was made by NAT64's DNS. */
export const IPV4_ONLY = 'ipv4only.arpa';

const WELL_KNOWN = ['192.0.0.170', '192.0.0.171'];

/** Which bytes of an IPv6 address hold the IPv4 address, by the length of the prefix; byte 8 is 0 unless the prefix covers it. */
const PLACES = {
  32: [4, 5, 6, 7],
  40: [5, 6, 7, 9],
  48: [6, 7, 9, 10],
  56: [7, 9, 10, 11],
  64: [9, 10, 11, 12],
  96: [12, 13, 14, 15],
} as const;

export type Nat64Length = keyof typeof PLACES;

/** The lengths that a prefix can have. */
const LENGTHS = Object.keys(PLACES).map((length) => Number(length) as Nat64Length);

/** The IPv4 address in an IPv6 address that has a prefix of so many bits: RFC 6052 section 2.2. */
export function translatedIPv4(words: Words, length: Nat64Length): string {
  const bytes = bytesOf(words);
  return PLACES[length].map((place) => bytes[place]).join('.');
}

/**
 * The prefixes by which this network's NAT64 reaches IPv4, found in the IPv6 addresses that its DNS gives {@link IPV4_ONLY}: what
 * stands before a well-known address. None for addresses that hold none.
 *
 *     64:ff9b::c000:aa               → 64:ff9b::/96
 *     2001:db8:122:c000:0:aa00::     → 2001:db8:122::/48
 *
 * Where a well-known address stands in several places of one address, those count that the other well-known address, in
 * another answer, has confirmed; where it has confirmed none, the longest prefix counts, which claims the fewest addresses.
 *
 * @param answers of an AAAA query; each prefix is given once, in their order
 * @see {@link https://www.rfc-editor.org/rfc/rfc7050#section-3 RFC 7050 section 3}
 */
export function nat64Prefixes(answers: readonly string[]): readonly Nat64Prefix[] {
  const found = answers
    .map(parseAddress)
    .filter((address) => address?.family === 6)
    .map((address) => candidates(address!));
  const held = new Map<string, Set<string>>();
  for (const { text, holds } of found.flat()) held.set(text, (held.get(text) ?? new Set()).add(holds));
  const confirmed = ({ text }: Candidate) => held.get(text)!.size > 1;
  const prefixes = found.flatMap((places) => {
    const sure = places.length > 1 ? places.filter(confirmed) : places;
    return sure.length > 0 ? sure : places.slice(-1);
  });
  return [...new Map(prefixes.map(({ text, prefix, length }) => [text, { prefix, length }])).values()];
}

/** A place in an answer where a well-known address stands. */
interface Candidate extends Nat64Prefix {
  readonly text: string;
  readonly holds: string;
}

/** Shortest prefix first. */
function candidates(address: Address): Candidate[] {
  const words = addressWords(address);
  return LENGTHS.flatMap((length) => {
    const holds = translatedIPv4(words, length);
    if (!WELL_KNOWN.includes(holds) || (length < 96 && bytesOf(words)[8] !== 0)) return [];
    const { address: prefix } = parseAddress(words.map((word, index) => (word & mask(length, index)).toString(16)).join(':'))!;
    return [{ prefix, length, text: formatPrefix({ prefix, length }), holds }];
  });
}

/** The prefix in CIDR form: `64:ff9b::/96`. */
export function formatPrefix({ prefix, length }: Nat64Prefix): string {
  return `${prefix}/${length}`;
}

/** The bits of a word of an address that a prefix covers. */
function mask(length: number, index: number): number {
  const covered = Math.min(Math.max(length - index * 16, 0), 16);
  return 0xffff & ~(0xffff >>> covered);
}

function bytesOf(words: Words): number[] {
  return words.flatMap((word) => [word >>> 8, word & 0xff]);
}
