import { NEVER, switchMap, timer, type SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../rx/monotonic.js';
import { checkTime, type TimeOptions } from './check-time.js';
import { makeTimedLayer, type AnyPolicy } from './make-policy.js';

/**
 * Asks the source so many ms later; its values then come as they come.
 *
 *     source               ├─────●
 *     result   ── 50 ms ────────(●|)
 *
 * Unlike RxJS's operator, which asks at once and holds the values back: what loses before the delay is over has not begun.
 *
 * @param duration ms; `Infinity`: never
 */
export function delay(duration: number, options: TimeOptions = {}): AnyPolicy {
  checkTime(duration, options);
  const start$ = (scheduler: SchedulerLike) => (duration === Infinity ? NEVER : timer(duration, scheduler));
  return makeTimedLayer(
    options.scheduler,
    monotonicScheduler,
    (scheduler) => (source) => start$(scheduler).pipe(switchMap(() => source)),
    `delay(${duration})`,
  );
}
