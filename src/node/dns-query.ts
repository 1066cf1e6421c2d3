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
   * Addresses of DNS servers, with a port where that is not 53: `192.0.2.53`, `[2001:db8::53]:5353`. Default: the system's, as
   * they are when the query is made.
   */
  readonly servers?: readonly string[] | undefined;
  /** How long a server is given for its first try, in ms; for each further one twice as long. Default 1000. */
  readonly timeout?: number | undefined;
  /** How often a server that does not answer is tried. Default 2. */
  readonly tries?: number | undefined;
}

/**
 * Asks DNS servers for the records of a name, over UDP, and over TCP where the answer does not fit.
 *
 * Servers are asked one after the other, those with IPv6 addresses first, and those that do not answer again; one that answers
 * with an error is not asked again. Where a server has not followed the aliases of the name to their end, the last one is asked
 * for in turn, unless what it has is in the additional section. Emits the answer, also one without records, and completes.
 * Unsubscribing closes everything at once.
 *
 * Errors with `ENOTFOUND` as soon as a server says that there is no such name. When all servers have failed, it errors with what
 * says most of the name, in the codes of `node:dns`: `ESERVFAIL`, then `EREFUSED`, `ENOTIMP`, `EFORMERR`, then `EBADRESP` (the
 * answer cannot be read, or its aliases have no end), then `ETIMEOUT`, then the code of a socket; of equals the latest. Errors
 * with `EBADNAME` for what cannot be asked.
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
  checkEach('options', options, DNS_QUERY_CHECKS);
  return queryRecords(name, type, dnsClient(options));
}

const DNS_QUERY_CHECKS: Checks<DnsQueryOptions> = {
  servers: checkServers,
  timeout: integer(1, LONGEST_DELAY),
  tries: integer(1, 100),
};

/** Which servers are asked, and how patiently. */
export interface DnsClient {
  /** In the order in which they are asked; called for each question. */
  readonly servers: () => readonly Endpoint[];
  /** ms for the first try */
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

/** RFC 1035 section 2.3.4; and nothing but what can be printed. */
function canBeAsked(name: string): boolean {
  return /^[\x21-\x7e]{1,253}$/.test(name) && name.split('.').every((label) => label.length >= 1 && label.length <= 63);
}

/** Asks for a name, and for the end of its aliases where no server has followed them; `before`: the names that have led to it. */
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

/** What a server has answered, and which alias it has left open. */
interface Step {
  readonly answer: DnsAnswer<unknown>;
  readonly target?: string;
}

/** How far the search for a server that answers has come. */
interface Search {
  /** Servers to be asked in this round, in order, */
  readonly waiting: readonly Endpoint[];
  /** and those that have not answered in it: they are asked again in the next. */
  readonly silent: readonly Endpoint[];
  /** ms */
  readonly patience: number;
  /** Rounds, with this one. */
  readonly rounds: number;
  /** The most telling one so far. */
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
      // In place: searches that go on for long must not deepen the stack.
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

/** The search after the server whose turn it was has failed. */
function passedOver({ waiting: [server, ...others], ...search }: Search, failure: Error): Search {
  const silent = ANSWERED.has(errorCode(failure) ?? '') ? search.silent : [...search.silent, server!];
  const error = telling(failure) >= telling(search.error) ? failure : search.error;
  if (others.length > 0) return { ...search, waiting: others, silent, error };
  const rounds = search.rounds - 1;
  return { waiting: rounds > 0 ? silent : [], silent: [], patience: Math.min(search.patience * 2, LONGEST_DELAY), rounds, error };
}

/** From the least telling to the most: those before all of them are of sockets, and say nothing of the name. */
const TELLING = ['ETIMEOUT', 'EBADRESP', 'EFORMERR', 'ENOTIMP', 'EREFUSED', 'ESERVFAIL'];

function telling(error: Error): number {
  return TELLING.indexOf(errorCode(error) ?? '');
}

/** Once. A server that does not know EDNS is asked without it: RFC 6891 section 6.2.2. */
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

/** The last alias, where it has no records; unless the server says with a start of authority that it has none: RFC 2308. */
function leftOpen({ aliases, data }: DnsAnswer<unknown>, { authority }: Reply): string | undefined {
  const target = data.length > 0 ? undefined : aliases.at(-1);
  return authority.some(({ type, name }) => type === 'SOA' && isWithin(target ?? '', name)) ? undefined : target;
}

function isWithin(name: string, zone: string): boolean {
  const root = normalName(zone);
  return root === '' || normalName(name) === root || normalName(name).endsWith(`.${root}`);
}
