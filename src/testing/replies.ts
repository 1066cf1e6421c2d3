import { parseAddress } from '../core/address/address.js';
import type { Answer, AnyAnswer } from '../core/race/answers.js';
import { inOrder, type ServiceRecord } from '../core/race/service-records.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { boolean, number, string } from '../core/input/checks.js';
import { checkAfter, type After } from './after.js';
import { isPlainObject } from './plain-object.js';
import { parseMarbles } from './parse-marbles.js';
import { checkRecord, isRecord } from './service.js';
import { queryError } from './system-errors.js';

/** How a query is answered. Without addresses, or records, it is a negative answer. */
export interface Reply {
  /** ms after the question; default 0. `Infinity`: the answer is lost. */
  readonly after?: After;
  readonly addresses?: readonly string[];
  /** Of a query for HTTPS, in place of addresses. */
  readonly records?: readonly ServiceRecord[];
  /** Seconds for which it holds. */
  readonly ttl?: number;
  /** Why there are no addresses: an error, or the code of one. Default `ENODATA`. */
  readonly error?: Error | string;
  /** Whether it has expired, and a fresh answer is to follow; of addresses alone. */
  readonly stale?: boolean;
}

/**
 * Replies in marbles, a character a ms: each letter a list of addresses, or of records, `#` is SERVFAIL, `n` no data, and nothing but dashes
 * is lost.
 */
export interface MarbleReplies {
  readonly marbles: string;
  readonly [letter: string]: string | readonly string[] | ServiceRecord | readonly ServiceRecord[];
}

/** How one query is answered: by addresses, a reply or several, or marbles. */
export type Replies = string | readonly string[] | Reply | readonly Reply[] | MarbleReplies;

/** How one query for HTTPS records is answered: by records, a reply or several, or marbles. */
export type ServiceReplies = string | ServiceRecord | readonly ServiceRecord[] | Reply | readonly Reply[] | MarbleReplies;

/** A reply after `ms` ms: `after(10, ['2001:db8::1'])`, `after(10, service('cdn.example'))`, `after(10, servfail())`. */
export function after(ms: After, reply: string | readonly string[] | ServiceRecord | readonly ServiceRecord[] | Reply): Reply {
  checkAfter('ms', ms);
  if (typeof reply === 'string' || isList(reply) || isRecord(reply)) return { after: ms, ...holding([reply].flat()) };
  if (!isPlainObject(reply)) throw invalidType('reply', 'addresses or a reply', reply);
  if (reply.after !== undefined) throw invalidValue('reply', 'must not have a time of its own', reply.after);
  return { ...reply, after: ms };
}

/** A reply of addresses, or of records. */
function holding(all: readonly unknown[]): Reply {
  if (all.length === 0) return {};
  return all.some(isRecord) ? { records: all as readonly ServiceRecord[] } : { addresses: all as readonly string[] };
}

/** An answer that never comes. */
export function lost(): Reply {
  return { after: Infinity };
}

/** The server failed: `ESERVFAIL`. */
export function servfail(): Reply {
  return { error: 'ESERVFAIL' };
}

/** The name does not exist: `ENOTFOUND`. */
export function nxdomain(): Reply {
  return { error: 'ENOTFOUND' };
}

/** The name has no record of this type: `ENODATA`. */
export function nodata(): Reply {
  return { error: 'ENODATA' };
}

/** What comes of a query, and when. */
export interface PlannedAnswer {
  readonly type: AnyAnswer['type'];
  readonly after: After;
  readonly answer: (host: string) => AnyAnswer;
}

/**
 * The answers to one query, as described.
 *
 * @param name where the description is, for errors
 */
export function plannedAnswers(name: string, type: AnyAnswer['type'], replies: Replies | ServiceReplies): PlannedAnswer[] {
  return listed(name, replies).map(([where, reply]) => planned(where, type, reply));
}

