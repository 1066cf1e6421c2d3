import { parseAddress, type Family } from './address.js';
import { show } from './argument-errors.js';
import type { Endpoint } from './endpoint.js';
import type { Answered } from './events.js';

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
  /** Expired, and given all the same so that nobody has to wait; a fresh answer of this type is to follow and replaces it. */
  readonly stale?: boolean;
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
 * The answer without what does not belong into one: text that is not an address, addresses of another family than its type,
 * a time to live below 0. One bad record is no reason to give up the good ones.
 *
 * @param complain is told of each thing that is left out
 * @returns the same object where there is nothing to leave out; `undefined` for what is no answer at all
 */
export function wellFormed(answer: Answer, complain: (complaint: string) => void): Answer | undefined {
  const given: unknown = answer;
  if (typeof given !== 'object' || given === null || !('type' in given) || !['AAAA', 'A'].includes(given.type as string)) {
    complain('an answer of the resolver is neither of type AAAA nor A');
    return undefined;
  }
  const { addresses, ttl, ...rest } = answer;
  const listed: readonly unknown[] = Array.isArray(addresses) ? addresses : [];
  const own = listed.filter((text): text is string => typeof text === 'string' && belongs(text, answer.type));
  const holds = ttl === undefined || ttl >= 0;
  if (holds && listed === addresses && own.length === listed.length) return answer;

  for (const text of listed) if (!own.includes(text as string)) complain(`${show(text)} is left out of an ${answer.type} answer`);
  if (listed !== addresses) complain(`an ${answer.type} answer has no list of addresses`);
  if (!holds) complain(`a time to live of ${ttl} is left out of an ${answer.type} answer`);
  return { ...rest, addresses: own, ...(holds && ttl !== undefined && { ttl }) };
}

/** An IPv4-mapped address is of both families: in an AAAA answer it is well-formed, and an IPv4 address. */
function belongs(text: string, type: Answer['type']): boolean {
  const family = parseAddress(text)?.family;
  return type === 'A' ? family === 4 : family === 6 || (family === 4 && text.includes(':'));
}

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
  const expiresAt = ttl === undefined || ttl === 0 ? Infinity : at + ttl * 1000;
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
