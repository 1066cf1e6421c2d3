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
  /** Attempts whose TLS handshakes are under way, and when they should be over. */
  readonly handshakes: readonly { readonly endpoint: Endpoint; readonly expectedAt: number }[];
}

export const emptyLane: Lane = { order: [], next: 0, handshakes: [] };

/** The candidate whose turn is next. */
export function head(lane: Lane): Endpoint | undefined {
  return lane.order[lane.next];
}

/** How long attempts wait for one another. Delays in ms. */
export interface LanePace {
  /** Between two starts, by the endpoint of the first. */
  readonly attemptDelay: (after: Endpoint) => number;
  /** The most that a handshake under way may make of it. */
  readonly maximumAttemptDelay: number;
}

/**
 * When the lane's next attempt may start.
 *
 *     start 1 ──────── delay ────────► start 2        nothing happened
 *     start 1 ───── ✗ ► start 2                       the latest attempt failed
 *     start 1 ─── TCP ─── handshake ───► start 2      a handshake is under way, and should be over by then
 *
 * A failure is an answer, so the next attempt does not wait for the delay, nor for RFC 8305's floor of 10 ms: that bounds
 * the timer, so that unanswered packets cannot pile up.
 *
 * @param opensAt when the lane's first attempt may start
 * @returns ms since the race began; `Infinity` while the lane has no candidate
 */
export function laneStart(lane: Lane, opensAt: number, { attemptDelay, maximumAttemptDelay }: LanePace): number {
  const { latest, handshakes } = lane;
  if (head(lane) === undefined) return Infinity;
  if (latest === undefined) return opensAt;
  const timer = latest.startedAt + attemptDelay(latest.endpoint);
  const extended = handshakes.reduce((last, { expectedAt }) => Math.max(last, expectedAt), timer);
  const extendedTimer = Math.max(timer, Math.min(extended, latest.startedAt + maximumAttemptDelay));
  return Math.min(extendedTimer, latest.failedAt ?? Infinity);
}

/** The lane once an attempt on its first candidate has begun. */
export function begin(lane: Lane, endpoint: Endpoint, startedAt: number): Lane {
  return { ...lane, next: lane.next + 1, latest: { endpoint, startedAt } };
}

/**
 * Round trips that a handshake is given: TLS 1.3 takes one and TLS 1.2 two. HEv3, "Determining Successful Connection
 * Establishment".
 */
const HANDSHAKE_ROUND_TRIPS = 2;

/** The lane once an attempt's TCP connection is up, after one round trip of so many ms, and a TLS handshake has begun. */
export function beginHandshake(lane: Lane, endpoint: Endpoint, at: number, roundTrip: number): Lane {
  return { ...lane, handshakes: [...lane.handshakes, { endpoint, expectedAt: at + HANDSHAKE_ROUND_TRIPS * roundTrip }] };
}

/** The lane once an attempt has failed; of those without a handshake under way only the latest matters. */
export function fail(lane: Lane, endpoint: Endpoint, failedAt: number): Lane {
  const { latest, handshakes } = lane;
  return {
    ...lane,
    handshakes: handshakes.filter((handshake) => handshake.endpoint !== endpoint),
    ...(latest?.endpoint === endpoint && { latest: { ...latest, failedAt } }),
  };
}
