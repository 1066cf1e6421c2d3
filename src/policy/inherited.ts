import type { Observable, SchedulerLike } from 'rxjs';

/**
 * What a policy or a service does with an input. Called by a policy around it, it is given what that one measures time by, if it
 * was given a scheduler: it holds for everything within that has none of its own.
 */
export type Run<Input, T> = (input: Input, inherited?: SchedulerLike) => Observable<T>;

/** Where a policy has the scheduler that it was given. The same for the ESM and the CommonJS copy of this package. */
export const SCHEDULER = Symbol.for('rx-happy-eyeballs.scheduler');

/** The scheduler that a policy was given, and what it wraps inherits. */
export function schedulerOf(policy: unknown): SchedulerLike | undefined {
  return (policy as { readonly [SCHEDULER]?: SchedulerLike })[SCHEDULER];
}

/** The second argument of a function, if it is a scheduler. `map`, for example, passes something else. */
export function inheritable(value: unknown): SchedulerLike | undefined {
  return typeof value === 'object' && value !== null ? (value as SchedulerLike) : undefined;
}
