import type { Endpoint } from './endpoint.js';

/**
 * A queue of candidates with a pace of its own.
 *
 * The race of RFC 8305 is one lane; per-family pacing is two. Within a lane, attempts start one at a time.
 */
export interface Lane {
  /** Candidates in order; those before `next` have been started. */
  readonly order: readonly Endpoint[];
  readonly next: number;
  /** The attempt started last. It sets the pace: the others may fail or go on as they like. */
  readonly latest?: { readonly endpoint: Endpoint; readonly startedAt: number; readonly failedAt?: number };
}

export const emptyLane: Lane = { order: [], next: 0 };

/** The candidate whose turn is next. */
export function head(lane: Lane): Endpoint | undefined {
  return lane.order[lane.next];
}

/**
 * When the lane's next attempt may start.
 *
 *     start 1 ──────── delay ────────► start 2        nothing happened
 *     start 1 ───── ✗ ► start 2                       the latest attempt failed
 *
 * A failure is an answer, so the next attempt does not wait for the delay, nor for RFC 8305's floor of 10 ms: that bounds
 * the timer, so that unanswered packets cannot pile up.
 *
 * @param opensAt when the lane's first attempt may start
 * @param delayAfter ms between two starts, by the endpoint of the first
 * @returns ms since the race began; `Infinity` while the lane has no candidate
 */
export function laneStart(lane: Lane, opensAt: number, delayAfter: (endpoint: Endpoint) => number): number {
  if (head(lane) === undefined) return Infinity;
  if (lane.latest === undefined) return opensAt;
  return Math.min(lane.latest.startedAt + delayAfter(lane.latest.endpoint), lane.latest.failedAt ?? Infinity);
}

/** The lane once an attempt on its first candidate has begun. */
export function begin(lane: Lane, endpoint: Endpoint, startedAt: number): Lane {
  return { ...lane, next: lane.next + 1, latest: { endpoint, startedAt } };
}

/** The lane once an attempt has failed; only the latest matters. */
export function fail(lane: Lane, endpoint: Endpoint, failedAt: number): Lane {
  return lane.latest?.endpoint === endpoint ? { ...lane, latest: { ...lane.latest, failedAt } } : lane;
}
