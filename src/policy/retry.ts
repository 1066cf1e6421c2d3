import { retry as rxRetry, timer, type SchedulerLike } from 'rxjs';
import { callable, checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { invalidReturn } from '../core/input/argument-errors.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { makeTimedLayer, type AnyPolicy } from './make-policy.js';

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
  /**
   * How long to wait, in ms, instead of the backoff: a function of the error and of the number of the attempt that has failed,
   * from 1. Other people's `Retry-After` may be in the error.
   */
  readonly retryDelay?: ((error: unknown, attempt: number) => number) | undefined;
  /** Which errors are worth another attempt. Default: all. */
  readonly isRetryable?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Called before each wait: with the error, the number of the attempt that has failed, and how long the wait is, in ms. */
  readonly onRetry?: ((error: unknown, attempt: number, delay: number) => void) | undefined;
  /** Every timer. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
}

const RETRY_CHECKS: Checks<RetryOptions> = {
  initialDelay: number(0, LONGEST_DELAY),
  maxDelay: number(0, LONGEST_DELAY),
  jitter: number(0, 1),
  random: callable,
  retryDelay: callable,
  isRetryable: callable,
  onRetry: callable,
  scheduler,
};
const checkCount = orInfinity(integer(0, Number.MAX_SAFE_INTEGER));

/**
 * Subscribes again when the source errors, at most `count` times, after a backoff that doubles.
 *
 *     source   ├──✗             ├──✗                          ├────●
 *     waits        ── 100 ms ──     ───────── 200 ms ────────
 *
 * Jitter shortens each wait at random, so that clients that failed together do not return together. Errors with the last error, or
 * with the first that is not worth another attempt.
 */
export function retry(count: number, options: RetryOptions = {}): AnyPolicy {
  checkCount('count', count);
  checkEach('options', options, RETRY_CHECKS);
  const { isRetryable = () => true, onRetry } = options;
  const again = (scheduler: SchedulerLike) => (error: unknown, attempt: number) => {
    if (!isRetryable(error, attempt)) throw error;
    const wait = waitOf(error, attempt, options);
    onRetry?.(error, attempt, wait);
    return timer(wait, scheduler);
  };
  return makeTimedLayer(
    options.scheduler,
    monotonicScheduler,
    (scheduler) => rxRetry({ count, delay: again(scheduler) }),
    `retry(${count})`,
  );
}

function waitOf(error: unknown, attempt: number, options: RetryOptions): number {
  const { retryDelay, random = Math.random } = options;
  if (!retryDelay) return backoff(attempt, random(), options);
  const wait: unknown = retryDelay(error, attempt);
  if (typeof wait !== 'number' || !(wait >= 0 && wait <= LONGEST_DELAY))
    throw invalidReturn('options.retryDelay()', `a number from 0 to ${LONGEST_DELAY}`, wait);
  return wait;
}

/** The wait after a number of failures. `chance` is from 0 to 1. */
export function backoff(failures: number, chance: number, { initialDelay = 100, maxDelay = 10_000, jitter = 1 }: RetryOptions) {
  const whole = Math.min(initialDelay * 2 ** (failures - 1), maxDelay);
  return whole * (1 - jitter * chance);
}
