import { outOfRange } from '../core/input/argument-errors.js';

/** The signs that join expressions; a number after `&` is the delay of a hedge. */
export type Operator = '+' | '&' | '|' | `&${number}`;

/** How an expression is written, and what must be known of it to write it as a part of another. */
export interface Expression {
  readonly text: string;
  /** How close its parts hold together: 3 a single policy, 2 `+`, 1 `&`, 0 `|`. */
  readonly rank: number;
  /** It joins its parts with a delay, so that it matters which of them come together first. */
  readonly staggered: boolean;
  /** What joins its parts; none of a single policy. */
  readonly operator?: Operator;
  /** How many levels of parts within parts it has. Parts that `|`, or `&` without a delay, join in a row are on one level. */
  readonly depth: number;
}

/** The most levels. They fit into the stack by far, whatever the policies do. */
const MOST_LEVELS = 100;

/** The expression of a policy that is not made of others. */
export function leaf(text: string): Expression {
  return { text, rank: 3, staggered: false, depth: 0 };
}

/**
 * Two expressions joined, with no more parentheses than reading it back from left to right needs.
 *
 *     a   +   b & c      a + (b & c)
 *     a   &   b & c      a & b & c          it does not matter which two come together first
 *     a   &   b &50 c    a & (b &50 c)      … unless there is a delay
 *
 * @throws RangeError `ERR_OUT_OF_RANGE` for an expression that is nested too deep to be run
 */
export function joined(left: Expression, operator: Operator, right: Expression): Expression {
  const depth = Math.max(...[left, right].map((part) => part.depth + (isFlat(operator, part) ? 0 : 1)));
  if (depth > MOST_LEVELS) throw outOfRange('levels of the expression', `<= ${MOST_LEVELS}`, depth);
  const rank = ranks[operator[0] as keyof typeof ranks];
  const staggered = operator.length > 1;
  const first = left.rank < rank ? bracketed(left) : left.text;
  const apart = right.rank < rank || (right.rank === rank && (staggered || right.staggered));
  return {
    text: `${first} ${operator} ${apart ? bracketed(right) : right.text}`,
    rank,
    staggered: staggered || (left.rank === rank && left.staggered),
    operator,
    depth,
  };
}

/** Whether a part of an expression is itself joined by the same sign, and its parts can stand beside the other's. */
export function isFlat(operator: Operator, part: Expression): boolean {
  return (operator === '|' || operator === '&') && part.operator === operator;
}

const ranks = { '|': 0, '&': 1, '+': 2 } as const;

function bracketed({ text }: Expression): string {
  return `(${text})`;
}
