import { dottedDecimal, parseAddress } from '../../../core/address/address.js';
import type { DefaultRoute } from '../report.js';

/** Flags of a route: it is up; it rejects packets. */
const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

/**
 * Reads the IPv4 default routes of `/proc/net/route`, whose addresses have the byte order of the machine.
 *
 *     Iface Destination Gateway Flags RefCnt Use Metric Mask …
 */
export function ipv4DefaultRoutes(table: string, endianness: 'LE' | 'BE'): readonly DefaultRoute[] {
  return rows(table).flatMap(([name = '', destination = '', gateway = '', flags = '', , , metric, mask]) => {
    if (!isDefault(destination) || mask === undefined || !isDefault(mask) || !isInUse(flags)) return [];
    const bytes = gateway.match(/../g) ?? [];
    const [a = 0, b = 0, c = 0, d = 0] = (endianness === 'LE' ? bytes.reverse() : bytes).map((byte) => parseInt(byte, 16));
    const address = isDefault(gateway) ? null : dottedDecimal(a * 256 + b, c * 256 + d);
    return [{ family: 4, gateway: address, interface: name, metric: Number(metric) }];
  });
}

/**
 * Reads the IPv6 default routes of `/proc/net/ipv6_route`.
 *
 *     destination length source length gateway metric references use flags interface
 */
export function ipv6DefaultRoutes(table: string): readonly DefaultRoute[] {
  return rows(table).flatMap(([destination = '', length, , , gateway = '', metric = '', , , flags = '', name = '']) => {
    if (!isDefault(destination) || length !== '00' || !isInUse(flags)) return [];
    const address = isDefault(gateway) ? null : (parseAddress(gateway.match(/.{4}/g)?.join(':') ?? '')?.address ?? null);
    return [{ family: 6, gateway: address, interface: name, metric: parseInt(metric, 16) }];
  });
}

function rows(table: string): string[][] {
  return table.split('\n').map((line) => line.trim().split(/\s+/));
}

function isDefault(digits: string): boolean {
  return /^0+$/.test(digits);
}

function isInUse(flags: string): boolean {
  return (parseInt(flags, 16) & (RTF_UP | RTF_REJECT)) === RTF_UP;
}
