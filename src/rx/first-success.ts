import {
  from,
  isObservable,
  Observable,
  Subscription,
  take,
  throwIfEmpty,
  type ObservableInput,
  type ObservedValueOf,
  type Observer,
  type SchedulerLike,
} from 'rxjs';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { combinedError } from '../core/combined-error.js';
import { monotonicScheduler } from './monotonic.js';
import { reportUnhandledError } from './unhandled.js';

/** Options of {@link firstSuccess}. */
export interface FirstSuccessOptions {
  /** Between two starts, in ms. Default 0: all at once; `Infinity`: only after a failure. */
  readonly delay?: number;
  /** Inputs in flight. Default `Infinity`. */
  readonly maxConcurrent?: number;
  /** Every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike;
}

const checks: Checks<FirstSuccessOptions> = {
  delay: orInfinity(number(0, LONGEST_DELAY)),
  maxConcurrent: orInfinity(integer(1, Number.MAX_SAFE_INTEGER)),
  scheduler,
};

/**
 * Emits the first value that any of the inputs emits, starting them one after another.
 *
 *     input 1   ├─────────────────○         the next is started the delay after it; the loser is cancelled
 *     input 2         ├──✗                  has failed: the next is started at once
 *     input 3            ├────────●         the first value wins
 *     result    ──────────────────(●|)
 *
 * The inputs are a list, or a stream that may still be open while they race. The next one is started `delay` after the last,
 * or at once when that fails: an error, completing without a value (an `EmptyError`) and throwing when it is subscribed to
 * are all the same. While `maxConcurrent` are in flight nothing is started; what is due then starts as soon as one fails. An
 * input that was never started has never been subscribed to.
 *
 * Emits one value and completes; all else has been unsubscribed before. Unsubscribing ends everything at once.
 *
 * Errors with one `AggregateError` when all have failed and no other will come, its `errors` in the order of the inputs; an
 * error of the stream of inputs is the last of them.
 *
 * @throws TypeError, RangeError at the call, for an empty list and for options that make no sense
 *
 * @example
 * firstSuccess([primary$, backup$], { delay: 100 }).subscribe(console.log);
 */
export function firstSuccess<Input extends ObservableInput<unknown>>(
  inputs: ObservableInput<Input>,
  options: FirstSuccessOptions = {},
): Observable<ObservedValueOf<Input>> {
  checkInputs(inputs);
  checkEach('options', options, checks);
  return new Observable((subscriber) => {
    const { delay = 0, maxConcurrent = Infinity, scheduler = monotonicScheduler } = options;
    const held = new Subscription();
    const arrived: Input[] = [];
    const errors: unknown[] = [];
    let started = 0;
    let running = 0;
    let latest: Latest | undefined;
    let winner: { readonly value: ObservedValueOf<Input> } | undefined;
    let closed = false;
    let timer: Subscription | undefined;
    let advancing = false;

    /** Does what is due, one thing after another. What happens meanwhile waits: the stack does not grow. */
    const advance = () => {
      if (advancing) return;
      advancing = true;
      try {
        while (!held.closed && step());
      } finally {
        advancing = false;
      }
    };

    /** Does what is due next; whether there may be more. */
    const step = (): boolean => {
      timer?.unsubscribe();
      if (winner) return win(winner.value);
      if (closed && running === 0 && started === arrived.length) return lose();
      const due = started < arrived.length && running < maxConcurrent ? nextStart(latest, delay) : Infinity;
      const wait = due - scheduler.now();
      if (wait > 0) return wake(wait);
      start(arrived[started]!, started++);
      return true;
    };

    /** Derived anew after each event, so that there is never more than one. */
    const wake = (wait: number) => {
      timer = wait === Infinity ? undefined : scheduler.schedule(advance, wait);
      held.add(timer);
      return false;
    };

    const start = (input: Input, index: number) => {
      const own: Latest = { startedAt: scheduler.now(), failedAt: Infinity };
      const input$ = () => (from(input) as Observable<ObservedValueOf<Input>>).pipe(take(1), throwIfEmpty());
      latest = own;
      running++;
      watch(input$, {
        next: (value) => {
          winner ??= { value };
          advance();
        },
        error: (error: unknown) => {
          running--;
          own.failedAt = scheduler.now();
          errors[index] = error;
          advance();
        },
      });
    };

    /** Subscribes in such a way that it can be ended before `subscribe` has returned. */
    const watch = <V>(create: () => Observable<V>, observer: Partial<Observer<V>>) => {
      new Observable<V>((own) => {
        held.add(own);
        create().subscribe(own);
      }).subscribe(observer);
    };

    const win = (value: ObservedValueOf<Input>) => {
      release();
      subscriber.next(value);
      subscriber.complete();
      return false;
    };

    const lose = () => {
      release();
      subscriber.error(combinedError(errors.length > 0 ? 'No input has succeeded' : 'There was no input to start', errors));
      return false;
    };

    const release = () => {
      try {
        held.unsubscribe();
      } catch (error) {
        reportUnhandledError(error);
      }
    };

    subscriber.add(release);
    watch(() => from(inputs), {
      next: (input) => {
        arrived.push(input);
        advance();
      },
      error: (error: unknown) => {
        closed = true;
        errors[arrived.length] = error;
        advance();
      },
      complete: () => {
        closed = true;
        advance();
      },
    });
  });
}

/** The input started last. It sets the pace: the others may fail or go on as they like. */
interface Latest {
  readonly startedAt: number;
  failedAt: number;
}

// The connection race's own pacing does not fit: it counts families, answers and handshakes of endpoints. This is what is left
// of its rule without them.
function nextStart(latest: Latest | undefined, delay: number): number {
  return latest === undefined ? -Infinity : Math.min(latest.startedAt + delay, latest.failedAt);
}

function checkInputs(inputs: unknown): void {
  const isInput = (typeof inputs === 'object' && inputs !== null) || typeof inputs === 'function';
  if (!isInput || !canBeStream(inputs)) throw invalidType('inputs', 'a list or a stream of ObservableInputs', inputs);
  if (Array.isArray(inputs) && inputs.length === 0) throw invalidValue('inputs', 'must not be empty', inputs);
}

function canBeStream(inputs: unknown): boolean {
  try {
    return isObservable(from(inputs as ObservableInput<unknown>));
  } catch {
    return false;
  }
}
