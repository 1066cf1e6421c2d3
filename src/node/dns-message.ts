import { decode, encode, RECURSION_DESIRED, type Answer as WireRecord, type Question } from 'dns-packet';
import { parseAddress } from '../core/address.js';
import { codedError } from '../core/errors.js';
import { normalName } from '../core/host-name.js';

/** What can be asked for, and what the records then hold: addresses, names, or what {@link serviceRecords} reads. */
export interface RecordData {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly PTR: string;
  readonly HTTPS: Uint8Array;
}

/** What a DNS server has told of a name. */
export interface DnsAnswer<Data> {
  /** The names to which the one that was asked for leads (CNAME), in order; the last is the owner of the records. */
  readonly aliases: readonly string[];
  /** None: the name, or the last alias, has no records of that type. */
  readonly data: readonly Data[];
  /** Seconds for which all of it holds; absent when there is nothing. */
  readonly ttl?: number;
}

/** In the words of dns-packet, which takes an HTTPS record for one of type 0 where it is called by its name. */
export const RECORD_TYPES = { A: 'A', AAAA: 'AAAA', CNAME: 'CNAME', PTR: 'PTR', HTTPS: 'UNKNOWN_65' } as const satisfies Record<
  keyof RecordData,
  string
>;

/** Bytes that an answer over UDP may have, so that it need not be cut up on its way. */
const UDP_SIZE = 1232;

/** A question as it is sent. */
export function queryMessage(id: number, question: Question, edns: boolean): Buffer {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: UDP_SIZE, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false };
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [question],
    additionals: edns ? [{ ...opt, options: [] } as WireRecord] : [],
  });
}

/** The codes of the answers that are errors: RFC 1035 section 4.1.1. */
const RESPONSE_CODES: Readonly<Record<number, string>> = {
  1: 'EFORMERR',
  2: 'ESERVFAIL',
  3: 'ENOTFOUND',
  4: 'ENOTIMP',
  5: 'EREFUSED',
};

/** The codes of servers that have answered, so that they need not be asked again. */
export const ANSWERED = new Set([...Object.values(RESPONSE_CODES), 'EBADRESP']);

/** What a server has answered. */
export interface Reply {
  /** Of an error. */
  readonly code?: string;
  readonly truncated: boolean;
  readonly records: readonly WireRecord[];
}

/**
 * Reads a message; `undefined` for one that does not answer the question: it may be from anybody.
 *
 * @throws Error `EBADRESP` for an answer that cannot be read
 */
export function replyTo(id: number, question: Question, message: Buffer): Reply | undefined {
  if (message.length < 12 || message.readUInt16BE(0) !== id || message.readUInt16BE(2) < 0x8000) return undefined;
  const packet = decoded(message);
  const responseCode = packet.flags! & 0xf;
  const [asked, ...others] = packet.questions!;
  // A server that could not read the question need not repeat it.
  if (!asked && responseCode === 0) return undefined;
  if (asked && (others.length > 0 || asked.type !== question.type || normalName(asked.name) !== normalName(question.name)))
    return undefined;
  const code = responseCode === 0 ? undefined : (RESPONSE_CODES[responseCode] ?? 'ESERVFAIL');
  return { ...(code !== undefined && { code }), truncated: packet.flag_tc, records: packet.answers! };
}

function decoded(message: Buffer): ReturnType<typeof decode> {
  try {
    const packet = decode(message);
    // It takes a record that goes beyond the end for a shorter one.
    if (decode.bytes <= message.length) return packet;
  } catch {
    // said below
  }
  throw codedError('EBADRESP', 'the DNS server has answered with what cannot be read');
}

/** CNAMEs that are followed. */
const LONGEST_CHAIN = 16;

/** Of the records in a message those that the name leads to. */
export function answerOf(name: string, type: string, records: readonly WireRecord[]): DnsAnswer<unknown> {
  const owned = records.filter((record) => 'ttl' in record && record.class === 'IN') as readonly OwnedRecord[];
  const ofOwner = (owner: string, wanted: string) =>
    owned.filter((record) => record.type === wanted && normalName(record.name) === normalName(owner));
  const chain: OwnedRecord[] = [];
  let owner = name;
  while (type !== 'CNAME' && chain.length < LONGEST_CHAIN) {
    const [alias] = ofOwner(owner, 'CNAME');
    if (!alias) break;
    chain.push(alias);
    owner = alias.data as string;
  }
  const found = ofOwner(owner, type).filter(({ data }) => !['A', 'AAAA'].includes(type) || parseAddress(data as string));
  const ttls = [...chain, ...found].map(({ ttl }) => (ttl < 2 ** 31 ? ttl : 0)); // RFC 2181 section 8
  return {
    aliases: chain.map(({ data }) => data as string),
    data: found.map(({ data }) => data),
    ...(ttls.length > 0 && { ttl: Math.min(...ttls) }),
  };
}

interface OwnedRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}
