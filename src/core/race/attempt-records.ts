import { BLOCKED, errorCode } from '../error-tools.js';
import type { Endpoint } from './endpoint.js';
import type { RaceEvent } from './events.js';

/** The outcome of one attempt. Instants are in ms since the race began. */
export interface AttemptRecord {
  readonly endpoint: Endpoint;
  readonly startedAt: number;
  readonly endedAt: number;
  /** `blocked`: refused by a filter and never dialled. */
  readonly outcome: 'failed' | 'cancelled' | 'blocked';
  /** The error. A cancelled attempt has one only if it gave way to the next attempt; its code is `ETIMEDOUT`. */
  readonly error?: Error;
  /** The error's `code`, if it has one: `ECONNREFUSED`, `EHOSTUNREACH` … */
  readonly code?: string;
}

/** The records of all attempts but the winner, in start order. Attempts still in flight are recorded as cancelled at `endedAt`. */
export function attemptRecords(events: readonly RaceEvent[], endedAt: number): AttemptRecord[] {
  const records = new Map<Endpoint, AttemptRecord>();
  for (const event of events) {
    if (event.type === 'started') {
      records.set(event.endpoint, { endpoint: event.endpoint, startedAt: event.at, endedAt, outcome: 'cancelled' });
    } else if (event.type === 'cancelled') {
      const { endpoint, startedAt } = records.get(event.endpoint)!;
      const record = { endpoint, startedAt, endedAt: event.at, outcome: 'cancelled' } as const;
      records.set(endpoint, event.error ? withError(record, event.error) : record);
    } else if (event.type === 'failed') {
      const { endpoint, startedAt } = records.get(event.endpoint)!;
      const outcome = errorCode(event.error) === BLOCKED ? 'blocked' : 'failed';
      records.set(endpoint, withError({ endpoint, startedAt, endedAt: event.at, outcome }, event.error));
    } else if (event.type === 'connected') {
      records.delete(event.endpoint);
    }
  }
  return [...records.values()];
}

function withError({ endpoint, startedAt, endedAt, outcome }: AttemptRecord, error: Error): AttemptRecord {
  const code = errorCode(error);
  const record = { endpoint, startedAt, endedAt, outcome, error };
  return code === undefined ? record : { ...record, code };
}
