import { Observable, throwIfEmpty, type Subscription } from 'rxjs';
import { Listener } from '../rx/guarded.js';
import { invalidType } from '../core/input/argument-errors.js';
import { isObject } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import { onAbort } from '../rx/abort.js';
import { realTime } from '../rx/real-time.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** As much of a policy of cockatiel as is needed here. */
export interface CockatielPolicy {
  execute<T>(fn: (context: { readonly signal: AbortSignal }) => PromiseLike<T>, signal?: AbortSignal): Promise<T>;
}

/**
 * A policy of cockatiel as one of these: what it executes is the source's first value.
 *
 *     subscribe ──► execute ──► source ──► value ──► result
 *     unsubscribe ──► its signal is aborted ──► source is unsubscribed
 *
 * The source is let go of once its value has been handed over. Errors with what `execute` is rejected with. A source that completes without a value is an error, an `EmptyError`.
 *
 * @example
 * fromCockatiel(bulkhead(4, 100)).and(pass)
 */
export function fromCockatiel(policy: CockatielPolicy): AnyPolicy {
  const { execute } = (isObject(policy) ? policy : {}) as Partial<CockatielPolicy>;
  if (typeof execute !== 'function') throw invalidType('policy', 'a policy of cockatiel', policy);
  const layer = <T>(source: Observable<T>) =>
    new Observable<T>((subscriber) => {
      const controller = new AbortController();
      subscriber.add(() => controller.abort());
      policy
        .execute(({ signal }) => firstValue(source, signal, subscriber), controller.signal)
        .then(
          (value) => {
            subscriber.next(value);
            subscriber.complete();
          },
          (error: unknown) => subscriber.error(error),
        );
    });
  return makeLayer(layer, 'cockatiel');
}

/**
 * The first value of a source, for as long as a signal lets it go on.
 *
 * @param held holds the source beyond its value, until all is over
 */
function firstValue<T>(source: Observable<T>, signal: AbortSignal, held: Subscription): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(toError(signal.reason));
      return;
    }
    let hasValue = false;
    const listener: Listener<T> = new Listener<T>({
      next: (value) => {
        if (hasValue) listener.unsubscribe();
        hasValue = true;
        resolve(value);
      },
      error: reject,
    });
    const stop = () => {
      listener.unsubscribe();

      // Later, so that what cockatiel has to say goes first.
      realTime().queueMicrotask(() => reject(toError(signal.reason)));
    };
    held.add(listener);
    listener.add(onAbort(signal, stop));
    listener.listen(() => source.pipe(throwIfEmpty()));
  });
}
