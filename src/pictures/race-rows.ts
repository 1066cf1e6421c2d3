import { invalidType } from '../core/input/argument-errors.js';
import { formatDuration } from '../core/format-duration.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, errorCode, reasonOf, toError } from '../core/error-tools.js';
import type { ServiceAnswer } from '../core/race/answers.js';
import type { Answered, Failed, RaceEvent, Stage } from '../core/race/events.js';
import { formatRecord } from '../core/race/service-records.js';
import { cutColumns } from './columns.js';
import { plainText } from './plain-text.js';

/** What became of a look-up (`found`, `nothing`, or `failed` as a whole) or of an attempt; `open`: it goes on. */
export type Outcome = 'found' | 'nothing' | 'connected' | 'failed' | 'blocked' | 'cancelled' | 'open';

/** Something that took time: an answer that was waited for, or an attempt. All text in it is plain. Instants in ms. */
export interface Row {
  readonly kind: 'look-up' | 'attempt';
  /** `AAAA`, `A`, `resolver`, or the endpoint as people write it. */
  readonly label: string;
  readonly from: number;
  /** When it ended; for what goes on, the last instant that is known of. */
  readonly to: number;
  /** When it came as far as a further stage: TCP is up at the first. */
  readonly stages: readonly { readonly stage: Stage; readonly at: number }[];
  readonly outcome: Outcome;
  /** The outcome in words: `2 addresses`, `ECONNREFUSED`, `cancelled`, `gave way`. */
  readonly what: string;
  /** What an answer held, the first of it. */
  readonly addresses?: readonly string[];
  /** Of the error that it ended by. */
  readonly code?: string;
  readonly message?: string;
}

/** The order of what had not been started, from an instant on. */
export interface Queue {
  readonly at: number;
  readonly endpoints: readonly Endpoint[];
}

/** A race as pictures have it. */
export interface RaceRows {
  /** Look-ups in the order of their answers, then attempts in the order of their starts. */
  readonly rows: readonly Row[];
  /** The last instant that is known of, in ms since the race began. */
  readonly endedAt: number;
  /** When the resolver had finished, if it has. */
  readonly resolvedAt?: number;
  readonly queues: readonly Queue[];
  readonly winner?: Row;
  /** The attempt whose failure ended the race: see `isTerminal`. */
  readonly terminal?: Row;
}

/** ms; four months. Later instants, and what is none, are drawn as if they were in between. */
const LATEST = 1e10;

/**
 * Reads a race's events for those who draw it: every picture is made of these rows.
 *
 * An endpoint is known by what it says, so that events which went through JSON are drawn as well. An event of an attempt that
 * has not begun, or is over, changes nothing.
 *
 * @param until the instant to which it is known that no more has happened, in ms; default: the last event's
 * @throws TypeError where the events are no array
 */
export function raceRows(events: readonly RaceEvent[], until = 0): RaceRows {
  checkArray('events', events);
  const endedAt = events.reduce((last, event) => Math.max(last, instant(event)), until);
  const lookUps: Row[] = [];
  const attempts: Attempt[] = [];
  /** Those of `attempts` that have not ended. */
  const open = new Map<string, Attempt>();
  const queues: Queue[] = [];
  let resolvedAt: number | undefined;
  let winner: Row | undefined;
  let terminal: Row | undefined;

  for (const event of events) {
    const at = instant(event);
    switch (event.type) {
      case 'answered':
        lookUps.push({ kind: 'look-up', from: askedAt(event, at), to: at, stages: [], ...answerOf(event) });
        break;
      case 'resolved':
        resolvedAt ??= at;
        if (event.error) {
          lookUps.push({ kind: 'look-up', label: 'resolver', from: 0, to: at, stages: [], ...failureOf(event.error) });
        }
        break;
      case 'queued':
        queues.push({ at, endpoints: event.endpoints });
        break;
      case 'started': {
        const label = labelOf(event.endpoint);
        const attempt: Attempt = {
          kind: 'attempt',
          label,
          from: at,
          to: endedAt,
          stages: [],
          outcome: 'open',
          what: 'in flight',
        };
        open.set(label, attempt);
        attempts.push(attempt);
        break;
      }
      case 'progressed': {
        const attempt = open.get(labelOf(event.endpoint));
        attempt?.stages.push({ stage: event.stage, at: Math.max(at, latest(attempt)) });
        break;
      }
      case 'failed':
      case 'cancelled':
      case 'connected': {
        const label = labelOf(event.endpoint);
        const attempt = open.get(label);
        if (!attempt) break;
        open.delete(label);
        Object.assign(attempt, { to: Math.max(at, latest(attempt)), ...endingOf(event) });
        if (event.type === 'connected') winner ??= attempt;
        if (event.type === 'failed' && event.terminal) terminal ??= attempt;
        break;
      }
    }
  }
  return {
    rows: [...lookUps, ...attempts],
    endedAt,
    queues,
    ...(resolvedAt !== undefined && { resolvedAt }),
    ...(winner && { winner }),
    ...(terminal && { terminal }),
  };
}

/** A row while it is read. */
interface Attempt extends Row {
  readonly stages: { readonly stage: Stage; readonly at: number }[];
}

/** The last that is known of an attempt that goes on. */
function latest({ from, stages }: Attempt): number {
  return stages.at(-1)?.at ?? from;
}

function checkArray(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidType(name, 'an array', value);
}

/** What became of a row, and after how long; what is too long for so many columns is cut in its first part. */
export function outcomeOf({ what, outcome, from, to }: Row, columns = Infinity): string {
  const when = ` ${outcome === 'open' ? 'for' : 'after'} ${formatDuration(to - from)}`;
  return cutColumns(what, columns - when.length) + when;
}

/** More than the longest address with its zone and port. */
const LONGEST_LABEL = 100;

/** The endpoint as people write it, in harmless text. */
export function labelOf(endpoint: Endpoint): string {
  const { protocol, via } = endpoint;
  const how = [protocol === 'quic' && 'QUIC', via !== undefined && `via ${via}`].filter(Boolean);
  return plainText([formatEndpoint(endpoint), ...how].join(' '), LONGEST_LABEL);
}

function instant({ at }: RaceEvent): number {
  return at > 0 ? Math.min(at, LATEST) : 0;
}

/** When an answer was asked for, which is not after it came. */
function askedAt({ askedAt = 0 }: Answered, at: number): number {
  return askedAt > 0 ? Math.min(askedAt, at) : 0;
}

/** Addresses of one answer that are kept. */
const KEPT_ADDRESSES = 20;

/** What became of an attempt that was cancelled while the race went on, for another was due. */
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
