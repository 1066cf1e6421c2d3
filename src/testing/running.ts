import { isObservable } from 'rxjs';
import { isObject } from '../core/checks.js';
import type { Clock } from './clock.js';
import type { Program, VirtualNetwork } from './virtual-network.js';

/** A program under way. */
export interface Running<T> {
  /** What it is: a stream, a promise, or its result. */
  readonly given: unknown;
  readonly values: readonly T[];
  /** When it was over, in ms since it began; absent while it goes on. */
  finish?: number;
  error?: unknown;
  /** Lets go of a stream. */
  readonly stop: () => void;
}

/** Begins a program. `unsubscribeAt`: ms after which its stream is unsubscribed. */
export function begin<T>(program: Program<T>, network: VirtualNetwork, clock: Clock, unsubscribeAt = Infinity): Running<T> {
  const began = clock.now;
  const given = typeof program === 'function' ? program(network) : program;
  const values: T[] = [];
  const running: Running<T> = { given, values, stop: () => subscription?.unsubscribe() };
  const next = (value: T) => {
    values.push(value);
  };
  const over = (outcome: { error?: unknown } = {}) => {
    if (running.finish === undefined) Object.assign(running, { finish: clock.now - began, ...outcome });
  };
  const error = (error: unknown) => {
    over({ error });
  };

  const subscription = isObservable(given)
    ? given.subscribe({
        next,
        error,
        complete: () => {
          over();
        },
      })
    : undefined;
  if (subscription) {
    const unsubscribe = () => {
      subscription.unsubscribe();
      over();
    };
    subscription.add(clock.schedule(unsubscribe, unsubscribeAt));
  } else if (isPromise(given)) {
    given.then((value) => {
      next(value);
      over();
    }, error);
  } else {
    next(given as T);
    over();
  }
  return running;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}
