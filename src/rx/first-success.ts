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
  /** The delay between two starts, in ms. Default 0: all at once. `Infinity`: only after a failure. */
  readonly delay?: number | undefined;
  /** The most inputs in flight. Default `Infinity`. */
  readonly maxConcurrent?: number | undefined;
  /** Used for every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
}

const FIRST_SUCCESS_CHECKS: Checks<FirstSuccessOptions> = {
  delay: orInfinity(number(0, LONGEST_DELAY)),
  maxConcurrent: orInfinity(integer(1, Number.MAX_SAFE_INTEGER)),
  scheduler,
};

/**
 * Emits the first value that any of the inputs emits, starting them one after another.
 *
 *     input 1   ├─────────────────○         the next starts after the delay; the loser is cancelled
 *     input 2         ├──✗                  failed: the next starts at once
 *     input 3            ├────────●         the first value wins
 *     result    ──────────────────(●|)
 *
 * The inputs are a list, or a stream that may stay open while they race. Each input starts `delay` after the one before, or at
 * once when that one fails. An input fails by an error, by completing without a value (`EmptyError`) or by throwing on
 * subscription. While `maxConcurrent` inputs are in flight, none starts; a start that is due waits for the next failure. An input
 * that never starts is never subscribed.
 *
 * Emits one value after all losers have been unsubscribed, then completes. The winner is unsubscribed after its value has been
 * emitted: when it completes, or at the latest at the end of the job in which it emitted. Its own follow-up work, such as marking
 * a response as taken, therefore precedes its teardown. Unsubscribing ends everything at once.
 *
 * Errors with one `AggregateError` when every input has failed and none can follow. Its `errors` are in the order of the inputs;
 * an error of the stream of inputs comes last.
 *
 * @throws TypeError, RangeError at the call, for an empty list and for invalid options
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

/** The events of {@link firstSuccess}. */
type Happening<Input, Value> =
  | { readonly type: 'arrived'; readonly input: Input }
  | { readonly type: 'closed' }
  /** A start may be due. */
  | { readonly type: 'due' }
  | { readonly type: 'failed'; readonly index: number; readonly error: unknown }
  | { readonly type: 'succeeded'; readonly value: Value; readonly winner: Subscription };

/**
 * The schedule of a connection race does not fit here: it knows families, answers and handshakes. This is the same race without
 * them, on the same event loop.
 */
class FirstSuccess<Input extends ObservableInput<unknown>> {
  private readonly loop = new EventLoop<Happening<Input, ObservedValueOf<Input>>>((event) => this.happened(event));
  private readonly held = new Subscription();
  private readonly arrived: Input[] = [];
  private readonly errors: unknown[] = [];
  private started = 0;
  private running = 0;
  private closed = false;
  /** Only the input that started last sets the pace. */
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

  /** Starts the next input, or sets a timer for it. Called after each event, so that there is never more than one timer. */
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
    // The input may have won already, so the next start is considered after that event.
    this.loop.raise({ type: 'due' });
  }

  /** Only the first value of an input counts. */
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
        // An input with a second value is not waited for.
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

  /** Unsubscribes the losers, emits the value, then unsubscribes the winner: in this order. */
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
    const what = this.errors.length > 0 ? 'No input succeeded' : 'There was no input to start';
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
