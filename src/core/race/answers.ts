import { parseAddress, type Family } from '../address/address.js';
import { errorCode, NOTHING_THERE } from '../error-tools.js';
import { show } from '../input/argument-errors.js';
import type { ServiceRecord } from './service-records.js';

/** What one query brought: addresses of one family, or none (a negative answer). */
export interface Answer extends AnswerOfAnyType {
  readonly type: 'AAAA' | 'A';
  /** In the order of the resolver; empty for a negative answer. */
  readonly addresses: readonly string[];
}

/** What a query for HTTPS records brought, where a race asks for them; without records it is a negative answer. */
export interface ServiceAnswer extends AnswerOfAnyType {
  readonly type: 'HTTPS';
  /** Aliases alone, where there is one; else the lowest priority first. */
  readonly records: readonly ServiceRecord[];
}

export type AnyAnswer = Answer | ServiceAnswer;

interface AnswerOfAnyType {
  /** Seconds for which the answer holds; unknown when absent. */
  readonly ttl?: number;
  /** Why there is nothing: `ENOTFOUND`, `ESERVFAIL`, `ETIMEOUT` … */
  readonly error?: Error;
  /** The name that was asked for, where that is not the host itself: the target of a service record, or an alias. */
  readonly name?: string;
  /** Expired, and given all the same so that nobody has to wait; a fresh answer of this type is to follow and replaces it. */
  readonly stale?: boolean;
  /**
   * Not asked for now: remembered from earlier, or taken for granted, as that there is nothing in a family in which this
   * machine has no route. Before the race would be lost, it is asked for after all.
   */
  readonly assumed?: boolean;
}

/** Which query asks for a family. */
export function recordType(family: Family): Answer['type'] {
  return family === 6 ? 'AAAA' : 'A';
}

/** Which family a query asks for. */
export function answerFamily({ type }: Answer): Family {
  return type === 'AAAA' ? 6 : 4;
}

export function isOfAddresses(answer: AnyAnswer): answer is Answer {
  return answer.type !== 'HTTPS';
}

/** The addresses that an answer holds: none for one of service records. */
export function addressesIn(answer: AnyAnswer): readonly string[] {
  return answer.type === 'HTTPS' ? NO_ADDRESSES : answer.addresses;
}

const NO_ADDRESSES: readonly string[] = [];

/** Whether it leaves open what there is: its query has failed, or was not made. `ENOTFOUND` and `ENODATA` say that there is nothing. */
export function saysNothing(answer: AnyAnswer): boolean {
  const { error } = answer;
  return isEmpty(answer) && error !== undefined && !NOTHING_THERE.has(errorCode(error) ?? '');
}

function isEmpty(answer: AnyAnswer): boolean {
  return answer.type === 'HTTPS' ? answer.records.length === 0 : answer.addresses.length === 0;
}

/**
 * The families that are worth asking for before a race is lost: those whose latest answer was an assumed one. None where all
 * answers say that there is nothing: a name that does not exist is remembered so that it is not asked for again.
 *
 * @param answers of one race, in the order in which they came
 */
export function familiesInDoubt(answers: readonly AnyAnswer[]): readonly Family[] {
  const latest = new Map(answers.filter(isOfAddresses).map((answer) => [answer.type, answer]));
  const doubtful = [...latest.values()].filter(({ assumed }) => assumed === true);
  const hopeful = answers.some((answer) => !isEmpty(answer)) || doubtful.some(saysNothing);
  return hopeful ? doubtful.map(answerFamily) : [];
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

/** An IPv4-mapped address is of both families: in an AAAA answer it is well-formed, and an IPv4 address. */
function belongs(text: string, type: Answer['type']): boolean {
  const family = parseAddress(text)?.family;
  return type === 'A' ? family === 4 : family === 6 || (family === 4 && text.includes(':'));
}
