import { orInfinity, number } from '../core/input/checks.js';

/** ms of virtual time; 0 is a turn of its own in the same ms. `'at once'`: within the very call. */
export type After = number | 'at once';

/** Throws, with name and value, unless it is an {@link After}; `Infinity` is allowed: never. */
export function checkAfter(name: string, value: unknown): asserts value is After {
  if (value !== 'at once') orInfinity(number(0, Number.MAX_SAFE_INTEGER))(name, value);
}

/** One after the other. */
export function sum(first: After, second: After): After {
  if (first === 'at once') return second;
  return second === 'at once' ? first : first + second;
}

/** An instant in the source code of a description. */
export function written(after: After): string {
  return after === 'at once' ? `'at once'` : String(after);
}
