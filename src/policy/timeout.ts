import { limit } from '../rx/limit.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { checkTime, type TimeOptions } from './check-time.js';
import { makeTimedLayer, type AnyPolicy } from './make-policy.js';

/**
 * Fails with `ETIMEDOUT` if no value arrives within `duration` ms.
 *
 *     source   ├──────────────○        cancelled
 *     result   ──── 200 ms ───✗
 *
 * Later values are not limited.
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
