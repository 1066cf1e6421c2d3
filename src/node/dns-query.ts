import { randomInt } from 'node:crypto';
import type { Question } from 'dns-packet';
import { catchError, defer, map, mergeMap, of, retry, throwError, timeout, type Observable, type ObservableInput } from 'rxjs';
import { checkEach, integer, LONGEST_DELAY, oneOf, string, type Checks } from '../core/input/checks.js';
import { normalName } from '../core/input/host-name.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError, errorCode } from '../core/error-tools.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { answerFrom, answerOf, joined, LONGEST_CHAIN, type DnsAnswer } from './dns-answer.js';
import { overTcp, overUdp, type Read } from './dns-exchange.js';
import { ANSWERED, queryMessage, RECORD_TYPES, replyTo, type RecordData, type Reply } from './dns-message.js';
import { checkServers, serverEndpoints, systemServers } from './dns-servers.js';

/** Options of {@link dnsQuery}. */
export interface DnsQueryOptions {
  /**
   * Addresses of DNS servers, with a port if it is not 53: `192.0.2.53`, `[2001:db8::53]:5353`. Default: the system's, read when
   * the query is made.
   */
  readonly servers?: readonly string[] | undefined;
  /** The timeout of the first try of each server, in ms. It doubles with each further try. Default 1000. */
  readonly timeout?: number | undefined;
  /** The number of tries of a server that does not answer. Default 2. */
  readonly tries?: number | undefined;
}

/**
 * Queries DNS servers for the records of a name, over UDP, and over TCP if the answer does not fit.
 *
 * Servers are queried one after the other, those with IPv6 addresses first. Those that do not answer are tried again; those that
 * answer with an error are not. If a server has not followed all aliases of the name, the last alias is queried in turn, unless the
 * additional section has its records. Emits the answer, even one without records, and completes. Unsubscribing closes everything
 * at once.
 *
 * Errors with `ENOTFOUND` as soon as a server says that the name does not exist. If all servers fail, errors with the most
 * informative failure, in the codes of `node:dns`: `ESERVFAIL`, then `EREFUSED`, `ENOTIMP`, `EFORMERR`, then `EBADRESP` (a
 * malformed answer, or a loop of aliases), then `ETIMEOUT`, then the code of a socket; the latest of equals. Errors with `EBADNAME`
 * for a name that cannot be queried.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for an invalid type or option
 */
export function dnsQuery<Type extends keyof RecordData>(
  name: string,
  type: Type,
  options: DnsQueryOptions = {},
): Observable<DnsAnswer<RecordData[Type]>> {
  string('name', name);
  oneOf(...Object.keys(RECORD_TYPES))('type', type);
  checkEach('options', options, DNS_QUERY_CHECKS);
  return queryRecords(name, type, dnsClient(options));
}

const DNS_QUERY_CHECKS: Checks<DnsQueryOptions> = {
  servers: checkServers,
  timeout: integer(1, LONGEST_DELAY),
  tries: integer(1, 100),
};

/** The servers to query, and how patiently. */
export interface DnsClient {
  /** Returns the servers in order; called for each query. */
  readonly servers: () => readonly Endpoint[];
  /** The timeout of the first try, in ms. */
  readonly timeout: number;
  readonly tries: number;
}

/** The options with their defaults. */
export function dnsClient({ servers, timeout = 1000, tries = 2 }: DnsQueryOptions, system = systemServers): DnsClient {
  const given = servers && serverEndpoints(servers);
  return { servers: () => given ?? serverEndpoints(system()), timeout, tries };
}

/** {@link dnsQuery} for options that have been checked. */
export function queryRecords<Type extends keyof RecordData>(
  name: string,
  type: Type,
  client: DnsClient,
): Observable<DnsAnswer<RecordData[Type]>> {
  return defer(() => {
    const question: Question = { name: name.replace(/\.$/, ''), type: RECORD_TYPES[type] as Question['type'] };
    if (!canBeAsked(question.name)) throw codedError('EBADNAME', `${JSON.stringify(name)} cannot be asked for`);
    return follow(question, client, []);
  }) as Observable<DnsAnswer<RecordData[Type]>>;
}

/** Whether a name can be queried: within the limits of RFC 1035 section 2.3.4, and printable. */
function canBeAsked(name: string): boolean {
  return /^[\x21-\x7e]{1,253}$/.test(name) && name.split('.').every((label) => label.length >= 1 && label.length <= 63);
}

