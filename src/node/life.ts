import { EventEmitter } from 'node:events';
import { Observable } from 'rxjs';
import { destroy } from '../rx/destroy.js';
import { realTime } from '../rx/real-time.js';

/**
 * The life of a connection. Emits nothing, completes when the connection has closed, and errors with its first error. All parts are
 * destroyed before it completes or errors, and when it is unsubscribed.
 *
 * @param parts the connection alone, or the result of a setup and then the connection; those that emit no events are not watched
 */
export function life(parts: readonly unknown[]): Observable<never> {
  return new Observable((subscriber) => {
    const all = [...new Set(parts)];
    const emitters = all.filter((part) => part instanceof EventEmitter);
    const letGo: (() => void)[] = [];
    const end = () => {
      for (const forget of letGo.splice(0)) forget();
      for (const part of all) destroy(part);
    };
    const failed = (error: unknown) => {
      end();
      subscriber.error(error);
    };
    const closed = () => {
      end();
      subscriber.complete();
    };
    /** If a connection has several parts, the part that closes first need not be the one that has the error. */
    const closing = () => {
      if (emitters.length === 1) closed();
      else letGo.push(later(closed));
    };
    subscriber.add(end);
    for (const emitter of emitters) letGo.push(watch(emitter as EventEmitter, failed, closing));
  });
}

function watch(emitter: EventEmitter, failed: (error: unknown) => void, closed: () => void): () => void {
  const { errored, closed: isClosed } = emitter as Partial<Record<'errored' | 'closed', unknown>>;
  if (isClosed === true) {
    if (errored) failed(errored);
    else closed();
    return () => undefined;
  }
  emitter.on('error', failed).on('close', closed);
  return () => {
    emitter.off('error', failed).off('close', closed);
    ignoreErrors(emitter);
  };
}

/** A destroyed part may emit another error before it closes, and nothing else listens. */
function ignoreErrors(emitter: EventEmitter): void {
  if ((emitter as { closed?: unknown }).closed === true) return;
  const ignore = () => undefined;
  emitter.on('error', ignore).once('close', () => emitter.off('error', ignore));
}

function later(work: () => void): () => void {
  const turn = realTime().setImmediate(work);
  return () => realTime().clearImmediate(turn);
}
