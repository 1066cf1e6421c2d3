import type { Observable, SchedulerLike } from 'rxjs';
import { checkEach, LONGEST_DELAY, number, orInfinity, scheduler, type Check, type Checks } from '../core/input/checks.js';
import type { FirstSuccessOptions } from '../rx/first-success.js';
import { joined, type Expression, type Operator } from './expression.js';
import { firstOf } from './first-of.js';

/** Options of a hedge. */
export interface HedgeOptions {
  /** What the delay is measured by. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike;
}

const checks: Checks<HedgeOptions> = { scheduler };
const checkDelay = orInfinity(number(0, LONGEST_DELAY));

/** What makes something to be run and how it is written: a policy, or a service. */
export interface Kind<Self> {
  readonly check: Check;
  readonly expressionOf: (self: Self) => Expression;
  readonly make: (run: Self, expression: Expression) => Self;
}

/**
 * The three ways to let two of a kind go for the same input, of which the first success is the result.
 *
 *     a & b      a ├────────○        a | b      a ├────✗           a &50 b    a ├─────────────○
 *                b ├────●                       b      ├────●                 b ├─ 50 ─├──●
 */
export function forks<Input, T, Self extends (input: Input) => Observable<T>>(
  self: (input: Input) => Observable<T>,
  expression: Expression,
  { check, expressionOf, make }: Kind<Self>,
) {
  const fork = (operator: Operator, other: Self, options: FirstSuccessOptions): Self => {
    check('other', other);
    const whole = joined(expression, operator, expressionOf(other));
    return make(
      ((input: Input) =>
        firstOf(
          whole.text,
          () => self(input),
          () => other(input),
          options,
        )) as Self,
      whole,
    );
  };
  return {
    and: (other: Self) => fork('&', other, {}),
    or: (other: Self) => fork('|', other, { delay: Infinity }),
    hedge: (other: Self, delay: number, options: HedgeOptions = {}) => {
      checkDelay('delay', delay);
      checkEach('options', options, checks);
      return fork(`&${delay}`, other, { ...options, delay });
    },
    toString: () => expression.text,
  };
}
