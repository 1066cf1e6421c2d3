import { parseAddress } from '../address/address.js';
import { codedError } from '../error-tools.js';

/** An HTTPS (or SVCB) record: where a service is offered, and how. */
export interface ServiceRecord {
  /** 0 for an alias (AliasMode); otherwise the lowest is tried first. */
  readonly priority: number;
  /** Without the trailing dot. `.` is the owner of the record; in an alias it means that there is no service. */
  readonly target: string;
  /** Protocols besides the default one, as in TLS: `h2`, `h3`. One character per byte. */
  readonly alpn?: readonly string[];
  /** Whether the default protocol, HTTP/1.1, is not supported. */
  readonly noDefaultAlpn?: boolean;
  readonly port?: number;
  readonly ipv4hint?: readonly string[];
  readonly ipv6hint?: readonly string[];
  /** Configurations of Encrypted ClientHello, in wire format. */
  readonly ech?: Uint8Array;
  /** Names of parameters that a client must support to use the record; unknown ones as `key` and their number. */
  readonly mandatory?: readonly string[];
}

/** Names of parameters by number: RFC 9460 section 14.3.2. */
const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'] as const;

/**
 * The name that owns the HTTPS records of an origin: its host, prefixed with port and scheme unless the port is 443. For http and
 * ws, port 80 counts as 443.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9460#section-9.1 RFC 9460 section 9.1}
 */
export function serviceRecordName(host: string, port: number, scheme: Scheme = 'https'): string {
  return servicePort(port, scheme) === 443 ? host : `_${port}._https.${host}`;
}

/**
 * Parses the records of an answer and sorts them, lowest priority first. Equals keep their order, since the caller shuffles them.
 * If any record is an alias, only aliases are returned. Self-inconsistent records are dropped.
 *
 * @param rdata the RDATA of each record
 * @throws Error `EBADRESP` if one of them is malformed: then none of them may be used
 * @see {@link https://www.rfc-editor.org/rfc/rfc9460#section-2.2 RFC 9460 sections 2.2, 2.4 and 8}
 */
export function serviceRecords(rdata: readonly Uint8Array[]): readonly ServiceRecord[] {
  const records = rdata.flatMap((one) => {
    try {
      return [serviceRecord(one)];
    } catch (error) {
      if (error instanceof Contradiction) return [];
      throw error;
    }
  });
  return inOrder(records);
}

/** Sorts records, lowest priority first, equals in order. If any record is an alias, only aliases are returned. */
export function inOrder(records: readonly ServiceRecord[]): readonly ServiceRecord[] {
  const aliases = records.filter(({ priority }) => priority === 0);
  return aliases.length > 0 ? aliases : [...records].sort((a, b) => a.priority - b.priority);
}

/**
 * Parses one record. Unknown parameters are ignored, and so are all parameters of an alias.
 *
 * @throws Error `EBADRESP`, as {@link serviceRecords}
 */
export function serviceRecord(rdata: Uint8Array): ServiceRecord {
  const bytes = new Bytes(rdata);
  const priority = bytes.number();
  const target = targetName(bytes);
  if (priority === 0) return { priority, target };
  const params = paramsOf(bytes);
  const [mandatory, alpn, noDefaultAlpn, port, ipv4hint, ech, ipv6hint] = KEYS.map((_, key) => params.get(key));
  const record: ServiceRecord = {
    priority,
    target,
    ...(alpn && { alpn: atLeastOne('alpn', () => protocol(alpn), alpn) }),
    ...(noDefaultAlpn && { noDefaultAlpn: empty(noDefaultAlpn) }),
    ...(port && { port: exactly(port, 2).number() }),
    ...(ipv4hint && { ipv4hint: atLeastOne('ipv4hint', () => ipv4hint.take(4).join('.'), ipv4hint) }),
    ...(ech && { ech: ech.length > 0 ? Uint8Array.from(ech.take(ech.length)) : malformed('ech is empty') }),
    ...(ipv6hint && { ipv6hint: atLeastOne('ipv6hint', () => ipv6(ipv6hint), ipv6hint) }),
    ...(mandatory && { mandatory: mandatoryKeys(mandatory, params) }),
  };
  // RFC 9460 section 7.1.1
  return record.noDefaultAlpn && !record.alpn ? contradiction('no-default-alpn stands without alpn') : record;
}

/** The URL scheme that a race connects for. */
export type Scheme = 'https' | 'wss' | 'http' | 'ws';

/** The port of a record without one: the authority's, or 443 where the record upgrades http to https. */
export function servicePort(port: number, scheme: Scheme): number {
  return port === 80 && (scheme === 'http' || scheme === 'ws') ? 443 : port;
}

