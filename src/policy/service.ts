import { defer, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { invalidType } from '../core/input/argument-errors.js';
import { callable } from '../core/input/checks.js';
import { joined, leaf, type Expression } from './expression.js';
import { forks, type HedgeOptions, type Kind } from './forks.js';
import { inheritable, type Run } from './inherited.js';
import { isPolicy } from './is-policy.js';
import { nameOf } from './name-of.js';

/** A function from a request to its response, that can be raced with others. Nothing is asked before it is subscribed to. */
export interface Service<Request, Response> {
  (request: Request): Observable<Response>;
  /** Asks both at once: the first success is the response, and the other is cancelled before it. */
  and<Other>(other: Service<Request, Other>): Service<Request, Response | Other>;
  /** Asks the other if this one fails, and not before. */
  or<Other>(other: Service<Request, Other>): Service<Request, Response | Other>;
  /** As `and`, but the other is asked `delay` ms later, or as soon as this one fails. */
  hedge<Other>(other: Service<Request, Other>, delay: number, options?: HedgeOptions): Service<Request, Response | Other>;
  /** The expression that it is. */
  toString(): string;
}

/** Where a service has its expression. The same for the ESM and the CommonJS copy of this package. */
const EXPRESSION = Symbol.for('rx-happy-eyeballs.service');

/**
 * Makes a service of a function from a request to whatever RxJS takes for a stream, as a Promise.
 *
 *     request ──► fn ──► response            called for each subscription
 *
 * @param fn is given the request, and the attempt's number: 1, and one more for each `retry` of that request
 * @param name what it is called in messages and expressions. Default: the name of the function; of one that has none, the host of
 * the URL in it, or else the name of the function that it calls
 *
 * @example
 * // race two replicas, and give up after a second
 * const read = timeout(1000).apply(service(east).and(service(west)));
 * read('key').subscribe(console.log);
 */
export function service<Request, Response>(
  fn: (request: Request, attempt: number) => ObservableInput<Response>,
  name?: string,
): Service<Request, Response> {
  callable('fn', fn);
  if (isPolicy(fn)) throw invalidType('fn', 'a function from a request to a response, and no policy', fn);
  return makeService(
    (request) => {
      let attempt = 0;
      return defer(() => fn(request, ++attempt));
    },
    leaf(name ?? nameOf(fn)),
  );
}

function makeService<Request, Response>(ask: Run<Request, Response>, expression: Expression): Service<Request, Response> {
  const run = (request: Request, inherited?: SchedulerLike) => ask(request, inheritable(inherited));
  const kind: Kind<Run<Request, Response>> = { check: checkService, expressionOf, make: makeService };
  return Object.assign(run, forks(run, expression, kind), { [EXPRESSION]: expression }) as unknown as Service<Request, Response>;
}

/** A policy as {@link applied} has it. */
interface Applied {
  readonly expression: Expression;
  readonly scheduler?: SchedulerLike | undefined;
}

/** The service under an operator that is written as the expression. */
export function applied<Request, Response>(
  operator: Run<Observable<Response>, Response>,
  { expression, scheduler }: Applied,
  service: Service<Request, Response>,
): Service<Request, Response> {
  checkService('service', service);
  const asked: Run<Request, Response> = service;
  return makeService(
    (request, inherited) => operator(asked(request, scheduler ?? inherited), inherited),
    joined(expression, '+', expressionOf(service)),
  );
}

function checkService(name: string, value: unknown): void {
  const isService = typeof value === 'function' && EXPRESSION in value;
  if (!isService) throw invalidType(name, 'a service, as made by service(fn)', value);
}

function expressionOf(service: unknown): Expression {
  return (service as Record<typeof EXPRESSION, Expression>)[EXPRESSION];
}
