import { BLOCKED, errorCode } from '../error-tools.js';
import type { Endpoint } from './endpoint.js';
import type { RaceEvent } from './events.js';

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
