import { Observable, of, VirtualTimeScheduler, type SchedulerLike } from 'rxjs';
import { createConnector } from '../../src/connector/connector.js';
import { turnstile } from '../../src/connector/turnstile.js';
import { monotonicScheduler } from '../../src/rx/monotonic.js';
import { Turns, type InTurn } from '../../src/node/turns.js';
import { marbles } from '../support/policies.js';

/** A race that begins in its turn. */
function waiting<T>(inTurn: InTurn, scheduler: SchedulerLike, race$: Observable<T>, signal?: AbortSignal): Observable<T> {
  const settings = { scheduler, ...(signal && { signal }) };
  return new Observable((subscriber) => inTurn(settings, subscriber, { begin: (observer) => void race$.subscribe(observer) }));
}

describe('maxConcurrentRaces', () => {
  it('lets races begin in order, as many at a time', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const inTurn = turnstile(2, scheduler);
      const race = cold('      ---(c|)');
      const lost = cold('      -#');
      expectObservable(waiting(inTurn, scheduler, race)).toBe('---(c|)');
      expectObservable(waiting(inTurn, scheduler, lost)).toBe('-#');
      expectObservable(waiting(inTurn, scheduler, race)).toBe('----(c|)');
      expectObservable(waiting(inTurn, scheduler, race)).toBe('------(c|)');
      expectSubscriptions(race.subscriptions).toBe(['^--!', '-^--!', '---^--!']);
    });
  });

  it('never begins a race that is unsubscribed while it waits, and ends one whose signal is aborted', () => {
    const inTurn = turnstile(1, monotonicScheduler);
    const begun: string[] = [];
    const race = (name: string) =>
      new Observable<string>(() => {
        begun.push(name);
      });
    const controller = new AbortController();
    const error = jest.fn();
    const first = waiting(inTurn, monotonicScheduler, race('first')).subscribe();
    waiting(inTurn, monotonicScheduler, race('left')).subscribe().unsubscribe();
    waiting(inTurn, monotonicScheduler, race('aborted'), controller.signal).subscribe({ error });
    waiting(inTurn, monotonicScheduler, race('last')).subscribe();
    controller.abort('enough');
    expect(error).toHaveBeenCalledWith('enough');
    waiting(inTurn, monotonicScheduler, race('too late'), controller.signal).subscribe({ error });
    expect(error).toHaveBeenCalledTimes(2);
    first.unsubscribe();
    expect(begun).toEqual(['first', 'last']);
  });

  it('is a whole number from 1, or Infinity', () => {
    for (const wrong of [0, -1, 1.5, NaN, '2']) {
      expect(() => createConnector({ maxConcurrentRaces: wrong as number })).toThrow('options.maxConcurrentRaces');
    }
    createConnector({ maxConcurrentRaces: Infinity });
  });
});

describe('many races at once', () => {
  it('begin in several turns of the event loop, in order; a few begin at once', async () => {
    const inTurn = turnstile(10_000, monotonicScheduler, new Turns(monotonicScheduler));
    const begun: number[] = [];
    const race = (index: number) =>
      new Observable<never>(() => {
        begun.push(index);
      });
    for (let i = 0; i < 1000; i++) waiting(inTurn, monotonicScheduler, race(i)).subscribe();
    const atOnce = begun.length;
    expect(atOnce).toBe(64);
    const turns = new Set<number>();
    while (begun.length < 1000) {
      turns.add(begun.length);
      await new Promise(setImmediate);
    }
    expect(turns.size).toBeGreaterThanOrEqual(14);
    expect(begun).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it('set no timer where they are few', () => {
    const scheduler = new VirtualTimeScheduler();
    const inTurn = turnstile(10_000, scheduler, new Turns(scheduler));
    for (let i = 0; i < 31; i++) waiting(inTurn, scheduler, of('won')).subscribe();
    expect(scheduler.actions).toEqual([]);
  });
});
