import { randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { getServers } from 'node:dns';
import type { Socket } from 'node:net';
import { decode, encode, RECURSION_DESIRED, type Answer as WireRecord, type Question } from 'dns-packet';
import { catchError, defer, map, mergeMap, Observable, of, throwError, timeout, type ObservableInput } from 'rxjs';
import { parseAddress } from '../core/address.js';
import { invalidType, invalidValue } from '../core/argument-errors.js';
import { checkEach, integer, LONGEST_DELAY, oneOf, oneOrMore, string, type Checks } from '../core/checks.js';
import { formatEndpoint, type Endpoint } from '../core/endpoint.js';
import { codedError, errorCode } from '../core/errors.js';
import { normalName } from '../core/host-name.js';
import { hostPort } from '../core/host-port.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { tcp } from './tcp.js';

/** Options of {@link dnsQuery}. */
export interface DnsQueryOptions {
  /** Addresses of DNS servers, with a port where that is not 53: `192.0.2.53`, `[2001:db8::53]:5353`. Default: the system's. */
  readonly servers?: readonly string[];
  /** How long a server is given for its first try, in ms; for each further one twice as long. Default 1000. */
  readonly timeout?: number;
  /** How often a server that does not answer is tried. Default 2. */
  readonly tries?: number;
}

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

/**
 * Asks DNS servers for the records of a name, over UDP, and over TCP where the answer does not fit.
 *
 * Servers are asked one after the other, those that do not answer again; who answers with an error is not asked again. Emits
 * the answer, also one without records, and completes. Unsubscribing closes everything at once.
 *
 * Errors with what the last of them came to, in the codes of `node:dns`: `ENOTFOUND` (no such name, which ends the search at
 * once), `ESERVFAIL`, `EREFUSED`, `ENOTIMP`, `EFORMERR`, `ETIMEOUT`, `EBADRESP` (the answer cannot be read), or that of the
 * socket; with `EBADNAME` for what cannot be asked.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for a type and options that are none
 */
export function dnsQuery<Type extends keyof RecordData>(
  name: string,
  type: Type,
  options: DnsQueryOptions = {},
): Observable<DnsAnswer<RecordData[Type]>> {
  string('name', name);
  oneOf(...Object.keys(TYPES))('type', type);
  checkEach('options', options, checks);
  const { servers, timeout: patience = 1000, tries = 2 } = options;
  return defer(() => {
    const question: Question = { name: name.replace(/\.$/, ''), type: TYPES[type] as Question['type'] };
    if (!canBeAsked(question.name)) throw codedError('EBADNAME', `${JSON.stringify(name)} cannot be asked for`);
    const endpoints = (servers ?? getServers()).map((server) => serverEndpoint('options.servers', server));
    const turns = Array.from({ length: tries }, (_, index) =>
      endpoints.map((server) => ({ server, patience: Math.min(patience * 2 ** index, LONGEST_DELAY) })),
    ).flat();
    return inTurn(turns, question);
  }).pipe(map((records) => answerOf(name, TYPES[type], records) as DnsAnswer<RecordData[Type]>));
}

/** In the words of dns-packet, which takes an HTTPS record for one of type 0 where it is called by its name. */
const TYPES = { A: 'A', AAAA: 'AAAA', CNAME: 'CNAME', PTR: 'PTR', HTTPS: 'UNKNOWN_65' } as const satisfies Record<
  keyof RecordData,
  string
>;

/** @throws for what is not a list of the addresses of servers */
export function checkServers(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidType(name, 'an array of addresses', value);
  oneOrMore(serverEndpoint)(name, value);
}

const checks: Checks<DnsQueryOptions> = {
  servers: checkServers,
  timeout: integer(1, LONGEST_DELAY),
  tries: integer(1, 100),
};

/** @throws for what is not the address of a server */
function serverEndpoint(name: string, server: unknown): Endpoint {
  if (typeof server !== 'string') throw invalidType(name, 'of type string', server);
  const { host, port = '53' } = hostPort(server);
  const address = parseAddress(host);
  if (!address) throw invalidValue(name, 'must be the IP address of a DNS server', server);
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw invalidValue(name, 'has a port that is none', server);
  return { ...address, port: Number(port) };
}

/** RFC 1035 section 2.3.4; and nothing but what can be printed. */
function canBeAsked(name: string): boolean {
  return /^[\x21-\x7e]{1,253}$/.test(name) && name.split('.').every((label) => label.length >= 1 && label.length <= 63);
}

interface Turn {
  readonly server: Endpoint;
  /** ms */
  readonly patience: number;
}

function inTurn(turns: readonly Turn[], question: Question): Observable<readonly WireRecord[]> {
  const [turn, ...later] = turns;
  if (!turn) return throwError(() => codedError('ECONNREFUSED', 'there is no DNS server to ask'));
  return ask(turn, question).pipe(
    catchError((error: Error) => {
      const answered = ANSWERS.has(errorCode(error) ?? '');
      const others = answered ? later.filter(({ server }) => server !== turn.server) : later;
      if (others.length === 0 || errorCode(error) === 'ENOTFOUND') throw error;
      return inTurn(others, question);
    }),
  );
}

/** The codes of the answers that are errors: RFC 1035 section 4.1.1. */
const RESPONSE_CODES: Readonly<Record<number, string>> = {
  1: 'EFORMERR',
  2: 'ESERVFAIL',
  3: 'ENOTFOUND',
  4: 'ENOTIMP',
  5: 'EREFUSED',
};

const ANSWERS = new Set([...Object.values(RESPONSE_CODES), 'EBADRESP']);

/** Once. A server that does not know EDNS is asked without it: RFC 6891 section 6.2.2. */
function ask(turn: Turn, question: Question): Observable<readonly WireRecord[]> {
  return exchange(turn, question, true).pipe(
    catchError((error: Error) => {
      if (errorCode(error) !== 'EFORMERR') throw error;
      return exchange(turn, question, false);
    }),
  );
}

/** Bytes that an answer over UDP may have, so that it need not be cut up on its way. */
const UDP_SIZE = 1232;

function exchange({ server, patience }: Turn, question: Question, edns: boolean): Observable<readonly WireRecord[]> {
  const id = randomInt(2 ** 16);
  const opt = { type: 'OPT', name: '.', udpPayloadSize: UDP_SIZE, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false };
  const query = encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [question],
    additionals: edns ? [{ ...opt, options: [] } as WireRecord] : [],
  });
  const limited = timeout<Reply, ObservableInput<Reply>>({
    first: patience,
    scheduler: monotonicScheduler,
    with: () => throwError(() => codedError('ETIMEOUT', `${formatEndpoint(server)} has not answered within ${patience} ms`)),
  });
  const read = (message: Buffer) => replyTo(id, question, message, server);
  return overUdp(server, query, read).pipe(
    limited,
    mergeMap((reply) => (reply.truncated ? overTcp(server, query, read).pipe(limited) : of(reply))),
    map(({ code, records }) => {
      if (code === undefined) return records;
      throw codedError(code, `${formatEndpoint(server)} answers ${code.slice(1)} for ${question.name}`);
    }),
  );
}

