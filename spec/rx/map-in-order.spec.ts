import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { mapInOrder } from '../../src/rx/map-in-order.js';

describe('mapInOrder', () => {
  const marbles = (test: (helpers: RunHelpers) => void) => {
    new TestScheduler((actual, expected) => {
      expect(actual).toEqual(expected);
    }).run(test);
  };

  it('emits each value as soon as it and all before it are there', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const streams = { a: cold('-----a|'), b: cold('--b|'), c: cold('---------c|') };
      const expected = '              -----(ab)c|';
      const source = cold<keyof typeof streams>('(abc|)');
      expectObservable(source.pipe(mapInOrder((name) => streams[name], 3))).toBe(expected);
      expectSubscriptions(streams.b.subscriptions).toBe('^--!');
    });
  });

  it('subscribes to `count` at once, to the next when one is done', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const streams = { a: cold('-----(a|)'), b: cold('--b|'), c: cold('-c|') };
      const source = cold<keyof typeof streams>('(abc|)');
      expectObservable(source.pipe(mapInOrder((name) => streams[name], 2))).toBe('-----(abc|)');
      expectSubscriptions(streams.c.subscriptions).toBe('---^-!');
    });
  });

  it('ends all of them when it is unsubscribed, or when one errors', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const streams = { a: cold('----------a|'), b: cold('-----#') };
      const source = cold<keyof typeof streams>('(ab|)');
      expectObservable(source.pipe(mapInOrder((name) => streams[name], 2))).toBe('-----#');
      expectObservable(source.pipe(mapInOrder((name) => streams[name], 2)), '^--!').toBe('---');
      expectSubscriptions(streams.a.subscriptions).toBe(['^----!', '^--!']);
    });
  });
});
