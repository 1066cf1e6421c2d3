import { parseAddress, type Family } from './address.js';
import type { Endpoint } from './endpoint.js';

/** What one query brought: addresses of one family, or none (a negative answer). */
export interface Answer {
  readonly type: 'AAAA' | 'A';
  /** In the order of the resolver; empty for a negative answer. */
  readonly addresses: readonly string[];
  /** Seconds for which the answer holds; unknown when absent. */
  readonly ttl?: number;
  /** Why there are no addresses: `ENOTFOUND`, `ESERVFAIL`, `ETIMEOUT` … */
  readonly error?: Error;
  /** The owner of the addresses, where that is not the host itself. */
  readonly name?: string;
}

/** Which query asks for a family. */
export function recordType(family: Family): Answer['type'] {
  return family === 6 ? 'AAAA' : 'A';
}

/** Which family a query asks for. */
export function answerFamily({ type }: Answer): Family {
  return type === 'AAAA' ? 6 : 4;
}

/**
 * Adds an answer's addresses to the endpoints known so far, each address once.
 *
 * Text that is not an address, an address of the wrong family, and one of a family that the race excludes are left out:
 * one bad record is no reason to give up the good ones.
 */
export function gather(known: readonly Endpoint[], answer: Answer, port: number, family: 0 | Family): readonly Endpoint[] {
  const seen = new Set(known.map(({ address }) => address));
  const added: Endpoint[] = [];
  for (const text of answer.addresses) {
    const parsed = parseAddress(text);
    if (!parsed || seen.has(parsed.address) || (family !== 0 && parsed.family !== family)) continue;
    if (parsed.family === 6 && answer.type === 'A') continue;
    if (parsed.family === 4 && answer.type === 'AAAA' && !text.includes(':')) continue;
    seen.add(parsed.address);
    added.push({ address: parsed.address, family: parsed.family, port });
  }
  return added.length === 0 ? known : [...known, ...added];
}
