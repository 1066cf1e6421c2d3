import { defer, type MonoTypeOperatorFunction, type Observable, type ObservableInput } from 'rxjs';
import { invalidType } from '../core/input/argument-errors.js';
import { callable } from '../core/input/checks.js';
import { joined, leaf, type Expression } from './expression.js';
import { forks, type HedgeOptions, type Kind } from './forks.js';
import { isPolicy } from './is-policy.js';

/** A function from a request to its response, that can be raced with others. Nothing is asked before it is subscribed to. */
export interface Service<Request, Response> {
  (request: Request): Observable<Response>;
  /** Asks both at once: the first success is the response, and the other is cancelled before it. */
  and(other: Service<Request, Response>): Service<Request, Response>;
  /** Asks the other if this one fails, and not before. */
  or(other: Service<Request, Response>): Service<Request, Response>;
  /** As `and`, but the other is asked `delay` ms later, or as soon as this one fails. */
  hedge(other: Service<Request, Response>, delay: number, options?: HedgeOptions): Service<Request, Response>;
  /** The expression that it is. */
  toString(): string;
}

/** Where a service has its expression. The same for the ESM and the CommonJS copy of this package. */
const EXPRESSION = Symbol.for('rx-happy-eyeballs.service');

/**
 * Makes a service of a function from a request to whatever RxJS takes for a stream, as a Promise.
 *
 *     request ──► fn ──► response            asked anew for each subscription
 *
 * @param name what it is called in messages and expressions; default: the function's own
 *
 * @example
 * // race two replicas, and give up after a second
 * const read = timeout(1000).apply(service(east).and(service(west)));
 * read('key').subscribe(console.log);
 */
export function service<Request, Response>(
  fn: (request: Request) => ObservableInput<Response>,
  name = fn.name || 'service',
): Service<Request, Response> {
  callable('fn', fn);
  if (isPolicy(fn)) throw invalidType('fn', 'a function from a request to a response, and no policy', fn);
  return makeService((request) => defer(() => fn(request)), leaf(name));
}

function makeService<Request, Response>(
  ask: (request: Request) => Observable<Response>,
  expression: Expression,
): Service<Request, Response> {
  const run = (request: Request) => ask(request);
  const kind: Kind<Service<Request, Response>> = { check: checkService, expressionOf, make: makeService };
  return Object.assign(run, forks(run, expression, kind), { [EXPRESSION]: expression });
}

/** The service under an operator that is written as the expression. */
export function applied<Request, Response>(
  operator: MonoTypeOperatorFunction<Response>,
  expression: Expression,
  service: Service<Request, Response>,
): Service<Request, Response> {
  checkService('service', service);
  return makeService((request) => operator(service(request)), joined(expression, '+', expressionOf(service)));
}

function checkService(name: string, value: unknown): void {
  const isService = typeof value === 'function' && EXPRESSION in value;
  if (!isService) throw invalidType(name, 'a service, as made by service(fn)', value);
}

function expressionOf<Request, Response>(service: Service<Request, Response>): Expression {
  return (service as unknown as Record<typeof EXPRESSION, Expression>)[EXPRESSION];
}
