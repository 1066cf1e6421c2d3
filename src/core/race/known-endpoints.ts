import { parseAddress, type Family } from '../address/address.js';
import type { Answer } from './answers.js';
import { LONGEST_DELAY } from '../input/checks.js';
import type { Endpoint } from './endpoint.js';
import type { Answered } from './events.js';

/** An endpoint that an answer has brought. */
export interface Known {
  readonly endpoint: Endpoint;
  readonly type: Answer['type'];
  readonly stale: boolean;
  /** In ms since the race began; from then on it is not started any more. */
  readonly expiresAt: number;
}

/**
 * Adds an answer's addresses to what is known so far, each endpoint once, as the object that it was.
 *
 * An answer that is not stale replaces the stale ones of its type: what it does not hold is no longer known.
 *
 * @param race its port, and the family that it is restricted to
 * @returns the same list for a negative answer that replaces nothing
 */
export function gather(
  known: readonly Known[],
  { answer, at }: Answered,
  race: { port: number; family: 0 | Family },
): readonly Known[] {
  const { type, stale = false, ttl } = answer;
  // A time to live of 0 is for the race under way.
  const holds = ttl !== undefined && ttl > 0 && ttl * 1000 <= LONGEST_DELAY;
  const expiresAt = holds ? at + ttl * 1000 : Infinity;
  const replaced = stale ? known : known.filter((one) => !one.stale || one.type !== type);
  const before = new Map(known.map((one) => [one.endpoint.address, one]));
  const kept = new Set(replaced.map((one) => one.endpoint.address));

  const added: Known[] = [];
  for (const text of answer.addresses) {
    const parsed = parseAddress(text);
    if (!parsed || kept.has(parsed.address) || (race.family !== 0 && parsed.family !== race.family)) continue;
    kept.add(parsed.address);
    const endpoint = before.get(parsed.address)?.endpoint ?? { address: parsed.address, family: parsed.family, port: race.port };
    added.push({ endpoint, type, stale, expiresAt });
  }
  const unchanged = answer.addresses.length === 0 && replaced.length === known.length;
  return unchanged ? known : [...replaced, ...added];
}
