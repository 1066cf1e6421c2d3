import { Observable, of, VirtualTimeScheduler } from 'rxjs';
import { createConnector } from '../../src/connector/connector.js';
import { turnstile } from '../../src/connector/turnstile.js';
import { monotonicScheduler } from '../../src/rx/monotonic.js';
import { Turns } from '../../src/node/turns.js';
import { marbles } from '../support/policies.js';

describe('maxConcurrentRaces', () => {
  it('lets races begin in order, as many at a time', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const inTurn = turnstile(2, scheduler);
      const race = cold('      ---(c|)');
      const lost = cold('      -#');
      expectObservable(inTurn(race, undefined)).toBe('---(c|)');
      expectObservable(inTurn(lost, undefined)).toBe('-#');
      expectObservable(inTurn(race, undefined)).toBe('----(c|)');
      expectObservable(inTurn(race, undefined)).toBe('------(c|)');
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
    const first = inTurn(race('first'), undefined).subscribe();
    inTurn(race('left'), undefined).subscribe().unsubscribe();
    inTurn(race('aborted'), controller.signal).subscribe({ error });
    inTurn(race('last'), undefined).subscribe();
    controller.abort('enough');
    expect(error).toHaveBeenCalledWith('enough');
    inTurn(race('too late'), controller.signal).subscribe({ error });
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
    const inTurn = turnstile(Infinity, monotonicScheduler, new Turns(monotonicScheduler));
    const begun: number[] = [];
    const race = (index: number) =>
      new Observable<never>(() => {
        begun.push(index);
      });
    for (let i = 0; i < 1000; i++) inTurn(race(i), undefined).subscribe();
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
    const inTurn = turnstile(Infinity, scheduler);
    for (let i = 0; i < 31; i++) inTurn(of('won'), undefined).subscribe();
    expect(scheduler.actions).toEqual([]);
  });
});
