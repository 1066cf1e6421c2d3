import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import { joined, leaf, type Expression } from './expression.js';
import { forks, type HedgeOptions, type Kind } from './forks.js';
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
  and(other: AnyPolicy | Policy<T>): Policy<T>;
  /** The other if this one fails, and not before. Written `a | b`. Errors as `and` does. */
  or(other: AnyPolicy | Policy<T>): Policy<T>;
  /** This one around the other: `source$.pipe(b, a)`. Written `a + b`. */
  wrap(other: AnyPolicy | Policy<T>): Policy<T>;
  /** As `and`, but the other starts `delay` ms later, or as soon as this one fails. Written `a &50 b`, with 50 ms. */
  hedge(other: AnyPolicy | Policy<T>, delay: number, options?: HedgeOptions): Policy<T>;
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

/** A policy that runs as the operator does, and is written as the expression. */
export function makePolicy<T>(operator: MonoTypeOperatorFunction<T>, expression: Expression): Policy<T> {
  const run = (source: Observable<T>) => operator(source);
  const kind: Kind<Policy<T>> = { check: checkPolicy, expressionOf, make: makePolicy };
  return Object.assign(run, forks(run, expression, kind), {
    wrap: (other: Policy<T>) => {
      checkPolicy('other', other);
      return makePolicy<T>((source) => run(other(source)), joined(expression, '+', expressionOf(other)));
    },
    apply: <Request>(service: Service<Request, T>) => applied(run, expression, service),
    [EXPRESSION]: expression,
  });
}

/** A policy that does not care what the values are. */
export function makeLayer(operator: <T>(source: Observable<T>) => Observable<T>, text: string): AnyPolicy {
  // What holds for values of no known type holds for those of each.
  return makePolicy<unknown>(operator, leaf(text)) as AnyPolicy;
}

function expressionOf<T>(policy: Policy<T>): Expression {
  return (policy as unknown as Record<typeof EXPRESSION, Expression>)[EXPRESSION];
}
