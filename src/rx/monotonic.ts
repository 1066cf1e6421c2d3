import { asyncScheduler, queueScheduler, Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { LONGEST_DELAY } from '../core/input/checks.js';

/**
 * Runs work after a delay that the wall clock cannot bend; the default scheduler of a race.
 *
 * RxJS's `asyncScheduler` with two differences. `now()` is monotonic (`performance.now()`), in ms. A delay of 0 ends with
 * the current turn of the event loop instead of a millisecond later, and no other delay is cut short, where Node's timers
 * count whole milliseconds of a clock that they round down: so that one is added.
 */
export const monotonicScheduler: SchedulerLike = {
  now: () => performance.now(),
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription =>
    delay > 0 ? asyncScheduler.schedule(work, Math.min(Math.ceil(delay) + 1, LONGEST_DELAY), state) : atEndOfTurn(work, state),
};

function atEndOfTurn<T>(work: (this: SchedulerAction<T>, state?: T) => void, state?: T): Subscription {
  const action = new Subscription();
  const immediate = setImmediate(() => {
    action.add(queueScheduler.schedule(work, 0, state));
  });
  action.add(() => {
    clearImmediate(immediate);
  });
  return action;
}
