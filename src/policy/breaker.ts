import { defer, finalize, tap as rxTap, throwError, type SchedulerLike } from 'rxjs';
import { checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { admitted, closed, ended, type BreakerState, type Outcome } from './breaker-state.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Options of {@link breaker}. */
export interface BreakerOptions {
  /** How long it stays open, in ms. Default 30 000; `Infinity`: for good. */
  readonly resetDelay?: number | undefined;
  /**
   * How long the one call is waited for that is let through while it is half-open, in ms. After that time another is let through
   * in its place. Default 30 000; `Infinity`: for good.
   */
  readonly trialTimeout?: number | undefined;
  /** Every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
}

const duration = orInfinity(number(0, LONGEST_DELAY));
const BREAKER_CHECKS: Checks<BreakerOptions> = { resetDelay: duration, trialTimeout: duration, scheduler };
const checkFailures = integer(1, Number.MAX_SAFE_INTEGER);

/**
 * Spares a source that keeps failing.
 *
 *     closed ── failures in a row ──► open ── resetDelay ──► half-open ── a success ──► closed
 *                                      ▲                         │
 *                                      └──────── a failure ──────┘
 *
 * Closed, it lets everything through; open, it fails with `ERR_BREAKER_OPEN`; half-open, it lets one through and looks what
 * becomes of that. The first value is a success; an error, and completing without a value, is a failure; a call that is
 * cancelled, as a loser is, is neither. A call that ends in a later period than the one in which it began counts for nothing:
 * what began before the breaker opened says nothing of the source as it is now. Failures are counted for this one policy,
 * wherever it is used.
 */
export function breaker(failures: number, options: BreakerOptions = {}): AnyPolicy {
  checkFailures('failures', failures);
  checkEach('options', options, BREAKER_CHECKS);
  const { resetDelay = 30_000, trialTimeout = 30_000, scheduler = monotonicScheduler } = options;
  const plan = { failures, resetDelay, trialTimeout };
  let state: BreakerState = closed;

  const open = () => codedError('ERR_BREAKER_OPEN', `${failures} failures in a row`);

  /** Lets a call through, and returns the function to call with its end; `undefined` where the call is refused. */
  const admit = () => {
    const next = admitted(state, scheduler.now(), plan);
    if (!next) return undefined;
    const { period } = next;
    state = next;
    let underWay = true;
    return (outcome: Outcome) => {
      if (underWay && state.period === period) state = ended(state, outcome, scheduler.now(), plan);
      underWay = false;
    };
  };

  return makeLayer(
    (source) =>
      defer(() => {
        const end = admit();
        if (!end) return throwError(() => open());
        const failed = () => end('failed');
        const observer = { next: () => end('succeeded'), error: failed, complete: failed };
        return source.pipe(
          rxTap(observer),
          finalize(() => end('cancelled')),
        );
      }),
    `breaker(${failures})`,
  );
}
