import fc from 'fast-check';
import {
  concat,
  config,
  defer,
  EMPTY,
  EmptyError,
  from,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  Subscription,
  throwError,
  timer,
  VirtualTimeScheduler,
  type ObservableInput,
  take,
  firstValueFrom,
  materialize,
  toArray,
} from 'rxjs';
import { fetchLike } from '../support/fetch-like.js';
import { firstSuccess, type FirstSuccessOptions } from '../../src/index.js';
import { aggregate, marbles } from '../support/policies.js';
import { runs } from '../support/runs.js';
import { virtually } from '../support/virtually.js';

const errorOf = (result$: Observable<unknown>): unknown => {
  let caught: unknown;
  result$.subscribe({ error: (error: unknown) => (caught = error) });
  return caught;
};

describe('firstSuccess', () => {
  it('starts all at once, and cancels the losers with the first value', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  -----a');
      const aLife = '   ^--!';
      const b = cold('  ---b--');
      const bLife = '   ^--!';
      const result = '  ---(b|)';
      expectObservable(firstSuccess([a, b], { scheduler })).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('lets go of an input that answers at once before its value is told, also where the delay has brought its start', () => {
    const scheduler = new VirtualTimeScheduler();
    const log: string[] = [];
    const answering = (name: string, value$: Observable<string>) =>
      new Observable<string>((subscriber) => {
        log.push(`${name} begins`);
        subscriber.add(value$.subscribe(subscriber));
        subscriber.add(() => log.push(`${name} ends`));
      });
    firstSuccess([answering('slow', NEVER), answering('quick', of('value'))], { delay: 10, scheduler }).subscribe((value) =>
      log.push(value),
    );
    scheduler.flush();
    expect(log).toEqual(['slow begins', 'quick begins', 'quick ends', 'slow ends', 'value']);
  });

  it('starts the next the delay after the last, and lets those that were started go on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  ------------a');
      const aLife = '   ^-----------!';
      const b = cold('       -');
      const bLife = '   -----^------!';
      const c = cold('            -');
      const cLife = '   ----------^-!';
      const result = '  ------------(a|)';
      expectObservable(firstSuccess([a, b, c], { delay: 5, scheduler })).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
      expectSubscriptions(c.subscriptions).toBe(cLife);
    });
  });

  it('starts the next at once when the latest fails, and counts the delay from there', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  --#');
      const aLife = '   ^-!';
      const b = cold('    -');
      const bLife = '   --^-------!';
      const c = cold('         ---c');
      const cLife = '   -------^--!';
      const result = '  ----------(c|)';
      expectObservable(firstSuccess([a, b, c], { delay: 5, scheduler })).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
      expectSubscriptions(c.subscriptions).toBe(cLife);
    });
  });

  it('does not hurry when it is not the latest that fails', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  -------#');
      const b = cold('       -');
      const c = cold('            -c');
      const cLife = '   ----------^!';
      const result = '  -----------(c|)';
      expectObservable(firstSuccess([a, b, c], { delay: 5, scheduler })).toBe(result);
      expectSubscriptions(c.subscriptions).toBe(cLife);
    });
  });

  it('with a delay of Infinity starts the next only after a failure', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  ---------#');
      const b = cold('           --|');
      const bLife = '   ---------^-!';
      const c = cold('             --c');
      const cLife = '   -----------^-!';
      const d = cold('  d');
      const result = '  -------------(c|)';
      expectObservable(firstSuccess([a, b, c, d], { delay: Infinity, scheduler })).toBe(result);
      expectSubscriptions(b.subscriptions).toBe(bLife);
      expectSubscriptions(c.subscriptions).toBe(cLife);
      expectSubscriptions(d.subscriptions).toBe([]);
    });
  });

  it('holds back what is due while maxConcurrent are in flight, and starts it as soon as one fails', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  ---------#');
      const b = cold('  -');
      const bLife = '   --^--------!';
      const c = cold('           --c');
      const cLife = '   ---------^-!';
      const result = '  -----------(c|)';
      expectObservable(firstSuccess([a, b, c], { delay: 2, maxConcurrent: 2, scheduler })).toBe(result);
      expectSubscriptions(b.subscriptions).toBe(bLife);
      expectSubscriptions(c.subscriptions).toBe(cLife);
    });
  });

  it('lets the first in the list win when two are there in the same instant', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  ---a');
      const b = cold('  ---b');
      const bLife = '   ^--!';
      const result = '  ---(a|)';
      expectObservable(firstSuccess([a, b], { scheduler })).toBe(result);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('takes the inputs of a stream that is still open, and ends it with the winner', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }, scheduler) => {
      const inputs = hot('-a---b-------', { a: cold('--#'), b: cold('---v') });
      const life = '      ^-------!';
      const result = '    --------(v|)';
      expectObservable(firstSuccess(inputs, { delay: 2, scheduler })).toBe(result);
      expectSubscriptions(inputs.subscriptions).toBe(life);
    });
  });

  it('waits for more inputs while their stream is open, though all have failed', () => {
    marbles(({ cold, hot, expectObservable }, scheduler) => {
      const inputs = hot('-a-------|', { a: cold('--#') });
      const result = '    ---------#';
      expectObservable(firstSuccess(inputs, { scheduler })).toBe(result, undefined, aggregate('error'));
    });
  });

  it('goes on when the stream of inputs errors, whose error is then the last', () => {
    marbles(({ cold, hot, expectObservable }, scheduler) => {
      const inputs = hot('-a-#', { a: cold('------#', undefined, 'a') }, 'inputs');
      const result = '    -------#';
      expectObservable(firstSuccess(inputs, { scheduler })).toBe(result, undefined, aggregate('a', 'inputs'));
    });
  });

  it('errors with the errors in the order of the inputs when all have failed', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const a = cold('  -----#', undefined, 'a');
      const b = cold('  --#', undefined, 'b');
      const c = cold('  ---|');
      const d = cold('  ----#', undefined, 'd');
      const result = '  -----#';
      const errors = aggregate('a', 'b', expect.any(EmptyError), 'd');
      expectObservable(firstSuccess([a, b, c, d], { scheduler })).toBe(result, undefined, errors);
    });
  });

  it('ends everything at once when it is unsubscribed', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('     -');
      const b = cold('     -');
      const inputs = hot(' a-b-----', { a, b });
      const unsubscribed = '------!';
      const aLife = '      ^-----!';
      const bLife = '      ---^--!';
      expectObservable(firstSuccess(inputs, { delay: 3, scheduler }), unsubscribed).toBe('');
      expectSubscriptions(inputs.subscriptions).toBe(aLife);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('has let go of everything but the winner when it emits, and of the winner before it completes', async () => {
    const inputs = new Subject<Observable<string>>();
    const [loser, winner] = [new Subject<string>(), new Subject<string>()];
    const seen: unknown[] = [];
    firstSuccess(inputs).subscribe({
      next: (value) => seen.push(value, inputs.observed, loser.observed, winner.observed),
      complete: () => seen.push('complete', winner.observed),
    });
    inputs.next(loser);
    inputs.next(winner);
    winner.next('won');
    expect(seen).toEqual(['won', false, false, true]);
    await Promise.resolve();
    expect(seen.slice(4)).toEqual(['complete', false]);
  });

  it('completes with the winner, where that completes in the same job', () => {
    const winner = new Subject<string>();
    const seen: unknown[] = [];
    firstSuccess([winner]).subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    winner.next('won');
    winner.complete();
    expect(seen).toEqual(['won', 'complete']);
  });

  it('takes no second value, and does not wait for the end of a winner that has one', () => {
    const winner = new Subject<string>();
    const seen: unknown[] = [];
    firstSuccess([winner]).subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    winner.next('won');
    winner.next('more');
    expect(seen).toEqual(['won', 'complete']);
    expect(winner.observed).toBe(false);
    const endless = new Observable<number>((subscriber) => {
      for (let i = 0; !subscriber.closed; i++) subscriber.next(i);
    });
    const next = jest.fn();
    firstSuccess([endless]).subscribe(next);
    expect(next.mock.calls).toEqual([[0]]);
  });

  it('lets go of the winner when it is unsubscribed while the value is handed over', () => {
    const winner = new Subject<string>();
    const complete = jest.fn();
    firstSuccess([winner]).pipe(take(1)).subscribe({ complete });
    winner.next('won');
    expect(winner.observed).toBe(false);
    expect(complete).toHaveBeenCalledTimes(1);
  });

  it('leaves a response its body: what its source does once it has emitted comes before the teardown', async () => {
    const response = fetchLike('won');
    const taken = await firstValueFrom(firstSuccess([NEVER, response.source]).pipe(materialize(), toArray()));
    expect(taken).toHaveLength(2);
    expect(response.wasAborted()).toBe(false);
    const loser = fetchLike('late', 50);
    await lastValueFrom(firstSuccess([loser.source, fetchLike('won').source]));
    expect(loser.wasAborted()).toBe(true);
  });

  it('does not start the rest when one succeeds while it is being started', () => {
    const never = jest.fn(() => NEVER);
    const values: number[] = [];
    firstSuccess([throwError(() => new Error('no')), of(1, 2), defer(never)]).subscribe((value) => values.push(value));
    expect(values).toEqual([1]);
    expect(never).not.toHaveBeenCalled();
  });

  it('ends inputs and streams of inputs that would emit forever in one turn', () => {
    const { values } = virtually((scheduler) => firstSuccess([range(0, Infinity)], { scheduler }));
    expect(values).toEqual([0]);
    const inputs = range(0, Infinity).pipe(map((i) => (i < 3 ? EMPTY : of(i))));
    expect(virtually((scheduler) => firstSuccess(inputs, { scheduler })).values).toEqual([3]);
  });

  it('takes 5,000 inputs that all fail in one turn without deepening the stack', () => {
    const depths: number[] = [];
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = Infinity;
    try {
      const failing = (i: number) =>
        throwError(() => {
          if (i % 2500 === 2) depths.push(new Error('depth').stack!.split('\n').length);
          return i;
        });
      const inputs = Array.from({ length: 5000 }, (_, i) => failing(i));
      for (const delay of [0, 10, Infinity])
        expect(errorOf(firstSuccess(inputs, { delay }))).toMatchObject({ errors: { length: 5000 } });
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    expect(depths).toHaveLength(6);
    expect(new Set(depths).size).toBe(1);
  });

  it('counts as failed what throws when it is created, what is no input, and what completes without a value', () => {
    const thrown = new Error('created');
    const throws = defer((): Observable<string> => {
      throw thrown;
    });
    const inputs = [throws, 1 as unknown as Observable<string>, EMPTY];
    const error = errorOf(firstSuccess(inputs)) as AggregateError;
    expect(error.errors).toEqual([thrown, expect.any(TypeError), expect.any(EmptyError)]);
    expect(error.message).toMatch(/^No input succeeded: created; .*; no elements in sequence$/);
  });

  it('is not kept from its result by a teardown that throws, which is reported as RxJS does', () => {
    jest.useFakeTimers();
    const report = (config.onUnhandledError = jest.fn());
    try {
      const throwing = new Observable<string>(() => () => {
        throw new Error('teardown');
      });
      const torn = jest.fn();
      const loser = new Observable<string>(() => torn);
      const values: string[] = [];
      firstSuccess([throwing, loser, of('won')]).subscribe((value) => values.push(value));
      expect(values).toEqual(['won']);
      expect(torn).toHaveBeenCalledTimes(1);
      jest.runAllTimers();
      expect(report).toHaveBeenCalledTimes(1);
    } finally {
      config.onUnhandledError = null;
      jest.useRealTimers();
    }
  });

  it('can be unsubscribed while an input is being started', () => {
    const torn = jest.fn();
    const later = jest.fn(() => NEVER);
    const subscription = new Subscription();
    const stops = new Observable<never>(() => {
      subscription.unsubscribe();
      return torn;
    });
    const result$ = new Observable<never>((own) => {
      subscription.add(own);
      firstSuccess([stops, defer(later)]).subscribe(own);
    });
    result$.subscribe();
    expect(torn).toHaveBeenCalledTimes(1);
    expect(later).not.toHaveBeenCalled();
  });

  it('takes Promises and iterables', async () => {
    const inputs = new Set<ObservableInput<number>>([Promise.reject(new Error('no')), Promise.resolve(2)]);
    await expect(lastValueFrom(firstSuccess(inputs, { delay: Infinity }))).resolves.toBe(2);
  });

  it('is a race of its own for each subscriber', () => {
    let asked = 0;
    const result$ = firstSuccess([defer(() => of(++asked))]);
    const values: number[] = [];
    result$.subscribe((value) => values.push(value));
    result$.subscribe((value) => values.push(value));
    expect(values).toEqual([1, 2]);
  });

  it('says at the call what makes no sense', () => {
    const given = (inputs: unknown, options?: unknown) => () =>
      firstSuccess(inputs as ObservableInput<Observable<string>>, options as FirstSuccessOptions);
    const refused = (code: string, message: string) => expect.objectContaining({ code, message }) as Error;
    expect(given([])).toThrow(refused('ERR_INVALID_ARG_VALUE', '"inputs" must not be empty. Received []'));
    const wanted = '"inputs" must be a list or a stream of ObservableInputs.';
    expect(given(undefined)).toThrow(refused('ERR_INVALID_ARG_TYPE', `${wanted} Received undefined`));
    expect(given('ab')).toThrow(refused('ERR_INVALID_ARG_TYPE', `${wanted} Received 'ab'`));
    expect(given({})).toThrow(refused('ERR_INVALID_ARG_TYPE', `${wanted} Received [object Object]`));
    for (const [options, code] of [
      [{ delay: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ delay: '5' }, 'ERR_INVALID_ARG_TYPE'],
      [{ maxConcurrent: 0 }, 'ERR_OUT_OF_RANGE'],
      [{ maxConcurrent: 1.5 }, 'ERR_OUT_OF_RANGE'],
      [{ scheduler: {} }, 'ERR_INVALID_ARG_TYPE'],
      [{ delays: 5 }, 'ERR_INVALID_ARG_VALUE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      expect(given([NEVER], options)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('says so when a stream of inputs was empty', () => {
    const error = errorOf(firstSuccess(EMPTY)) as AggregateError;
    expect(error).toMatchObject({ name: 'AggregateError', errors: [], message: expect.stringMatching(/^There was no input/) });
  });
});

describe('firstSuccess, in random races', () => {
  interface Fate {
    readonly after: number;
    readonly outcome: 'value' | 'error' | 'empty' | 'never';
  }

  /** What becomes of inputs, in plain time: their starts, and who has won when; or when all had failed. */
  const predict = (fates: readonly Fate[], delay: number, maxConcurrent: number) => {
    const starts: number[] = [];
    const endOf = (i: number) => (fates[i]!.outcome === 'never' ? Infinity : starts[i]! + fates[i]!.after);
    const failed = (i: number) => fates[i]!.outcome !== 'value';
    const winner = () => Math.min(...starts.flatMap((_, i) => (failed(i) ? [] : endOf(i))));
    for (let i = 0; i < fates.length; i++) {
      const last = i - 1;
      const due = i === 0 ? 0 : Math.min(starts[last]! + delay, failed(last) ? endOf(last) : Infinity);
      const ends = starts.map((_, j) => endOf(j)).sort((a, b) => b - a);
      const free = ends.length < maxConcurrent ? 0 : ends[maxConcurrent - 1]!;
      const start = Math.max(due, free);
      if (start === Infinity || winner() <= start) break;
      starts.push(start);
    }
    const won = winner();
    const lost = starts.length === fates.length ? Math.max(...starts.map((_, i) => endOf(i))) : Infinity;
    return { starts, at: won < Infinity ? won : lost, winner: starts.findIndex((_, i) => !failed(i) && endOf(i) === won) };
  };

  const fates = fc
    .array(
      fc.record({
        after: fc.integer({ min: 1, max: 40 }),
        outcome: fc.constantFrom<Fate['outcome']>('value', 'error', 'error', 'empty', 'never'),
      }),
      { minLength: 1, maxLength: 8 },
    )
    // A trace of their own in the low digits: no two events fall together.
    .map((list) => list.map((fate, i) => ({ ...fate, after: fate.after + 2 ** -(i + 2) })));

  it('does what a plain reckoning of times says, and leaves nothing behind', () => {
    const delays = fc.constantFrom(0, 7 + 2 ** -12, 1000, Infinity);
    fc.assert(
      fc.property(fates, delays, fc.constantFrom(1, 2, 3, Infinity), (list, delay, maxConcurrent) => {
        const scheduler = new VirtualTimeScheduler();
        const starts: number[] = [];
        let running = 0;
        let result: { at: number; winner: number; running: number } | undefined;
        const inputs = list.map(
          ({ after, outcome }, i) =>
            new Observable<number>((subscriber) => {
              starts[i] = scheduler.now();
              running++;
              const then = { value: of(i), error: throwError(() => i), empty: EMPTY, never: NEVER }[outcome];
              subscriber.add(
                concat(timer(after, scheduler).pipe(map(() => -1)), then).subscribe({
                  next: (value) => {
                    if (value >= 0) subscriber.next(value);
                  },
                  error: (error: unknown) => {
                    subscriber.error(error);
                  },
                  complete: () => {
                    subscriber.complete();
                  },
                }),
              );
              subscriber.add(() => running--);
            }),
        );
        firstSuccess(from(inputs), { delay, maxConcurrent, scheduler }).subscribe({
          next: (winner) => (result = { at: scheduler.now(), winner, running }),
          error: ({ errors }: AggregateError) => {
            result = { at: scheduler.now(), winner: -1, running };
            expect(errors.map((error: unknown, i) => error === i || error instanceof EmptyError)).toEqual(list.map(() => true));
          },
        });
        scheduler.flush();
        const predicted = predict(list, delay, maxConcurrent);
        expect(starts).toEqual(predicted.starts);
        expect(result).toEqual(
          predicted.at === Infinity
            ? undefined
            : { at: predicted.at, winner: predicted.winner, running: predicted.winner >= 0 ? 1 : 0 }, // the winner alone
        );
        if (result) expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
      }),
      { numRuns: runs(1000) },
    );
  });
});
