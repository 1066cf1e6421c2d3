import { from, Observable, Subscription, type ObservableInput, type Observer } from 'rxjs';
import { reportUnhandledError } from './unhandled.js';

/** An observer that is a subscription as well, as those of RxJS are: what it holds is let go of with it. */
export type Holder<T> = Subscription & Observer<T>;

/**
 * A subscription to a stream of the caller's, which can do no harm. What creating or subscribing throws is the stream's error;
 * what its teardown throws is reported as unhandled. The stream is let go of before its end is told.
 *
 * Being an observer as well, it is subscribed as it is: RxJS wraps nothing around it, and it can be ended before `subscribe` has
 * returned.
 */
export abstract class Guarded<T> extends Subscription implements Observer<T> {
  protected abstract hasNext(value: T): void;
  protected abstract hasFailed(error: unknown): void;
  protected abstract hasCompleted(): void;

  /** Subscribes, once. */
  listen(create: () => ObservableInput<T>): void {
    try {
      const source = create();
      (source instanceof Observable ? source : from(source)).subscribe(this);
    } catch (error) {
      this.hasThrown(error);
    }
  }

  /** Begins something that tells this observer, in place of a stream. */
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

/** What a {@link Listener} is told. */
type Told<T> = { readonly next: (value: T) => void } & Partial<Pick<Observer<T>, 'error' | 'complete'>>;

/** Listens to a stream of the caller's. */
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
