import { addressWords } from './address-bits.js';
import type { Address } from './address.js';

/**
 * The name to query for the PTR records of an address.
 *
 *     192.0.2.1      → 1.2.0.192.in-addr.arpa
 *     2001:db8::1    → 1.0.0.0. … .8.b.d.0.1.0.0.2.ip6.arpa
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc1035#section-3.5 RFC 1035 section 3.5},
 * {@link https://www.rfc-editor.org/rfc/rfc3596#section-2.5 RFC 3596 section 2.5}
 */
export function reverseName(address: Address): string {
  if (address.family === 4) return `${address.address.split('.').reverse().join('.')}.in-addr.arpa`;
  const digits = addressWords(address).flatMap((word) => Array.from(word.toString(16).padStart(4, '0')));
  return `${digits.reverse().join('.')}.ip6.arpa`;
}
