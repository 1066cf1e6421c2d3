import { remembered } from '../remembered.js';

/** An address family, as the version of the Internet Protocol. */
export type Family = 4 | 6;

/** An IP address in canonical form, with its family. */
export interface Address {
  readonly address: string;
  readonly family: Family;
}

/** Both families in the order of RFC 8305 section 3: IPv6 first. */
export const FAMILIES: readonly Family[] = [6, 4];

const IPV4_FIRST: readonly Family[] = [4, 6];

/** Both families, `first` first. */
export function familiesFrom(first: Family | undefined): readonly Family[] {
  return first === 4 ? IPV4_FIRST : FAMILIES;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const LEADING_ZERO = /(?:^|\.)0\d/;
const IPV6 = /^([\da-f.]*:[\da-f:.]*)(?:%([\w.~:@-]+))?$/i;
const IPV4_MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/**
 * Reads an IP address and writes it in its canonical form, so that equal addresses are equal strings.
 *
 *     2001:DB8:0::1      → 2001:db8::1
 *     ::ffff:192.0.2.1   → 192.0.2.1       (an IPv4-mapped address is the IPv4 address)
 *     fe80::1%eth0       → fe80::1%eth0    (a zone is kept as it is)
 *
 * Strict where resolvers are lax: `127.1`, `010.0.0.1` and `0x7f000001` are names, not addresses.
 *
 * @returns the canonical address, or `undefined` for text that is not an IP address
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952#section-4 RFC 5952 section 4} for the IPv6 form
 */
export function parseAddress(text: string): Address | undefined {
  return text.length > LONGEST_ADDRESS ? undefined : known(text);
}

/** In characters: 45 for the address, and more than any system needs for a zone. */
const LONGEST_ADDRESS = 300;

const known = remembered(parse);

function parse(text: string): Address | undefined {
  if (IPV4.test(text)) return LEADING_ZERO.test(text) ? undefined : { address: text, family: 4 };
  const [, digits, zone] = IPV6.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const canonical = canonicalIPv6(digits);
  if (canonical === undefined) return undefined;
  const mapped = IPV4_MAPPED.exec(canonical);
  if (mapped) return { address: dottedDecimal(parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)), family: 4 };
  return { address: zone === undefined ? canonical : `${canonical}%${zone}`, family: 6 };
}

/** Uses the platform's own IPv6 parser through `URL`: exact, in every runtime, and five times faster than a library. */
function canonicalIPv6(digits: string): string | undefined {
  try {
    return new URL(`http://[${digits}]`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}

/** The IPv4 address whose upper and lower 16 bits are `high` and `low`. */
export function dottedDecimal(high: number, low: number): string {
  return [high >>> 8, high & 0xff, low >>> 8, low & 0xff].join('.');
}

/** Whether an address has a zone: `fe80::1%eth0`. */
export function hasZone(address: string): boolean {
  return address.includes('%');
}

/** The address without its zone. */
export function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}
