import { EMPTY, map, NEVER, of, throwError, timer, type Observable } from 'rxjs';
import { bulkhead, retry, service, timeout, type Service } from '../../src/policy/index.js';
import { aggregate, marbles } from '../support/policies.js';

describe('a service', () => {
  it('[H1] races two replicas in one line, and cancels the slower', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const east = cold('   ----e');
      const west = cold('   --w');
      const life = '        ^-!';
      const read = service<string, string>(() => east).and(service(() => west));
      expectObservable(read('key')).toBe('--(w|)');
      expectSubscriptions(east.subscriptions).toBe(life);
      expectSubscriptions(west.subscriptions).toBe(life);
    });
  });

  it('[H2] asks the fallback when the first fails', () => {
    marbles(({ cold, expectObservable }) => {
      const east = service(() => cold('--#', undefined, 'east'), 'east');
      const west = service(() => cold('  --w'), 'west');
      const south = service(() => cold(' -#', undefined, 'south'), 'south');
      expectObservable(east.or(west)(undefined)).toBe('----(w|)');
      expectObservable(east.or(south)(undefined)).toBe('---#', undefined, aggregate('east', 'south'));
    });
  });

  it('[H3] hedges', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const east = cold('   ---------e');
      const west = cold('       --w');
      const read = service(() => east).hedge(
        service(() => west),
        4,
        { scheduler },
      );
      expectObservable(read(undefined)).toBe('------(w|)');
      expectSubscriptions(west.subscriptions).toBe('----^-!');
    });
  });

  it('is applied a policy to, for each request, and asks nothing before it is subscribed to', () => {
    marbles(({ expectObservable, flush }, scheduler) => {
      const asked: string[] = [];
      const read = service((key: string) => {
        asked.push(key);
        return asked.length < 3 ? throwError(() => new Error('down')) : timer(2, scheduler).pipe(map(() => key.length));
      }, 'read');
      const careful: Service<string, number> = retry(2, { initialDelay: 1, jitter: 0, scheduler }).apply(read);
      const answer$: Observable<number> = careful('key');
      expect(asked).toEqual([]);
      expectObservable(answer$).toBe('-----(n|)', { n: 3 });
      flush();
      expect(asked).toEqual(['key', 'key', 'key']);
    });
  });

  it('takes what returns a Promise, and fails when its function throws', async () => {
    const works = service((key: string) => Promise.resolve(key));
    const throws = service<string, string>(() => {
      throw new Error('thrown');
    });
    const values: string[] = [];
    await throws
      .or(works)('key')
      .forEach((value) => values.push(value));
    expect(values).toEqual(['key']);
    expect(() => throws('key')).not.toThrow();
  });

  it('prints itself', () => {
    const [east, west] = ['east', 'west'].map((name) => service(() => EMPTY, name)) as [
      Service<void, never>,
      Service<void, never>,
    ];
    const read = east.hedge(west, 50).or(east);
    expect(String(timeout(5).or(retry(1)).apply(read))).toBe('(timeout(5) | retry(1)) + (east &50 west | east)');
    expect(
      String(
        service(function ask() {
          return EMPTY;
        }),
      ),
    ).toBe('ask');
    expect(String(service(() => EMPTY))).toBe('service');
  });

  it('shares the state of its policy among its requests', () => {
    const read = bulkhead(1).apply(service<number, never>(() => NEVER));
    const error = jest.fn();
    read(1).subscribe({ error });
    expect(error).not.toHaveBeenCalled();
    read(2).subscribe({ error });
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_BULKHEAD_FULL' }));
  });

  it('is nothing but a service to others', () => {
    const read = service(() => of(1));
    const other = (() => of(1)) as unknown as typeof read;
    for (const wrong of [
      () => read.and(other),
      () => read.or(other),
      () => read.hedge(other, 5),
      () => timeout(5).apply(other),
    ]) {
      expect(wrong).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringMatching(/must be a service/) }),
      );
    }
    expect(() => service('read' as unknown as () => Observable<string>)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});
