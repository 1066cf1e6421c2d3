import { isIPv6 } from 'node:net';

/** Whether a client may ask once more now. */
export type Rate = (address: string, now: number) => boolean;

/** Clients that are kept in mind; of more, the one that asked the longest ago is forgotten. */
const MOST_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A bucket of tokens for each client, that fills up with `perSecond` and holds those of one second.
 *
 * Clients of one IPv6 network (/64) are one client, for its members choose their addresses.
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
    buckets.delete(client); // Put back at the end, a Map keeps them in the order in which they asked.
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
