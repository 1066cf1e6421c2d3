import { Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { limit } from '../../src/rx/limit.js';
import { assertMarbles } from '../../src/testing/index.js';

const run = (spec: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0], scheduler: TestScheduler) => void) => {
  const scheduler = new TestScheduler(assertMarbles);
  scheduler.run((helpers) => spec(helpers, scheduler));
};

const late = Object.assign(new Error('no answer after 5 ms'), { code: 'ETIMEDOUT' });

describe('limit', () => {
  it('errors with ETIMEDOUT, and names what has not come', () => {
    run(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold('---------a');
      expectObservable(source.pipe(limit(5, scheduler, 'answer'))).toBe('-----#', undefined, late);
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
    let seen: unknown;
    const scheduler = new TestScheduler(assertMarbles);
    new Observable().pipe(limit(5, scheduler, 'answer')).subscribe({ error: (error: unknown) => (seen = error) });
    scheduler.flush();
    expect(seen).toMatchObject({ message: 'no answer after 5 ms', code: 'ETIMEDOUT' });
  });

  it('waits for the first value alone', () => {
    run(({ cold, expectObservable }, scheduler) => {
      expectObservable(cold('---a--------b|').pipe(limit(5, scheduler, 'answer'))).toBe('---a--------b|');
    });
  });

  it('does nothing with Infinity', () => {
    run(({ cold, expectObservable }, scheduler) => {
      const source = cold('----------a|');
      const limited = source.pipe(limit(Infinity, scheduler, 'answer'));
      expect(limited).toBe(source);
      expectObservable(limited).toBe('----------a|');
    });
  });
});