/** The replies one by one, with their places in the description. */
function listed(name: string, replies: unknown): [where: string, reply: Reply][] {
  if (typeof replies === 'string') {
    if (parseAddress(replies)) return [[name, { addresses: [replies] }]];
    if (!/^[-#n\d.ms\s]+$/.test(replies)) throw invalidValue(name, 'is neither an IP address nor marbles', replies);
    return fromMarbles(name, { marbles: replies });
  }
  if (!isList(replies) && !isPlainObject(replies)) throw invalidType(name, 'addresses, a reply or marbles', replies);
  if (isList(replies)) {
    if (replies.every((one) => typeof one === 'string' || isRecord(one))) return [[name, holding(replies)]];
    return replies.map((one, index) => [`${name}[${index}]`, one as Reply]);
  }
  if (isRecord(replies)) return [[name, { records: [replies] }]];
  return 'marbles' in replies ? fromMarbles(name, replies as unknown as MarbleReplies) : [[name, replies]];
}

function fromMarbles(name: string, { marbles, ...letters }: MarbleReplies): [string, Reply][] {
  string(`${name}.marbles`, marbles);
  const parsed = parseMarbles(name, marbles);
  for (const [letter, addresses] of Object.entries(letters)) {
    if (!parsed.some(({ marble }) => marble === letter)) throw invalidValue(`${name}.${letter}`, 'is in no marble', addresses);
  }
  const replies = parsed.map(({ at, marble, column }): [string, Reply] => {
    const content = letters[marble];
    if (content !== undefined) return [`${name}.${marble}`, { after: at, ...holding([content].flat()) }];
    if (marble === '#') return [name, after(at, servfail())];
    if (marble === 'n') return [name, after(at, nodata())];
    throw invalidValue(name, `has no addresses for '${marble}', at column ${column} of its marbles`, marbles);
  });
  return replies.length > 0 ? replies : [[name, lost()]];
}

const KNOWN = ['after', 'ttl', 'error'];

function planned(name: string, type: AnyAnswer['type'], reply: Reply): PlannedAnswer {
  if (!isPlainObject(reply)) throw invalidType(name, 'a reply', reply);
  const known = type === 'HTTPS' ? [...KNOWN, 'records'] : [...KNOWN, 'addresses', 'stale'];
  for (const [key, value] of Object.entries(reply))
    if (!known.includes(key)) throw invalidValue(`${name}.${key}`, unknown(key, type), value);
  const { after: ms = 0, ttl, error } = reply;
  checkAfter(`${name}.after`, ms);
  if (ttl !== undefined) number(0, Number.MAX_SAFE_INTEGER)(`${name}.ttl`, ttl);
  if (error !== undefined && !(error instanceof Error)) string(`${name}.error`, error);
  const found = type === 'HTTPS' ? recordsOf(name, reply) : addressesOf(name, type, reply);
  const certain = { ...found, ...(ttl !== undefined && { ttl }) };
  const isEmpty = 'records' in found ? found.records.length === 0 : found.addresses.length === 0;
  const reason = error ?? (isEmpty ? 'ENODATA' : undefined);
  const why = (host: string) => (typeof reason === 'string' ? queryError(reason, type, host) : reason!);
  return { type, after: ms, answer: reason === undefined ? () => certain : (host) => ({ ...certain, error: why(host) }) };
}

function unknown(key: string, type: AnyAnswer['type']): string {
  if (key === 'records') return `is of HTTPS, and not of ${type}`;
  return key === 'addresses' || key === 'stale' ? `is of AAAA and A, and not of ${type}` : 'is not known';
}

function addressesOf(name: string, type: Answer['type'], { addresses = [], stale }: Reply): Answer {
  if (stale !== undefined) boolean(`${name}.stale`, stale);
  if (!isList(addresses)) throw invalidType(`${name}.addresses`, 'a list of IP addresses', addresses);
  for (const address of addresses) checkAddress(name, type, address);
  return { type, addresses, ...(stale !== undefined && { stale }) };
}

function recordsOf(name: string, { records = [] }: Reply): AnyAnswer & { readonly type: 'HTTPS' } {
  if (!isList(records)) throw invalidType(`${name}.records`, 'a list of service records', records);
  for (const record of records) checkRecord(name, record);
  return { type: 'HTTPS', records: inOrder(records) };
}

function checkAddress(name: string, type: Answer['type'], text: unknown): void {
  if (typeof text !== 'string' || !parseAddress(text)) throw invalidValue(name, 'must hold IP addresses', text);
  if (text.includes(':') !== (type === 'AAAA'))
    throw invalidValue(name, `must hold IPv${type === 'AAAA' ? 6 : 4} addresses`, text);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
