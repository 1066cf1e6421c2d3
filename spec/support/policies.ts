import fc from 'fast-check';
import {
  catchError,
  concatMap,
  EMPTY,
  map,
  NEVER,
  Observable,
  of,
  throwError,
  timer,
  VirtualTimeScheduler,
  type SchedulerLike,
} from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { policy, type Policy } from '../../src/policy/index.js';
import { assertMarbles } from '../../src/testing/index.js';

/** Runs a spec in the TestScheduler's time. */
export function marbles(test: (helpers: RunHelpers, scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler(assertMarbles);
  scheduler.run((helpers) => {
    test(helpers, scheduler);
  });
}

/** What a marble's error is compared with: one AggregateError of these errors. */
export function aggregate(...errors: unknown[]): unknown {
  return expect.objectContaining({ name: 'AggregateError', errors });
}

/** A random policy: its name, what it does with the source, and when. */
export interface Part {
  readonly name: string;
  readonly after: number;
  readonly does: 'answers' | 'fails' | 'fails first' | 'is empty' | 'hangs' | 'recovers';
}

/** What is observed of policies while they run. */
export interface Trace {
  readonly scheduler: SchedulerLike;
  /** Parts whose source has not been let go of. */
  running: number;
  readonly started: string[];
}

/**
 * Parts with names of one letter, and an instant of their own in the low digits of their times, so that no two events of
 * different parts fall together.
 */
export function parts(least: number, most: number): fc.Arbitrary<readonly Part[]> {
  const does = fc.constantFrom<Part['does']>(
    'answers',
    'answers',
    'answers',
    'fails',
    'fails first',
    'is empty',
    'hangs',
    'recovers',
  );
  const list = fc.array(fc.record({ after: fc.integer({ min: 1, max: 50 }), does }), { minLength: least, maxLength: most });
  return list.map((all) =>
    all.map((part, i) => ({ ...part, name: String.fromCharCode(97 + i), after: part.after + 2 ** -(2 * i + 3) })),
  );
}

/** The policy that a part is. Values are texts that tell which parts they went through. */
export function policyOf({ name, after, does }: Part, trace: Trace): Policy<string> {
  const { scheduler } = trace;
  const later = () => timer(after, scheduler);
  const fails = () => throwError(() => new Error(name));
  const through = (source: Observable<string>): Observable<string> => {
    if (does === 'hangs') return NEVER;
    if (does === 'fails first') return later().pipe(concatMap(fails));
    if (does === 'is empty') return later().pipe(concatMap(() => EMPTY));
    const answered$ = source.pipe(concatMap((value) => later().pipe(map(() => `${name}(${value})`))));
    if (does === 'answers') return answered$;
    if (does === 'fails') return answered$.pipe(concatMap(fails));
    return source.pipe(catchError(() => later().pipe(map(() => `${name}!`))));
  };
  const watched = (source: Observable<string>) =>
    new Observable<string>((subscriber) => {
      trace.running++;
      trace.started.push(name);
      subscriber.add(through(source).subscribe(subscriber));
      subscriber.add(() => trace.running--);
    });
  return policy(watched, name);
}

/** What became of one run. */
export interface Outcome {
  readonly at: number;
  readonly value?: string;
  /** The causes by name. */
  readonly causes?: readonly string[];
  readonly hangs?: boolean;
  /** Parts in the order of their start. */
  readonly started: readonly string[];
}

/** Runs a policy over a source that answers at once, in virtual time. Expects that nothing was running when the result came. */
export function outcomeOf(make: (trace: Trace) => Policy<string>): Outcome {
  const scheduler = new VirtualTimeScheduler();
  const trace: Trace = { scheduler, running: 0, started: [] };
  let outcome: Outcome | undefined;
  const ended = (what: Partial<Outcome>) => {
    outcome ??= { at: scheduler.now(), started: trace.started.slice(), ...what };
  };
  of('x')
    .pipe(make(trace))
    .subscribe({
      next: (value) => {
        ended({ value });
      },
      error: (error: unknown) => {
        ended({ causes: causesOf(error) });
      },
      complete: () => {
        ended({ causes: ['EmptyError'] });
      },
    });
  scheduler.flush();
  return outcome ?? { at: Infinity, hangs: true, started: trace.started };
}

function causesOf(error: unknown): string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(causesOf);
  const { name, message, code } = error as Error & { code?: string };
  return [code ?? (name === 'Error' ? message : name)];
}

/** The strings of a template, as a tag is given them. */
export function templateOf(strings: readonly string[]): TemplateStringsArray {
  return Object.assign([...strings], { raw: [...strings] });
}
