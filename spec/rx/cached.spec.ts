import {
  concat,
  EMPTY,
  firstValueFrom,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { cached, connect$, type AnyAnswer, type Answer, type CacheOptions, type Query, type Resolver } from '../../src/index.js';
import { runNode } from '../support/dist.js';
import { A, AAAA, negative } from '../support/virtual-race.js';

const six = '2001:db8::6';
const four = '192.0.2.4';

/** A resolver that answers at once from what the spec sets, and keeps the questions. */
function source(answers: Partial<Record<Answer['type'], Answer>>) {
  const asked: string[] = [];
  const resolver: Resolver = (host: string, { family, insist }: Query = {}) => {
    asked.push(`${host} ${family ?? 'both'}${insist ? ' insisting' : ''}`);
    const wanted = (['AAAA', 'A'] as const).filter((type) => !family || (type === 'AAAA') === (family === 6));
    return of(...wanted.flatMap((type) => answers[type] ?? []));
  };
  return { asked, resolver, answers };
}

/** An answer as it is given from memory. */
const remembered = (answer: Answer, ttl?: number): Answer => ({ ...answer, ...(ttl !== undefined && { ttl }), assumed: true });

/** A resolver whose queries the spec answers itself, by what they ask for. */
function open() {
  const queries = new Map<string, Subject<Answer>>();
  const resolver: Resolver = (_host, { family, insist } = {}) => {
    const query = new Subject<Answer>();
    queries.set(`${family ?? 'both'}${insist ? ' insisting' : ''}`, query);
    return query;
  };
  return { queries, resolver };
}

/** What a resolver emits, as it comes. */
function listen(answers$: Observable<Answer>): (Answer | 'complete' | Error)[] {
  const seen: (Answer | 'complete' | Error)[] = [];
  answers$.subscribe({
    next: (answer) => seen.push(answer),
    error: (error: Error) => seen.push(error),
    complete: () => seen.push('complete'),
  });
  return seen;
}

describe('cached', () => {
  let clock: VirtualTimeScheduler;
  beforeEach(() => {
    clock = new VirtualTimeScheduler();
  });
  const after = (seconds: number) => {
    clock.schedule(() => undefined, seconds * 1000);
    clock.flush();
  };
  const cache = (resolver: Resolver, options: CacheOptions = {}) => cached(resolver, { clock, ...options });

  it('[R10] answers from memory, at once and with the time to live that is left, until an answer has expired', () => {
    const { asked, resolver } = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: { ...A(four), ttl: 20 } });
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    after(4);
    expect(listen(remembering('EXAMPLE.com'))).toEqual([remembered(AAAA(six), 6), remembered(A(four), 16), 'complete']);
    expect(asked).toEqual(['example.com both']);
  });

  it('[R10] asks again for what has expired, and for nothing else', () => {
    const { asked, resolver } = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: { ...A(four), ttl: 20 } });
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    after(10);
    expect(listen(remembering('example.com'))).toEqual([remembered(A(four), 10), { ...AAAA(six), ttl: 10 }, 'complete']);
    expect(asked).toEqual(['example.com both', 'example.com 6']);
  });

  it.each<[string, CacheOptions, number | undefined, number]>([
    ['the ceiling of 30 s', {}, 3600, 30],
    ['another ceiling', { maxTtl: 100 }, 3600, 100],
    ['the ceiling for an answer that does not say', {}, undefined, 30],
    ['its own time', {}, 7, 7],
    ['a floor', { minTtl: 5 }, 1, 5],
  ])('holds an answer for %s', (_, options, ttl, holds) => {
    const { asked, resolver } = source({ AAAA: { ...AAAA(six), ttl }, A: { ...A(four), ttl } });
    const remembering = cache(resolver, options);
    listen(remembering('example.com'));
    after(holds - 0.001);
    listen(remembering('example.com'));
    expect(asked).toHaveLength(1);
    after(0.001);
    listen(remembering('example.com'));
    expect(asked).toHaveLength(2);
  });

  it('does not hold an answer that says 0', () => {
    const { asked, resolver } = source({ AAAA: { ...AAAA(six), ttl: 0 }, A: { ...A(four), ttl: 0 } });
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    listen(remembering('example.com'));
    expect(asked).toHaveLength(2);
  });

  it('remembers for 5 s that there is nothing, and not at all that a query failed', () => {
    const { asked, resolver } = source({ AAAA: negative('AAAA', 'ENODATA'), A: negative('A', 'ESERVFAIL') });
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    after(4.9);
    listen(remembering('example.com'));
    after(0.2);
    listen(remembering('example.com'));
    expect(asked).toEqual(['example.com both', 'example.com 4', 'example.com both']);
  });

  it('asks once for all who ask at the same time, each of whom gets every answer', () => {
    const answers$ = new Subject<Answer>();
    const resolver = jest.fn(() => answers$);
    const remembering = cache(resolver);
    const first = listen(remembering('example.com'));
    answers$.next(AAAA(six));
    const second = listen(remembering('example.com'));
    answers$.next(A(four));
    answers$.complete();
    expect(first).toEqual([AAAA(six), A(four), 'complete']);
    expect(second).toEqual([remembered(AAAA(six)), A(four), 'complete']);
    expect(resolver).toHaveBeenCalledTimes(1);
  });

  it('asks for one family alone while the other is being asked for', () => {
    const queries = new Map<number | undefined, Subject<Answer>>();
    const resolver: Resolver = (_host, { family } = {}) => {
      queries.set(family, new Subject());
      return queries.get(family)!;
    };
    const remembering = cache(resolver);
    const six$ = listen(remembering('example.com', { family: 6 }));
    const both = listen(remembering('example.com'));
    expect([...queries.keys()]).toEqual([6, 4]);
    queries.get(6)!.next(AAAA(six));
    queries.get(4)!.next(A(four));
    for (const query of queries.values()) query.complete();
    expect(six$).toEqual([AAAA(six), 'complete']);
    expect(both).toEqual([AAAA(six), A(four), 'complete']);
  });

  it('cancels a query with the last who waits for it', () => {
    let cancelled = 0;
    const resolver = () => new Observable<Answer>(() => () => cancelled++);
    const remembering = cache(resolver);
    const [first, second] = [remembering('example.com').subscribe(), remembering('example.com').subscribe()];
    first.unsubscribe();
    expect(cancelled).toBe(0);
    second.unsubscribe();
    expect(cancelled).toBe(1);
  });

  it('[R9] lets answers that come anyway fill it for up to a second after the race', () => {
    const late =
      (seconds: number): Resolver =>
      () =>
        concat(of(AAAA(six)), timer(seconds * 1000, clock).pipe(map(() => A(four))));
    for (const [seconds, kept] of [
      [0.9, true],
      [1.1, false],
    ] as const) {
      clock = new VirtualTimeScheduler();
      const resolver = jest.fn(late(seconds));
      const remembering = cache(Object.assign(resolver, { uncancellable: true }));
      connect$('example.com', 443, { resolver: remembering, transport: () => of('won'), scheduler: clock }).subscribe();
      clock.flush();
      const seen = listen(remembering('example.com'));
      expect(seen.filter((one) => (one as Answer).type === 'A')).toHaveLength(kept ? 1 : 0);
    }
  });

  it('[R9] does not hold the process open for answers that may still come', async () => {
    const program = `
      import { concat, NEVER, of } from 'rxjs';
      import { createConnector } from './dist/index.mjs';
      const resolver = Object.assign(() => concat(of({ type: 'AAAA', addresses: ['2001:db8::1'] }), NEVER), { uncancellable: true });
      const { connect } = createConnector({ resolver, transport: () => of('won') });
      await connect('example.com', 443);
      console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length);
    `;
    const { status, stdout, stderr } = await runNode('--input-type=module', '-e', program).ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe('0\n'); // timers that hold the process
  });

  it('[R11] gives an expired answer at once where that is switched on, and the fresh one after it', () => {
    const known = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: { ...A(four), ttl: 10 } });
    const remembering = cache(known.resolver, { staleFor: 60 });
    listen(remembering('example.com'));
    after(69.9);
    known.answers.AAAA = { ...AAAA('2001:db8::7'), ttl: 10 };
    expect(listen(remembering('example.com'))).toEqual([
      { ...AAAA(six), ttl: 0, stale: true },
      { ...A(four), ttl: 0, stale: true },
      { ...AAAA('2001:db8::7'), ttl: 10 },
      { ...A(four), ttl: 10 },
      'complete',
    ]);
    after(70);
    expect(listen(remembering('example.com'))).toHaveLength(3);
  });

  it('[R11] does not let a failed query take away what is stale', () => {
    const known = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: negative('A') });
    const remembering = cache(known.resolver, { staleFor: 60 });
    listen(remembering('example.com'));
    after(20);
    known.answers.AAAA = negative('AAAA', 'ETIMEOUT');
    expect(listen(remembering('example.com'))).toContainEqual({
      ...negative('AAAA', 'ETIMEOUT'),
      error: expect.anything(),
      stale: true,
    });
  });

  it('[R10] does not let a race lose whose answers expire on the way', () => {
    const { resolver } = source({ AAAA: { ...AAAA(six), ttl: 30 }, A: { ...A(four), ttl: 30 } });
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    after(29.9);
    const winners: string[] = [];
    connect$('example.com', 443, {
      resolver: remembering,
      transport: ({ address }) => (address === four ? of(address) : NEVER),
      scheduler: clock,
    }).subscribe((winner) => winners.push(winner));
    clock.flush();
    expect(winners).toEqual([four]);
  });

  it('[R10] asks for a family again that has expired while the other is still being asked for', () => {
    const { queries, resolver } = open();
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    queries.get('both')!.next({ ...A(four), ttl: 1 });
    after(1);
    const again = listen(remembering('example.com', { family: 4 }));
    queries.get('4')!.next(A('192.0.2.5'));
    expect(again).toEqual([A('192.0.2.5')]);
  });

  it('[R10] gives a time to live that has ended when the answer has, whatever fraction of a ms it is', () => {
    let now = 0.4;
    const { asked, resolver } = source({ AAAA: { ...AAAA(six), ttl: 1 } });
    const remembering = cached(resolver, { clock: { now: () => now } });
    listen(remembering('example.com', { family: 6 }));
    now = 1000.1;
    const [answer] = listen(remembering('example.com', { family: 6 })) as [Answer];
    expect(answer).toEqual(remembered(AAAA(six), 0.001));
    now += answer.ttl! * 1000;
    listen(remembering('example.com', { family: 6 }));
    expect(asked).toHaveLength(2);
  });

  it('[R11] gives no expired answer that there is nothing', () => {
    const known = source({ AAAA: negative('AAAA', 'ENODATA'), A: { ...A(four), ttl: 4 } });
    const remembering = cache(known.resolver, { staleFor: 60 });
    listen(remembering('example.com'));
    after(20);
    known.answers.AAAA = AAAA(six);
    expect(listen(remembering('example.com'))).toEqual([
      { ...A(four), ttl: 0, stale: true },
      AAAA(six),
      { ...A(four), ttl: 4 },
      'complete',
    ]);
  });

  it('[R11] keeps nothing that is stale for longer than a week', () => {
    expect(() => cached(() => NEVER, { staleFor: 604_801 })).toThrow(RangeError);
    expect(() => cached(() => NEVER, { staleFor: 604_800 })).not.toThrow();
  });

  describe('that is asked to insist', () => {
    it('asks past its memory, and remembers the answer', () => {
      const known = source({ AAAA: AAAA(six), A: A(four) });
      const remembering = cache(known.resolver);
      listen(remembering('example.com'));
      known.answers.A = A('192.0.2.5');
      expect(listen(remembering('example.com', { family: 4, insist: true }))).toEqual([A('192.0.2.5'), 'complete']);
      expect(listen(remembering('example.com'))).toEqual([remembered(AAAA(six)), remembered(A('192.0.2.5')), 'complete']);
      expect(known.asked).toEqual(['example.com both', 'example.com 4 insisting']);
    });

    it('keeps what it remembers where the query fails', () => {
      const known = source({ A: A(four) });
      const remembering = cache(known.resolver);
      listen(remembering('example.com', { family: 4 }));
      known.answers.A = negative('A', 'ESERVFAIL');
      listen(remembering('example.com', { family: 4, insist: true }));
      expect(listen(remembering('example.com', { family: 4 }))).toEqual([remembered(A(four)), 'complete']);
    });

    it('does not join a query that does not, and is one query for all who do', () => {
      const { queries, resolver } = open();
      const counted = jest.fn(resolver);
      const remembering = cache(counted);
      const seen = [{}, { insist: true }, { insist: true }].map((query) => listen(remembering('example.com', query)));
      expect([...queries.keys()]).toEqual(['both', 'both insisting']);
      expect(counted).toHaveBeenCalledTimes(2);
      queries.get('both insisting')!.next(AAAA(six));
      expect(seen).toEqual([[], [AAAA(six)], [AAAA(six)]]);
    });
  });

  describe('of a resolver that has not asked for a family', () => {
    const notAsked: Answer = { type: 'AAAA', addresses: [], error: new Error('not asked for'), assumed: true };

    it('does not ask for it either while it remembers the other', () => {
      const { asked, resolver } = source({ AAAA: notAsked, A: A(four) });
      const remembering = cache(resolver);
      for (const seconds of [0, 10, 19]) {
        after(seconds);
        expect(listen(remembering('example.com')).slice(0, 2)).toEqual(
          expect.arrayContaining([expect.objectContaining({ type: 'AAAA', assumed: true })]),
        );
      }
      expect(asked).toEqual(['example.com both']);
    });

    it('asks for it where it is asked for it alone', () => {
      const known = source({ AAAA: notAsked, A: A(four) });
      const remembering = cache(known.resolver);
      listen(remembering('example.com'));
      known.answers.AAAA = AAAA(six);
      expect(listen(remembering('example.com', { family: 6 }))).toEqual([AAAA(six), 'complete']);
    });
  });

  describe('in another network', () => {
    let network = 'home';
    beforeEach(() => {
      network = 'home';
    });
    const here = (resolver: Resolver, options: CacheOptions = {}) =>
      cache(resolver, { network: () => network, staleFor: 60, ...options });

    it.each<[string, number]>([
      ['fresh', 0],
      ['stale', 20],
    ])('[R15] gives no %s answers, and has them again back in the first', (_, age) => {
      const known = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: negative('A', 'ENODATA') });
      const remembering = here(known.resolver);
      const before = listen(remembering('example.com'));
      after(age);
      network = 'train';
      known.answers.AAAA = { ...AAAA('2001:db8::7'), ttl: 10 };
      expect(listen(remembering('example.com'))).toEqual([known.answers.AAAA, negative('A', 'ENODATA'), 'complete']);
      network = 'home';
      expect(listen(remembering('example.com'))[0]).toMatchObject({ addresses: (before[0] as Answer).addresses });
    });

    it('[R15] joins no query of the one before, and keeps no answer that comes after the move', () => {
      const queries = [new Subject<Answer>(), new Subject<Answer>(), new Subject<Answer>()];
      let asked = 0;
      const remembering = here(() => queries[asked++]!);
      const first = listen(remembering('example.com'));
      network = 'train';
      const second = listen(remembering('example.com'));
      queries[0]!.next(AAAA(six));
      queries[1]!.next(AAAA('2001:db8::7'));
      expect([first, second]).toEqual([[AAAA(six)], [AAAA('2001:db8::7')]]);
      for (const query of queries) query.complete();
      expect(listen(remembering('example.com', { family: 6 }))).toEqual([remembered(AAAA('2001:db8::7')), 'complete']);
      network = 'home';
      listen(remembering('example.com', { family: 6 }));
      expect(asked).toBe(3);
    });

    it('[R15] is in the network of this machine where none is named', () => {
      const { asked, resolver } = source({ AAAA: AAAA(six), A: A(four) });
      const remembering = cache(resolver);
      for (let i = 0; i < 2; i++) listen(remembering('example.com'));
      expect(asked).toHaveLength(1);
    });

    it('does without a name that cannot be had', () => {
      const { asked, resolver } = source({ AAAA: AAAA(six), A: A(four) });
      const broken = () => {
        throw new Error('no network');
      };
      const remembering = here(resolver, { network: broken });
      for (let i = 0; i < 2; i++) expect(listen(remembering('example.com'))).toHaveLength(3);
      expect(asked).toHaveLength(1);
    });
  });

  it('passes names on as they are: a final dot makes another name', () => {
    const { asked, resolver } = source({ AAAA: AAAA(six), A: A(four) });
    const remembering = cache(resolver);
    for (const host of ['db', 'db.', 'db.']) listen(remembering(host));
    expect(asked).toEqual(['db both', 'db. both']);
  });

  it('is not poisoned by answers that are malformed', () => {
    const resolver = () => of(null as never, { ...AAAA(six), ttl: NaN }, { ...A(four), ttl: null as never });
    const remembering = cache(resolver);
    const answers = [AAAA(six), A(four), 'complete'];
    expect(listen(remembering('example.com'))).toEqual(answers);
    expect(listen(remembering('example.com'))).toEqual([remembered(AAAA(six)), remembered(A(four)), 'complete']);
    after(1000);
    expect(listen(remembering('example.com'))).toEqual(answers);
  });

  it('asks nothing before it is subscribed to', () => {
    const known = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: { ...A(four), ttl: 10 } });
    const remembering = cache(known.resolver, { staleFor: 60 });
    listen(remembering('example.com'));
    after(20);
    remembering('example.com').pipe(take(1)).subscribe();
    expect(known.asked).toHaveLength(1);
  });

  it('takes what a resolver returns in place of an Observable', async () => {
    const remembering = cached((() => Promise.resolve(AAAA(six))) as never);
    await expect(firstValueFrom(remembering('example.com'))).resolves.toEqual(AAAA(six));
  });

  it('goes by any clock', () => {
    let now = 0;
    const { asked, resolver } = source({ AAAA: { ...AAAA(six), ttl: 10 }, A: { ...A(four), ttl: 10 } });
    const remembering = cached(resolver, { clock: { now: () => now } });
    for (now of [0, 9_999, 10_000]) listen(remembering('example.com'));
    expect(asked).toHaveLength(2);
  });

  it('keeps no more than maxEntries', () => {
    const { asked, resolver } = source({ AAAA: AAAA(six), A: A(four) });
    const remembering = cache(resolver, { maxEntries: 4 });
    for (const host of ['a.example', 'b.example', 'c.example', 'b.example', 'a.example']) listen(remembering(host));
    expect(asked).toEqual(['a.example both', 'b.example both', 'c.example both', 'a.example both']);
  });

  it('forgets everything when it is cleared', () => {
    const { asked, resolver } = source({ AAAA: AAAA(six), A: A(four) });
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    remembering.clear();
    listen(remembering('example.com'));
    expect(asked).toHaveLength(2);
  });

  it('forgets the answers of a query under way when it is cleared, and asks again', () => {
    const queries = [new Subject<Answer>(), new Subject<Answer>()];
    let asked = 0;
    const resolver = () => queries[asked++]!;
    const remembering = cache(resolver);
    listen(remembering('example.com'));
    remembering.clear();
    const seen = listen(remembering('example.com'));
    queries[0]!.next(AAAA('2001:db8::7'));
    queries[1]!.next(AAAA(six));
    expect(seen).toEqual([AAAA(six)]);
  });

  it('passes the resolver’s error on, and asks again', () => {
    const resolver = jest.fn<Observable<Answer>, []>(() => throwError(() => new Error('broken')));
    const remembering = cache(resolver);
    expect(listen(remembering('example.com'))).toEqual([new Error('broken')]);
    resolver.mockReturnValue(EMPTY);
    expect(listen(remembering('example.com'))).toEqual(['complete']);
  });

  it('has service records where its resolver has them', () => {
    const { resolver } = source({});
    expect('serviceRecords' in cache(resolver)).toBe(false);
    const answer: AnyAnswer = { type: 'HTTPS', records: [] };
    const serviceRecords = jest.fn(() => of(answer));
    const remembering = cache(Object.assign(resolver, { serviceRecords }));
    for (const name of ['example.com', 'EXAMPLE.com']) {
      const seen: unknown[] = [];
      remembering.serviceRecords!(name).subscribe((one) => seen.push(one));
      expect(seen).toEqual([answer]);
    }
    expect(serviceRecords.mock.calls).toEqual([['example.com']]);
  });

  it('[R9] keeps a query that cannot be cancelled by real time, where its clock cannot set timers', async () => {
    let open = 0;
    const resolver = () =>
      new Observable<Answer>(() => {
        open++;
        return () => open--;
      });
    const remembering = cached(Object.assign(resolver, { uncancellable: true }), { clock: { now: () => 0 } });
    remembering('example.com').subscribe().unsubscribe();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(open).toBe(1);
    remembering('example.com').subscribe().unsubscribe();
    expect(open).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(open).toBe(0);
  });

  it.each<[object, string]>([
    [{ maxTtl: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ maxTtl: '30' }, 'ERR_INVALID_ARG_TYPE'],
    [{ maxEntries: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ clock: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ network: 'home' }, 'ERR_INVALID_ARG_TYPE'],
    [{ staleFor: Infinity }, 'ERR_OUT_OF_RANGE'],
    [{ ttl: 5 }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %j at the call', (options, code) => {
    expect(() => cached(() => NEVER, options)).toThrow(expect.objectContaining({ code }));
  });
});
