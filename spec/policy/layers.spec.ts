import { concat, config, defer, EMPTY, finalize, NEVER, Observable, of, Subject, throwError, type Subscriber } from 'rxjs';
import {
  breaker,
  bulkhead,
  delay,
  fail,
  never,
  pass,
  retry,
  tap,
  timeout,
  type AnyPolicy,
  type BreakerOptions,
  type BulkheadOptions,
  type RetryOptions,
  type TimeOptions,
} from '../../src/policy/index.js';
import { marbles } from '../support/policies.js';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('timeout', () => {
  it('fails when there is no value in time, and cancels the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -----s');
      const life = '        ^---!';
      expectObservable(source.pipe(timeout(4, { scheduler }))).toBe('----#', undefined, coded('ETIMEDOUT'));
      expectSubscriptions(source.subscriptions).toBe(life);
    });
  });

  it('is content with the first value, though the next takes longer', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      expectObservable(cold('---s------t|').pipe(timeout(4, { scheduler }))).toBe('---s------t|');
    });
  });

  it('waits as long as it takes with Infinity', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      expectObservable(cold('9s s').pipe(timeout(Infinity, { scheduler }))).toBe('9s s');
    });
  });
});

describe('delay', () => {
  it('asks later, and not at all when it is cancelled before', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' --s--t|');
      const late = source.pipe(delay(5, { scheduler }));
      expectObservable(late).toBe('-------s--t|');
      expectObservable(late, '---!').toBe('');
      expectSubscriptions(source.subscriptions).toBe('-----^-----!');
    });
  });

  it('never asks with Infinity', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold('s');
      expectObservable(source.pipe(delay(Infinity, { scheduler }))).toBe('');
      expectSubscriptions(source.subscriptions).toBe([]);
    });
  });
});

describe('retry', () => {
  it('asks again after a backoff that doubles up to its limit, shortened by chance', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold(' -#', undefined, 'down');
      // After 1, it waits 4, 8 and 10 of 10, by half of a chance of 0, 0.5 and 1.
      const lives = [
        '                   ^!',
        '                   -----^!',
        '                   ------------^!',
        '                   ------------------^!',
      ];
      const chances = [0, 0.5, 1];
      const random = () => chances.shift()!;
      const again = retry(3, { initialDelay: 4, maxDelay: 10, jitter: 0.5, random, scheduler });
      expectObservable(source.pipe(again)).toBe('-------------------#', undefined, 'down');
      expectSubscriptions(source.subscriptions).toBe(lives);
    });
  });

  it('does not ask again when it is not worth it, nor when there is a value', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const lost = cold('-#', undefined, 'gone');
      const found = cold('-f|');
      const again = retry(3, { isRetryable: (error) => error !== 'gone', scheduler });
      expectObservable(lost.pipe(again)).toBe('-#', undefined, 'gone');
      expectObservable(found.pipe(again)).toBe('-f|');
      expectSubscriptions(lost.subscriptions).toBe('^!');
    });
  });

  it('takes the whole backoff without jitter, and errors with the last error', () => {
    marbles(({ expectObservable }, scheduler) => {
      let asked = 0;
      const source = throwErrorOf(() => ++asked);
      const again = retry(2, { initialDelay: 3, jitter: 0, scheduler });
      expectObservable(source.pipe(again)).toBe('---------#', undefined, 3);
    });
  });

  it('leaves no timer when it is cancelled', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold('-#');
      expectObservable(source.pipe(retry(3, { jitter: 0, scheduler })), '---!').toBe('');
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });
});

