import { addressesIn } from '../../src/core/race/answers.js';
import {
  EMPTY,
  ignoreElements,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  throwError,
  timer,
  VirtualTimeScheduler,
  type SchedulerLike,
} from 'rxjs';
import {
  connect$,
  race$,
  staticResolver,
  type Answer,
  type ConnectionError,
  type Endpoint,
  type RaceEvent,
  type Transport,
} from '../../src/index.js';
import { behaves, connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6',
  seven = '2001:db8::7',
  four = '192.0.2.4',
  five = '192.0.2.5';
const resolver = staticResolver([six, seven, four, five]);
const both = answering(['at once', AAAA(six)], ['at once', A(four)]);
const completesAfter = (ms: number) => (scheduler: SchedulerLike) => behaves(() => timer(ms, scheduler).pipe(ignoreElements()));

describe('where a race goes wrong easily', () => {
  it('[A6] lets go of the losers before the subscriber hears of the winner', () => {
    const scheduler = new VirtualTimeScheduler();
    const order: string[] = [];
    const transport: Transport<string> = ({ address }) =>
      new Observable((subscriber) => {
        subscriber.add(() => order.push(`${address} let go`));
        if (address === four)
          scheduler.schedule(() => {
            subscriber.next(address);
          }, 10);
      });
    connect$('example.com', 443, { resolver, transport, scheduler }).subscribe((winner) => order.push(`${winner} won`));
    scheduler.flush();
    expect(order.indexOf(`${six} let go`)).toBeLessThan(order.indexOf(`${four} won`));
    expect(order.at(-1)).toBe(`${four} won`);
  });

  it('[A6] destroys a connection that comes about in the same turn as the winner', () => {
    // Both families' first attempts are due at once, and both connect within the call that starts them.
    const destroyed: string[] = [];
    const transport = ({ address }: Endpoint) => of({ address, destroy: () => destroyed.push(address) });
    const winners: string[] = [];
    const scheduler = new VirtualTimeScheduler();
    const lookup = new Subject<ReturnType<typeof AAAA>>();
    connect$('example.com', 443, {
      resolver: () => lookup,
      transport: (endpoint) => (endpoint.address === five ? NEVER : transport(endpoint)),
      scheduler,
      preferFamily: 4,
      familyStaggerDelay: 10,
      attemptSpacingDelay: 100,
    }).subscribe(({ address }) => winners.push(address));
    lookup.next(A(five));
    scheduler.schedule(() => {
      lookup.next(AAAA(six));
      lookup.next(A(five, four));
    }, 150);
    scheduler.flush();
    expect(winners).toHaveLength(1);
    expect([...winners, ...destroyed].sort()).toEqual([four, six]);
  });

  it('destroys a winner that has no receiver left', () => {
    const destroyed: string[] = [];
    const scheduler = new VirtualTimeScheduler();
    const transport = ({ address }: Endpoint) =>
      new Observable<{ destroy(): void }>((subscriber) => {
        if (address === four)
          scheduler.schedule(() => {
            subscriber.next({ destroy: () => destroyed.push(address) });
          }, 10);
      });
    const race = race$('example.com', 443, { resolver, transport, scheduler }).subscribe((event) => {
      if (event.type === 'cancelled') race.unsubscribe();
    });
    scheduler.flush();
    expect(destroyed).toEqual([four]);
  });

  it('[A15] an attempt that gives way may end another, or itself, by that', () => {
    // Who gives way tears down a network on which the other attempt and its own depend.
    const scheduler = new VirtualTimeScheduler();
    const networks = new Map([six, seven, four, five].map((address) => [address, new Subject<string>()]));
    const told: string[] = [];
    const transport: Transport<string> = ({ address }) =>
      new Observable((subscriber) => {
        networks.get(address)!.subscribe(subscriber);
        return () => {
          if (address !== six) return;
          networks.get(six)!.next('too late');
          networks.get(four)!.error(new Error('down'));
        };
      });
    race$('example.com', 443, { resolver, transport, scheduler, maxConcurrentAttempts: 2 }).subscribe((event) => {
      if ('endpoint' in event) told.push(`${event.type} ${event.endpoint.address} ${event.at}`);
    });
    scheduler.schedule(() => {
      networks.get(seven)!.next('connected');
    }, 2100);
    scheduler.flush();
    expect(told).toEqual([
      `started ${six} 0`,
      `started ${four} 250`,
      `cancelled ${six} 2000`,
      `started ${seven} 2000`,
      `failed ${four} 2000`,
      `connected ${seven} 2100`,
    ]);
  });

  it('[A15] a race that is unsubscribed by the news of it starts nothing more', () => {
    const scheduler = new VirtualTimeScheduler();
    const open = new Set<string>();
    const transport: Transport<string> = ({ address }) =>
      new Observable(() => {
        open.add(address);
        return () => open.delete(address);
      });
    const told: string[] = [];
    const race = race$('example.com', 443, { resolver, transport, scheduler, maxConcurrentAttempts: 2 }).subscribe((event) => {
      if (event.type !== 'started' && event.type !== 'cancelled') return;
      told.push(`${event.type} ${event.endpoint.address}`);
      if (event.type !== 'cancelled') return;
      expect([...open]).toEqual([four]); // its socket is gone, and no other is there yet
      race.unsubscribe();
    });
    scheduler.flush();
    expect(told).toEqual([`started ${six}`, `started ${four}`, `cancelled ${six}`]);
    expect(open.size).toBe(0);
  });

  it('handles what is raised while it handles something else afterwards, in order', () => {
    // The first failure tears down a network that fails the other attempt within the same call.
    const scheduler = new VirtualTimeScheduler();
    const networks = new Map([six, seven, four, five].map((address) => [address, new Subject<string>()]));
    const events: RaceEvent<string>[] = [];
    const transport: Transport<string> = ({ address }) => networks.get(address)!;
    race$('example.com', 443, { resolver, transport, scheduler }).subscribe({
      next: (event) => {
        events.push(event);
        if (event.type === 'failed' && event.endpoint.address === four) networks.get(six)!.error(new Error('down'));
      },
      error: () => undefined,
    });
    scheduler.schedule(() => {
      networks.get(four)!.error(new Error('down'));
    }, 300);
    scheduler.schedule(() => {
      networks.get(seven)!.next('seven');
    }, 320);
    scheduler.flush();
    const told = events.filter(({ type }) => ['started', 'failed', 'connected', 'cancelled'].includes(type));
    expect(told.map((event) => `${event.type} ${(event as { endpoint: Endpoint }).endpoint.address} ${event.at}`)).toEqual([
      `started ${six} 0`,
      `started ${four} 250`,
      `failed ${four} 300`,
      `started ${seven} 300`,
      `failed ${six} 300`,
      `connected ${seven} 320`,
    ]);
  });

  it('starts nothing twice when a failure and the timer fall in one instant', () => {
    const race = runRace({
      lookup: answering(['at once', AAAA(six, seven)], ['at once', A(four)]),
      fates: { [six]: refuses(250), [four]: refuses(50), [seven]: connects(5) },
    });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
      [seven, 300],
    ]);
  });

  it('starts nothing twice when an answer comes in the instant of a start', () => {
    const race = runRace({ lookup: answering([0, AAAA(six)], [250, A(four)]), fates: { [six]: hangs(), [four]: connects(5) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
  });

  it('takes answers of one instant together, whichever is delivered first', () => {
    const lookup = answering([10, AAAA(seven)], [10, AAAA(six)], [10, A(four)]);
    const race = runRace({
      lookup,
      fates: { [six]: connects(5) },
      options: { sort: (all) => [...all].sort((a, b) => (a.address < b.address ? 1 : -1)), preferFamily: 6 },
    });
    expect(race.starts).toEqual([
      [seven, 10],
      [four, 260],
      [six, 510],
    ]);
  });

  it.each([
    ['fails at once', refuses('at once')],
    ['completes at once without a connection', behaves(() => EMPTY)],
    ['completes later without a connection', completesAfter(0)],
    [
      'throws',
      behaves(() => {
        throw new Error('it throws');
      }),
    ],
  ])('counts an attempt that %s as failed, and goes on', (_, fate) => {
    const race = runRace({ lookup: both, fates: { [six]: fate, [four]: connects(5) } });
    expect(race.ends).toEqual([
      [six, 'failed', 0],
      [four, 'connected', 5],
    ]);
  });

  it('never has an empty message for what was thrown', () => {
    const transport: Transport<string> = () => throwError(() => undefined);
    connect$('example.com', 443, { resolver, transport }).subscribe({
      error: (error: Error) => {
        expect(error.message).toMatch(/undefined was thrown/);
      },
    });
    expect.assertions(1);
  });

  it('counts a look-up that errors as answered, and does not end by it', () => {
    const lookup = { answers: [{ after: 5, answer: A(four) }], ends: { after: 20, error: new Error('broken') } } as const;
    const race = runRace({ lookup, fates: { [four]: connects(5) } });
    expect(race.starts).toEqual([[four, 20]]);
    expect(race.winner).toBe(four);
  });

  it.each([
    [
      'throws',
      () => {
        throw Object.assign(new Error('no'), { code: 'ENO' });
      },
    ],
    ['errors', () => throwError(() => Object.assign(new Error('no'), { code: 'ENO' }))],
  ])('is lost with the error of a resolver that %s', (_, broken) => {
    const seen: unknown[] = [];
    connect$('example.com', 443, { resolver: broken }).subscribe({ error: (error) => seen.push(error) });
    expect(seen).toEqual([expect.objectContaining({ reason: 'resolution', code: 'ENO' })]);
  });

  it('sorts when an answer comes, not when an attempt starts', () => {
    let sorted = 0;
    const many = Array.from({ length: 1000 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
    const sort = (endpoints: readonly Endpoint[]) => {
      sorted++;
      return endpoints;
    };
    const race = runRace({
      lookup: answering(['at once', AAAA(...many)], [5, A(four)]),
      fates: Object.fromEntries(many.map((address) => [address, refuses(1)])),
      options: { sort },
    });
    expect(race.starts).toHaveLength(1001);
    expect(sorted).toBe(2);
  });

  it('survives 5 000 candidates that all fail within one call', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
    let failed = 0;
    connect$('example.com', 443, {
      resolver: staticResolver(many),
      transport: () => {
        failed++;
        return throwError(() => new Error('no'));
      },
    }).subscribe({
      error: (error: { attempts: unknown[] }) => {
        expect(error.attempts).toHaveLength(5000);
      },
    });
    expect(failed).toBe(5000);
    expect.assertions(2);
  });

  it('is lost with both errors in order when a negative answer is all there is', () => {
    const race = runRace({ lookup: answering([5, negative('AAAA', 'ESERVFAIL')], [9, negative('A')]), fates: {} });
    expect(race).toMatchObject({ finish: 9, error: { reason: 'resolution', code: 'ESERVFAIL' } });
  });

  describe('with a sort that takes time', () => {
    const slow = (scheduler: SchedulerLike) => ({
      sort: (all: readonly Endpoint[]) => timer(all.length === 1 ? 100 : 20, scheduler).pipe(map(() => all)),
    });

    it.each([
      ['the look-up being over', answering(['at once', A(four)])],
      ['a negative answer in between', answering([0, A(four)], [10, negative('AAAA')])],
    ])('is not lost before there is an order: %s', (_, lookup) => {
      const race = runRace({ lookup, fates: { [four]: connects(5) }, options: slow });
      expect(race.starts).toEqual([[four, 100]]);
      expect(race.winner).toBe(four);
    });

    it('sorts again, and all, when an answer comes in between', () => {
      const race = runRace({
        lookup: answering([0, AAAA(six)], [90, A(four)]),
        fates: { [six]: hangs(), [four]: connects(5) },
        options: slow,
      });
      expect(race.starts).toEqual([
        [six, 110],
        [four, 360],
      ]);
    });
  });

  it('waits for answers of the instant of a start, also where another candidate is due', () => {
    const race = runRace({ lookup: answering([0, AAAA(six, seven)], [250, A(four)]), fates: { [four]: connects(5) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
  });

  it('waits for the last fraction of a millisecond', () => {
    const race = runRace({
      lookup: answering(['at once', AAAA(six, seven)], ['at once', A(four)]),
      fates: { [six]: refuses(499.5), [four]: hangs(), [seven]: connects(5) },
    });
    expect(race.starts.at(-1)).toEqual([seven, 500]);
  });

  it('lets go of the losers before it tells of any', () => {
    const scheduler = new VirtualTimeScheduler();
    const open = new Set<string>();
    const told: string[][] = [];
    const transport = ({ address }: Endpoint) =>
      new Observable<string>((subscriber) => {
        open.add(address);
        subscriber.add(() => open.delete(address));
      });
    race$('example.com', 443, { resolver, transport, scheduler, connectTimeout: 300 }).subscribe({
      next: ({ type }) => {
        if (type === 'cancelled') told.push([...open]);
      },
      error: () => undefined,
    });
    scheduler.flush();
    expect(told).toEqual([[], []]);
  });

  it('tells of an attempt whose failure waits behind the winner as cancelled', () => {
    const scheduler = new VirtualTimeScheduler();
    const networks = new Map([six, four].map((address) => [address, new Subject<string>()]));
    const lookup = new Subject<Answer>();
    const told: string[] = [];
    race$('example.com', 443, {
      resolver: () => lookup,
      transport: ({ address }) => networks.get(address)!,
      scheduler,
    }).subscribe((event) => {
      if ('endpoint' in event) told.push(`${event.type} ${event.endpoint.address}`);
      if (event.type !== 'answered' || addressesIn(event.answer).length > 0) return;
      networks.get(four)!.next('four');
      networks.get(six)!.error(new Error('down'));
    });
    lookup.next(AAAA(six));
    lookup.next(A(four));
    scheduler.schedule(() => {
      lookup.next(negative('A'));
    }, 300);
    scheduler.flush();
    expect(told).toEqual([`started ${six}`, `started ${four}`, `cancelled ${six}`, `connected ${four}`]);
  });

  it('counts the time of a stage from the start of its attempt', () => {
    const scheduler = new VirtualTimeScheduler();
    const stages: object[] = [];
    race$('example.com', 443, {
      resolver: staticResolver([six, seven]),
      transport: (_endpoint, progressed) =>
        new Observable(() => {
          scheduler.schedule(() => progressed?.('tls'), 30);
        }),
      scheduler,
      connectTimeout: 600,
    }).subscribe({
      next: (event) => {
        if (event.type === 'progressed') stages.push({ at: event.at, after: event.after });
      },
      error: () => undefined,
    });
    scheduler.flush();
    expect(stages).toEqual([
      { at: 30, after: 30 },
      { at: 280, after: 30 },
    ]);
  });

  it('counts time from the start of the race', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.schedule(() => undefined, 1000);
    scheduler.flush();
    let startedAt: number[] = [];
    connect$('example.com', 443, { resolver, transport: () => NEVER, scheduler, connectTimeout: 600 }).subscribe({
      error: (error: ConnectionError) => (startedAt = error.attempts.map((attempt) => attempt.startedAt)),
    });
    scheduler.flush();
    expect(startedAt).toEqual([0, 250, 500]);
  });

  it('has codes for attempts that end without an error of their own', () => {
    const lookup = answering(['at once', AAAA(six)]);
    expect(runRace({ lookup, fates: { [six]: completesAfter(5) } }).error).toMatchObject({ code: 'ECONNABORTED' });
    const late = runRace({ lookup, fates: { [six]: hangs() }, options: { attemptTimeout: 100 } });
    expect(late.error).toMatchObject({ code: 'ETIMEDOUT', reason: 'attempts' });
  });

  it('tells of no new order after a negative answer', () => {
    const race = runRace({ lookup: answering([0, AAAA(six)], [10, negative('A')]), fates: { [six]: connects(20) } });
    expect(race.events.filter(({ type }) => type === 'queued')).toHaveLength(1);
  });

  it('goes on without a limit, in real time, where limits are Infinity', async () => {
    const told: string[] = [];
    const race = race$('example.com', 443, {
      resolver: staticResolver([six]),
      transport: () => NEVER,
      connectTimeout: Infinity,
    }).subscribe({
      next: ({ type }) => told.push(type),
      error: () => told.push('error'),
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    race.unsubscribe();
    expect(told.filter((type) => ['started', 'failed', 'error'].includes(type))).toEqual(['started']);
  });

  it.each([undefined, null, 'text'])('has nothing to destroy in a winner that is %p', (value) => {
    const scheduler = new VirtualTimeScheduler();
    const race = race$('example.com', 443, {
      resolver,
      transport: ({ family }) => (family === 4 ? of(value) : NEVER),
      preferFamily: 6,
      scheduler,
    }).subscribe(({ type }) => {
      if (type === 'cancelled') race.unsubscribe();
    });
    scheduler.flush();
    expect(race.closed).toBe(true);
  });
});
