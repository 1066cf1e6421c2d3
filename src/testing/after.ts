import { orInfinity, number } from '../core/input/checks.js';

/** In ms of virtual time; 0 means a later turn in the same ms. `'at once'`: synchronously. */
export type After = number | 'at once';

/** Throws, with name and value, unless it is an {@link After}; `Infinity` is allowed: never. */
export function checkAfter(name: string, value: unknown): asserts value is After {
  if (value !== 'at once') orInfinity(number(0, Number.MAX_SAFE_INTEGER))(name, value);
}

/** The sum of two delays. */
export function sum(first: After, second: After): After {
  if (first === 'at once') return second;
  return second === 'at once' ? first : first + second;
}

/** A delay as source code. */
export function written(after: After): string {
  return after === 'at once' ? `'at once'` : String(after);
}
