import { invalidType } from '../core/input/argument-errors.js';
import { formatDuration } from '../core/format-duration.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, errorCode, reasonOf, toError } from '../core/error-tools.js';
import type { ServiceAnswer } from '../core/race/answers.js';
import type { Answered, Failed, RaceEvent, Resolved, Stage } from '../core/race/events.js';
import { formatRecord } from '../core/race/service-records.js';
import { cutColumns } from './text-columns.js';
import { plainText } from './plain-text.js';

/** The outcome of a look-up (`found`, `nothing`, or `failed` as a whole) or of an attempt; `open` if it goes on. */
export type Outcome = 'found' | 'nothing' | 'connected' | 'failed' | 'blocked' | 'cancelled' | 'open';

/** One row of a picture: an answer or an attempt. All its text is plain. Instants are in ms. */
export interface Row {
  readonly kind: 'look-up' | 'attempt';
  /** `AAAA`, `A`, `resolver`, or a formatted endpoint. */
  readonly label: string;
  readonly from: number;
  /** When it ended; if it is open, the last known instant. */
  readonly to: number;
  /** When it reached each further stage. TCP is up at the first. */
  readonly stages: readonly { readonly stage: Stage; readonly at: number }[];
  readonly outcome: Outcome;
  /** The outcome in words: `2 addresses`, `ECONNREFUSED`, `cancelled`, `gave way`. */
  readonly what: string;
  /** The first addresses of an answer. */
  readonly addresses?: readonly string[];
  /** The code of its error. */
  readonly code?: string;
  readonly message?: string;
}

/** The order of the candidates that had not been started, from an instant on. */
export interface Queue {
  readonly at: number;
  readonly endpoints: readonly Endpoint[];
}

/** A race as pictures draw it. */
export interface RaceRows {
  /** Look-ups in the order of their answers, then attempts in the order of their starts. */
  readonly rows: readonly Row[];
  /** The last known instant, in ms since the race began. */
  readonly endedAt: number;
  /** When the resolver finished; absent if it has not. */
  readonly resolvedAt?: number;
  readonly queues: readonly Queue[];
  readonly winner?: Row;
  /** The attempt whose failure ended the race: see `isTerminal`. */
  readonly terminal?: Row;
}

/** In ms: four months. Invalid and later instants are moved within this range. */
const LATEST = 1e10;

/**
 * Reads a race's events into the rows that every picture is drawn from.
 *
 * Endpoints are compared by content, so that events from JSON can be drawn too. Events of an attempt that has not begun, or has
 * ended, are ignored.
 *
 * @param until the instant, in ms, up to which nothing else has happened; default: the last event's
 * @throws TypeError unless the events are an array
 */
export function raceRows(events: readonly RaceEvent[], until = 0): RaceRows {
  checkArray('events', events);
  const endedAt = events.reduce((last, event) => Math.max(last, instant(event)), until);
  const reader = new Reader(endedAt);
  for (const event of events) reader.read(event);
  return reader.rows;
}

/** Folds events into rows. */
class Reader {
  private readonly lookUps: Row[] = [];
  private readonly attempts: Attempt[] = [];
  /** The open ones of `attempts`. */
  private readonly open = new Map<string, Attempt>();
  private readonly queues: Queue[] = [];
  private resolvedAt: number | undefined;
  private winner: Row | undefined;
  private terminal: Row | undefined;

  /** @param endedAt when attempts end that are still open */
  constructor(private readonly endedAt: number) {}

  get rows(): RaceRows {
    const { lookUps, attempts, endedAt, queues, resolvedAt, winner, terminal } = this;
    return {
      rows: [...lookUps, ...attempts],
      endedAt,
      queues,
      ...(resolvedAt !== undefined && { resolvedAt }),
      ...(winner && { winner }),
      ...(terminal && { terminal }),
    };
  }

  read(event: RaceEvent): void {
    const at = instant(event);
    switch (event.type) {
      case 'answered':
        this.lookUps.push({ kind: 'look-up', from: askedAt(event, at), to: at, stages: [], ...answerOf(event) });
        break;
      case 'resolved':
        this.hasResolved(event, at);
        break;
      case 'queued':
        this.queues.push({ at, endpoints: event.endpoints });
        break;
      case 'started':
        this.start(labelOf(event.endpoint), at);
        break;
      case 'progressed': {
        const attempt = this.open.get(labelOf(event.endpoint));
        attempt?.stages.push({ stage: event.stage, at: Math.max(at, latest(attempt)) });
        break;
      }
      case 'failed':
      case 'cancelled':
      case 'connected':
        this.end(event, at);
        break;
    }
  }