describe('bulkhead', () => {
  it('lets some through, queues some, and refuses the rest', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('          ---(s|)');
      const one = bulkhead(1, { queue: 1 });
      expectObservable(source.pipe(one)).toBe('---(s|)');
      expectObservable(source.pipe(one)).toBe('------(s|)');
      expectObservable(source.pipe(one)).toBe('#', undefined, coded('ERR_BULKHEAD_FULL'));
      expectSubscriptions(source.subscriptions).toBe(['^--!', '---^--!']);
    });
  });

  it('gives the place of one that is cancelled to the next, and forgets who is cancelled while waiting', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('          -----(s|)');
      const one = bulkhead(1, { queue: 2 });
      expectObservable(source.pipe(one), '--!').toBe('');
      expectObservable(source.pipe(one), '-!').toBe('');
      expectObservable(source.pipe(one)).toBe('-------(s|)');
      expectSubscriptions(source.subscriptions).toBe(['^-!', '--^----!']);
    });
  });

  it('has the place free again when the end is told', () => {
    const one = bulkhead(1);
    const values: string[] = [];
    const ask = (source: Observable<string>, then?: () => void) =>
      source.pipe(one).subscribe({ next: (value) => values.push(value), error: then, complete: then });
    ask(of('a'), () =>
      ask(
        throwError(() => 'no'),
        () => ask(of('b')),
      ),
    );
    expect(values).toEqual(['a', 'b']);
  });

  it('has it free when a teardown has thrown', () => {
    jest.useFakeTimers();
    const report = (config.onUnhandledError = jest.fn());
    try {
      const one = bulkhead(1);
      const throwing = new Observable<string>(() => () => {
        throw new Error('teardown');
      });
      const subscription = throwing.pipe(one).subscribe();
      expect(() => {
        subscription.unsubscribe();
      }).toThrow('teardown');
      const next = jest.fn();
      of('b').pipe(one).subscribe(next);
      expect(next).toHaveBeenCalledWith('b');
      expect(report).not.toHaveBeenCalled();
    } finally {
      config.onUnhandledError = null;
      jest.useRealTimers();
    }
  });

  it('frees a place after the teardown of the source, and tells the end after that', () => {
    const one = bulkhead(1, { queue: 1 });
    const seen: string[] = [];
    const source = (name: string, end: (subscriber: Subscriber<string>) => void) =>
      new Observable<string>((subscriber) => {
        seen.push(`${name} begins`);
        const timeout = setTimeout(() => end(subscriber));
        return () => {
          clearTimeout(timeout);
          seen.push(`${name} is torn down`);
        };
      });
    jest.useFakeTimers();
    try {
      const told = (name: string) => ({
        complete: () => seen.push(`${name} completes`),
        error: () => seen.push(`${name} fails`),
      });
      source('a', (subscriber) => subscriber.complete())
        .pipe(one)
        .subscribe(told('a'));
      source('b', (subscriber) => subscriber.error('down'))
        .pipe(one)
        .subscribe(told('b'));
      jest.runAllTimers();
      const order = ['a begins', 'a is torn down', 'b begins', 'a completes', 'b is torn down', 'b fails'];
      expect(seen).toEqual(order);

      seen.splice(0);
      const running = NEVER.pipe(finalize(() => seen.push('c is torn down')))
        .pipe(one)
        .subscribe();
      source('d', (subscriber) => subscriber.complete())
        .pipe(one)
        .subscribe();
      running.unsubscribe();
      expect(seen).toEqual(['c is torn down', 'd begins']);
      jest.runAllTimers();
    } finally {
      jest.useRealTimers();
    }
  });

  it('takes 5,000 that wait and end at once without deepening the stack', () => {
    const one = bulkhead(1, { queue: Infinity });
    const first = new Subject<number>();
    const depths = new Set<number>();
    const { stackTraceLimit } = Error;
    let ended = 0;
    first.pipe(one).subscribe();
    for (let i = 0; i < 5000; i++) {
      const source = defer(() => {
        if (i % 1000 === 1) depths.add(new Error('depth').stack!.split('\n').length);
        return of(i);
      });
      source.pipe(one).subscribe({ complete: () => ended++ });
    }
    Error.stackTraceLimit = Infinity;
    first.complete();
    Error.stackTraceLimit = stackTraceLimit;
    expect(ended).toBe(5000);
    expect(depths.size).toBe(1);
  });
});

