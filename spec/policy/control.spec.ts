import { defer, EMPTY, of, throwError, VirtualTimeScheduler, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { breaker, delay, pass, policy, retry, service, timeout } from '../../src/policy/index.js';
import { assertMarbles } from '../../src/testing/index.js';

const broken = new Error('broken');
const ill$ = throwError(() => broken);

/** What a stream comes to within its own time. */
function run<T>(scheduler: VirtualTimeScheduler, stream$: Observable<T>) {
  const told: unknown[] = [];
  stream$.subscribe({
    next: (value) => told.push([scheduler.now(), value]),
    error: (error: Error) => told.push([scheduler.now(), error.message]),
  });
  scheduler.flush();
  return told;
}

describe('a breaker', () => {
  it('shows its state, and each change of it', () => {
    const scheduler = new VirtualTimeScheduler();
    const guard = breaker(2, { resetDelay: 100, scheduler });
    const states: string[] = [];
    guard.state$.subscribe((state) => states.push(state));
    expect(guard.state).toBe('closed');
    for (let i = 0; i < 2; i++) run(scheduler, ill$.pipe(guard));
    expect(guard.state).toBe('open');
    scheduler.schedule(() => undefined, 100);
    scheduler.flush();
    expect(guard.state).toBe('open'); // nothing has happened
    run(scheduler, of(1).pipe(guard));
    expect(guard.state).toBe('closed');
    expect(states).toEqual(['closed', 'open', 'half-open', 'closed']);
  });

  it('is opened by hand until it is closed by hand', () => {
    const scheduler = new VirtualTimeScheduler();
    const guard = breaker(1, { resetDelay: 0, scheduler });
    guard.open();
    expect(guard.state).toBe('open');
    expect(run(scheduler, of(1).pipe(guard))).toEqual([[0, 'opened by hand']]);
    scheduler.schedule(() => undefined, 1_000_000);
    scheduler.flush();
    expect(run(scheduler, of(1).pipe(guard))).toEqual([[1_000_000, 'opened by hand']]);
    guard.close();
    expect(run(scheduler, of(1).pipe(guard))).toEqual([[1_000_000, 1]]);
    run(scheduler, ill$.pipe(guard));
    expect(run(scheduler, of(1).pipe(breaker(1, { scheduler }).wrap(guard))).length).toBe(1);
  });

  it('is closed by hand, and calls from before that count for nothing', () => {
    new TestScheduler(assertMarbles).run(({ cold, expectObservable, flush }) => {
      const guard = breaker(1, { resetDelay: Infinity });
      const slow = cold('----#', {}, broken);
      expectObservable(slow.pipe(guard)).toBe('----#', {}, broken);
      const states = cold('--c|').pipe((source) => defer(() => source));
      states.subscribe(() => guard.close());
      flush();
      expect(guard.state).toBe('closed');
    });
  });

  it('stays one breaker where it inherits a scheduler', () => {
    const scheduler = new VirtualTimeScheduler();
    const guard = breaker(1, { resetDelay: 50 });
    const outer = timeout(5, { scheduler }).wrap(guard);
    run(scheduler, ill$.pipe(outer));
    expect(guard.state).toBe('open');
    expect(run(scheduler, of(1).pipe(outer))).toEqual([[0, '1 failures in a row']]);
  });
});

describe('retry', () => {
  it('tells of each wait: the error, the attempt that failed, and how long it is', () => {
    const scheduler = new VirtualTimeScheduler();
    const onRetry = jest.fn();
    run(scheduler, ill$.pipe(retry(2, { jitter: 0, onRetry, scheduler })));
    expect(onRetry.mock.calls).toEqual([
      [broken, 1, 100],
      [broken, 2, 200],
    ]);
  });

  it('waits as a function of the error and the attempt says', () => {
    const scheduler = new VirtualTimeScheduler();
    const asked: unknown[] = [];
    const again = retry(2, { retryDelay: (error, attempt) => asked.push([error, attempt]) * 1000, scheduler });
    expect(run(scheduler, ill$.pipe(again))).toEqual([[3000, 'broken']]);
    expect(asked).toEqual([
      [broken, 1],
      [broken, 2],
    ]);
  });

  it.each([NaN, -1, 'soon', undefined, Infinity])('errors where that is no time: %p', (wait) => {
    const scheduler = new VirtualTimeScheduler();
    const [[, message]] = run(scheduler, ill$.pipe(retry(2, { retryDelay: () => wait as number, scheduler }))) as [
      [number, string],
    ];
    expect(message).toContain('options.retryDelay()');
  });

  it('asks of an error and its attempt whether to go on', () => {
    const scheduler = new VirtualTimeScheduler();
    const isRetryable = jest.fn((_: unknown, attempt: number) => attempt < 3);
    run(scheduler, ill$.pipe(retry(9, { isRetryable, scheduler })));
    expect(isRetryable.mock.calls.map(([, attempt]) => attempt)).toEqual([1, 2, 3]);
  });
});

describe('a service', () => {
  const numbered = (attempts: number[], until: number) =>
    service((_: string, attempt) => {
      attempts.push(attempt);
      return attempt < until ? ill$ : of(attempt);
    }, 'numbered');

  it('is given the number of the attempt, which counts for each request', () => {
    const scheduler = new VirtualTimeScheduler();
    const attempts: number[] = [];
    const read = retry(5, { scheduler }).apply(numbered(attempts, 3));
    run(scheduler, read('a'));
    run(scheduler, read('b'));
    expect(attempts).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('is given it within a fallback and a race, too', () => {
    const scheduler = new VirtualTimeScheduler();
    const [primary, backup, third] = [[], [], []] as [number[], number[], number[]];
    const both = numbered(primary, 9).or(numbered(backup, 9)).and(numbered(third, 3));
    run(scheduler, retry(2, { scheduler }).apply(both)('a'));
    expect([primary, backup, third]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('without a name is called by the host that it asks, or the function', () => {
    const fromFetch = (_: string) => EMPTY;
    const client = { get: (_: string) => EMPTY };
    expect(String(service((path: string) => fromFetch(`https://a.example:8443${path}`)))).toBe('a.example');
    expect(String(service((path: string) => fromFetch(path)))).toBe('fromFetch');
    expect(String(service((path: string) => client.get(path)))).toBe('client.get');
    expect(String(service(fromFetch))).toBe('fromFetch');
    expect(String(service(() => EMPTY))).toBe('service');
    expect(String(service(() => EMPTY, 'mine'))).toBe('mine');
  });
});

describe('a scheduler', () => {
  const scheduler = () => new VirtualTimeScheduler();

  it('is inherited by what a policy wraps', () => {
    const time = scheduler();
    const outer = timeout(1000, { scheduler: time })
      .wrap(retry(2, { jitter: 0 }))
      .wrap(delay(10));
    expect(run(time, ill$.pipe(outer))).toEqual([[330, 'broken']]);
  });

  it('through layers without one, in templates, races, fallbacks and services', () => {
    const time = scheduler();
    const outer = timeout(1000, { scheduler: time });
    const inner = policy`${pass} + (${delay(10)} & ${delay(20)} | ${delay(30)})`;
    expect(run(time, of(1).pipe(outer.wrap(inner)))).toEqual([[10, 1]]);
    const read = outer.apply(
      delay(5)
        .apply(service(() => ill$, 'ill'))
        .or(delay(7).apply(service(() => of(1), 'well'))),
    );
    expect(run(time, read('x'))).toEqual([[22, 1]]);
  });

  it('also that of a hedge by its sides, and by its own delay', () => {
    const time = scheduler();
    expect(run(time, of(1).pipe(delay(100).hedge(delay(5), 20, { scheduler: time })))).toEqual([[25, 1]]);
    const other = scheduler();
    expect(run(other, of(1).pipe(timeout(1000, { scheduler: other }).wrap(delay(100).hedge(delay(5), 20))))).toEqual([[25, 1]]);
  });

  it('not by a policy that has its own', () => {
    const [time, own] = [scheduler(), scheduler()];
    const told: unknown[] = [];
    of(1)
      .pipe(timeout(1000, { scheduler: time }).wrap(delay(10, { scheduler: own })))
      .subscribe((value) => told.push(value));
    own.flush();
    expect(told).toEqual([1]);
  });

  it('not from what map calls a policy with', () => {
    const time = scheduler();
    const guarded = [of(1), of(2)].map(delay(10, { scheduler: time }));
    expect(run(time, guarded[1]!)).toEqual([[10, 2]]);
    const [later$] = [of(1)].map(delay(0));
    expect(() => later$!.subscribe().unsubscribe()).not.toThrow();
  });
});
