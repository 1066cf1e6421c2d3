import { recordType } from './answers.js';
import type { Family } from './address.js';
import { formatDuration } from './duration.js';
import { formatDestination, formatEndpoint, type Endpoint } from './endpoint.js';
import type { Answered, Failed, RaceEvent, Resolved } from './events.js';

/** What became of one attempt. Instants in ms since the race began. */
export interface AttemptRecord {
  readonly endpoint: Endpoint;
  readonly startedAt: number;
  readonly endedAt: number;
  /** `blocked`: refused by a filter, and never dialled. */
  readonly outcome: 'failed' | 'cancelled' | 'blocked';
  /** What it failed with; absent when it was cancelled. */
  readonly error?: Error;
  /** The error's `code`, where it has one: `ECONNREFUSED`, `EHOSTUNREACH` … */
  readonly code?: string;
}

/**
 * Why a race has no winner.
 *
 * - `attempts`: every attempt failed
 * - `timeout`: `connectTimeout` was over first
 * - `resolution`: there was no address to try
 * - `blocked`: every address was refused by a filter
 */
export type ConnectionErrorReason = 'attempts' | 'timeout' | 'resolution' | 'blocked';

/** What a {@link ConnectionError} is made of: where the race went, how it ended, and its events in order. */
export interface LostRace {
  readonly host: string;
  readonly port: number;
  readonly preferredFamily: Family;
  readonly timedOut: boolean;
  /** When the race ended, in ms since it began. */
  readonly endedAt: number;
  readonly events: readonly RaceEvent[];
}

const brand = Symbol.for('rx-happy-eyeballs.ConnectionError');

/**
 * A race that nobody won, with everything that was learnt: why, from which attempts, and each one's own error.
 *
 * `instanceof` also holds between the ESM and the CommonJS copy of this package.
 */
export class ConnectionError extends AggregateError {
  override readonly name: string = 'ConnectionError';
  readonly host: string;
  readonly port: number;
  /**
   * That of the first attempt, in start order, that failed with one, or of the error that was terminal (and is then the
   * `cause`); `ETIMEDOUT` when the race ran out of time; the resolver's when there was nothing to try (`ENOTFOUND` if it gave none); `ERR_IP_BLOCKED` when all was blocked.
   */
  readonly code: string | undefined;
  readonly reason: ConnectionErrorReason;
  /** The family whose addresses were waited for. */
  readonly preferredFamily: Family;
  /** One record for every attempt that was started, in start order. */
  readonly attempts: readonly AttemptRecord[];
  /** The attempts' errors in start order, or the queries' where there was no attempt; nested ones are flattened. */
  declare readonly errors: Error[];

  constructor(race: LostRace) {
    const attempts = attemptRecords(race.events, race.endedAt);
    const queries = queryErrors(race.events);
    const causes = attempts.length > 0 ? attempts.flatMap(({ error }) => error ?? []) : queries.map(({ error }) => error);
    const reason = reasonFor(race, attempts);
    const terminal = race.events.find((event): event is Failed => event.type === 'failed' && event.terminal === true)?.error;
    const code = errorCode(terminal) ?? codeOf(reason, attempts, causes);
    const cause = terminal ?? causes.find((error) => errorCode(error) === code) ?? causes[0];
    super(
      causes.flatMap((error) => flatten(error)),
      describe(race, attempts, queries),
      cause && { cause },
    );
    this.host = race.host;
    this.port = race.port;
    this.code = code;
    this.reason = reason;
    this.preferredFamily = race.preferredFamily;
    this.attempts = attempts;
    Object.defineProperty(this, brand, {}); // not enumerable
  }

