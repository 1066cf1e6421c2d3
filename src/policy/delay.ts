import { NEVER, switchMap, timer, type SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../rx/monotonic.js';
import { checkTime, type TimeOptions } from './check-time.js';
import { makeTimedLayer, type AnyPolicy } from './make-policy.js';

/**
 * Subscribes to the source `duration` ms later. Its values are not delayed any further.
 *
 *     source               ├─────●
 *     result   ── 50 ms ────────(●|)
 *
 * RxJS's operator subscribes at once and delays the values. Here, a source that loses before the delay has elapsed never begins.
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
