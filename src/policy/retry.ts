import { retry as rxRetry, timer, type SchedulerLike } from 'rxjs';
import { callable, checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Options of {@link retry}. Durations in ms. */
export interface RetryOptions {
  /** The backoff before the second attempt; it doubles with each. Default 100. */
  readonly initialDelay?: number | undefined;
  /** The most that it becomes. Default 10 000. */
  readonly maxDelay?: number | undefined;
  /** How much of the backoff is left to chance, from 0 to 1. Default 1: anything between nothing and all of it. */
  readonly jitter?: number | undefined;
  /** Where chance comes from: a function like the default, `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Which errors are worth another attempt. Default: all. */
  readonly isRetryable?: ((error: unknown) => boolean) | undefined;
  /** Every timer. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
}

const RETRY_CHECKS: Checks<RetryOptions> = {
  initialDelay: number(0, LONGEST_DELAY),
  maxDelay: number(0, LONGEST_DELAY),
  jitter: number(0, 1),
  random: callable,
  isRetryable: callable,
  scheduler,
};
const checkCount = orInfinity(integer(0, Number.MAX_SAFE_INTEGER));

/**
 * Asks again when the source errors, up to so many times, after a backoff that doubles.
 *
 *     source   ├──✗             ├──✗                          ├────●
 *     waits        ── 100 ms ──     ───────── 200 ms ────────
 *
 * Chance shortens each wait, so that those who failed together do not come back together. Errors with the last error, or with
 * the first that is not worth another attempt.
 */
export function retry(count: number, options: RetryOptions = {}): AnyPolicy {
  checkCount('count', count);
  checkEach('options', options, RETRY_CHECKS);
  const { random = Math.random, isRetryable = () => true, scheduler = monotonicScheduler } = options;
  const again = (error: unknown, failures: number) => {
    if (!isRetryable(error)) throw error;
    return timer(backoff(failures, random(), options), scheduler);
  };
  return makeLayer((source) => source.pipe(rxRetry({ count, delay: again })), `retry(${count})`);
}

/** How long to wait after so many failures; `chance` from 0 to 1. */
export function backoff(failures: number, chance: number, { initialDelay = 100, maxDelay = 10_000, jitter = 1 }: RetryOptions) {
  const whole = Math.min(initialDelay * 2 ** (failures - 1), maxDelay);
  return whole * (1 - jitter * chance);
}