describe('breaker', () => {
  const down = throwError(() => 'down');

  it('opens after failures in a row, lets one through after a while, and closes with its success', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const guarded = breaker(2, { resetDelay: 10, scheduler });
      const at = (time: number, source: Observable<string>) => source.pipe(guarded, delay(time, { scheduler }));
      expectObservable(at(1, down)).toBe(' -#', undefined, 'down');
      expectObservable(at(2, of('up'))).toBe('--(s|)', { s: 'up' }); // a success starts the count again
      expectObservable(at(3, down)).toBe(' ---#', undefined, 'down');
      expectObservable(at(4, down)).toBe(' ----#', undefined, 'down');
      expectObservable(at(5, of('up'))).toBe('-----#', undefined, coded('ERR_BREAKER_OPEN'));
      expectObservable(at(13, of('up'))).toBe('13ms #', undefined, coded('ERR_BREAKER_OPEN'));
      expectObservable(at(14, cold('---#', undefined, 'down'))).toBe('17ms #', undefined, 'down'); // half-open
      expectObservable(at(15, of('up'))).toBe('15ms #', undefined, coded('ERR_BREAKER_OPEN')); // one at a time
      expectObservable(at(18, of('up'))).toBe('18ms #', undefined, coded('ERR_BREAKER_OPEN')); // open again
      expectObservable(at(27, of('up'))).toBe('27ms (s|)', { s: 'up' });
      expectObservable(at(28, down)).toBe('28ms #', undefined, 'down'); // closed
      expectObservable(at(29, of('up'))).toBe('29ms (s|)', { s: 'up' });
    });
  });

  it('takes completing without a value for a failure, and cancellation for nothing', () => {
    const guarded = breaker(1, { resetDelay: Infinity });
    NEVER.pipe(guarded).subscribe().unsubscribe();
    const values: string[] = [];
    concat(of('up'), NEVER)
      .pipe(guarded)
      .subscribe((value) => values.push(value))
      .unsubscribe();
    EMPTY.pipe(guarded).subscribe();
    const error = jest.fn();
    of('up').pipe(guarded).subscribe({ error });
    expect(values).toEqual(['up']);
    expect(error).toHaveBeenCalledWith(coded('ERR_BREAKER_OPEN'));
  });

  it('lets another through when the one it lets through is cancelled', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const guarded = breaker(1, { resetDelay: 2, scheduler });
      const source = cold('-----s');
      const late = source.pipe(guarded, delay(3, { scheduler }));
      expectObservable(down.pipe(guarded)).toBe('#', undefined, 'down');
      expectObservable(late, '----!').toBe('');
      expectObservable(source.pipe(guarded, delay(5, { scheduler }))).toBe('----------s');
      expectSubscriptions(source.subscriptions).toBe(['---^!', '-----^']);
    });
  });

  it('does not count a failure of a call that began in an earlier closed period', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const guarded = breaker(2, { resetDelay: 2, scheduler });
      const at = (time: number, source: Observable<string>) => source.pipe(guarded, delay(time, { scheduler }));
      expectObservable(cold('---------#', undefined, 'old').pipe(guarded)).toBe('---------#', undefined, 'old');
      expectObservable(at(1, down)).toBe(' -#', undefined, 'down');
      expectObservable(at(2, down)).toBe('--#', undefined, 'down'); // opens
      expectObservable(at(4, of('up'))).toBe('----(s|)', { s: 'up' }); // closes
      expectObservable(at(6, down)).toBe('------#', undefined, 'down'); // the first of this period
      expectObservable(at(10, of('up'))).toBe('10ms (s|)', { s: 'up' }); // the old one was not the second
    });
  });

  it('does not close by a success of a call that began before it opened', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const guarded = breaker(1, { resetDelay: 4, scheduler });
      const at = (time: number, source: Observable<string>) => source.pipe(guarded, delay(time, { scheduler }));
      expectObservable(cold('--------(s|)').pipe(guarded)).toBe('--------(s|)');
      expectObservable(at(1, down)).toBe('-#', undefined, 'down');
      expectObservable(at(6, cold('-----#', undefined, 'down'))).toBe('11ms #', undefined, 'down'); // the trial
      expectObservable(at(9, of('up'))).toBe('---------#', undefined, coded('ERR_BREAKER_OPEN'));
    });
  });

  it('lets another through when a trial has not ended after trialTimeout, and does not listen to the first any more', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const guarded = breaker(1, { resetDelay: 2, trialTimeout: 10, scheduler });
      const at = (time: number, source: Observable<string>) => source.pipe(guarded, delay(time, { scheduler }));
      expectObservable(down.pipe(guarded)).toBe('#', undefined, 'down');
      expectObservable(at(3, cold('17ms #', undefined, 'late'))).toBe('20ms #', undefined, 'late'); // the trial
      expectObservable(at(12, of('up'))).toBe('12ms #', undefined, coded('ERR_BREAKER_OPEN'));
      expectObservable(at(13, of('up'))).toBe('13ms (s|)', { s: 'up' }); // the next
      expectObservable(at(21, of('up'))).toBe('21ms (s|)', { s: 'up' }); // closed all the same
    });
  });

  it('waits for a trial for 30 s by default, and for good with Infinity', () => {
    marbles(({ expectObservable }, scheduler) => {
      const [byDefault, forGood] = [
        breaker(1, { resetDelay: 1, scheduler }),
        breaker(1, { resetDelay: 1, trialTimeout: Infinity, scheduler }),
      ];
      const at = (time: number, guarded: AnyPolicy, source: Observable<string>) =>
        source.pipe(guarded, delay(time, { scheduler }));
      for (const guarded of [byDefault, forGood]) {
        expectObservable(down.pipe(guarded)).toBe('#', undefined, 'down');
        expectObservable(at(1, guarded, NEVER)).toBe('');
        expectObservable(at(30_000, guarded, of('up'))).toBe('30000ms #', undefined, coded('ERR_BREAKER_OPEN'));
      }
      expectObservable(at(30_001, byDefault, of('up'))).toBe('30001ms (s|)', { s: 'up' });
      expectObservable(at(1_000_000, forGood, of('up'))).toBe('1000000ms #', undefined, coded('ERR_BREAKER_OPEN'));
    });
  });

  it('does not listen to calls of before it opened', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const guarded = breaker(1, { resetDelay: 20, scheduler });
      expectObservable(cold('---(s|)').pipe(guarded)).toBe('---(s|)');
      expectObservable(cold('-#').pipe(guarded)).toBe('-#');
      expectObservable(of('up').pipe(guarded, delay(5, { scheduler }))).toBe('-----#', undefined, coded('ERR_BREAKER_OPEN'));
    });
  });
});

