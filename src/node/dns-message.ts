import { encode, RECURSION_DESIRED, TRUNCATED_RESPONSE, type Answer as WireRecord, type Question } from 'dns-packet';
import { codedError } from '../core/error-tools.js';
import { normalName } from '../core/input/host-name.js';
import { readMessage, type DnsMessage, type ReadQuestion, type ReadRecord } from './dns-reader.js';

/** What can be asked for, and what the records then hold: addresses, names, or what {@link serviceRecords} reads. */
export interface RecordData {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly PTR: string;
  readonly HTTPS: Uint8Array;
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
  /** It has not fitted, and has to be asked for over TCP: there are no records. */
  readonly truncated: boolean;
  /** Of the answer section. */
  readonly records: readonly DnsRecord[];
  /** Of the authority section: with a start of authority (SOA) among them, what there is not has been looked for. */
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

/** A record of a message. */
export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  /** s */
  readonly ttl: number;
  readonly data: unknown;
}

/** A response (QR) to a standard query: the opcode is 0. */
const RESPONSE = 0x8000;
const RESPONSE_AND_OPCODE = 0xf800;

/**
 * Reads a message; `undefined` for one that does not answer the question: it may be from anyone. So may one whose question
 * cannot be read.
 *
 * @throws Error `EBADRESP` for an answer to the question that cannot be read
 */
export function replyTo(id: number, question: Question, message: Buffer, protocol: 'udp' | 'tcp'): Reply | undefined {
  if (message.length < 12 || message.readUInt16BE(0) !== id) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & RESPONSE_AND_OPCODE) !== RESPONSE) return undefined;
  const truncated = protocol === 'udp' && (flags & TRUNCATED_RESPONSE) !== 0;
  const questions = decoded(withoutRecords(message))?.questions;
  if (questions ? !repeats(questions, question, (flags & 0xf) !== 0) : !truncated) return undefined;
  // Such an answer may end anywhere.
  if (truncated) return { truncated, records: [], authority: [], additional: [] };
  const packet = decoded(message);
  if (!packet) throw codedError('EBADRESP', 'the DNS server has answered with what cannot be read');
  const { answers, authorities, additionals } = packet;
  const responseCode = additionals.reduce((code, record) => code | extendedCode(record), flags & 0xf);
  const code = responseCode === 0 ? undefined : (RESPONSE_CODES[responseCode] ?? 'ESERVFAIL');
  return {
    ...(code !== undefined && { code }),
    truncated,
    records: usable(answers),
    authority: usable(authorities),
    additional: usable(additionals),
  };
}

/** The class of the records of the Internet. */
const INTERNET = 1;

/** The records of the Internet, without those that are of the message itself (OPT). A TTL with its top bit set is 0: RFC 2181 section 8. */
function usable(records: readonly ReadRecord[]): readonly DnsRecord[] {
  const owned = records.filter((record) => record.type !== 'OPT' && record.class === INTERNET);
  return owned.map(({ name, type, ttl, data }) => ({ name, type, ttl: ttl < 2 ** 31 ? ttl : 0, data }));
}

/** A server that could not read the question need not repeat it. */
function repeats([asked, ...others]: readonly ReadQuestion[], { name, type }: Question, failed: boolean): boolean {
  if (!asked) return failed;
  const same = asked.type === type && asked.class === INTERNET && normalName(asked.name) === normalName(name);
  return same && others.length === 0;
}

/** The upper bits of a response code: RFC 6891 section 6.1.3. */
function extendedCode({ type, ttl }: ReadRecord): number {
  return type === 'OPT' ? Math.floor(ttl / 2 ** 24) << 4 : 0;
}

/** The message with its header and question alone. */
function withoutRecords(message: Buffer): Buffer {
  return Buffer.from(message).fill(0, 6, 12);
}

/** `undefined` for what cannot be read. */
function decoded(message: Buffer): DnsMessage | undefined {
  try {
    return readMessage(message);
  } catch {
    return undefined;
  }
}