/** A reader of a record's bytes. */
class Bytes {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get length(): number {
    return this.bytes.length - this.at;
  }

  take(count: number): Uint8Array {
    if (count > this.length) return malformed('it ends too early');
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** Reads 16 bits. */
  number(): number {
    return this.byte() * 256 + this.byte();
  }
}

/** The maximum length of a name in bytes: RFC 1035 section 2.3.4. */
const LONGEST_NAME = 255;

/** Names are never compressed here: RFC 9460 section 2.2. */
function targetName(bytes: Bytes): string {
  const labels: string[] = [];
  const before = bytes.length;
  for (let length = bytes.byte(); length > 0; length = bytes.byte()) {
    if (length > 63) return malformed('a label of the target is too long, or compressed');
    labels.push([...bytes.take(length)].map(labelCharacter).join(''));
  }
  if (before - bytes.length > LONGEST_NAME) return malformed('the target is too long');
  return labels.join('.') || '.';
}

/** Escapes as zone files do, with a backslash before a dot within a label and for unprintable bytes: RFC 1035 section 5.1. */
function labelCharacter(code: number): string {
  if (code <= 0x20 || code >= 0x7f) return `\\${String(code).padStart(3, '0')}`;
  const character = String.fromCharCode(code);
  return /["().;@\\$]/.test(character) ? `\\${character}` : character;
}

function paramsOf(bytes: Bytes): Map<number, Bytes> {
  const params = new Map<number, Bytes>();
  let last = -1;
  while (bytes.length > 0) {
    const key = bytes.number();
    if (key <= last) return malformed(`${keyName(key)} comes after ${keyName(last)}`);
    last = key;
    params.set(key, new Bytes(bytes.take(bytes.number())));
  }
  return params;
}

function keyName(key: number): string {
  return KEYS[key] ?? `key${key}`;
}

function atLeastOne<T>(name: string, next: () => T, bytes: Bytes): readonly T[] {
  if (bytes.length === 0) return malformed(`${name} is empty`);
  const list: T[] = [];
  while (bytes.length > 0) list.push(next());
  return list;
}

function protocol(bytes: Bytes): string {
  const length = bytes.byte();
  if (length === 0) return malformed('a protocol of alpn is empty');
  return String.fromCharCode(...bytes.take(length));
}

function ipv6(bytes: Bytes): string {
  const groups = Array.from({ length: 8 }, () => bytes.number().toString(16));
  // An IPv4-mapped hint becomes an IPv4 address.
  return parseAddress(groups.join(':'))!.address;
}

function empty(bytes: Bytes): true {
  return bytes.length === 0 || malformed('no-default-alpn has a value');
}

function exactly(bytes: Bytes, length: number): Bytes {
  return bytes.length === length ? bytes : malformed(`port has ${bytes.length} bytes`);
}

/** RFC 9460 section 8. */
function mandatoryKeys(bytes: Bytes, params: ReadonlyMap<number, unknown>): readonly string[] {
  const keys = atLeastOne('mandatory', () => bytes.number(), bytes);
  keys.forEach((key, index) => {
    if (key === 0) malformed('mandatory names itself');
    if (index > 0 && key <= keys[index - 1]!) malformed('the keys of mandatory are not in order');
  });
  const missing = keys.find((key) => !params.has(key));
  if (missing !== undefined) contradiction(`${keyName(missing)} is mandatory and not there`);
  return keys.map(keyName);
}

/** A well-formed but self-inconsistent record. It is dropped, and the other records of its answer stay valid. */
class Contradiction extends Error {
  readonly code = 'EBADRESP';
}

function contradiction(reason: string): never {
  throw new Contradiction(`malformed service record: ${reason}`);
}

function malformed(reason: string): never {
  throw codedError('EBADRESP', `malformed service record: ${reason}`);
}

/** Formats a record like a zone file: `1 cdn.example alpn=h2,h3 port=8443`. The value of `ech` is omitted. */
export function formatRecord({ priority, target, alpn, noDefaultAlpn, port, ...record }: ServiceRecord): string {
  const { ipv4hint, ipv6hint, ech, mandatory } = record;
  const params = [
    mandatory && `mandatory=${mandatory.join(',')}`,
    alpn && `alpn=${alpn.join(',')}`,
    noDefaultAlpn && 'no-default-alpn',
    port !== undefined && `port=${port}`,
    ipv4hint && `ipv4hint=${ipv4hint.join(',')}`,
    ech && 'ech',
    ipv6hint && `ipv6hint=${ipv6hint.join(',')}`,
  ];
  return [priority, target, ...params.filter(Boolean)].join(' ');
}
