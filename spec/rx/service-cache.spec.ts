import { NEVER, Observable, of, Subject, throwError, VirtualTimeScheduler } from 'rxjs';
import type { AnyAnswer } from '../../src/index.js';
import { createServiceCache, type ServiceCacheBounds } from '../../src/rx/service-cache.js';
import { record } from '../support/service-zone.js';
import { AAAA } from '../support/virtual-race.js';

const BOUNDS = { maxTtl: 30, minTtl: 0, negativeTtl: 5, maxEntries: 100 };

const records = (ttl?: number): AnyAnswer => ({
  type: 'HTTPS',
  records: [record(1, 'alt.example')],
  ...(ttl !== undefined && { ttl }),
});
const nothing = (ttl?: number): AnyAnswer => ({ type: 'HTTPS', records: [], ...(ttl !== undefined && { ttl }) });
const failed = (code: string): AnyAnswer => ({ type: 'HTTPS', records: [], error: Object.assign(new Error(code), { code }) });

/** A cache over a look-up, with the names that this was asked for. */
function cacheOver(lookup: (name: string) => Observable<AnyAnswer>, bounds: Partial<ServiceCacheBounds> = {}) {
  const clock = new VirtualTimeScheduler();
  const asked: string[] = [];
  const counting = (name: string) => {
    asked.push(name);
    return lookup(name);
  };
  const cache = createServiceCache(counting, { ...BOUNDS, clock, ...bounds });
  const after = (seconds: number) => {
    clock.schedule(() => undefined, seconds * 1000);
    clock.flush();
  };
  return { ...cache, asked, after };
}

function listen(answers$: Observable<AnyAnswer>): unknown[] {
  const seen: unknown[] = [];
  answers$.subscribe({
    next: (one) => seen.push(one),
    error: (error) => seen.push(error),
    complete: () => seen.push('complete'),
  });
  return seen;
}

/** For how many whole seconds a cache answers from memory. */
function secondsOf(answers: readonly AnyAnswer[], bounds: Partial<ServiceCacheBounds> = {}): number {
  const { ask, asked, after } = cacheOver(() => of(...answers), bounds);
  for (let seconds = 0; ; seconds++) {
    listen(ask('', 'a.example'));
    if (asked.length > 1 || seconds === 100) return seconds;
    after(1);
  }
}

describe('the cache of service records', () => {
  it('[R10] gives the records of a name again, with the addresses that came along', () => {
    const answers = [records(10), { ...AAAA('2001:db8::1'), name: 'alt.example', ttl: 20 }];
    const { ask, asked } = cacheOver(() => of(...answers));
    expect(listen(ask('', 'a.example'))).toEqual([...answers, 'complete']);
    expect(listen(ask('', 'a.example'))).toEqual([...answers, 'complete']);
    expect(asked).toEqual(['a.example']);
  });

  it('[R10] keeps rooms and names apart', () => {
    const { ask, asked } = cacheOver(() => of(records()));
    for (const [room, name] of [['x', 'a.example'], ['y', 'a.example'], ['x', 'b.example'], ['x', 'a.example']] as const) {
      listen(ask(room, name));
    } // prettier-ignore
    expect(asked).toEqual(['a.example', 'a.example', 'b.example']);
  });

  it.each<[string, readonly AnyAnswer[], Partial<ServiceCacheBounds>, number]>([
    ['the time to live of the record', [records(10)], {}, 10],
    ['the least of all times to live', [records(10), { ...AAAA('2001:db8::1'), ttl: 4 }], {}, 4],
    ['maxTtl, where the record lives longer', [records(100)], {}, 30],
    ['maxTtl, where there is no time to live', [records()], {}, 30],
    ['minTtl, where the record lives for less', [records(1)], { minTtl: 3 }, 3],
    ['negativeTtl, where there is no record', [nothing()], {}, 5],
    ['negativeTtl, where that may be kept for longer', [nothing(20)], {}, 5],
    ['less than negativeTtl, where that may not be kept for so long', [nothing(2)], {}, 2],
    ['maxTtl, where negativeTtl is more', [nothing()], { maxTtl: 3 }, 3],
    ['as long as addresses, where there are those without a record', [nothing(20), { ...AAAA('2001:db8::1'), ttl: 20 }], {}, 20],
  ])('[R10] keeps answers for %s', (_, answers, bounds, seconds) => {
    expect(secondsOf(answers, bounds)).toBe(seconds);
  });

  it('[R10] keeps that there is none, and forgets that a query failed', () => {
    for (const [code, queries] of [['ENODATA', 1], ['ENOTFOUND', 1], ['ESERVFAIL', 2], ['ETIMEOUT', 2]] as const) {
      const { ask, asked } = cacheOver(() => of(failed(code)));
      listen(ask('', 'a.example'));
      listen(ask('', 'a.example'));
      expect([code, asked.length]).toEqual([code, queries]);
    } // prettier-ignore
    const { ask, asked } = cacheOver(() => throwError(() => new Error('broken')));
    expect(listen(ask('', 'a.example'))).toEqual([new Error('broken')]);
    listen(ask('', 'a.example'));
    expect(asked).toHaveLength(2);
  });

  it('[R10] shares one query among those who ask meanwhile', () => {
    const query = new Subject<AnyAnswer>();
    const { ask, asked } = cacheOver(() => query);
    const first = listen(ask('', 'a.example'));
    query.next(records());
    const second = listen(ask('', 'a.example'));
    query.complete();
    expect([first, second]).toEqual([[records(), 'complete'], [records(), 'complete']]); // prettier-ignore
    expect(asked).toHaveLength(1);
  });

  it('[R10] cancels a query that no one waits for any more, and makes it again', () => {
    let open = 0;
    const { ask, asked } = cacheOver(
      () =>
        new Observable(() => {
          open++;
          return () => open--;
        }),
    );
    const waiting = ask('', 'a.example').subscribe();
    expect(open).toBe(1);
    waiting.unsubscribe();
    expect(open).toBe(0);
    ask('', 'a.example').subscribe();
    expect(asked).toHaveLength(2);
    expect(open).toBe(1);
  });

  it('[R10] drops everything, queries in progress included', () => {
    const queries: Subject<AnyAnswer>[] = [];
    const { ask, asked, clear } = cacheOver(() => {
      const query = new Subject<AnyAnswer>();
      queries.push(query);
      return query;
    });
    const first = listen(ask('', 'a.example'));
    clear();
    // Makes a query of its own, which the end of the first one does not touch.
    const second = listen(ask('', 'a.example'));
    queries[0]!.next(records(1));
    queries[0]!.complete();
    listen(ask('', 'a.example'));
    expect(asked).toHaveLength(2);
    queries[1]!.next(records(2));
    queries[1]!.complete();
    expect(listen(ask('', 'a.example'))).toEqual([records(2), 'complete']);
    expect([first, second]).toEqual([[records(1), 'complete'], [records(2), 'complete']]); // prettier-ignore
    clear();
    listen(ask('', 'a.example'));
    expect(asked).toHaveLength(3);
  });

  it('[R10] forgets the name that was asked for the longest ago', () => {
    const { ask, asked } = cacheOver(() => of(records()), { maxEntries: 2 });
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) listen(ask('', name));
    expect(asked).toEqual(['a', 'b', 'c', 'b']);
  });

  it('[R10] waits for nothing at its creation', () => {
    const { asked } = cacheOver(() => NEVER);
    expect(asked).toEqual([]);
  });
});
