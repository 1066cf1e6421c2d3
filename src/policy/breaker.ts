import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  finalize,
  map,
  tap as rxTap,
  throwError,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { admitted, closed, ended, isolated, reset, type BreakerState, type Outcome } from './breaker-state.js';
import { makeTimedLayer, type AnyPolicy } from './make-policy.js';

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

/** A {@link breaker}, and how it stands. */
export interface Breaker extends AnyPolicy {
  /** `closed`: calls are let through; `open`: they fail; `half-open`: one has been let through, on trial. */
  readonly state: BreakerState['type'];
  /** The state, and then each other one, when a call or the hand makes it so. Hot, and never over. */
  readonly state$: Observable<BreakerState['type']>;
  /** Opens it until `close()` is called, as for the time of a deployment. */
  readonly open: () => void;
  /** Closes it, and forgets failures. Calls that are under way count for nothing. */
  readonly close: () => void;
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
export function breaker(failures: number, options: BreakerOptions = {}): Breaker {
  checkFailures('failures', failures);
  checkEach('options', options, BREAKER_CHECKS);
  const { resetDelay = 30_000, trialTimeout = 30_000 } = options;
  const plan = { failures, resetDelay, trialTimeout };
  const states = new BehaviorSubject<BreakerState>(closed);
  const typeOf = ({ type }: BreakerState) => type;

  const open = () => codedError('ERR_BREAKER_OPEN', isByHand ? 'opened by hand' : `${failures} failures in a row`);
  let isByHand = false;
  const byHand = (change: (state: BreakerState) => BreakerState, isOpen: boolean) => () => {
    isByHand = isOpen;
    states.next(change(states.value));
  };

  /** Lets a call through, and returns the function to call with its end; `undefined` where the call is refused. */
  const admit = (scheduler: SchedulerLike) => {
    const next = admitted(states.value, scheduler.now(), plan);
    if (!next) return undefined;
    const { period } = next;
    states.next(next);
    let underWay = true;
    return (outcome: Outcome) => {
      if (underWay && states.value.period === period) states.next(ended(states.value, outcome, scheduler.now(), plan));
      underWay = false;
    };
  };

  const layer = makeTimedLayer(
    options.scheduler,
    monotonicScheduler,
    (scheduler) => (source) =>
      defer(() => {
        const end = admit(scheduler);
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
  const control = {
    state$: states.pipe(map(typeOf), distinctUntilChanged()),
    open: byHand(isolated, true),
    close: byHand(reset, false),
  };
  return Object.defineProperty(Object.assign(layer, control), 'state', { get: () => typeOf(states.value) }) as Breaker;
}
