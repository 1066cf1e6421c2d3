import type { Endpoint } from './endpoint.js';

/** The pace of attempts. Delays are in ms. */
export interface LanePace {
  /** The delay after the start of an attempt on `after`. */
  readonly attemptDelay: (after: Endpoint) => number;
  /** A factor of at least 1 for each further attempt of the lane in flight. */
  readonly attemptDelayMultiplier: number;
  /**
   * The upper bound of a delay that attempts in flight or a handshake extend. With `maxConcurrentAttempts` in flight and another
   * attempt due, it is also how long the oldest keeps its place.
   */
  readonly maximumAttemptDelay: number;
}

/**
 * The round trips allowed for a handshake: TLS 1.3 takes one, TLS 1.2 two. HEv3, "Determining Successful Connection
 * Establishment".
 */
const HANDSHAKE_ROUND_TRIPS = 2;

/**
 * A queue of candidates with its own pace.
 *
 * A race per RFC 8305 has one lane; per-family pacing has two. Within a lane, attempts start one at a time.
 */
export class Lane {
  /** The candidates in order; those before `next` have been started. */
  private order: readonly Endpoint[] = [];
  private next = 0;
  /** The attempt that started last. Only this one sets the pace. */
  private latest: Endpoint | undefined;
  private startedAt = 0;
  private failedAt = Infinity;
  /** The number of attempts in flight. */
  private inFlight = 0;
  /** When the TLS handshakes in progress should be complete. */
  private handshakes: Map<Endpoint, number> | undefined;

  /** The next candidate. */
  get head(): Endpoint | undefined {
    return this.order[this.next];
  }

  /** The candidates that have not been started. */
  get rest(): readonly Endpoint[] {
    return this.order.slice(this.next);
  }

  /**
   * When the lane's next attempt may start.
   *
   *     start 1 ──────── delay ────────► start 2        nothing happened
   *     start 1 ───── ✗ ► start 2                       the latest attempt failed
   *     start 1 ─── TCP ─── handshake ───► start 2      a handshake is in progress, and should be complete by then
   *
   * A failure is an answer. The next attempt therefore waits neither for the delay nor for RFC 8305's floor of 10 ms, which
   * bounds the timer so that unanswered packets cannot pile up.
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

  /** Extends the timer for handshakes, up to `maximumAttemptDelay` after the latest start. */
  private extended(timer: number, { maximumAttemptDelay }: LanePace): number {
    if (!this.handshakes) return timer;
    const over = Math.max(...this.handshakes.values());
    return Math.max(timer, Math.min(over, this.startedAt + maximumAttemptDelay));
  }

  /**
   * The delay after the latest start. It grows with each further attempt in flight, up to the maximum. Failed attempts no longer
   * count.
   *
   *     start 1 ── 50 ──► start 2 ── 100 ──► start 3 ── 200 ──► start 4        base 50 ms, multiplier 2
   */
  private delayAfter(latest: Endpoint, pace: LanePace): number {
    const base = pace.attemptDelay(latest);
    if (pace.attemptDelayMultiplier === 1 || this.inFlight < 2) return base;
    const grown = base * pace.attemptDelayMultiplier ** (this.inFlight - 1);
    return Math.max(base, Math.min(grown, pace.maximumAttemptDelay));
  }

  /** Replaces the candidates. None of the new ones may have been started. */
  fill(candidates: readonly Endpoint[]): void {
    this.order = candidates;
    this.next = 0;
  }

  /** Records that an attempt on the lane's head has begun. */
  begin(endpoint: Endpoint, at: number): void {
    this.next++;
    this.latest = endpoint;
    this.startedAt = at;
    this.failedAt = Infinity;
    this.inFlight++;
  }

  /** Records that an attempt's TLS handshake has begun, after a TCP round trip of `roundTrip` ms. */
  beginHandshake(endpoint: Endpoint, at: number, roundTrip: number): void {
    this.handshakes ??= new Map();
    this.handshakes.set(endpoint, at + HANDSHAKE_ROUND_TRIPS * roundTrip);
  }

  /** Records that an attempt has failed. If it was the latest, the next may start. */
  fail(endpoint: Endpoint, at: number): void {
    if (endpoint === this.latest) this.failedAt = at;
    this.giveWay(endpoint);
  }

  /** Records that an attempt has given way. Unlike a failure, this does not let the next attempt start sooner. */
  giveWay(endpoint: Endpoint): void {
    this.inFlight--;
    this.handshakes?.delete(endpoint);
    if (this.handshakes?.size === 0) this.handshakes = undefined;
  }
}
