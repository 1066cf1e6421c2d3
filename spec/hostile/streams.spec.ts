import { config, NEVER, Observable, of, throwError, VirtualTimeScheduler } from 'rxjs';
import { connect$, createConnector, type Answer, type Endpoint } from '../../src/index.js';

const SIX = '2001:db8::6';
const FOUR = '192.0.2.4';
const ANSWERS: readonly Answer[] = [
  { type: 'AAAA', addresses: [SIX] },
  { type: 'A', addresses: [FOUR] },
];

/** A stream that emits values, and does harm. */
type Harm = (values: readonly unknown[]) => unknown;

const broken = () => new Error('broken');
const throwing = () => {
  throw broken();
};
const emitting = (values: readonly unknown[], teardown: () => void, isComplete = false) =>
  new Observable<unknown>((subscriber) => {
    for (const value of values) subscriber.next(value);
    if (isComplete) subscriber.complete();
    return teardown;
  });

const HARMS: Readonly<Record<string, Harm>> = {
  'throws when it is called': throwing,
  'throws when it is subscribed': () => new Observable(throwing),
  'throws when it is subscribed, after its values': (values) =>
    new Observable((subscriber) => {
      for (const value of values) subscriber.next(value);
      throw broken();
    }),
  fails: () => throwError(broken),
  'never emits': () => NEVER,
  'never emits, and its teardown throws': () => new Observable(() => throwing),
  'emits, never completes, and its teardown throws': (values) => emitting(values, throwing),
  'completes, and its teardown throws': (values) => emitting(values, throwing, true),
  'completes without a value': () => of(),
  'emits and fails after it was let go of': (values) =>
    new Observable((subscriber) => {
      for (const value of values) subscriber.next(value);
      return () => {
        for (const value of values) subscriber.next(value);
        subscriber.error(broken());
      };
    }),
  'emits twice': (values) => of(...values, ...values),
  'emits what is of no use': () => of(null, undefined, 5, 'text', {}, [], Symbol('no use'), NaN),
  'is no stream': () => 5,
  'is nothing': () => undefined,
  'is a promise that is rejected': () => Promise.reject(broken()),
};

/** Where a race takes a stream of the caller's. */
const PLACES: Readonly<Record<string, (harm: Harm) => object>> = {
  resolver: (harm) => ({ resolver: () => harm(ANSWERS) }),
  sort: (harm) => ({ sort: (endpoints: readonly Endpoint[]) => harm([endpoints]) }),
  transport: (harm) => ({ transport: () => harm(['connected']) }),
};

describe.each(Object.entries(PLACES))('a %s', (_place, placed) => {
  const unhandled: unknown[] = [];
  beforeEach(() => {
    unhandled.length = 0;
    config.onUnhandledError = (error) => unhandled.push(error);
  });
  afterEach(() => {
    config.onUnhandledError = null;
  });

  /** A race in virtual time, and how it has ended. */
  const race = (harm: Harm, signal?: AbortSignal, connects = connect$ as (...given: never[]) => Observable<unknown>) => {
    const scheduler = new VirtualTimeScheduler();
    const ends: string[] = [];
    const options = {
      resolver: () => of(...ANSWERS),
      transport: () => NEVER,
      scheduler,
      signal,
      connectTimeout: 1000,
      ...placed(harm),
    };
    const subscription = (connects as typeof connect$)('example.com', 443, options as never).subscribe({
      next: () => ends.push('won'),
      error: () => ends.push('lost'),
      complete: () => ends.push('completed'),
    });
    return { scheduler, ends, subscription };
  };
  const isOver = (ends: readonly string[]) => {
    expect(['won completed', 'lost']).toContain(ends.join(' '));
  };

  describe.each(Object.entries(HARMS))('that %s', (_how, harm) => {
    it('does not keep a race from its end', async () => {
      const { scheduler, ends, subscription } = race(harm);
      await new Promise((resolve) => setTimeout(resolve, 1)); // promises settle
      scheduler.flush();
      isOver(ends);
      expect(scheduler.now()).toBeLessThanOrEqual(1000);
      expect(subscription.closed).toBe(true);
      expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    });

    it('does not keep an abort from the other races of the signal', () => {
      const controller = new AbortController();
      const races = [race(harm, controller.signal), race(() => NEVER, controller.signal), race(harm, controller.signal)];
      controller.abort();
      for (const { scheduler } of races) scheduler.flush();
      for (const { ends } of races) isOver(ends);
    });

    it('does not keep its subscriber from leaving, nor hears from it afterwards', () => {
      const { scheduler, ends, subscription } = race(harm);
      const before = [...ends];
      expect(() => {
        subscription.unsubscribe();
      }).not.toThrow();
      scheduler.flush();
      expect(ends).toEqual(before);
      expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    });

    it('does not keep the races of a connector from theirs', async () => {
      const connector = createConnector({ maxConcurrentRaces: 1, cache: false });
      const races = [1, 2, 3].map(() => race(harm, undefined, connector.connect$ as never));
      for (let turn = 0; turn < 6; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        for (const { scheduler } of races) scheduler.flush();
      }
      for (const { ends } of races) isOver(ends);
    });
  });
});
