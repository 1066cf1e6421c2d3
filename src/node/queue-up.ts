import { AsyncResource } from 'node:async_hooks';
import type { Unsubscribable } from 'rxjs';
import { onAbort } from '../rx/abort.js';
import { Listener, type Holder } from '../rx/guarded.js';

/** An entry of a queue. */
export interface Waiting {
  /** Called when its turn has come, after it has left the queue. */
  readonly begin: () => void;
}

/** Begins its entries in the order in which they were added, unless they were deleted. */
interface Queue {
  add(waiting: Waiting): unknown;
  delete(waiting: Waiting): unknown;
  /** Called when one that has waited begins. */
  count?(): void;
}

/** What can begin, for its observer. */
export interface Beginning<T> {
  begin(observer: Holder<T>): void;
}

/**
 * Begins something for a subscriber when its turn in a queue has come. It never begins if the subscriber unsubscribes first, or if
 * the signal is aborted; then the subscriber errors with the signal's reason.
 *
 * It runs in the async context of the subscriber, and so do the sockets that it creates: an `AsyncLocalStorage` has the same
 * value as if it had begun at once.
 */
export function queueUp<T>(queue: Queue, subscriber: Holder<T>, signal: AbortSignal | undefined, begin: Beginning<T>): void {
  if (signal?.aborted) subscriber.error(signal.reason);
  else new WaitingSubscriber(queue, subscriber, begin).enter(signal);
}

/** One small object per subscriber, since thousands may wait. */
class WaitingSubscriber<T> extends AsyncResource implements Waiting, Unsubscribable {
  private stopListening: (() => void) | undefined = undefined;

  constructor(
    private readonly queue: Queue,
    private readonly subscriber: Holder<T>,
    private readonly beginning: Beginning<T>,
  ) {
    super('RACE');
  }

  enter(signal: AbortSignal | undefined): void {
    const { queue, subscriber } = this;
    if (signal) {
      this.stopListening = onAbort(signal, () => {
        this.unsubscribe();
        subscriber.error(signal.reason);
      });
    }
    queue.add(this);
    subscriber.add(this);
  }

  begin(): void {
    const { queue, subscriber, beginning } = this;
    subscriber.remove(this);
    this.unsubscribe();
    queue.count?.();
    this.runInAsyncScope(beginLate, undefined, subscriber, beginning);
  }

  unsubscribe(): void {
    this.queue.delete(this);
    this.stopListening?.();
  }
}

/** Passes a thrown error to the observer, since `subscribe` has returned. */
function beginLate<T>(observer: Holder<T>, beginning: Beginning<T>): void {
  const listener = new Listener<T>(observer);
  observer.add(listener);
  listener.hold((holder) => beginning.begin(holder));
}
