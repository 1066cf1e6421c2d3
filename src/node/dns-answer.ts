import type { Question } from 'dns-packet';
import { parseAddress } from '../core/address/address.js';
import { normalName } from '../core/input/host-name.js';
import { serviceRecord } from '../core/race/service-records.js';
import { RECORD_TYPES, type DnsRecord } from './dns-message.js';

/** A DNS server's answer about a name. */
export interface DnsAnswer<Data> {
  /** The CNAMEs from the queried name, in order; the last is the owner of the records. */
  readonly aliases: readonly string[];
  /** Empty if the name, or its last alias, has no records of that type. */
  readonly data: readonly Data[];
  /** The least time to live, in seconds; absent if there are no records. */
  readonly ttl?: number;
  /** Records of the additional section for names that the answer leads to, for {@link answerFrom}; absent if there are none. */
  readonly additional?: readonly DnsRecord[];
}

/** The most CNAMEs that are followed. */
export const LONGEST_CHAIN = 16;

/**
 * Finds the answer to a question in the records of a message. Returns `undefined` if the chain of CNAMEs is too long or a loop.
 *
 * @param additional the additional section; records of names that the answer does not lead to are ignored
 */
export function answerOf(
  { name, type }: Question,
  records: readonly DnsRecord[],
  additional: readonly DnsRecord[] = [],
): DnsAnswer<unknown> | undefined {
  const ofOwner = (owner: string, wanted: string) =>
    records.filter((record) => record.type === wanted && normalName(record.name) === normalName(owner));
  const chain: DnsRecord[] = [];
  let owner = name;
  while (type !== 'CNAME') {
    const [alias] = ofOwner(owner, 'CNAME');
    if (!alias) break;
    if (chain.push(alias) > LONGEST_CHAIN) return undefined;
    owner = alias.data as string;
  }
  const found = ofOwner(owner, type).filter(({ data }) => !['A', 'AAAA'].includes(type) || parseAddress(data as string));
  const ttls = [...chain, ...found].map(({ ttl }) => ttl);
  const along = ledTo([owner, ...found.flatMap(targetsOf)], additional);
  return {
    aliases: chain.map(({ data }) => data as string),
    data: found.map(({ data }) => data),
    ...(ttls.length > 0 && { ttl: Math.min(...ttls) }),
    ...(along.length > 0 && { additional: along }),
  };
}

/**
 * Answers a question from the additional records of another answer. Returns `undefined` if they do not contain the answer, which
 * is not a negative answer: servers are free in what they add.
 */
export function answerFrom(question: Question, additional: readonly DnsRecord[] = []): DnsAnswer<unknown> | undefined {
  const answer = answerOf(question, additional, additional);
  return answer && answer.data.length > 0 ? answer : undefined;
}

/** Joins the answer about a name's aliases with the answer about the last alias. The shorter time to live counts. */
export function joined(first: DnsAnswer<unknown>, next: DnsAnswer<unknown>): DnsAnswer<unknown> {
  const ttls = [first.ttl, next.ttl].filter((ttl) => ttl !== undefined);
  return { ...next, aliases: [...first.aliases, ...next.aliases], ...(ttls.length > 0 && { ttl: Math.min(...ttls) }) };
}

/** The records of `names` and of the names that they lead to. A server must not answer for any others. */
function ledTo(names: readonly string[], additional: readonly DnsRecord[]): readonly DnsRecord[] {
  const led = new Set(names.map(normalName));
  for (let step = 0; ; step++) {
    const found = additional.filter(({ name }) => led.has(normalName(name)));
    const before = led.size;
    for (const target of found.flatMap(targetsOf)) led.add(normalName(target));
    if (led.size === before || step === LONGEST_CHAIN) return found;
  }
}

/** The names that a record leads to: the target of an alias or of a service record. */
function targetsOf({ name, type, data }: DnsRecord): readonly string[] {
  if (type === RECORD_TYPES.CNAME) return [data as string];
  if (type !== RECORD_TYPES.HTTPS) return [];
  try {
    const { target } = serviceRecord(data as Uint8Array);
    return [target === '.' ? name : target];
  } catch {
    return []; // the reader of service records reports the error
  }
}
