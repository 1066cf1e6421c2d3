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
  /** The number of its attempts that have begun and not ended. */
  readonly inFlight: number;
  /** Attempts whose TLS handshakes are under way, and when they should be over. */
  readonly handshakes: readonly { readonly endpoint: Endpoint; readonly expectedAt: number }[];
}

export const emptyLane: Lane = { order: [], next: 0, inFlight: 0, handshakes: [] };

/** The candidate whose turn is next. */
export function head(lane: Lane): Endpoint | undefined {
  return lane.order[lane.next];
}

/** How long attempts wait for one another. Delays in ms. */
export interface LanePace {
  /** Between two starts, by the endpoint of the first. */
  readonly attemptDelay: (after: Endpoint) => number;
  /** What each further attempt of the lane in flight multiplies that delay by; 1 or more. */
  readonly attemptDelayMultiplier: number;
  /**
   * The most that attempts in flight or a handshake under way may make of it. It is also how long an attempt keeps its place
   * when there are `maxConcurrentAttempts` in flight and another is due.
   */
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
export function laneStart(lane: Lane, opensAt: number, pace: LanePace): number {
  const { latest, handshakes } = lane;
  if (head(lane) === undefined) return Infinity;
  if (latest === undefined) return opensAt;
  const timer = latest.startedAt + delayAfter(lane, latest.endpoint, pace);
  const extended = handshakes.reduce((last, { expectedAt }) => Math.max(last, expectedAt), timer);
  const extendedTimer = Math.max(timer, Math.min(extended, latest.startedAt + pace.maximumAttemptDelay));
  return Math.min(extendedTimer, latest.failedAt ?? Infinity);
}

/**
 * The delay after the latest start. It grows with the attempts that are in flight besides the first, up to the maximum; those
 * that have failed no longer count.
 *
 *     start 1 ── 50 ──► start 2 ── 100 ──► start 3 ── 200 ──► start 4        base 50 ms, multiplier 2
 */
function delayAfter({ inFlight }: Lane, endpoint: Endpoint, pace: LanePace): number {
  const base = pace.attemptDelay(endpoint);
  if (pace.attemptDelayMultiplier === 1 || inFlight < 2) return base;
  const grown = base * pace.attemptDelayMultiplier ** (inFlight - 1);
  return Math.max(base, Math.min(grown, pace.maximumAttemptDelay));
}

/** The lane once an attempt on its first candidate has begun. */
export function begin(lane: Lane, endpoint: Endpoint, startedAt: number): Lane {
  return {
    order: lane.order,
    next: lane.next + 1,
    latest: { endpoint, startedAt },
    inFlight: lane.inFlight + 1,
    handshakes: lane.handshakes,
  };
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

/** The lane once one of its attempts has failed. Where that is the latest, the next may start. */
export function fail(lane: Lane, endpoint: Endpoint, failedAt: number): Lane {
  const { latest } = lane;
  const isLatest = latest?.endpoint === endpoint;
  return withoutAttempt(lane, endpoint, isLatest ? { endpoint, startedAt: latest.startedAt, failedAt } : latest);
}

/** The lane once one of its attempts has given way. That is not a failure: it brings no start forward. */
export function giveWay(lane: Lane, endpoint: Endpoint): Lane {
  return withoutAttempt(lane, endpoint, lane.latest);
}

function withoutAttempt(lane: Lane, endpoint: Endpoint, latest: Lane['latest']): Lane {
  const handshakes = lane.handshakes.filter((handshake) => handshake.endpoint !== endpoint);
  return { order: lane.order, next: lane.next, latest, inFlight: lane.inFlight - 1, handshakes };
}
