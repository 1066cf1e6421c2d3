import { defer, finalize, tap as rxTap, throwError, type SchedulerLike } from 'rxjs';
import { checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { admitted, closed, ended, stateAt, type BreakerState, type Outcome } from './breaker-state.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Options of {@link breaker}. */
export interface BreakerOptions {
  /** How long it stays open, in ms. Default 30 000; `Infinity`: for good. */
  readonly resetDelay?: number;
  /** Every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike;
}

const checks: Checks<BreakerOptions> = { resetDelay: orInfinity(number(0, LONGEST_DELAY)), scheduler };
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
 * cancelled, as a loser is, is neither. They are counted for this one policy, wherever it is used.
 */
export function breaker(failures: number, options: BreakerOptions = {}): AnyPolicy {
  checkFailures('failures', failures);
  checkEach('options', options, checks);
  const { resetDelay = 30_000, scheduler = monotonicScheduler } = options;
  let state: BreakerState = closed;

  const open = () => codedError('ERR_BREAKER_OPEN', `${failures} failures in a row`);

  /** Lets a call through, and returns what is told of its end; which says nothing once the breaker is in another state. */
  const admit = () => {
    const next = admitted(stateAt(state, scheduler.now()));
    if (!next) return undefined;
    const { type } = next;
    state = next;
    let underWay = true;
    return (outcome: Outcome) => {
      if (underWay && state.type === type) state = ended(state, outcome, scheduler.now(), { failures, resetDelay });
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
