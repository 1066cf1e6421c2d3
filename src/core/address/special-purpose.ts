import { addressWords } from './address-bits.js';
import type { Address } from './address.js';
import { longestMatch, parsePrefix } from './prefix-table.js';

/**
 * The blocks of the address space that lead to the public Internet, and those that do not. The longest match decides.
 *
 * Taken from IANA's special-purpose registries (column "Globally Reachable"), plus multicast, the deprecated site-local addresses
 * and everything that is not allocated as global unicast. Translating blocks (NAT64, 6to4, Teredo) are public if the IPv4
 * addresses within them are.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry IPv4},
 * {@link https://www.iana.org/assignments/iana-ipv6-special-registry IPv6}
 */
const BLOCKS: Readonly<Record<'public' | 'other', readonly string[]>> = {
  public: [
    '0.0.0.0/0',
    '192.0.0.9/32', // Port Control Protocol anycast
    '192.0.0.10/32', // TURN anycast
    '2000::/3', // global unicast
    '64:ff9b::/96', // NAT64, RFC 6052
    '2001::/32', // Teredo
    '2001:1::1/128', // Port Control Protocol anycast
    '2001:1::2/128', // TURN anycast
    '2001:1::3/128', // DNS-SD Service Registration Protocol anycast
    '2001:3::/32', // AMT
    '2001:4:112::/48', // AS112
    '2001:20::/28', // ORCHIDv2
    '2001:30::/28', // drone remote identification
  ],
  other: [
    '::/0',
    '0.0.0.0/8', // this network
    '10.0.0.0/8', // private use
    '100.64.0.0/10', // shared address space
    '127.0.0.0/8', // loopback
    '169.254.0.0/16', // link-local, with the metadata services of clouds
    '172.16.0.0/12', // private use
    '192.0.0.0/24', // IETF protocol assignments
    '192.0.2.0/24', // documentation
    '192.88.99.0/24', // 6to4 relays, deprecated
    '192.168.0.0/16', // private use
    '198.18.0.0/15', // benchmarking
    '198.51.100.0/24', // documentation
    '203.0.113.0/24', // documentation
    '224.0.0.0/4', // multicast
    '240.0.0.0/4', // reserved, and limited broadcast
    '2001::/23', // IETF protocol assignments
    '2001:2::/48', // benchmarking
    '2001:10::/28', // ORCHID, deprecated
    '2001:db8::/32', // documentation
    '3fff::/20', // documentation
  ],
};

const blockOf = longestMatch(
  (['public', 'other'] as const).flatMap((kind) =>
    BLOCKS[kind].map((text) => ({ ...parsePrefix(text)!, isPublic: kind === 'public' })),
  ),
);

/** Whether an address belongs to the public Internet, judged by the address alone. */
export function isPublic(address: Address): boolean {
  return blockOf(addressWords(address))!.isPublic;
}
