import { invalidType, invalidValue, outOfRange } from './argument-errors.js';
import { mostSimilar } from './similar.js';

/** Checks one option. Throws an error that names the option and shows its value, unless the value is valid. */
export type Check = (name: string, value: unknown) => void;

/** One check per option. */
export type Checks<Options> = { readonly [Name in keyof Options]-?: Check };

/**
 * Checks each option that is present; `undefined` counts as absent.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` (also for an option that does not exist), RangeError
 * `ERR_OUT_OF_RANGE`
 */
export function checkEach<Options>(name: string, options: unknown, checks: Checks<Options>): asserts options is Options {
  if (!isObject(options) || Array.isArray(options)) throw invalidType(name, 'an object', options);
  // Not their entries: these are made for every race.
  for (const option of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[option];
    if (value === undefined) continue;
    if (!Object.hasOwn(checks, option)) throw unknownOption(name, option, value, Object.keys(checks));
    checks[option as keyof Options](`${name}.${option}`, value);
  }
}

/** The error for an option that does not exist, with the known one that it resembles. */
function unknownOption(name: string, option: string, value: unknown, known: readonly string[]): TypeError {
  const error = invalidValue(`${name}.${option}`, 'is not an option', value);
  const meant = mostSimilar(option, known);
  if (meant !== undefined) error.message += `. Did you mean ${meant}?`;
  return error;
}

/** The options without those that are `undefined`. */
export function given<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

/** The longest delay of Node's timers, in ms. A longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

export function oneOf(...values: readonly (string | number)[]): Check {
  return (name, value) => {
    if (typeof value !== typeof values[0]) throw invalidType(name, `of type ${typeof values[0]}`, value);
    if (!values.includes(value as string | number)) throw invalidValue(name, `must be one of: ${values.join(', ')}`, value);
  };
}

export function number(least: number, most: number): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `>= ${least}` : `>= ${least} and <= ${most}`;
  return (name, value) => {
    if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
    if (!(value >= least && value <= most)) throw outOfRange(name, range, value);
  };
}

export function integer(least: number, most: number): Check {
  const inRange = number(least, most);
  return (name, value) => {
    inRange(name, value);
    if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  };
}

export function orInfinity(check: Check): Check {
  return (name, value) => {
    if (value !== Infinity) check(name, value);
  };
}

export function oneOrMore(check: Check): Check {
  return (name, value) => {
    if (Array.isArray(value) && value.length === 0) throw invalidValue(name, 'must not be empty', value);
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) check(name, one);
  };
}

export function boolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

export function string(name: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

export function callable(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function scheduler(name: string, value: unknown): void {
  const { now, schedule } = (isObject(value) ? value : {}) as Record<'now' | 'schedule', unknown>;
  if (typeof now !== 'function' || typeof schedule !== 'function') throw invalidType(name, 'an RxJS scheduler', value);
}
