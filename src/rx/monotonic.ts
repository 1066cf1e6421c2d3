import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { LONGEST_DELAY } from '../core/input/checks.js';
import { now, realTime } from './real-time.js';

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/**
 * Runs work after a delay that the wall clock cannot bend; the default scheduler of a race.
 *
 * It differs from RxJS's `asyncScheduler` in four ways. `now()` is monotonic (`performance.now()`), in ms. No delay is cut
 * short: Node's timers count whole milliseconds of a clock that they round down, so one is added. A delay ends with the turn of
 * the event loop in which it is over, one of 0 with the current turn. And fake timers that are installed after this package was
 * loaded do not touch it.
 *
 *     blocked ────────────────► timers ──► poll ──────────────────► check
 *                               it's over  connections and answers   work
 *
 * The event loop sees to timers before sockets. After it was blocked, or its process stopped, for longer than a time-out, it
 * would otherwise give up on a connection that the kernel has had for long.
 */
export const monotonicScheduler: SchedulerLike = {
  now,
  schedule: <T>(work: Work<T>, delay?: number, state?: T): Subscription => new Action(work).schedule(state, delay),
};

/** Work that is to be run, and again whenever it says so, until it is unsubscribed. */
class Action<T> extends Subscription implements SchedulerAction<T> {
  private state: T | undefined;
  /** The timers by which it was set. */
  private time = realTime();
  private timeout: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;

  constructor(private readonly work: Work<T>) {
    super();
  }

  schedule(state?: T, delay = 0): this {
    if (this.closed) return this;
    this.state = state;
    this.clear();
    if (delay > 0) this.afterDelay(Math.min(Math.ceil(delay) + 1, LONGEST_DELAY));
    else this.atEndOfTurn();
    return this;
  }

  override unsubscribe(): void {
    this.clear();
    super.unsubscribe();
  }

  private afterDelay(delay: number): void {
    this.time = realTime();
    this.timeout = this.time.setTimeout(() => this.atEndOfTurn(), delay);
  }

  private atEndOfTurn(): void {
    this.time = realTime();
    this.timeout = undefined;
    this.immediate = this.time.setImmediate(() => this.run());
  }

  private run(): void {
    this.immediate = undefined;
    try {
      this.work(this.state);
    } finally {
      if (!this.isSet) this.unsubscribe();
    }
  }

  private get isSet(): boolean {
    return this.timeout !== undefined || this.immediate !== undefined;
  }

  private clear(): void {
    if (this.timeout) this.time.clearTimeout(this.timeout);
    if (this.immediate) this.time.clearImmediate(this.immediate);
    this.timeout = undefined;
    this.immediate = undefined;
  }
}
