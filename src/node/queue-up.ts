import { AsyncResource } from 'node:async_hooks';
import { Subscription, type Subscriber } from 'rxjs';
import { onAbort } from '../rx/abort.js';

/** Calls back, in the order in which callbacks were added: each once, unless it was deleted before. */
interface Queue {
  add(callback: () => void): unknown;
  delete(callback: () => void): unknown;
}

/**
 * Begins something for a subscriber once a queue calls back. It never begins where the subscriber leaves before that, or the signal
 * is aborted, with whose reason the subscriber then errors.
 *
 * What begins late belongs to the context of its subscriber all the same, and so do the sockets that it makes: an
 * `AsyncLocalStorage` finds there what it would have found.
 */
export function queueUp<T>(
  queue: Queue,
  subscriber: Subscriber<T>,
  signal: AbortSignal | undefined,
  begin: (subscriber: Subscriber<T>) => void,
): void {
  if (signal?.aborted) {
    subscriber.error(signal.reason);
    return;
  }
  const context = new AsyncResource('RACE');
  const waiting = new Subscription(() => queue.delete(called));
  const called = () => {
    subscriber.remove(waiting);
    waiting.unsubscribe();
    context.runInAsyncScope(begin, undefined, subscriber);
  };
  if (signal) {
    const stopListening = onAbort(signal, () => {
      waiting.unsubscribe();
      subscriber.error(signal.reason);
    });
    waiting.add(stopListening);
  }
  subscriber.add(waiting);
  queue.add(called);
}