  private hasResolved({ error }: Resolved, at: number): void {
    this.resolvedAt ??= at;
    if (!error) return;
    this.lookUps.push({ kind: 'look-up', label: 'resolver', from: 0, to: at, stages: [], ...failureOf(error) });
  }

  private start(label: string, at: number): void {
    const { endedAt: to } = this;
    const attempt: Attempt = { kind: 'attempt', label, from: at, to, stages: [], outcome: 'open', what: 'in flight' };
    this.open.set(label, attempt);
    this.attempts.push(attempt);
  }

  private end(event: Parameters<typeof endingOf>[0], at: number): void {
    const label = labelOf(event.endpoint);
    const attempt = this.open.get(label);
    if (!attempt) return;
    this.open.delete(label);
    Object.assign(attempt, { to: Math.max(at, latest(attempt)), ...endingOf(event) });
    if (event.type === 'connected') this.winner ??= attempt;
    if (event.type === 'failed' && event.terminal) this.terminal ??= attempt;
  }
}

/** A row under construction. */
interface Attempt extends Row {
  readonly stages: { readonly stage: Stage; readonly at: number }[];
}

/** The last known instant of an open attempt. */
function latest({ from, stages }: Attempt): number {
  return stages.at(-1)?.at ?? from;
}

function checkArray(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidType(name, 'an array', value);
}

/** The outcome of a row and its duration, in words. The first part is truncated to fit a width in columns. */
export function outcomeOf({ what, outcome, from, to }: Row, columns = Infinity): string {
  const when = ` ${outcome === 'open' ? 'for' : 'after'} ${formatDuration(to - from)}`;
  return cutColumns(what, columns - when.length) + when;
}

/** In characters; more than the longest address with zone and port. */
const LONGEST_LABEL = 100;

/** The formatted endpoint as plain text. */
export function labelOf(endpoint: Endpoint): string {
  const { protocol, via } = endpoint;
  const how = [protocol === 'quic' && 'QUIC', via !== undefined && `via ${via}`].filter(Boolean);
  return plainText([formatEndpoint(endpoint), ...how].join(' '), LONGEST_LABEL);
}

function instant({ at }: RaceEvent): number {
  return at > 0 ? Math.min(at, LATEST) : 0;
}

/** When a query was made, at the latest when its answer arrived. */
function askedAt({ askedAt = 0 }: Answered, at: number): number {
  return askedAt > 0 ? Math.min(askedAt, at) : 0;
}

/** The most addresses of one answer that are kept. */
const KEPT_ADDRESSES = 20;

/** The outcome of an attempt that was cancelled because another was due. */
export const GAVE_WAY = 'gave way';

type Ending = Pick<Row, 'outcome' | 'what' | 'addresses' | 'code' | 'message'>;

function answerOf({ answer }: Answered): Ending & Pick<Row, 'label'> {
  const { type, name, error, stale } = answer;
  const label = plainText(name === undefined ? type : `${type} ${name}`, LONGEST_LABEL);
  if (answer.type === 'HTTPS') return { label, ...recordsOf(answer) };
  const { addresses } = answer;
  if (error && addresses.length === 0) return { label, ...failureOf(error), outcome: 'nothing' };
  const found = `${addresses.length} ${stale ? 'stale ' : ''}${addresses.length === 1 ? 'address' : 'addresses'}`;
  const kept = addresses.slice(0, KEPT_ADDRESSES).map((address) => plainText(address));
  return { label, outcome: addresses.length === 0 ? 'nothing' : 'found', what: found, addresses: kept };
}

function recordsOf({ records, error }: ServiceAnswer): Ending {
  if (error && records.length === 0) return { ...failureOf(error), outcome: 'nothing' };
  const what = `${records.length} ${records.length === 1 ? 'record' : 'records'}`;
  const kept = records.slice(0, KEPT_ADDRESSES).map((record) => plainText(formatRecord(record)));
  return { outcome: records.length === 0 ? 'nothing' : 'found', what, addresses: kept };
}

function endingOf(event: Extract<RaceEvent, { type: 'failed' | 'cancelled' | 'connected' }>): Ending {
  if (event.type === 'failed') return failureOf(event.error);
  if (event.type === 'cancelled' && event.error) return { ...failureOf(event.error), outcome: event.type, what: GAVE_WAY };
  return { outcome: event.type, what: event.type };
}

function failureOf(thrown: Failed['error']): Ending {
  const error = toError(thrown);
  const code = errorCode(error);
  return {
    outcome: code === BLOCKED ? 'blocked' : 'failed',
    what: plainText(reasonOf(error)) || 'failed',
    message: plainText(error.message),
    ...(code !== undefined && { code: plainText(code) }),
  };
}
