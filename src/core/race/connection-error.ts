import { FAMILIES, type Family } from '../address/address.js';
import { formatDuration } from '../format-duration.js';
import { errorCode, flatten, NOTHING_THERE, reasonOf, toError, BLOCKED } from '../error-tools.js';
import { addressesIn, recordType, type AnyAnswer } from './answers.js';
import { attemptRecords, type AttemptRecord } from './attempt-records.js';
import { formatDestination, formatEndpoint } from './endpoint.js';
import type { Answered, Failed, RaceEvent, Resolved } from './events.js';

/**
 * Why a race had no winner.
 *
 * - `attempts`: every attempt failed
 * - `timeout`: `connectTimeout` elapsed first
 * - `resolution`: there was no address to try
 * - `blocked`: a filter refused every address
 */
export type ConnectionErrorReason = 'attempts' | 'timeout' | 'resolution' | 'blocked';

/** The input of a {@link ConnectionError}: the race's destination, its end, and its events in order. */
export interface LostRace {
  readonly host: string;
  readonly port: number;
  readonly preferredFamily: Family;
  readonly timedOut: boolean;
  /** When the race ended, in ms since it began. */
  readonly endedAt: number;
  /** How many candidates had not been started. */
  readonly untried?: number;
  readonly events: readonly RaceEvent[];
}

const brand = Symbol.for('rx-happy-eyeballs.ConnectionError');

/** The method that Node's `util.inspect` and `console` call to print an object. */
const inspected = Symbol.for('nodejs.util.inspect.custom');

/** The function that this method receives to print nested values. */
type Inspect = (value: unknown, options: object) => string;

/**
 * The error of a race without a winner: the reason, a record of every attempt, and each attempt's own error.
 *
 * `console.error` prints one line per attempt; `attempts` and `errors` hold the details.
 *
 * `instanceof` also holds between the ESM and the CommonJS copy of this package.
 */
export class ConnectionError extends AggregateError {
  override readonly name: string = 'ConnectionError';
  readonly host: string;
  readonly port: number;
  /**
   * The code of the first attempt, in start order, that failed with one, or of the terminal error, which is then the `cause`;
   * `ETIMEDOUT` for `timeout`; the resolver's code for `resolution`, or `ENOTFOUND` without one; `ERR_IP_BLOCKED` for `blocked`.
   */
  readonly code: string | undefined;
  readonly reason: ConnectionErrorReason;
  /** The family whose answer the race waited for. */
  readonly preferredFamily: Family;
  /** One record for every attempt, in start order. */
  readonly attempts: readonly AttemptRecord[];
  /** The attempts' errors in start order, or the queries' errors if there was no attempt. Nested errors are flattened. */
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

  /** For Node's `util.inspect`. Omits `attempts`, `cause` and the stacks of `errors`, which only repeat the message. */
  [inspected](depth: number, options: object, inspect: Inspect): string {
    if (depth < 0) return '[ConnectionError]';
    const own = Object.entries(this).filter(([name]) => name !== 'attempts' && name !== 'name');
    const shown = Object.assign(new Error(this.message), Object.fromEntries(own));
    const errors = this.errors.map(withoutStack);
    hide(shown, { name: this.name, stack: this.stack, errors, [brand]: undefined, [inspected]: undefined });
    Object.setPrototypeOf(shown, Object.getPrototypeOf(this) as object);
    return inspect(shown, options);
  }

  /** Also true for errors of the package's other copy. Subclasses keep JavaScript's own rule. */
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

/** The errors of queries. That of an assumed answer counts only if the query was never made. */
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

/** A race does not need service records: their errors appear in the message but never as the cause. */
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

/** The most attempts that a message lists. */
const DESCRIBED_ATTEMPTS = 20;

function describe(race: LostRace, attempts: readonly AttemptRecord[], queries: readonly QueryError[]): string {
  const limit = race.timedOut ? ` within ${formatDuration(race.endedAt)}` : '';
  const reasons = [
    ...attempts.slice(0, DESCRIBED_ATTEMPTS).map(describeAttempt),
    ...(attempts.length > DESCRIBED_ATTEMPTS ? [`and ${attempts.length - DESCRIBED_ATTEMPTS} more`] : []),
    ...untried(race, attempts.length),
    ...queries.map(({ query, error }) => `${query} ${reasonOf(error)}`),
    ...unanswered(race),
  ];
  if (attempts.length === 0 && !race.untried) reasons.unshift(nothingToTry(race));
  return `Could not connect to ${formatDestination(race)}${limit}: ${reasons.join('; ')}`;
}

function nothingToTry({ events }: LostRace): string {
  const found = events.flatMap((event) => (event.type === 'answered' ? addressesIn(event.answer) : []));
  return found.length === 0 ? 'no addresses to try' : `no addresses to try: none of the ${found.length} found may be used`;
}

function describeAttempt({ endpoint, startedAt, endedAt, outcome, error }: AttemptRecord): string {
  const { service, via } = endpoint;
  const notes = [service && `of ${service.target}`, via !== undefined && `by ${via}`].filter(Boolean).join(', ');
  const where = notes === '' ? formatEndpoint(endpoint) : `${formatEndpoint(endpoint)} (${notes})`;
  if (outcome === 'blocked') return `${where} is blocked`;
  const ending = outcome === 'cancelled' ? (error ? 'gave way' : 'cancelled') : error ? reasonOf(error) : outcome;
  return `${where} ${ending} after ${formatDuration(endedAt - startedAt)}`;
}

/** The addresses that a race that timed out did not get to. A terminal error leaves others out on purpose. */
function untried({ timedOut, untried: count = 0 }: LostRace, attempts: number): string[] {
  if (!timedOut || count === 0) return [];
  const more = attempts === 0 ? '' : ' more';
  return [count === 1 ? `1${more} address was not tried` : `${count}${more} addresses were not tried`];
}

/** The queries that were still unanswered when time ran out. */
function unanswered({ timedOut, events }: LostRace): string[] {
  if (!timedOut || events.some(({ type }) => type === 'resolved')) return [];
  const answered = new Set(events.map((event) => event.type === 'answered' && event.answer.type));
  const missing = FAMILIES.map(recordType).filter((type) => !answered.has(type));
  return missing.map((type) => `${type} not answered`);
}