describe('tap', () => {
  it('watches values, and the cancellation of a loser', async () => {
    const seen: string[] = [];
    const watched = (name: string) =>
      tap<string>({ next: (value) => seen.push(`${name} ${value}`), unsubscribe: () => seen.push(`${name} lost`) });
    const source = new Subject<string>();
    source.pipe(watched('a').and(watched('b').wrap(never))).subscribe((value) => seen.push(value));
    source.next('v');
    expect(seen).toEqual(['a v', 'b lost', 'v']);
    await Promise.resolve();
    expect(seen.splice(3)).toEqual(['a lost']);
    of('w')
      .pipe(tap<string>((value) => seen.push(value)))
      .subscribe();
    expect(seen.at(-1)).toBe('w');
  });
});

describe('layers and elements', () => {
  it('print themselves', () => {
    const all = pass.or(never).or(fail).or(timeout(5)).or(delay(Infinity)).or(retry(2)).or(bulkhead(3)).or(breaker(4));
    expect(String(all.or(tap(() => undefined)))).toBe(
      'pass | never | fail | timeout(5) | delay(Infinity) | retry(2) | bulkhead(3) | breaker(4) | tap',
    );
  });

  it.each<[string, () => unknown, string]>([
    ['timeout(-1)', () => timeout(-1), 'ERR_OUT_OF_RANGE'],
    ['timeout(NaN)', () => timeout(NaN), 'ERR_OUT_OF_RANGE'],
    ["timeout('5')", () => timeout('5' as unknown as number), 'ERR_INVALID_ARG_TYPE'],
    ['timeout(1, { clock })', () => timeout(1, { clock: Date } as TimeOptions), 'ERR_INVALID_ARG_VALUE'],
    ['delay(-1)', () => delay(-1), 'ERR_OUT_OF_RANGE'],
    ['delay(1, null)', () => delay(1, null as unknown as TimeOptions), 'ERR_INVALID_ARG_TYPE'],
    ['retry(0.5)', () => retry(0.5), 'ERR_OUT_OF_RANGE'],
    ['retry(1, { jitter: 2 })', () => retry(1, { jitter: 2 }), 'ERR_OUT_OF_RANGE'],
    ['retry(1, { random: 4 })', () => retry(1, { random: 4 as unknown as () => number }), 'ERR_INVALID_ARG_TYPE'],
    ['retry(1, { delay: 4 })', () => retry(1, { delay: 4 } as RetryOptions), 'ERR_INVALID_ARG_VALUE'],
    ['bulkhead(0)', () => bulkhead(0), 'ERR_OUT_OF_RANGE'],
    ['bulkhead(1, { queue: -1 })', () => bulkhead(1, { queue: -1 }), 'ERR_OUT_OF_RANGE'],
    ['bulkhead(1, { limit: 1 })', () => bulkhead(1, { limit: 1 } as BulkheadOptions), 'ERR_INVALID_ARG_VALUE'],
    ['breaker(0)', () => breaker(0), 'ERR_OUT_OF_RANGE'],
    ['breaker(1, { resetDelay: -1 })', () => breaker(1, { resetDelay: -1 }), 'ERR_OUT_OF_RANGE'],
    ['breaker(1, { trialTimeout: -1 })', () => breaker(1, { trialTimeout: -1 }), 'ERR_OUT_OF_RANGE'],
    ['breaker(1, { after: 1 })', () => breaker(1, { after: 1 } as BreakerOptions), 'ERR_INVALID_ARG_VALUE'],
    ['tap(5)', () => tap(5 as unknown as () => void), 'ERR_INVALID_ARG_TYPE'],
  ])('%s is refused', (_, wrong, code) => {
    expect(wrong).toThrow(expect.objectContaining({ code }));
  });
});

function throwErrorOf(error: () => unknown): Observable<never> {
  return defer(() => throwError(error));
}
