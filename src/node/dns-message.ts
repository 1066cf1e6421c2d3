import { encode, RECURSION_DESIRED, TRUNCATED_RESPONSE, type Answer as WireRecord, type Question } from 'dns-packet';
import { codedError } from '../core/error-tools.js';
import { normalName } from '../core/input/host-name.js';
import { readMessage, type DnsMessage, type ReadQuestion, type ReadRecord } from './dns-reader.js';

/** The query types and the data of their records: addresses, names, or the input of {@link serviceRecords}. */
export interface RecordData {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly PTR: string;
  readonly HTTPS: Uint8Array;
}

/** The types in dns-packet's vocabulary, which encodes the name HTTPS as type 0. */
export const RECORD_TYPES = { A: 'A', AAAA: 'AAAA', CNAME: 'CNAME', PTR: 'PTR', HTTPS: 'UNKNOWN_65' } as const satisfies Record<
  keyof RecordData,
  string
>;

/** The most bytes of an answer over UDP, small enough to avoid fragmentation. */
const UDP_SIZE = 1232;

/** Encodes a query. */
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

/** Error codes by response code: RFC 1035 section 4.1.1. */
const RESPONSE_CODES: Readonly<Record<number, string>> = {
  1: 'EFORMERR',
  2: 'ESERVFAIL',
  3: 'ENOTFOUND',
  4: 'ENOTIMP',
  5: 'EREFUSED',
};

/** The codes that mean that a server has answered, so that it is not asked again. */
export const ANSWERED = new Set([...Object.values(RESPONSE_CODES), 'EBADRESP']);

/** A server's reply. */
export interface Reply {
  /** Set if the reply is an error. */
  readonly code?: string;
  /** Whether the answer did not fit and must be requested over TCP. If so, there are no records. */
  readonly truncated: boolean;
  /** The answer section. */
  readonly records: readonly DnsRecord[];
  /** The authority section. A start of authority (SOA) in it makes a negative answer authoritative. */
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

/** One resource record. */
export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  /** s */
  readonly ttl: number;
  readonly data: unknown;
}

/** The flag of a response (QR). The opcode of a standard query is 0. */
const RESPONSE = 0x8000;
const RESPONSE_AND_OPCODE = 0xf800;

/**
 * Parses a message. Returns `undefined` if it does not answer the question, or if its question cannot be parsed: then it may come
 * from anyone.
 *
 * @throws Error `EBADRESP` for a malformed answer to the question
 */
export function replyTo(id: number, question: Question, message: Buffer, protocol: 'udp' | 'tcp'): Reply | undefined {
  if (message.length < 12 || message.readUInt16BE(0) !== id) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & RESPONSE_AND_OPCODE) !== RESPONSE) return undefined;
  const truncated = protocol === 'udp' && (flags & TRUNCATED_RESPONSE) !== 0;
  const questions = decoded(withoutRecords(message))?.questions;
  if (questions ? !repeats(questions, question, (flags & 0xf) !== 0) : !truncated) return undefined;
  // A truncated answer may end anywhere.
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

/** The class IN. */
const INTERNET = 1;

/** The records of class IN, without pseudo-records (OPT). A TTL with its top bit set counts as 0: RFC 2181 section 8. */
function usable(records: readonly ReadRecord[]): readonly DnsRecord[] {
  const owned = records.filter((record) => record.type !== 'OPT' && record.class === INTERNET);
  return owned.map(({ name, type, ttl, data }) => ({ name, type, ttl: ttl < 2 ** 31 ? ttl : 0, data }));
}

/** A server that could not parse the question need not repeat it. */
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

/** Returns `undefined` for a malformed message. */
function decoded(message: Buffer): DnsMessage | undefined {
  try {
    return readMessage(message);
  } catch {
    return undefined;
  }
}