/** Queries a name, and the last of its aliases if no server has followed them. `before`: the names that led to this one. */
function follow(question: Question, client: DnsClient, before: readonly string[]): Observable<DnsAnswer<unknown>> {
  return search(question, client).pipe(
    mergeMap(({ answer, target }) => {
      if (target === undefined || !canBeAsked(target)) return of(answer);
      const next = { ...question, name: target };
      const atHand = answerFrom(next, answer.additional);
      if (atHand) return of(joined(answer, atHand));
      const names = [...before, question.name, ...answer.aliases.slice(0, -1)];
      if (names.length > LONGEST_CHAIN || names.some((name) => normalName(name) === normalName(target)))
        throw codedError('EBADRESP', `the aliases of ${names[0]} have no end`);
      return follow(next, client, names).pipe(map((rest) => joined(answer, rest)));
    }),
  );
}

/** A server's answer, and the alias that it did not follow. */
interface Step {
  readonly answer: DnsAnswer<unknown>;
  readonly target?: string;
}

/** The state of the search for a server that answers. */
interface Search {
  /** Servers still to be queried in this round, in order. */
  readonly waiting: readonly Endpoint[];
  /** Servers that did not answer in this round, and are queried again in the next. */
  readonly silent: readonly Endpoint[];
  /** The timeout of this round, in ms. */
  readonly patience: number;
  /** The number of rounds left, including this one. */
  readonly rounds: number;
  /** The most informative error so far. */
  readonly error: Error;
}

function search(question: Question, { servers, timeout: patience, tries: rounds }: DnsClient): Observable<Step> {
  return defer(() => {
    const error = codedError('ECONNREFUSED', 'there is no DNS server to ask');
    let state: Search = { waiting: servers(), silent: [], patience, rounds, error };
    const next$ = defer(() => {
      const [server] = state.waiting;
      return server ? ask(server, state.patience, question) : throwError(() => state.error);
    });
    return next$.pipe(
      // A loop, because a long search must not deepen the stack.
      retry({
        delay: (failure: Error) => {
          if (state.waiting.length === 0 || errorCode(failure) === 'ENOTFOUND') throw failure;
          state = passedOver(state, failure);
          return of(state);
        },
      }),
    );
  });
}

/** The state of the search after the present server has failed. */
function passedOver({ waiting: [server, ...others], ...search }: Search, failure: Error): Search {
  const silent = ANSWERED.has(errorCode(failure) ?? '') ? search.silent : [...search.silent, server!];
  const error = telling(failure) >= telling(search.error) ? failure : search.error;
  if (others.length > 0) return { ...search, waiting: others, silent, error };
  const rounds = search.rounds - 1;
  return { waiting: rounds > 0 ? silent : [], silent: [], patience: Math.min(search.patience * 2, LONGEST_DELAY), rounds, error };
}

/** From the least informative to the most. Codes of sockets rank below all of these: they say nothing about the name. */
const TELLING = ['ETIMEOUT', 'EBADRESP', 'EFORMERR', 'ENOTIMP', 'EREFUSED', 'ESERVFAIL'];

function telling(error: Error): number {
  return TELLING.indexOf(errorCode(error) ?? '');
}

/** Queries a server once. One that does not support EDNS is queried again without it: RFC 6891 section 6.2.2. */
function ask(server: Endpoint, patience: number, question: Question): Observable<Step> {
  return exchange(server, patience, question, true).pipe(
    catchError((error: Error) => {
      if (errorCode(error) !== 'EFORMERR') throw error;
      return exchange(server, patience, question, false);
    }),
  );
}

function exchange(server: Endpoint, patience: number, question: Question, edns: boolean): Observable<Step> {
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
    map((reply) => {
      const { code, records, additional } = reply;
      if (code !== undefined) throw codedError(code, `${formatEndpoint(server)} answers ${code.slice(1)} for ${question.name}`);
      const answer = answerOf(question, records, additional);
      if (answer) return { answer, target: leftOpen(answer, reply) };
      throw codedError('EBADRESP', `${formatEndpoint(server)} answers with aliases without end for ${question.name}`);
    }),
  );
}

/** The last alias, if its records are missing and no start of authority (SOA) says that there are none: RFC 2308. */
function leftOpen({ aliases, data }: DnsAnswer<unknown>, { authority }: Reply): string | undefined {
  const target = data.length > 0 ? undefined : aliases.at(-1);
  return authority.some(({ type, name }) => type === 'SOA' && isWithin(target ?? '', name)) ? undefined : target;
}

function isWithin(name: string, zone: string): boolean {
  const root = normalName(zone);
  return root === '' || normalName(name) === root || normalName(name).endsWith(`.${root}`);
}