  /** True for the other copy's errors too; subclasses keep JavaScript's own rule. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ConnectionError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** What became of every attempt in a race's events, in start order; `endedAt` for those that are still in flight. */
export function attemptRecords(events: readonly RaceEvent[], endedAt: number): AttemptRecord[] {
  const records = new Map<Endpoint, AttemptRecord>();
  for (const event of events) {
    if (event.type === 'started') {
      records.set(event.endpoint, { endpoint: event.endpoint, startedAt: event.at, endedAt, outcome: 'cancelled' });
    } else if (event.type === 'cancelled') {
      records.set(event.endpoint, { ...records.get(event.endpoint)!, endedAt: event.at });
    } else if (event.type === 'failed') {
      const code = errorCode(event.error);
      const outcome = code === BLOCKED ? 'blocked' : 'failed';
      const failure = { endedAt: event.at, outcome, error: event.error, ...(code !== undefined && { code }) } as const;
      records.set(event.endpoint, { ...records.get(event.endpoint)!, ...failure });
    } else if (event.type === 'connected') {
      records.delete(event.endpoint);
    }
  }
  return [...records.values()];
}

/** The code of an attempt that a filter has refused. */
export const BLOCKED = 'ERR_IP_BLOCKED';

function reasonFor({ timedOut }: LostRace, attempts: readonly AttemptRecord[]): ConnectionErrorReason {
  if (timedOut) return 'timeout';
  if (attempts.length === 0) return 'resolution';
  return attempts.every(({ outcome }) => outcome === 'blocked') ? 'blocked' : 'attempts';
}

/** Anything that was thrown, as an Error with a message. */
export function toError(thrown: unknown): Error {
  const tag = Object.prototype.toString.call(thrown);
  // By tag and shape where it is of another realm.
  if (thrown instanceof Error || tag === '[object Error]' || tag === '[object DOMException]') return thrown as Error;
  const what = Object(thrown) === thrown ? tag : String(thrown);
  return new Error(`${what} was thrown, which is not an Error`, { cause: thrown });
}

/** An Error with a code, as Node's system errors have. */
export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The `code` of an error, where it has one. */
export function errorCode(error: Error | undefined): string | undefined {
  const code: unknown = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * Why, in a word: the error's code; where that is one of Node's own or missing, its message; in any case something. The
 * messages of OpenSSL are long, and hold a reason.
 */
export function reasonOf(error: Error): string {
  const code = errorCode(error);
  if (code === BLOCKED) return 'blocked';
  const { reason } = error as { reason?: unknown };
  if (code?.startsWith('ERR_SSL_') && typeof reason === 'string') return `TLS: ${reason}`;
  return code !== undefined && !code.startsWith('ERR_') ? code : error.message || code || error.name;
}

interface QueryError {
  readonly query: string;
  readonly error: Error;
}

function queryErrors(events: readonly RaceEvent[]): QueryError[] {
  return events
    .filter((event): event is Answered | Resolved => event.type === 'answered' || event.type === 'resolved')
    .flatMap((event) => {
      if (event.type === 'resolved') return event.error ? { query: 'resolver', error: event.error } : [];
      return event.answer.error ? { query: event.answer.type, error: toError(event.answer.error) } : [];
    });
}

/** Codes that say that there is nothing, where others say that nobody knows. */
export const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA']);

function codeOf(reason: ConnectionErrorReason, attempts: readonly AttemptRecord[], causes: readonly Error[]): string | undefined {
  if (reason === 'timeout') return 'ETIMEDOUT';
  if (reason === 'blocked') return BLOCKED;
  if (reason === 'attempts') return attempts.find(({ outcome, code }) => outcome === 'failed' && code !== undefined)?.code;
  const codes = causes.flatMap((error) => errorCode(error) ?? []);
  return codes.find((code) => !NOTHING_THERE.has(code)) ?? codes[0] ?? 'ENOTFOUND';
}

/** Attempts that a message tells of one by one. */
const DESCRIBED_ATTEMPTS = 20;

function describe(race: LostRace, attempts: readonly AttemptRecord[], queries: readonly QueryError[]): string {
  const limit = race.timedOut ? ` within ${formatDuration(race.endedAt)}` : '';
  const reasons = [
    ...attempts.slice(0, DESCRIBED_ATTEMPTS).map(describeAttempt),
    ...(attempts.length > DESCRIBED_ATTEMPTS ? [`and ${attempts.length - DESCRIBED_ATTEMPTS} more`] : []),
    ...queries.map(({ query, error }) => `${query} ${reasonOf(error)}`),
    ...unanswered(race),
  ];
  if (attempts.length === 0) reasons.unshift(nothingToTry(race));
  return `Could not connect to ${formatDestination(race)}${limit}: ${reasons.join('; ')}`;
}

function nothingToTry({ events }: LostRace): string {
  const found = events.flatMap((event) => (event.type === 'answered' ? event.answer.addresses : []));
  return found.length === 0 ? 'no addresses to try' : `no addresses to try, for none of the ${found.length} found may be tried`;
}

function describeAttempt({ endpoint, startedAt, endedAt, outcome, error }: AttemptRecord): string {
  const where = formatEndpoint(endpoint);
  if (outcome === 'blocked') return `${where} is blocked`;
  return `${where} ${error ? reasonOf(error) : outcome} after ${formatDuration(endedAt - startedAt)}`;
}

/** The queries whose answer a race that ran out of time was still waiting for. */
function unanswered({ timedOut, events }: LostRace): string[] {
  if (!timedOut || events.some(({ type }) => type === 'resolved')) return [];
  const answered = new Set(events.map((event) => event.type === 'answered' && event.answer.type));
  const missing = ([6, 4] as const).map(recordType).filter((type) => !answered.has(type));
  return missing.map((type) => `${type} not answered`);
}

function flatten(error: Error, within: readonly Error[] = []): Error[] {
  const { errors } = error as Partial<AggregateError>;
  if (!Array.isArray(errors) || within.includes(error)) return [error];
  return errors.map(toError).flatMap((one) => flatten(one, [...within, error]));
}
