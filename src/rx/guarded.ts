import { from, Observable, Subscription, type ObservableInput, type Observer } from 'rxjs';
import { reportUnhandledError } from './unhandled.js';

/** An observer that is also a subscription, like RxJS's own subscribers, and tears down what is added to it. */
export type Holder<T> = Pick<Subscription, 'closed' | 'add' | 'remove' | 'unsubscribe'> & Observer<T>;

/**
 * A subscription to a caller's stream that contains its faults. What creating or subscribing throws becomes the stream's error.
 * What its teardown throws is reported as unhandled. The stream is unsubscribed before its end is passed on.
 *
 * It is also the observer, so that RxJS wraps nothing around it, and it can be closed before `subscribe` has returned.
 */
export abstract class Guarded<T> extends Subscription implements Observer<T> {
  protected abstract hasNext(value: T): void;
  protected abstract hasFailed(error: unknown): void;
  protected abstract hasCompleted(): void;

  /** Subscribes to the stream. Call it once. */
  listen(create: () => ObservableInput<T>): void {
    try {
      const source = create();
      (source instanceof Observable ? source : from(source)).subscribe(this);
    } catch (error) {
      this.hasThrown(error);
    }
  }

  /** Begins something that notifies this observer, in place of a stream. */
  hold(begin: (holder: this) => void): void {
    try {
      begin(this);
    } catch (error) {
      this.hasThrown(error);
    }
  }

  private hasThrown(error: unknown): void {
    if (this.closed) reportUnhandledError(error);
    else this.error(error);
  }

  next(value: T): void {
    if (!this.closed) this.hasNext(value);
  }

  error(error: unknown): void {
    if (this.closed) return;
    this.unsubscribe();
    this.hasFailed(error);
  }

  complete(): void {
    if (this.closed) return;
    this.unsubscribe();
    this.hasCompleted();
  }

  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      reportUnhandledError(error);
    }
  }
}

/** The callbacks of a {@link Listener}. */
type Told<T> = { readonly next: (value: T) => void } & Partial<Pick<Observer<T>, 'error' | 'complete'>>;

/** Listens to a caller's stream. */
export class Listener<T> extends Guarded<T> {
  constructor(private readonly told: Told<T>) {
    super();
  }

  protected hasNext(value: T): void {
    this.told.next(value);
  }

  protected hasFailed(error: unknown): void {
    this.told.error?.(error);
  }

  protected hasCompleted(): void {
    this.told.complete?.();
  }
}
