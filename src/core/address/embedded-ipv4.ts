import { addressWords } from './address-bits.js';
import { dottedDecimal, type Address } from './address.js';
import { translatedIPv4 } from './nat64.js';

/**
 * The IPv4 addresses that a packet to an IPv6 address may reach, because the IPv6 address contains them.
 *
 *     ::192.0.2.1                  IPv4-compatible, RFC 4291 section 2.5.5.1
 *     64:ff9b::192.0.2.1           NAT64, RFC 6052 section 2.1
 *     64:ff9b:1::192.0.2.1         local-use NAT64, RFC 8215; in every position that RFC 6052 section 2.2 allows
 *     2002:c000:201::              6to4, RFC 3056
 *     2001:0:…                     Teredo, RFC 4380 section 4: its server, and its client (inverted)
 *
 * IPv4 addresses, `::` and `::1` contain none. IPv4-mapped addresses were parsed as IPv4 addresses.
 */
export function embeddedIPv4(address: Address): readonly string[] {
  if (address.family === 4) return [];
  const words = addressWords(address);
  const [first, second, third, fourth, , , seventh, eighth] = words as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const last = dottedDecimal(seventh, eighth);
  if (words.slice(0, 6).every((word) => word === 0)) return seventh === 0 && eighth <= 1 ? [] : [last];
  if (first === 0x64 && second === 0xff9b && third === 0) return [last];
  if (first === 0x64 && second === 0xff9b && third === 1) {
    return [...new Set([last, ...([48, 56, 64] as const).map((length) => translatedIPv4(words, length))])];
  }
  if (first === 0x2002) return [dottedDecimal(second, third)];
  if (first === 0x2001 && second === 0) return [dottedDecimal(third, fourth), dottedDecimal(seventh ^ 0xffff, eighth ^ 0xffff)];
  return [];
}
