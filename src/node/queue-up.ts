import { AsyncResource } from 'node:async_hooks';
import { Subscription } from 'rxjs';
import { onAbort } from '../rx/abort.js';
import type { Holder } from '../rx/guarded.js';

/** What waits in a queue. */
export interface Waiting {
  /** Its turn has come. It is in no queue any more. */
  readonly begin: () => void;
}

/** Lets those begin that were added and not deleted, in that order. */
interface Queue {
  add(waiting: Waiting): unknown;
  delete(waiting: Waiting): unknown;
}

/**
 * Begins something for a subscriber once its turn in a queue has come. It never begins where the subscriber leaves before that, or
 * the signal is aborted, with whose reason the subscriber then errors.
 *
 * What begins late belongs to the context of its subscriber all the same, and so do the sockets that it makes: an
 * `AsyncLocalStorage` finds there what it would have found.
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

/** One object for each, since thousands may wait. */
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
