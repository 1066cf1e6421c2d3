import { parseAddress } from '../core/address/address.js';

/** The parts of a DNS message that are needed here: RFC 1035 section 4.1. */
export interface DnsMessage {
  readonly questions: readonly ReadQuestion[];
  readonly answers: readonly ReadRecord[];
  readonly authorities: readonly ReadRecord[];
  readonly additionals: readonly ReadRecord[];
}

export interface ReadQuestion {
  readonly name: string;
  readonly type: string;
  readonly class: number;
}

export interface ReadRecord extends ReadQuestion {
  /** s; in OPT, the upper bits of the response code, a version and flags. */
  readonly ttl: number;
  /** An address, a name, or bytes. */
  readonly data: unknown;
}

/** The types whose data is parsed. The data of others stays bytes. */
const TYPES: Readonly<Record<number, string>> = { 1: 'A', 5: 'CNAME', 6: 'SOA', 12: 'PTR', 28: 'AAAA', 41: 'OPT' };

/** In bytes, without the terminating one: RFC 1035 section 2.3.4. */
const LONGEST_NAME = 254;

/** The most labels of a name. A pointer to a pointer serves no purpose, so more pointers than labels are invalid. */
const MOST_POINTERS = 127;

/**
 * Parses a message, in time linear in its length: pointers lead backwards only, and each name is bounded.
 *
 * dns-packet follows pointers to pointers without a bound, so that a message of 64 kB keeps it busy for a second.
 *
 * @throws Error for a message that is malformed or truncated
 */
export function readMessage(bytes: Buffer): DnsMessage {
  const reader = new Reader(bytes);
  const counts = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [number, number, number, number];
  const [questions, answers, authorities, additionals] = counts;
  return {
    questions: reader.list(questions, () => reader.question()),
    answers: reader.list(answers, () => reader.record()),
    authorities: reader.list(authorities, () => reader.record()),
    additionals: reader.list(additionals, () => reader.record()),
  };
}

/** Reads the parts of a message after its header, one after the other. Buffer's own checks prevent reading past the end. */
class Reader {
  private at = 12;

  constructor(private readonly bytes: Buffer) {}

  list<Part>(count: number, next: () => Part): readonly Part[] {
    const parts: Part[] = [];
    while (parts.length < count) parts.push(next());
    return parts;
  }

  question(): ReadQuestion {
    const name = this.name();
    const type = this.word();
    return { name, type: TYPES[type] ?? `UNKNOWN_${type}`, class: this.word() };
  }

  record(): ReadRecord {
    const { name, type, class: ofClass } = this.question();
    const ttl = this.word() * 2 ** 16 + this.word();
    const length = this.word();
    const end = this.at + length;
    if (end > this.bytes.length) return malformed('a record ends too early');
    const data = this.data(type, length);
    if (this.at !== end) return malformed('the data of a record has another length than it says');
    return { name, type, class: ofClass, ttl, data };
  }

  private data(type: string, length: number): unknown {
    if (type === 'A' && length === 4) return this.take(4).join('.');
    if (type === 'AAAA' && length === 16) return ipv6(Array.from({ length: 8 }, () => this.word()));
    if (type === 'CNAME' || type === 'PTR') return this.name();
    return this.take(length);
  }

  private name(): string {
    const { bytes } = this;
    const labels: string[] = [];
    let at = this.at;
    /** Where reading continues after the name, once a pointer has been followed. */
    let next: number | undefined;
    /** Pointers must lead to a place before this one. */
    let before = at;
    let size = 0;
    let pointers = 0;
    for (let length = bytes.readUInt8(at); length > 0; length = bytes.readUInt8(at)) {
      if (length >= 0xc0) {
        const target = bytes.readUInt16BE(at) & 0x3fff;
        next ??= at + 2;
        if (target >= before || ++pointers > MOST_POINTERS) return malformed('a name leads nowhere');
        at = before = target;
      } else {
        size += length + 1;
        const end = at + 1 + length;
        if (length > 63 || size > LONGEST_NAME || end > bytes.length) return malformed('a name is too long');
        labels.push(bytes.toString('utf8', at + 1, end));
        at = end;
      }
    }
    this.at = next ?? at + 1;
    return labels.join('.') || '.';
  }

  private word(): number {
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }

  private take(length: number): Uint8Array {
    this.at += length;
    return Uint8Array.from(this.bytes.subarray(this.at - length, this.at));
  }
}

/** Keeps an IPv4-mapped address in IPv6 form, since it is in an AAAA record. */
function ipv6(words: readonly number[]): string {
  const { address, family } = parseAddress(words.map((word) => word.toString(16)).join(':'))!;
  return family === 6 ? address : `::ffff:${address}`;
}

function malformed(reason: string): never {
  throw new Error(`malformed DNS message: ${reason}`);
}
