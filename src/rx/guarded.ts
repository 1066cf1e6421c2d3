import { from, type ObservableInput, type Observer, type Subscription, type Unsubscribable } from 'rxjs';
import { reportUnhandledError } from './unhandled.js';

/**
 * A subscription to a stream of the caller's, which can do no harm. What creating or subscribing throws is the stream's error;
 * what its teardown throws is reported as unhandled. The stream is let go of before its end is told.
 */
export abstract class Guarded<T> implements Observer<T>, Unsubscribable {
  closed = false;
  private subscription: Subscription | undefined;

  protected abstract hasNext(value: T): void;
  protected abstract hasFailed(error: unknown): void;
  protected abstract hasCompleted(): void;

  /** Subscribes, once. */
  protected listen(create: () => ObservableInput<T>): void {
    try {
      this.subscription = from(create()).subscribe(this);
    } catch (error) {
      if (this.closed) reportUnhandledError(error);
      else this.error(error);
    }
    if (this.closed) this.release(); // it ended within the call
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

  unsubscribe(): void {
    this.closed = true;
    this.release();
  }

  private release(): void {
    try {
      this.subscription?.unsubscribe();
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

  /** Subscribes, once. */
  override listen(create: () => ObservableInput<T>): void {
    super.listen(create);
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
