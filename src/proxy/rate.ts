import { isIPv6 } from 'node:net';

/** Returns whether a client may send another request now. */
export type Rate = (address: string, now: number) => boolean;

/** How many clients are remembered. The least recent one is forgotten first. */
const MOST_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Limits requests by a token bucket for each client. A bucket is filled at `perSecond` tokens and holds those of one second.
 *
 * All clients of an IPv6 network (/64) share a bucket because a member of the network can choose among its addresses.
 */
export function rateLimit(perSecond: number): Rate {
  if (perSecond === Infinity) return () => true;
  const most = Math.max(perSecond, 1);
  const buckets = new Map<string, Bucket>();
  return (address, now) => {
    const client = clientKey(address);
    const { tokens, at } = buckets.get(client) ?? { tokens: most, at: now };
    const filled = Math.min(most, tokens + ((now - at) / 1000) * perSecond);
    const may = filled >= 1;
    buckets.delete(client); // Moved to the end, so that the Map has the least recent client first.
    buckets.set(client, { tokens: may ? filled - 1 : filled, at: now });
    if (buckets.size > MOST_CLIENTS) buckets.delete(buckets.keys().next().value!);
    return may;
  };
}

/** @param address in canonical form */
function clientKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [left = '', right = ''] = address.replace(/%.*$/, '').split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === '' ? [] : right.split(':');
  const zeros = address.includes('::') ? Array<string>(8 - head.length - tail.length).fill('0') : [];
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
