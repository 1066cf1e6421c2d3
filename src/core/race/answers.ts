import { parseAddress, type Family } from '../address/address.js';
import { errorCode, NOTHING_THERE } from '../error-tools.js';
import { show } from '../input/argument-errors.js';
import type { ServiceRecord } from './service-records.js';

/** The answer to one query: addresses of one family, or none (a negative answer). */
export interface Answer extends AnswerOfAnyType {
  readonly type: 'AAAA' | 'A';
  /** In the resolver's order; empty for a negative answer. */
  readonly addresses: readonly string[];
}

/** The answer to a query for HTTPS records. Without records it is a negative answer. */
export interface ServiceAnswer extends AnswerOfAnyType {
  readonly type: 'HTTPS';
  /** The lowest priority first. If any record is an alias, aliases only. */
  readonly records: readonly ServiceRecord[];
}

export type AnyAnswer = Answer | ServiceAnswer;

interface AnswerOfAnyType {
  /** Time to live, in seconds; absent if unknown. */
  readonly ttl?: number;
  /** Why the answer is negative: `ENOTFOUND`, `ESERVFAIL`, `ETIMEOUT` … */
  readonly error?: Error;
  /** The name that was queried, if it is not the host itself: the target of a service record, or an alias. */
  readonly name?: string;
  /** Expired, but served to save the wait. A fresh answer of this type follows and replaces it. */
  readonly stale?: boolean;
  /**
   * No query was made: the answer is cached, or assumed, for example that a family without a route has no addresses. The race
   * makes the query before it gives up.
   */
  readonly assumed?: boolean;
}

/** The query type for a family. */
export function recordType(family: Family): Answer['type'] {
  return family === 6 ? 'AAAA' : 'A';
}

/** The family of an answer's addresses. */
export function answerFamily({ type }: Answer): Family {
  return type === 'AAAA' ? 6 : 4;
}

export function isOfAddresses(answer: AnyAnswer): answer is Answer {
  return answer.type !== 'HTTPS';
}

/** The addresses in an answer; none in an answer with service records. */
export function addressesIn(answer: AnyAnswer): readonly string[] {
  return answer.type === 'HTTPS' ? NO_ADDRESSES : answer.addresses;
}

const NO_ADDRESSES: readonly string[] = [];

/** Whether an answer is inconclusive, because its query failed. `ENOTFOUND` and `ENODATA` are conclusive: nothing is there. */
export function saysNothing(answer: AnyAnswer): boolean {
  const { error } = answer;
  return isEmpty(answer) && error !== undefined && !NOTHING_THERE.has(errorCode(error) ?? '');
}

function isEmpty(answer: AnyAnswer): boolean {
  return answer.type === 'HTTPS' ? answer.records.length === 0 : answer.addresses.length === 0;
}

/**
 * The families to query before a race gives up: those whose latest answer was assumed. None if every answer says that nothing
 * is there: the point of caching that a name does not exist is not to ask again.
 *
 * @param answers the answers of one race, in order of arrival
 */
export function familiesInDoubt(answers: readonly AnyAnswer[]): readonly Family[] {
  const latest = new Map(answers.filter(isOfAddresses).map((answer) => [answer.type, answer]));
  const doubtful = [...latest.values()].filter(({ assumed }) => assumed === true);
  const hopeful = answers.some((answer) => !isEmpty(answer)) || doubtful.some(saysNothing);
  return hopeful ? doubtful.map(answerFamily) : [];
}

/**
 * Drops the invalid parts of an answer: text that is not an address, addresses of the wrong family, a negative time to live. One
 * bad record must not cost the good ones.
 *
 * @param complain called with a message for everything that is dropped
 * @returns the same object if nothing is dropped; `undefined` if it is no answer at all
 */
export function wellFormed(answer: Answer, complain: (complaint: string) => void): Answer | undefined {
  const given: unknown = answer;
  if (typeof given !== 'object' || given === null || !('type' in given) || !['AAAA', 'A'].includes(given.type as string)) {
    complain('an answer of the resolver is neither of type AAAA nor A');
    return undefined;
  }
  const { addresses, ttl } = answer;
  const holds = ttl === undefined || (typeof ttl === 'number' && ttl >= 0);
  const isGood = (text: unknown): text is string => typeof text === 'string' && belongs(text, answer.type);
  if (holds && Array.isArray(addresses) && addresses.every(isGood)) return answer;

  const listed: readonly unknown[] = Array.isArray(addresses) ? addresses : [];
  for (const text of listed) if (!isGood(text)) complain(`${show(text)} is left out of an ${answer.type} answer`);
  if (listed !== addresses) complain(`an ${answer.type} answer has no list of addresses`);
  if (!holds) complain(`a time to live of ${ttl} is left out of an ${answer.type} answer`);
  return { ...answer, addresses: listed.filter(isGood), ttl: holds ? ttl : undefined };
}

/** An IPv4-mapped address is valid in an AAAA answer, although it counts as an IPv4 address. */
function belongs(text: string, type: Answer['type']): boolean {
  const family = parseAddress(text)?.family;
  return type === 'A' ? family === 4 : family === 6 || (family === 4 && text.includes(':'));
}
