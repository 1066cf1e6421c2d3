import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { LONGEST_DELAY } from '../core/input/checks.js';
import { now, realTime } from './real-time.js';

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/**
 * The default scheduler of a race. Changes of the wall clock do not affect it.
 *
 * It differs from RxJS's `asyncScheduler` in four ways. `now()` is monotonic (`performance.now()`), in ms. No delay is cut short:
 * Node's timers round their clock down to whole milliseconds, so one is added. Work runs at the end of the turn of the event loop
 * in which its delay elapses; a delay of 0 means the end of the present turn. Fake timers that are installed after this package
 * was loaded do not affect it.
 *
 *     blocked ────────────────► timers ──► poll ──────────────────► check
 *                               elapsed    connections and answers   work
 *
 * Node's event loop handles timers before sockets. Without the last point, a race whose process was blocked or stopped for longer
 * than a timeout would give up on a connection that the kernel established long ago.
 */
export const monotonicScheduler: SchedulerLike = {
  now,
  schedule: <T>(work: Work<T>, delay?: number, state?: T): Subscription => new Action(work).schedule(state, delay),
};

/** Scheduled work, which may reschedule itself until it is unsubscribed. */
class Action<T> extends Subscription implements SchedulerAction<T> {
  private state: T | undefined;
  /** The timer functions that were used. */
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
