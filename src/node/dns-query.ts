import { randomInt } from 'node:crypto';
import { getServers } from 'node:dns';
import type { Question } from 'dns-packet';
import { catchError, defer, map, mergeMap, of, throwError, timeout, type Observable, type ObservableInput } from 'rxjs';
import { parseAddress } from '../core/address/address.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach, integer, LONGEST_DELAY, oneOf, oneOrMore, string, type Checks } from '../core/input/checks.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError, errorCode } from '../core/error-tools.js';
import { hostPort } from '../core/input/host-port.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { overTcp, overUdp, type Read } from './dns-exchange.js';
import {
  ANSWERED,
  answerOf,
  queryMessage,
  RECORD_TYPES,
  replyTo,
  type DnsAnswer,
  type RecordData,
  type Reply,
} from './dns-message.js';

/** Options of {@link dnsQuery}. */
export interface DnsQueryOptions {
  /** Addresses of DNS servers, with a port where that is not 53: `192.0.2.53`, `[2001:db8::53]:5353`. Default: the system's. */
  readonly servers?: readonly string[];
  /** How long a server is given for its first try, in ms; for each further one twice as long. Default 1000. */
  readonly timeout?: number;
  /** How often a server that does not answer is tried. Default 2. */
  readonly tries?: number;
}

/**
 * Asks DNS servers for the records of a name, over UDP, and over TCP where the answer does not fit.
 *
 * Servers are asked one after the other, those that do not answer again; who answers with an error is not asked again. Emits
 * the answer, also one without records, and completes. Unsubscribing closes everything at once.
 *
 * Errors with what the last of them came to, in the codes of `node:dns`: `ENOTFOUND` (no such name, which ends the search at
 * once), `ESERVFAIL`, `EREFUSED`, `ENOTIMP`, `EFORMERR`, `ETIMEOUT`, `EBADRESP` (the answer cannot be read, or its aliases have
 * no end), or that of the socket; with `EBADNAME` for what cannot be asked.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for a type and options that are none
 */
export function dnsQuery<Type extends keyof RecordData>(
  name: string,
  type: Type,
  options: DnsQueryOptions = {},
): Observable<DnsAnswer<RecordData[Type]>> {
  string('name', name);
  oneOf(...Object.keys(RECORD_TYPES))('type', type);
  checkEach('options', options, checks);
  const { servers, timeout: patience = 1000, tries = 2 } = options;
  return defer(() => {
    const question: Question = { name: name.replace(/\.$/, ''), type: RECORD_TYPES[type] as Question['type'] };
    if (!canBeAsked(question.name)) throw codedError('EBADNAME', `${JSON.stringify(name)} cannot be asked for`);
    const endpoints = (servers ?? getServers()).map((server) => serverEndpoint('options.servers', server));
    const turns = Array.from({ length: tries }, (_, index) =>
      endpoints.map((server) => ({ server, patience: Math.min(patience * 2 ** index, LONGEST_DELAY) })),
    ).flat();
    return inTurn(turns, question);
  }) as Observable<DnsAnswer<RecordData[Type]>>;
}

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

function inTurn(turns: readonly Turn[], question: Question): Observable<DnsAnswer<unknown>> {
  const [turn, ...later] = turns;
  if (!turn) return throwError(() => codedError('ECONNREFUSED', 'there is no DNS server to ask'));
  return ask(turn, question).pipe(
    catchError((error: Error) => {
      const answered = ANSWERED.has(errorCode(error) ?? '');
      const others = answered ? later.filter(({ server }) => server !== turn.server) : later;
      if (others.length === 0 || errorCode(error) === 'ENOTFOUND') throw error;
      return inTurn(others, question);
    }),
  );
}

/** Once. A server that does not know EDNS is asked without it: RFC 6891 section 6.2.2. */
function ask(turn: Turn, question: Question): Observable<DnsAnswer<unknown>> {
  return exchange(turn, question, true).pipe(
    catchError((error: Error) => {
      if (errorCode(error) !== 'EFORMERR') throw error;
      return exchange(turn, question, false);
    }),
  );
}

function exchange({ server, patience }: Turn, question: Question, edns: boolean): Observable<DnsAnswer<unknown>> {
  const id = randomInt(2 ** 16);
  const query = queryMessage(id, question, edns);
  const limited = timeout<Reply, ObservableInput<Reply>>({
    first: patience,
    scheduler: monotonicScheduler,
    with: () => throwError(() => codedError('ETIMEOUT', `${formatEndpoint(server)} has not answered within ${patience} ms`)),
  });
  const read: Read = (message, protocol) => replyTo(id, question, message, protocol);
  return overUdp(server, query, read).pipe(
    limited,
    mergeMap((reply) => (reply.truncated ? overTcp(server, query, read).pipe(limited) : of(reply))),
    map(({ code, records }) => {
      if (code !== undefined) throw codedError(code, `${formatEndpoint(server)} answers ${code.slice(1)} for ${question.name}`);
      const answer = answerOf(question, records);
      if (answer) return answer;
      throw codedError('EBADRESP', `${formatEndpoint(server)} answers with aliases without end for ${question.name}`);
    }),
  );
}
