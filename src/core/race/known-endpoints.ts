import { parseAddress, type Family } from '../address/address.js';
import { saysNothing, type Answer } from './answers.js';
import { LONGEST_DELAY } from '../input/checks.js';
import type { Endpoint } from './endpoint.js';
import type { Answered } from './events.js';

/** An endpoint that an answer has brought. */
export interface Known {
  readonly endpoint: Endpoint;
  readonly type: Answer['type'];
  readonly stale: boolean;
  /** In ms since the race began; from then on the next answer of its type replaces it. `Infinity`: it holds for the race. */
  readonly expiresAt: number;
}

/**
 * Adds an answer's addresses to what is known so far, each endpoint once, as the object that it was.
 *
 * A fresh answer replaces the stale and the expired endpoints of its type: what it does not hold is no longer known. An answer
 * that says nothing, as that of a query that failed, replaces nothing.
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
  const isReplaced = (one: Known) => one.type === type && (one.stale || one.expiresAt <= at);
  const replaced = stale || saysNothing(answer) ? known : known.filter((one) => !isReplaced(one));
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

/** When the first of the endpoints that answers of this type have brought expires, in ms since the race began. */
export function firstExpiry(known: readonly Known[], type: Answer['type']): number {
  return Math.min(...known.map((one) => (one.type === type ? one.expiresAt : Infinity)));
}
