import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable } from '../core/input/checks.js';
import { leaf } from './expression.js';
import { checkPolicy, isPolicy } from './is-policy.js';
import { makePolicy, type AnyPolicy, type Policy } from './make-policy.js';
import { parse } from './parse.js';

/**
 * Makes a policy of an operator, or, as the tag of a template, of others.
 *
 *     a + b         a around b              source$.pipe(b, a)
 *     a & b         both at once            the first success
 *     a &50 b       b 50 ms later           or as soon as a fails
 *     a | b         b if a fails
 *
 * `+` comes before `&`, and `&` before `|`; parentheses say otherwise. An operator's name in messages and expressions is its
 * function's, unless another is given: letters, digits, `_`, `$`, `.` and `-`.
 *
 * @throws TypeError at the call, for what is no operator or no policy; SyntaxError, with the place, for a template that is no
 * expression
 *
 * @example
 * const careful = policy`${timeout(200)} + ${retry(2)} | ${policy<Reply>(catchError(() => of(stale)), 'stale')}`;
 * source$.pipe(careful).subscribe(console.log);
 */
export function policy(operator: <T>(source: Observable<T>) => Observable<T>, name?: string): AnyPolicy;
export function policy<T>(operator: MonoTypeOperatorFunction<T>, name?: string): Policy<T>;
export function policy(strings: TemplateStringsArray, ...policies: readonly AnyPolicy[]): AnyPolicy;
export function policy<Operands extends readonly Operand[]>(
  strings: TemplateStringsArray,
  ...policies: Operands
): Policy<ValueOf<Operands[number]>>;
export function policy<T>(given: MonoTypeOperatorFunction<T> | TemplateStringsArray, ...rest: readonly unknown[]): Policy<T> {
  if (!isTemplate(given)) return named(given, rest[0]);
  rest.forEach((value, index) => {
    checkPolicy(`policies[${index}]`, value);
  });
  return parse(given, rest as readonly Policy<T>[]);
}

/** A policy for values of some type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a policy takes what it gives, so that no other type fits all
type Operand = AnyPolicy | Policy<any>;

/** What the policies of an expression give, all together. */
type ValueOf<P> = P extends AnyPolicy ? never : P extends Policy<infer T> ? T : never;

/** What an expression can name without being taken for one. */
const NAME = /^[\w$.-]+$/;

function named<T>(operator: MonoTypeOperatorFunction<T>, name: unknown): Policy<T> {
  callable('operator', operator);
  if (isPolicy(operator) && name === undefined) return operator as Policy<T>;
  if (name === undefined)
    return makePolicy((source) => operator(source), leaf(NAME.test(operator.name) ? operator.name : 'policy'));
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  if (!NAME.test(name)) throw invalidValue('name', 'must be letters, digits, "_", "$", "." and "-"', name);
  return makePolicy((source) => operator(source), leaf(name));
}

function isTemplate(given: unknown): given is TemplateStringsArray {
  return Array.isArray(given) && 'raw' in given;
}
