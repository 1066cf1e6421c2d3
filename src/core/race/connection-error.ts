import { FAMILIES, type Family } from '../address/address.js';
import { formatDuration } from '../format-duration.js';
import { errorCode, flatten, NOTHING_THERE, reasonOf, toError, BLOCKED } from '../error-tools.js';
import { addressesIn, recordType, type AnyAnswer } from './answers.js';
import { attemptRecords, type AttemptRecord } from './attempt-records.js';
import { formatDestination, formatEndpoint } from './endpoint.js';
import type { Answered, Failed, RaceEvent, Resolved } from './events.js';

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

/** The method by which Node's `util.inspect` and `console` print an object. */
const inspected = Symbol.for('nodejs.util.inspect.custom');

/** What that method is given to print something with. */
type Inspect = (value: unknown, options: object) => string;

/**
 * A race that nobody won, with everything that was learnt: why, from which attempts, and each one's own error.
 *
 * `console.error` prints each attempt's error once, in a line; `attempts` and `errors` have all of it.
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
    const causes = attempts.length > 0 ? attempts.flatMap(({ error }) => error ?? []) : queries.flatMap(causeOf);
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

  /** For Node's `util.inspect`. Without `attempts`, `cause` and the stacks of `errors`, which repeat what the message says. */
  [inspected](depth: number, options: object, inspect: Inspect): string {
    if (depth < 0) return '[ConnectionError]';
    const own = Object.entries(this).filter(([name]) => name !== 'attempts' && name !== 'name');
    const shown = Object.assign(new Error(this.message), Object.fromEntries(own));
    const errors = this.errors.map(withoutStack);
    hide(shown, { name: this.name, stack: this.stack, errors, [brand]: undefined, [inspected]: undefined });
    Object.setPrototypeOf(shown, Object.getPrototypeOf(this) as object);
    return inspect(shown, options);
  }

  /** True for the other copy's errors too; subclasses keep JavaScript's own rule. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ConnectionError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }
}

function withoutStack({ name, message }: Error): Error {
  return hide(new Error(message), { name, stack: '' });
}

/** Gives an object properties that are not enumerable. */
function hide<T extends object>(object: T, properties: object): T {
  for (const name of Reflect.ownKeys(properties)) Object.defineProperty(object, name, { value: Reflect.get(properties, name) });
  return object;
}

function reasonFor({ timedOut }: LostRace, attempts: readonly AttemptRecord[]): ConnectionErrorReason {
  if (timedOut) return 'timeout';
  if (attempts.length === 0) return 'resolution';
  return attempts.every(({ outcome }) => outcome === 'blocked') ? 'blocked' : 'attempts';
}

interface QueryError {
  readonly query: string;
  readonly type?: AnyAnswer['type'];
  readonly error: Error;
}

/** The errors of queries; that of an assumed answer only where no query was made after all. */
function queryErrors(events: readonly RaceEvent[]): QueryError[] {
  const asked = new Set(events.map((event) => event.type === 'answered' && !event.answer.assumed && event.answer.type));
  return events
    .filter((event): event is Answered | Resolved => event.type === 'answered' || event.type === 'resolved')
    .filter((event) => event.type === 'resolved' || !event.answer.assumed || !asked.has(event.answer.type))
    .flatMap((event) => {
      if (event.type === 'resolved') return event.error ? { query: 'resolver', error: event.error } : [];
      const { type, name, error } = event.answer;
      return error ? { query: name === undefined ? type : `${type} of ${name}`, type, error: toError(error) } : [];
    });
}

/** A race can do without service records: what became of them is told, and is not why it was lost. */
function causeOf({ type, error }: QueryError): readonly Error[] {
  return type === 'HTTPS' ? [] : [error];
}

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
  const found = events.flatMap((event) => (event.type === 'answered' ? addressesIn(event.answer) : []));
  return found.length === 0 ? 'no addresses to try' : `no addresses to try, for none of the ${found.length} found may be tried`;
}

function describeAttempt({ endpoint, startedAt, endedAt, outcome, error }: AttemptRecord): string {
  const { service, via } = endpoint;
  const notes = [service && `of ${service.target}`, via !== undefined && `by ${via}`].filter(Boolean).join(', ');
  const where = notes === '' ? formatEndpoint(endpoint) : `${formatEndpoint(endpoint)} (${notes})`;
  if (outcome === 'blocked') return `${where} is blocked`;
  const ending = outcome === 'cancelled' ? (error ? 'gave way' : 'cancelled') : error ? reasonOf(error) : outcome;
  return `${where} ${ending} after ${formatDuration(endedAt - startedAt)}`;
}

/** The queries whose answer a race that ran out of time was still waiting for. */
function unanswered({ timedOut, events }: LostRace): string[] {
  if (!timedOut || events.some(({ type }) => type === 'resolved')) return [];
  const answered = new Set(events.map((event) => event.type === 'answered' && event.answer.type));
  const missing = FAMILIES.map(recordType).filter((type) => !answered.has(type));
  return missing.map((type) => `${type} not answered`);
}
