import {
  asapScheduler,
  from,
  isObservable,
  Observable,
  Subscription,
  throwIfEmpty,
  type ObservableInput,
  type ObservedValueOf,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach, integer, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';
import { combinedError } from '../core/combined-error.js';
import { EventLoop } from './event-loop.js';
import { Listener } from './guarded.js';
import { monotonicScheduler } from './monotonic.js';

/** Options of {@link firstSuccess}. */
export interface FirstSuccessOptions {
  /** Between two starts, in ms. Default 0: all at once; `Infinity`: only after a failure. */
  readonly delay?: number;
  /** Inputs in flight. Default `Infinity`. */
  readonly maxConcurrent?: number;
  /** Every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike;
}

const FIRST_SUCCESS_CHECKS: Checks<FirstSuccessOptions> = {
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
 * Emits one value, when all else has been unsubscribed, and completes. The winner itself is let go of after its value has been
 * handed over: when it has completed, at the latest at the end of the job in which the value came. What it does beside
 * emitting, as marking a response as taken, so comes before its teardown. Unsubscribing ends everything at once.
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
  checkEach('options', options, FIRST_SUCCESS_CHECKS);
  const { delay = 0, maxConcurrent = Infinity, scheduler = monotonicScheduler } = options;
  return new Observable((subscriber) => {
    new FirstSuccess<Input>(inputs, { delay, maxConcurrent, scheduler }, subscriber).begin();
  });
}

/** What can happen on the way to the first success. */
type Happening<Input, Value> =
  | { readonly type: 'arrived'; readonly input: Input }
  | { readonly type: 'closed' }
  /** Something may be due. */
  | { readonly type: 'due' }
  | { readonly type: 'failed'; readonly index: number; readonly error: unknown }
  | { readonly type: 'succeeded'; readonly value: Value; readonly winner: Subscription };

/**
 * The connection race's own schedule does not fit: it counts families, answers and handshakes of endpoints. This is what is left
 * of it without them, on the same event loop.
 */
class FirstSuccess<Input extends ObservableInput<unknown>> {
  private readonly loop = new EventLoop<Happening<Input, ObservedValueOf<Input>>>((event) => this.happened(event));
  private readonly held = new Subscription();
  private readonly arrived: Input[] = [];
  private readonly errors: unknown[] = [];
  private started = 0;
  private running = 0;
  private closed = false;
  /** The input started last sets the pace: the others may fail or go on as they like. */
  private latestStart = -Infinity;
  private latestFailure = Infinity;
  private timer: Subscription | undefined;
  private isWon = false;

  constructor(
    private readonly inputs: ObservableInput<Input>,
    private readonly options: Required<FirstSuccessOptions>,
    private readonly subscriber: Subscriber<ObservedValueOf<Input>>,
  ) {}

  begin(): void {
    this.subscriber.add(() => this.letGo());
    this.loop.open();
    const arrivals = new Listener<Input>({
      next: (input) => this.loop.raise({ type: 'arrived', input }),
      error: (error) => {
        this.errors[this.arrived.length] = error;
        this.loop.raise({ type: 'closed' });
      },
      complete: () => this.loop.raise({ type: 'closed' }),
    });
    this.watch(arrivals, () => this.inputs);
  }

  private happened(event: Happening<Input, ObservedValueOf<Input>>): void {
    switch (event.type) {
      case 'arrived':
        this.arrived.push(event.input);
        break;
      case 'closed':
        this.closed = true;
        break;
      case 'due':
        break;
      case 'failed':
        this.running--;
        this.errors[event.index] = event.error;
        if (event.index === this.started - 1) this.latestFailure = this.options.scheduler.now();
        break;
      case 'succeeded':
        return this.win(event);
    }
    this.pace();
  }

  /** Starts what is due, or waits for it. Derived anew after each event, so that there is never more than one timer. */
  private pace(): void {
    const { delay, maxConcurrent, scheduler } = this.options;
    this.timer?.unsubscribe();
    const isLeft = this.started < this.arrived.length;
    if (this.closed && this.running === 0 && !isLeft) return this.lose();
    if (!isLeft || this.running >= maxConcurrent) return;
    const wait = Math.min(this.latestStart + delay, this.latestFailure) - scheduler.now();
    if (wait === Infinity) return;
    if (wait > 0) this.timer = scheduler.schedule(() => this.loop.raise({ type: 'due' }), wait);
    else this.start();
  }

  private start(): void {
    const index = this.started++;
    this.running++;
    this.latestStart = this.options.scheduler.now();
    this.latestFailure = Infinity;
    this.listenTo(this.arrived[index]!, index);
    // Whether more is due is asked once what this start has brought about is handled: it may have won.
    this.loop.raise({ type: 'due' });
  }

  /** Of its values the first counts, and nothing after it. */
  private listenTo(input: Input, index: number): void {
    let hasSucceeded = false;
    const ended = (error: unknown) => {
      if (!hasSucceeded) this.loop.raise({ type: 'failed', index, error });
      else if (this.isWon) this.subscriber.complete();
    };
    const listener = new Listener<ObservedValueOf<Input>>({
      next: (value) => {
        if (!hasSucceeded) {
          hasSucceeded = true;
          this.loop.raise({ type: 'succeeded', value, winner: listener });
          return;
        }
        // Not of one value: it is not waited for.
        listener.unsubscribe();
        ended(undefined);
      },
      error: ended,
      complete: () => ended(undefined),
    });
    this.watch(listener, () => from(input).pipe(throwIfEmpty()) as Observable<ObservedValueOf<Input>>);
  }

  private watch<V>(listener: Listener<V>, create: () => ObservableInput<V>): void {
    this.held.add(listener);
    listener.listen(create);
  }

  /** Lets go of all others, hands the value over, and lets go of the winner: in this order. */
  private win({ value, winner }: { readonly value: ObservedValueOf<Input>; readonly winner: Subscription }): void {
    const { subscriber } = this;
    this.held.remove(winner);
    this.letGo();
    subscriber.add(winner);
    subscriber.next(value);
    if (winner.closed) return subscriber.complete();
    this.isWon = true;
    subscriber.add(
      asapScheduler.schedule(() => {
        winner.unsubscribe();
        subscriber.complete();
      }),
    );
  }

  private lose(): void {
    this.letGo();
    const what = this.errors.length > 0 ? 'No input has succeeded' : 'There was no input to start';
    this.subscriber.error(combinedError(what, this.errors));
  }

  private letGo(): void {
    this.loop.stop();
    this.timer?.unsubscribe();
    this.held.unsubscribe();
  }
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
