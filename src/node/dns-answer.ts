import type { Question } from 'dns-packet';
import { parseAddress } from '../core/address/address.js';
import { normalName } from '../core/input/host-name.js';
import { serviceRecord } from '../core/race/service-records.js';
import { RECORD_TYPES, type DnsRecord } from './dns-message.js';

/** What a DNS server has told of a name. */
export interface DnsAnswer<Data> {
  /** The names to which the one that was asked for leads (CNAME), in order; the last is the owner of the records. */
  readonly aliases: readonly string[];
  /** None: the name, or the last alias, has no records of that type. */
  readonly data: readonly Data[];
  /** Seconds for which all of it holds; absent when there is nothing. */
  readonly ttl?: number;
  /** Records that came along for the names to which the answer leads, for {@link answerFrom}; absent when there are none. */
  readonly additional?: readonly DnsRecord[];
}

/** CNAMEs that are followed. */
export const LONGEST_CHAIN = 16;

/**
 * Reads the answer to a question from the records of a message; `undefined` where the name leads on and on, or in a circle.
 *
 * @param additional records of the additional section; those of names to which the answer does not lead are ignored
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
 * Answers a question from records that came along with another answer; `undefined` where they do not hold what is asked for.
 * That is no negative answer: a server adds what it likes.
 */
export function answerFrom(question: Question, additional: readonly DnsRecord[] = []): DnsAnswer<unknown> | undefined {
  const answer = answerOf(question, additional, additional);
  return answer && answer.data.length > 0 ? answer : undefined;
}

/** The answer of a name whose aliases end with a name that has the next answer. It holds no longer than either. */
export function joined(first: DnsAnswer<unknown>, next: DnsAnswer<unknown>): DnsAnswer<unknown> {
  const ttls = [first.ttl, next.ttl].filter((ttl) => ttl !== undefined);
  return { ...next, aliases: [...first.aliases, ...next.aliases], ...(ttls.length > 0 && { ttl: Math.min(...ttls) }) };
}

/** The records of these names, and of the names to which they lead in turn. A server has no say in others. */
function ledTo(names: readonly string[], additional: readonly DnsRecord[]): readonly DnsRecord[] {
  const led = new Set(names.map(normalName));
  for (let step = 0; ; step++) {
    const found = additional.filter(({ name }) => led.has(normalName(name)));
    const before = led.size;
    for (const target of found.flatMap(targetsOf)) led.add(normalName(target));
    if (led.size === before || step === LONGEST_CHAIN) return found;
  }
}

/** The names to which a record leads: an alias, and where a service is to be had. */
function targetsOf({ name, type, data }: DnsRecord): readonly string[] {
  if (type === RECORD_TYPES.CNAME) return [data as string];
  if (type !== RECORD_TYPES.HTTPS) return [];
  try {
    const { target } = serviceRecord(data as Uint8Array);
    return [target === '.' ? name : target];
  } catch {
    return []; // the reader of the records says what is wrong with it
  }
}
