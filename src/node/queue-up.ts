import { AsyncResource } from 'node:async_hooks';
import { Subscription } from 'rxjs';
import { onAbort } from '../rx/abort.js';
import type { Holder } from '../rx/guarded.js';

/** An entry of a queue. */
export interface Waiting {
  /** Called when its turn has come, after it has left the queue. */
  readonly begin: () => void;
}

/** Begins its entries in the order in which they were added, unless they were deleted. */
interface Queue {
  add(waiting: Waiting): unknown;
  delete(waiting: Waiting): unknown;
}

/**
 * Begins something for a subscriber when its turn in a queue has come. It never begins if the subscriber unsubscribes first, or if
 * the signal is aborted; then the subscriber errors with the signal's reason.
 *
 * It runs in the async context of the subscriber, and so do the sockets that it creates: an `AsyncLocalStorage` has the same
 * value as if it had begun at once.
 */
export function queueUp<T>(
  queue: Queue,
  subscriber: Holder<T>,
  signal: AbortSignal | undefined,
  begin: (subscriber: Holder<T>) => void,
): void {
  if (signal?.aborted) subscriber.error(signal.reason);
  else new WaitingSubscriber(queue, subscriber, signal, begin).enter();
}

/** One object per subscriber, since thousands may wait. */
class WaitingSubscriber<T> extends Subscription implements Waiting {
  private readonly context = new AsyncResource('RACE');
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly subscriber: Holder<T>,
    private readonly signal: AbortSignal | undefined,
    private readonly beginFor: (subscriber: Holder<T>) => void,
  ) {
    super();
  }

  enter(): void {
    const { queue, subscriber, signal } = this;
    if (signal) {
      this.stopListening = onAbort(signal, () => {
        this.unsubscribe();
        subscriber.error(signal.reason);
      });
    }
    subscriber.add(this);
    queue.add(this);
  }

  begin(): void {
    this.subscriber.remove(this);
    this.unsubscribe();
    this.context.runInAsyncScope(this.beginFor, undefined, this.subscriber);
  }

  override unsubscribe(): void {
    this.queue.delete(this);
    this.stopListening?.();
    super.unsubscribe();
  }
}
