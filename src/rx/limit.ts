import { throwError, timeout, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { codedError } from '../core/error-tools.js';

/**
 * Errors with `ETIMEDOUT` if no value arrives within `duration` ms. `Infinity`: never.
 *
 * @param what the missing value's name in the message: `connection`, `value`
 */
export function limit<T>(duration: number, scheduler: SchedulerLike, what: string): MonoTypeOperatorFunction<T> {
  if (duration === Infinity) return (source) => source;
  const timedOut = () => throwError(() => codedError('ETIMEDOUT', `no ${what} after ${duration} ms`));
  return (source) => source.pipe(timeout({ first: duration, with: timedOut, scheduler }));
}