/** What a server has answered. */
interface Reply {
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
function replyTo(id: number, question: Question, message: Buffer, server: Endpoint): Reply | undefined {
  if (message.length < 12 || message.readUInt16BE(0) !== id || message.readUInt16BE(2) < 0x8000) return undefined;
  const packet = decoded(message, server);
  const responseCode = packet.flags! & 0xf;
  const [asked, ...others] = packet.questions!;
  // A server that could not read the question need not repeat it.
  if (!asked && responseCode === 0) return undefined;
  if (asked && (others.length > 0 || asked.type !== question.type || normalName(asked.name) !== normalName(question.name)))
    return undefined;
  const code = responseCode === 0 ? undefined : (RESPONSE_CODES[responseCode] ?? 'ESERVFAIL');
  return { ...(code !== undefined && { code }), truncated: packet.flag_tc, records: packet.answers! };
}

function decoded(message: Buffer, server: Endpoint): ReturnType<typeof decode> {
  try {
    const packet = decode(message);
    // It takes a record that goes beyond the end for a shorter one.
    if (decode.bytes <= message.length) return packet;
  } catch {
    // said below
  }
  throw codedError('EBADRESP', `${formatEndpoint(server)} has answered with what cannot be read`);
}

type Read = (message: Buffer) => Reply | undefined;

/** The first datagram of the server that answers; others are passed over. */
function overUdp({ address, family, port }: Endpoint, query: Buffer, read: Read): Observable<Reply> {
  return new Observable((subscriber) => {
    const socket = createSocket(`udp${family}`);
    subscriber.add(() => socket.close());
    const receive = (message: Buffer, peer: RemoteInfo) => {
      // The system lets only the server through, from the moment when the socket is connected.
      if (peer.port !== port || parseAddress(peer.address.replace(/%.*/, ''))?.address !== address.replace(/%.*/, '')) return;
      try {
        const reply = read(message);
        if (!reply) return;
        subscriber.next(reply);
        subscriber.complete();
      } catch (error) {
        subscriber.error(error);
      }
    };
    socket.on('message', receive).on('error', (error) => {
      subscriber.error(error);
    });
    socket.once('connect', () => socket.send(query));
    socket.connect(port, address);
  });
}

/** Each message has its length before it: RFC 1035 section 4.2.2. */
function overTcp(server: Endpoint, query: Buffer, read: Read): Observable<Reply> {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  const framed = Buffer.concat([length, query]);
  return tcp()(server).pipe(
    mergeMap((socket) => firstMessage(socket, framed, server)),
    map((message) => {
      const reply = read(message);
      if (reply) return { ...reply, truncated: false };
      throw codedError('EBADRESP', `${formatEndpoint(server)} has answered another question`);
    }),
  );
}

function firstMessage(socket: Socket, query: Buffer, server: Endpoint): Observable<Buffer> {
  return new Observable((subscriber) => {
    subscriber.add(() => socket.destroy());
    const chunks: Buffer[] = [];
    const receive = (chunk: Buffer) => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      subscriber.next(received.subarray(2, 2 + received.readUInt16BE(0)));
      subscriber.complete();
    };
    const failed = (error: Error) => {
      subscriber.error(error);
    };
    const ended = () => {
      subscriber.error(codedError('ECONNRESET', `${formatEndpoint(server)} has closed the connection before its answer`));
    };
    socket.on('data', receive).on('error', failed).on('end', ended).on('close', ended);
    socket.write(query);
  });
}

/** CNAMEs that are followed. */
const LONGEST_CHAIN = 16;

/** Of the records in an answer those that the name leads to. */
function answerOf(name: string, type: string, records: readonly WireRecord[]): DnsAnswer<unknown> {
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
