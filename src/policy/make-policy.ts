import type { MonoTypeOperatorFunction, Observable, SchedulerLike } from 'rxjs';
import { joined, leaf, type Expression } from './expression.js';
import { forks, type HedgeOptions, type Kind } from './forks.js';
import { inheritable, SCHEDULER, schedulerOf, type Run } from './inherited.js';
import { checkPolicy, EXPRESSION } from './is-policy.js';
import { applied, type Service } from './service.js';

/**
 * A way to get a value from a source: an RxJS operator that can be combined with others.
 *
 * The results of `and`, `or` and `hedge` are one value: a policy that completes without one has failed, and of one that emits
 * several the first is taken. They subscribe to the source once for each side.
 */
export interface Policy<T> {
  (source: Observable<T>): Observable<T>;
  /**
   * Both at once: the first success is the result, and the loser is cancelled before it. Written `a & b`. When both fail, it
   * errors with one `AggregateError`, whose `errors` are flat and in the order of the operands.
   */
  and(other: AnyPolicy): Policy<T>;
  and<U>(other: Policy<U>): Policy<T | U>;
  /** The other if this one fails, and not before. Written `a | b`. Errors as `and` does. */
  or(other: AnyPolicy): Policy<T>;
  or<U>(other: Policy<U>): Policy<T | U>;
  /** This one around the other: `source$.pipe(b, a)`. Written `a + b`. What the other measures time by is this one's scheduler. */
  wrap(other: AnyPolicy | Policy<T>): Policy<T>;
  /** As `and`, but the other starts `delay` ms later, or as soon as this one fails. Written `a &50 b`, with 50 ms. */
  hedge(other: AnyPolicy, delay: number, options?: HedgeOptions): Policy<T>;
  hedge<U>(other: Policy<U>, delay: number, options?: HedgeOptions): Policy<T | U>;
  /** The same service under this policy: each request is a source. */
  apply<Request>(service: Service<Request, T>): Service<Request, T>;
  /** The expression that it is, as the template {@link policy} reads it. */
  toString(): string;
}

/** A policy for values of any type, as most layers are: see {@link Policy}. */
export interface AnyPolicy {
  <T>(source: Observable<T>): Observable<T>;
  and(other: AnyPolicy): AnyPolicy;
  and<T>(other: Policy<T>): Policy<T>;
  or(other: AnyPolicy): AnyPolicy;
  or<T>(other: Policy<T>): Policy<T>;
  wrap(other: AnyPolicy): AnyPolicy;
  wrap<T>(other: Policy<T>): Policy<T>;
  hedge(other: AnyPolicy, delay: number, options?: HedgeOptions): AnyPolicy;
  hedge<T>(other: Policy<T>, delay: number, options?: HedgeOptions): Policy<T>;
  apply<Request, Response>(service: Service<Request, Response>): Service<Request, Response>;
  toString(): string;
}

/**
 * A policy that runs as the operator does, and is written as the expression.
 *
 * @param scheduler what it was given to measure time by
 */
export function makePolicy<T>(operator: Run<Observable<T>, T>, expression: Expression, scheduler?: SchedulerLike): Policy<T> {
  const run = (source: Observable<T>, inherited?: SchedulerLike) => operator(source, inheritable(inherited));
  const kind: Kind<Run<Observable<T>, T>> = { check: checkPolicy, expressionOf, make: makePolicy };
  return Object.assign(run, forks(run, expression, kind), {
    wrap: (other: Run<Observable<T>, T>) => {
      checkPolicy('other', other);
      const around = (source: Observable<T>, inherited?: SchedulerLike) => run(other(source, scheduler ?? inherited), inherited);
      return makePolicy<T>(around, joined(expression, '+', expressionOf(other)), schedulerOf(other) ?? scheduler);
    },
    apply: <Request>(service: Service<Request, T>) => applied(run, { expression, scheduler }, service),
    [EXPRESSION]: expression,
    [SCHEDULER]: scheduler,
  }) as unknown as Policy<T>;
}

/** A policy that does not care what the values are. */
export function makeLayer(operator: <T>(source: Observable<T>) => Observable<T>, text: string): AnyPolicy {
  // What holds for values of no known type holds for those of each.
  return makePolicy<unknown>((source) => operator(source), leaf(text)) as AnyPolicy;
}

/**
 * A layer that measures time: by its own scheduler, by that of a policy around it, or else by the default.
 *
 * @param own the scheduler that it was given
 * @param operator makes the operator that goes by a scheduler
 */
export function makeTimedLayer(
  own: SchedulerLike | undefined,
  defaultScheduler: SchedulerLike,
  operator: (scheduler: SchedulerLike) => MonoTypeOperatorFunction<unknown>,
  text: string,
): AnyPolicy {
  const run: Run<Observable<unknown>, unknown> = (source, inherited) => operator(own ?? inherited ?? defaultScheduler)(source);
  return makePolicy<unknown>(run, leaf(text), own) as AnyPolicy;
}

function expressionOf(policy: unknown): Expression {
  return (policy as Record<typeof EXPRESSION, Expression>)[EXPRESSION];
}
