import { queueScheduler, Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { LONGEST_DELAY } from '../core/input/checks.js';
import { realTime } from './real-time.js';

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
  now: () => realTime().now(),
  schedule: <T>(work: Work<T>, delay = 0, state?: T): Subscription => {
    const action = new Subscription();
    if (delay > 0) afterDelay(action, Math.min(Math.ceil(delay) + 1, LONGEST_DELAY), work, state);
    else atEndOfTurn(action, work, state);
    return action;
  },
};

function afterDelay<T>(action: Subscription, delay: number, work: Work<T>, state?: T): void {
  const { setTimeout, clearTimeout } = realTime();
  const timeout = setTimeout(() => {
    atEndOfTurn(action, work, state);
  }, delay);
  action.add(() => {
    clearTimeout(timeout);
  });
}

function atEndOfTurn<T>(action: Subscription, work: Work<T>, state?: T): void {
  const { setImmediate, clearImmediate } = realTime();
  const immediate = setImmediate(() => {
    action.add(queueScheduler.schedule(work, 0, state));
  });
  action.add(() => {
    clearImmediate(immediate);
  });
}
