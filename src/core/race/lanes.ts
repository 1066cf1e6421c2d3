import type { Endpoint } from './endpoint.js';

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
 * Round trips that a handshake is given: TLS 1.3 takes one and TLS 1.2 two. HEv3, "Determining Successful Connection
 * Establishment".
 */
const HANDSHAKE_ROUND_TRIPS = 2;

/**
 * A queue of candidates with a pace of its own.
 *
 * The race of RFC 8305 is one lane; per-family pacing is two. Within a lane, attempts start one at a time.
 */
export class Lane {
  /** Candidates in order; those before `next` have been started. */
  private order: readonly Endpoint[] = [];
  private next = 0;
  /** The attempt started last. It sets the pace: the others may fail or go on as they like. */
  private latest: Endpoint | undefined;
  private startedAt = 0;
  private failedAt = Infinity;
  /** The number of its attempts that have begun and not ended. */
  private inFlight = 0;
  /** When the TLS handshakes under way should be over. */
  private handshakes: Map<Endpoint, number> | undefined;

  /** The candidate whose turn is next. */
  get head(): Endpoint | undefined {
    return this.order[this.next];
  }

  /** What has not been started. */
  get rest(): readonly Endpoint[] {
    return this.order.slice(this.next);
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
  nextStart(opensAt: number, pace: LanePace): number {
    if (this.head === undefined) return Infinity;
    if (this.latest === undefined) return opensAt;
    const timer = this.startedAt + this.delayAfter(this.latest, pace);
    return Math.min(this.extended(timer, pace), this.failedAt);
  }

  /** Never past the ceiling that the latest start sets, and never before the timer itself. */
  private extended(timer: number, { maximumAttemptDelay }: LanePace): number {
    if (!this.handshakes) return timer;
    const over = Math.max(...this.handshakes.values());
    return Math.max(timer, Math.min(over, this.startedAt + maximumAttemptDelay));
  }

  /**
   * The delay after the latest start. It grows with the attempts that are in flight besides the first, up to the maximum; those
   * that have failed no longer count.
   *
   *     start 1 ── 50 ──► start 2 ── 100 ──► start 3 ── 200 ──► start 4        base 50 ms, multiplier 2
   */
  private delayAfter(latest: Endpoint, pace: LanePace): number {
    const base = pace.attemptDelay(latest);
    if (pace.attemptDelayMultiplier === 1 || this.inFlight < 2) return base;
    const grown = base * pace.attemptDelayMultiplier ** (this.inFlight - 1);
    return Math.max(base, Math.min(grown, pace.maximumAttemptDelay));
  }

  /** Replaces the candidates; none of them may have been started. */
  fill(candidates: readonly Endpoint[]): void {
    this.order = candidates;
    this.next = 0;
  }

  /** An attempt on the lane's head has begun. */
  begin(endpoint: Endpoint, at: number): void {
    this.next++;
    this.latest = endpoint;
    this.startedAt = at;
    this.failedAt = Infinity;
    this.inFlight++;
  }

  /** An attempt's TCP connection is up, after one round trip of `roundTrip` ms, and its TLS handshake has begun. */
  beginHandshake(endpoint: Endpoint, at: number, roundTrip: number): void {
    this.handshakes ??= new Map();
    this.handshakes.set(endpoint, at + HANDSHAKE_ROUND_TRIPS * roundTrip);
  }

  /** One of the lane's attempts has failed. Where that is the latest, the next may start. */
  fail(endpoint: Endpoint, at: number): void {
    if (endpoint === this.latest) this.failedAt = at;
    this.giveWay(endpoint);
  }

  /** One of the lane's attempts has given way. That is not a failure: it brings no start forward. */
  giveWay(endpoint: Endpoint): void {
    this.inFlight--;
    this.handshakes?.delete(endpoint);
    if (this.handshakes?.size === 0) this.handshakes = undefined;
  }
}
