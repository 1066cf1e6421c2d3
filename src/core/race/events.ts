import type { AnyAnswer } from './answers.js';
import type { Endpoint } from './endpoint.js';

/**
 * Everything that can happen in a race, in one vocabulary: `race$` emits these events, the schedule folds them, pictures are
 * drawn from them, and the records of a {@link ConnectionError} are made of them.
 *
 * `at` is in milliseconds since the race began.
 */
export type RaceEvent<T = unknown> = Answered | Resolved | Queued | Started | Progressed | Failed | Cancelled | Connected<T>;

/** A query was answered, positively or negatively. */
export interface Answered {
  readonly type: 'answered';
  readonly at: number;
  readonly answer: AnyAnswer;
  /** When the query was made, in ms since the race began; absent for the race's first query. */
  readonly askedAt?: number;
}

/** The resolver has finished. No answer follows unless the race queries again. `error` is set if the resolver failed. */
export interface Resolved {
  readonly type: 'resolved';
  readonly at: number;
  readonly error?: Error;
}

/** The candidates that have not been started, in their present order. */
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

/** What an attempt may still have to do once its connection is up: a TLS handshake, or the caller's `setup`. */
export type Stage = 'tls' | 'setup';

/** An attempt reached its next stage: its TCP connection is up, and a handshake follows. */
export interface Progressed {
  readonly type: 'progressed';
  readonly at: number;
  readonly endpoint: Endpoint;
  /** The stage that begins now. */
  readonly stage: Stage;
  /** In ms since the attempt started. */
  readonly after: number;
}

/** An attempt ended with an error of its own. */
export interface Failed {
  readonly type: 'failed';
  readonly at: number;
  readonly endpoint: Endpoint;
  readonly error: Error;
  /** True if the error ends the whole race: see `isTerminal`. */
  readonly terminal?: boolean;
}

/** The race ended an attempt: it lost, gave way, or time ran out. Its socket is already destroyed. */
export interface Cancelled {
  readonly type: 'cancelled';
  readonly at: number;
  readonly endpoint: Endpoint;
  /** Set if the attempt gave way to the next one while the race went on; its code is `ETIMEDOUT`. */
  readonly error?: Error;
}

/** An attempt won. This is the last event of a race; everything else has been released. */
export interface Connected<T> {
  readonly type: 'connected';
  readonly at: number;
  readonly endpoint: Endpoint;
  readonly value: T;
}

/** The endpoints of the attempts in flight, in start order. */
export function inFlight(events: readonly RaceEvent[]): ReadonlySet<Endpoint> {
  const endpoints = new Set<Endpoint>();
  for (const event of events) {
    if (event.type === 'started') endpoints.add(event.endpoint);
    else if (event.type === 'failed' || event.type === 'cancelled' || event.type === 'connected')
      endpoints.delete(event.endpoint);
  }
  return endpoints;
}
