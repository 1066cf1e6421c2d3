import { isObservable, type Observable } from 'rxjs';
import { invalidType } from '../core/input/argument-errors.js';
import { isObject } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import type { Clock } from './clock.js';
import type { Program, VirtualNetwork } from './virtual-network.js';

/** A program under way. */
export interface RunningProgram<T> {
  readonly values: readonly T[];
  /** When it was over, in ms of the scheduler; absent while it goes on. */
  finishedAt?: number;
  error?: unknown;
  /** Lets go of a stream. */
  stop: () => void;
}

/** What kinds of programs are taken. */
export interface AcceptedPrograms {
  /** Whether it must be a stream. */
  readonly streamsAlone: boolean;
  /** ms after which a stream is unsubscribed. */
  readonly unsubscribeAt?: number | undefined;
}

/** Begins a program. What it throws is its error. */
export function beginProgram<T>(
  program: Program<T>,
  network: VirtualNetwork,
  clock: Clock,
  { streamsAlone, unsubscribeAt }: AcceptedPrograms,
): RunningProgram<T> {
  const values: T[] = [];
  const running: RunningProgram<T> = { values, stop: () => undefined };
  const next = (value: T) => {
    values.push(value);
  };
  const over = (outcome: { error?: unknown } = {}) => {
    if (running.finishedAt === undefined) Object.assign(running, { finishedAt: clock.now, ...outcome });
  };
  const error = (error: unknown) => {
    // Who throws nothing has failed as well.
    over({ error: error === undefined ? toError(error) : error });
  };

  let given: unknown;
  try {
    given = typeof program === 'function' ? program(network) : program;
  } catch (thrown) {
    error(thrown);
    return running;
  }
  if (isObservable(given)) {
    const subscription = (given as Observable<T>).subscribe({
      next,
      error,
      complete: () => {
        over();
      },
    });
    running.stop = () => {
      subscription.unsubscribe();
    };
    const unsubscribe = () => {
      subscription.unsubscribe();
      over();
    };
    subscription.add(clock.schedule(unsubscribe, unsubscribeAt ?? Infinity));
    return running;
  }
  if (streamsAlone) throw invalidType('program', 'a stream, or a function that returns one; settle() takes promises', given);
  if (unsubscribeAt !== undefined) throw invalidType('program', 'a stream, to be unsubscribed at a time', given);
  if (isPromise(given)) {
    given.then((value) => {
      next(value as T);
      over();
    }, error);
  } else {
    next(given as T);
    over();
  }
  return running;
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}
