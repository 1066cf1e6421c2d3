import { addressWords, commonPrefixLength, wordsOf, type Words } from './address-bits.js';
import { hasZone, parseAddress, type Address } from './address.js';

/** A NAT64 prefix of the network, such as `64:ff9b::` with 96 bits. */
export interface Nat64Prefix {
  /** In its canonical form; the bits after the prefix are 0. */
  readonly prefix: string;
  readonly length: Nat64Length;
}

/** A name whose only real addresses are {@link WELL_KNOWN}: any IPv6 address for it was synthesized by DNS64. */
export const IPV4_ONLY = 'ipv4only.arpa';

const WELL_KNOWN = ['192.0.0.170', '192.0.0.171'];

/** By prefix length: the bytes of an IPv6 address that hold the IPv4 address. Byte 8 is 0 unless the prefix covers it. */
const PLACES = {
  32: [4, 5, 6, 7],
  40: [5, 6, 7, 9],
  48: [6, 7, 9, 10],
  56: [7, 9, 10, 11],
  64: [9, 10, 11, 12],
  96: [12, 13, 14, 15],
} as const;

export type Nat64Length = keyof typeof PLACES;

/** The prefix lengths that RFC 6052 allows. */
const LENGTHS = Object.keys(PLACES).map((length) => Number(length) as Nat64Length);

/** The IPv4 address within an IPv6 address whose prefix has `length` bits: RFC 6052 section 2.2. */
export function translatedIPv4(words: Words, length: Nat64Length): string {
  const bytes = bytesOf(words);
  return PLACES[length].map((place) => bytes[place]).join('.');
}

/** The IPv6 address that represents an IPv4 address under a prefix: RFC 6052 section 2.2. */
export function synthesized(ipv4: string, { prefix, length }: Nat64Prefix): string {
  const bytes = bytesOf(wordsOf(prefix));
  const four = ipv4.split('.').map(Number);
  PLACES[length].forEach((place, index) => {
    bytes[place] = four[index]!;
  });
  const groups = Array.from({ length: 8 }, (_, word) => (bytes[word * 2]! * 256 + bytes[word * 2 + 1]!).toString(16));
  return parseAddress(groups.join(':'))!.address;
}

/** Valid on every network, announced or not: RFC 6052 section 2.1. */
const WELL_KNOWN_PREFIX: Nat64Prefix = { prefix: '64:ff9b::', length: 96 };

/**
 * The IPv4 address that an IPv6 address represents, under one of `prefixes` or under 64:ff9b::/96. Returns `undefined` for any
 * other address, and where the IPv4 address is one that NAT64 never translates.
 */
export function desynthesized(address: string, prefixes: readonly Nat64Prefix[]): string | undefined {
  if ((prefixes.length === 0 && !address.startsWith('64:ff9b::')) || hasZone(address)) return undefined;
  const words = wordsOf(address);
  const within = [...prefixes, WELL_KNOWN_PREFIX].find(
    ({ prefix, length }) => commonPrefixLength(wordsOf(prefix), words) >= length && (length === 96 || words[4]! >>> 8 === 0),
  );
  const ipv4 = within && translatedIPv4(words, within.length);
  return ipv4 === undefined || isNeverTranslated(ipv4) ? undefined : ipv4;
}

/** Addresses of this machine or link, which a translator elsewhere cannot reach; HEv3, "Synthesizing IPv6 Addresses". */
export function isNeverTranslated(ipv4: string): boolean {
  return /^(?:0|127|169\.254)\./.test(ipv4) || ipv4 === '255.255.255.255';
}

/** Parses a prefix in CIDR form. Returns `undefined` for invalid text, and for a length that RFC 6052 does not allow. */
export function parseNat64Prefix(text: string): Nat64Prefix | undefined {
  const [, start = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(start);
  const length = LENGTHS.find((one) => String(one) === bits);
  if (address?.family !== 6 || length === undefined || hasZone(address.address)) return undefined;
  const words = addressWords(address);
  const isRest = words.every((word, index) => (word & mask(length, index)) === word);
  return isRest && words[4]! >>> 8 === 0 ? { prefix: address.address, length } : undefined;
}

/** How this machine reaches IPv4 addresses. */
export interface Nat64 {
  /** The prefixes known now, in the order in which they are tried. */
  readonly prefixes: () => readonly Nat64Prefix[];
  /** Whether the machine reaches an IPv4 address without NAT64. */
  readonly hasRoute: (address: Address) => boolean;
}

/**
 * Maps an address to what is dialled for it, and to the address that it counts as.
 *
 *     64:ff9b::c000:201    →  192.0.2.1 where IPv4 has a route, else 192.0.2.1 via 64:ff9b::c000:201
 *     192.0.2.1            →  192.0.2.1 where IPv4 has a route, else via each prefix
 *     2001:db8::1          →  undefined: NAT64 does not concern it
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6052 RFC 6052}; HEv3, "Handling NAT64 Networks"
 */
export function translation({
  prefixes,
  hasRoute,
}: Nat64): (address: Address) => readonly (Address & { readonly via?: string })[] | undefined {
  return (given) => {
    const known = prefixes();
    if (given.family === 6) {
      const ipv4 = desynthesized(given.address, known);
      if (ipv4 === undefined) return undefined;
      const address: Address = { address: ipv4, family: 4 };
      return [hasRoute(address) ? address : { ...address, via: given.address }];
    }
    if (known.length === 0 || isNeverTranslated(given.address) || hasRoute(given)) return undefined;
    return known.map((prefix) => ({ ...given, via: synthesized(given.address, prefix) }));
  };
}

/**
 * The NAT64 prefixes of this network, found in the IPv6 addresses that its DNS returns for {@link IPV4_ONLY}: each prefix is what
 * precedes a well-known IPv4 address.
 *
 *     64:ff9b::c000:aa               → 64:ff9b::/96
 *     2001:db8:122:c000:0:aa00::     → 2001:db8:122::/48
 *
 * A well-known address may appear in several positions of one IPv6 address. Then only the position that the other well-known
 * address confirms, in another answer, counts. If it confirms none or several, the answer is ignored: a wrong prefix would send
 * traffic to the wrong machine.
 *
 * @param answers the addresses of an AAAA query
 * @returns each prefix once, in the order of the answers
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
    return sure.length === 1 ? sure : [];
  });
  return [...new Map(prefixes.map(({ text, prefix, length }) => [text, { prefix, length }])).values()];
}

/** A prefix that one position of a well-known address suggests. */
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

/** A mask of the bits that a prefix of `length` bits covers in the word at `index`. */
function mask(length: number, index: number): number {
  const covered = Math.min(Math.max(length - index * 16, 0), 16);
  return 0xffff & ~(0xffff >>> covered);
}

function bytesOf(words: Words): number[] {
  return words.flatMap((word) => [word >>> 8, word & 0xff]);
}
