import { limit } from '../rx/limit.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { checkTime, type TimeOptions } from './check-time.js';
import { makeTimedLayer, type AnyPolicy } from './make-policy.js';

/**
 * Fails with `ETIMEDOUT` when there is no value after so many ms.
 *
 *     source   ├──────────────○        cancelled
 *     result   ──── 200 ms ───✗
 *
 * Values after the first may take their time.
 *
 * @param duration ms; `Infinity`: as long as it takes
 */
export function timeout(duration: number, options: TimeOptions = {}): AnyPolicy {
  checkTime(duration, options);
  return makeTimedLayer(
    options.scheduler,
    monotonicScheduler,
    (scheduler) => limit(duration, scheduler, 'value'),
    `timeout(${duration})`,
  );
}
