import { remembered } from '../remembered.js';
import { withoutZone, type Address } from './address.js';

/** The 128 bits of an address as eight numbers of 16; IPv4 addresses in their IPv4-mapped form. */
export type Words = readonly number[];

/** The bits of a canonical address; its zone is ignored. */
export function addressWords({ address }: Address): Words {
  return wordsOf(address);
}

/** {@link addressWords} for the text of a canonical address. */
export const wordsOf: (address: string) => Words = remembered((address): Words => {
  if (!address.includes(':')) {
    const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
    return [0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d];
  }
  const [left = '', right] = withoutZone(address).split('::');
  const head = hexWords(left);
  if (right === undefined) return head;
  const tail = hexWords(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
});

function hexWords(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => parseInt(group, 16));
}

/** The number of leading bits that two addresses share. */
export function commonPrefixLength(a: Words, b: Words): number {
  for (let i = 0; i < 8; i++) {
    const differing = a[i]! ^ b[i]!;
    if (differing !== 0) return i * 16 + Math.clz32(differing) - 16;
  }
  return 128;
}
