import type { Observable, SchedulerLike } from 'rxjs';
import { checkEach, LONGEST_DELAY, number, orInfinity, scheduler, type Check, type Checks } from '../core/input/checks.js';
import type { FirstSuccessOptions } from '../rx/first-success.js';
import { isFlat, joined, type Expression, type Operator } from './expression.js';
import { firstOf } from './first-of.js';
import { inheritable, type Run } from './inherited.js';

/** Options of a hedge. */
export interface HedgeOptions {
  /** What the delay is measured by. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
}

const HEDGE_CHECKS: Checks<HedgeOptions> = { scheduler };
const checkDelay = orInfinity(number(0, LONGEST_DELAY));

/** What makes something to be run and how it is written: a policy, or a service. */
export interface Kind<Self> {
  readonly check: Check;
  readonly expressionOf: (self: Self) => Expression;
  readonly make: (run: Self, expression: Expression, scheduler?: SchedulerLike) => unknown;
}

/**
 * The three ways to let two of a kind go for the same input, of which the first success is the result.
 *
 *     a & b      a ├────────○        a | b      a ├────✗           a &50 b    a ├─────────────○
 *                b ├────●                       b      ├────●                 b ├─ 50 ─├──●
 */
export function forks<Input, T>(self: Run<Input, T>, expression: Expression, { check, expressionOf, make }: Kind<Run<Input, T>>) {
  const fork = (operator: Operator, other: Run<Input, T>, options: FirstSuccessOptions) => {
    check('other', other);
    const whole = joined(expression, operator, expressionOf(other));
    const sides: readonly Side[] = [
      { run: self, isFlat: isFlat(operator, expression) },
      { run: other, isFlat: isFlat(operator, expressionOf(other)) },
    ];
    let parts: readonly Part[] | undefined;
    const run = (input: Input, inherited?: SchedulerLike) => {
      parts ??= partsOf(sides);
      const scheduler = options.scheduler ?? inheritable(inherited);
      const streams = parts.map((part) => once(() => part(input as never, scheduler) as Observable<T>));
      return firstOf(whole.text, streams, { ...options, scheduler });
    };
    const made = make(run, whole, options.scheduler) as object;
    sidesOf.set(made, sides);
    return made;
  };
  return {
    and: (other: Run<Input, T>) => fork('&', other, {}),
    or: (other: Run<Input, T>) => fork('|', other, { delay: Infinity }),
    hedge: (other: Run<Input, T>, delay: number, options: HedgeOptions = {}) => {
      checkDelay('delay', delay);
      checkEach('options', options, HEDGE_CHECKS);
      return fork(`&${delay}`, other, { ...options, delay });
    },
    toString: () => expression.text,
  };
}

/** What a policy or a service of any kind does with its input. */
type Part = Run<never, unknown>;

/**
 * Makes a stream when it is first needed: who asks again subscribes to the same, which can count how often it was asked. What
 * throws is created again.
 */
function once<T>(make: () => Observable<T>): () => Observable<T> {
  let made: Observable<T> | undefined;
  return () => (made ??= make());
}

/** One side of a fork. */
interface Side {
  readonly run: Part;
  /** Whether it is a fork of the same kind, whose own sides can stand in its place. */
  readonly isFlat: boolean;
}

/** The sides of what a fork runs. */
const sidesOf = new WeakMap<object, readonly Side[]>();

/** The parts of a chain as one list, so that 400 policies joined by `|` are as deep as two. By a loop, for the same reason. */
function partsOf(sides: readonly Side[]): readonly Part[] {
  const parts: Part[] = [];
  const left = [...sides].reverse();
  for (let side = left.pop(); side; side = left.pop()) {
    const within = side.isFlat ? sidesOf.get(side.run) : undefined;
    if (within) left.push(...[...within].reverse());
    else parts.push(side.run);
  }
  return parts;
}
