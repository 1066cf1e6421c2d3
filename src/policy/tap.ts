import { tap as rxTap, type TapObserver } from 'rxjs';
import { invalidType } from '../core/input/argument-errors.js';
import { isObject } from '../core/input/checks.js';
import { leaf } from './expression.js';
import { makePolicy, type Policy } from './make-policy.js';

/**
 * Watches without changing anything: the observer of RxJS's `tap`, with `subscribe`, `unsubscribe` (the loser's cancellation)
 * and `finalize`, or a function for the values.
 *
 * @example
 * tap<Reply>({ unsubscribe: () => console.log('lost') })
 */
export function tap<T>(observer: Partial<TapObserver<T>> | ((value: T) => void)): Policy<T> {
  if (!isObject(observer) && typeof observer !== 'function') throw invalidType('observer', 'an observer or a function', observer);
  return makePolicy((source) => rxTap<T>(observer)(source), leaf('tap'));
}
