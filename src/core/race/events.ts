import type { AnyAnswer } from './answers.js';
import type { Endpoint } from './endpoint.js';

/**
 * Everything that can happen in a race, in one vocabulary: what `race$` emits, what the schedule folds, what pictures are
 * drawn from and what the records of a {@link ConnectionError} are made of.
 *
 * `at` is in milliseconds since the race began.
 */
export type RaceEvent<T = unknown> = Answered | Resolved | Queued | Started | Progressed | Failed | Cancelled | Connected<T>;

/** A query was answered, with addresses or without. */
export interface Answered {
  readonly type: 'answered';
  readonly at: number;
  readonly answer: AnyAnswer;
  /** When its question was asked, in ms since the race began; absent for the question with which it began. */
  readonly askedAt?: number;
}

/** The resolver has finished: no answer will follow, unless the race asks it again. `error` when it ended by one. */
export interface Resolved {
  readonly type: 'resolved';
  readonly at: number;
  readonly error?: Error;
}

/** The order in which what has not been started would be started, as it stands now. */
export interface Queued {
  readonly type: 'queued';
  readonly at: number;
  readonly endpoints: readonly Endpoint[];
}

/** An attempt began. */
export interface Started {
  readonly type: 'started';
  readonly at: number;
  readonly endpoint: Endpoint;
}

/** What an attempt may have before it when its connection is up: a TLS handshake, or the caller's `setup`. */
export type Stage = 'tls' | 'setup';

/** An attempt has come as far as its next stage: TCP is up, and a handshake to come. */
export interface Progressed {
  readonly type: 'progressed';
  readonly at: number;
  readonly endpoint: Endpoint;
  /** What has begun now. */
  readonly stage: Stage;
  /** ms since the attempt was started. */
  readonly after: number;
}

/** An attempt ended by an error of its own. */
export interface Failed {
  readonly type: 'failed';
  readonly at: number;
  readonly endpoint: Endpoint;
  readonly error: Error;
  /** True where it ends the whole race: see `isTerminal`. */
  readonly terminal?: boolean;
}

/** An attempt was ended from outside: it lost, gave way, or the race was out of time. Its socket is already gone. */
export interface Cancelled {
  readonly type: 'cancelled';
  readonly at: number;
  readonly endpoint: Endpoint;
  /** Present where it gave way to the next attempt while the race went on; its code is `ETIMEDOUT`. */
  readonly error?: Error;
}

/** An attempt won. The last event of a race: everything else has been released. */
export interface Connected<T> {
  readonly type: 'connected';
  readonly at: number;
  readonly endpoint: Endpoint;
  readonly value: T;
}

/** The endpoints whose attempts have begun and not ended, in the order of their start. */
export function inFlight(events: readonly RaceEvent[]): ReadonlySet<Endpoint> {
  const endpoints = new Set<Endpoint>();
  for (const event of events) {
    if (event.type === 'started') endpoints.add(event.endpoint);
    else if (event.type === 'failed' || event.type === 'cancelled' || event.type === 'connected')
      endpoints.delete(event.endpoint);
  }
  return endpoints;
}
