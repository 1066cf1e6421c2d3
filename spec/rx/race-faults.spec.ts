import { config, NEVER, Observable, of, Subject, VirtualTimeScheduler } from 'rxjs';
import { connect, connect$, race$, staticResolver, type Answer, type Endpoint } from '../../src/index.js';
import { monotonicScheduler } from '../../src/rx/monotonic.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6';
const seven = '2001:db8::7';
const four = '192.0.2.4';
const resolver = staticResolver([six, four]);

describe('a teardown of the caller that throws', () => {
  const reported: unknown[] = [];
  beforeEach(() => {
    reported.length = 0;
    config.onUnhandledError = (error) => reported.push(error);
  });
  afterEach(() => {
    config.onUnhandledError = null;
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

  it.each([
    ['a loser', [six]],
    ['the winner', [four]],
    ['both', [six, four]],
  ])('of %s does not keep the winner from its subscriber, and is reported', async (_, throwing) => {
    const scheduler = new VirtualTimeScheduler();
    const winners: string[] = [];
    const transport = ({ address }: Endpoint) =>
      new Observable<string>((subscriber) => {
        if (address === four)
          scheduler.schedule(() => {
            subscriber.next(address);
          }, 10);
        return () => {
          if (throwing.includes(address)) throw new Error(`teardown of ${address}`);
        };
      });
    connect$('example.com', 443, { resolver, transport, scheduler }).subscribe((winner) => winners.push(winner));
    scheduler.flush();
    await settle();
    expect(winners).toEqual([four]);
    expect(reported).toMatchObject(throwing.map(() => ({ name: 'UnsubscriptionError' })));
  });

  it('of the look-up does not keep the race from its error', async () => {
    const scheduler = new VirtualTimeScheduler();
    const errors: unknown[] = [];
    const broken = () =>
      new Observable<Answer>(() => () => {
        throw new Error('teardown of the look-up');
      });
    connect$('example.com', 443, { resolver: broken, transport: () => NEVER, scheduler }).subscribe({
      error: (error) => errors.push(error),
    });
    scheduler.flush();
    await settle();
    expect(errors).toEqual([expect.objectContaining({ code: 'ETIMEDOUT' })]);
    expect(reported).toHaveLength(1);
  });

  it('of an attempt that failed does not stop the race', async () => {
    const scheduler = new VirtualTimeScheduler();
    const winners: string[] = [];
    const transport = ({ address }: Endpoint) =>
      new Observable<string>((subscriber) => {
        scheduler.schedule(() => {
          if (address === four) subscriber.next(address);
          try {
            if (address === six) subscriber.error(new Error('refused'));
          } catch {
            // RxJS throws an error of a teardown at the code that ended the stream
          }
        }, 10);
        return () => {
          if (address === six) throw new Error('teardown');
        };
      });
    connect$('example.com', 443, { resolver, transport, scheduler }).subscribe((winner) => winners.push(winner));
    scheduler.flush();
    await settle();
    expect(winners).toEqual([four]);
    expect(scheduler.now()).toBe(20);
  });
});

describe('the end of a race', () => {
  it('[A6] ends a second connection before the winner is emitted', () => {
    const order: string[] = [];
    const networks = new Map([six, seven, four].map((address) => [address, new Subject<{ address: string; destroy(): void }>()]));
    const scheduler = new VirtualTimeScheduler();
    const socket = (address: string) => ({ address, destroy: () => order.push(`${address} destroyed`) });
    race$('example.com', 443, {
      resolver: staticResolver([six, seven, four]),
      transport: ({ address }) => networks.get(address)!,
      scheduler,
    }).subscribe((event) => {
      if (event.type === 'failed') for (const address of [six, seven]) networks.get(address)!.next(socket(address));
      if (event.type === 'connected') order.push(`${event.value.address} won`);
    });
    scheduler.schedule(() => {
      networks.get(four)!.error(new Error('refused'));
    }, 600);
    scheduler.flush();
    expect(order).toEqual([`${seven} destroyed`, `${six} won`]);
  });

  it('hands over a winner even if the signal is aborted while the losers are told', () => {
    const controller = new AbortController();
    const scheduler = new VirtualTimeScheduler();
    const events: string[] = [];
    const transport = ({ address }: Endpoint) =>
      new Observable<string>((subscriber) => {
        if (address === four) subscriber.next(address);
      });
    race$('example.com', 443, { resolver, transport, scheduler, signal: controller.signal }).subscribe((event) => {
      events.push(event.type);
      if (event.type === 'cancelled') controller.abort();
    });
    scheduler.flush();
    expect(events.slice(-2)).toEqual(['cancelled', 'connected']);
  });

  it('adds one listener to a signal, however many races share it', async () => {
    const controller = new AbortController();
    const added = jest.spyOn(controller.signal, 'addEventListener');
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    const races = Array.from({ length: 50 }, () =>
      connect('example.com', 443, { resolver, transport: () => NEVER, signal: controller.signal }),
    );
    await Promise.resolve();
    controller.abort();
    await Promise.all(races.map((race) => expect(race).rejects.toMatchObject({ name: 'AbortError' })));
    expect([added, removed].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });
});

describe('answers', () => {
  it.each<[string, unknown]>([
    ['no list', { type: 'A' }],
    ['null', null],
    ['of another type', { type: 'MX', addresses: [] }],
    ['with what is no address', { type: 'A', addresses: ['nonsense', undefined] }],
  ])('that are malformed (%s) do not end a race that goes on', (_, malformed) => {
    const race = runRace({
      lookup: answering([0, AAAA(six)], [10, malformed as Answer], [20, A(four)]),
      fates: { [six]: hangs(), [four]: connects(5) },
    });
    expect(race.winner).toBe(four);
  });

  it('that are malformed count as negative', () => {
    const race = runRace({ lookup: answering([0, A(four)], [10, AAAA('nonsense')]), fates: { [four]: connects(5) } });
    expect(race.starts).toEqual([[four, 10]]);
  });

  it('[R11] that are stale start the race, until fresh ones replace what was not started', () => {
    const race = runRace({
      lookup: answering(['at once', { ...AAAA(six, seven), stale: true }], [100, AAAA(six, '2001:db8::8')]),
      fates: { [six]: hangs(), '2001:db8::8': connects(5) },
    });
    expect(race.starts).toEqual([
      [six, 0],
      ['2001:db8::8', 250],
    ]);
  });
});

describe('a sort function', () => {
  it('may sort in place', () => {
    const reverse = (endpoints: readonly Endpoint[]) => (endpoints as Endpoint[]).reverse();
    const race = runRace({
      lookup: answering([0, AAAA(six, seven)], [0, AAAA('2001:db8::8')]),
      fates: { '2001:db8::8': refuses(1), [seven]: refuses(1), [six]: connects(1) },
      options: { sort: reverse },
    });
    expect(race.starts.map(([address]) => address)).toEqual(['2001:db8::8', seven, six]);
  });

  it.each([undefined, 5, 'none'])('that returns %p is told so', (returned) => {
    const race = runRace({ lookup: answering([0, AAAA(six)]), fates: {}, options: { sort: () => returned as never } });
    expect(race.error).toMatchObject({
      code: 'ERR_INVALID_RETURN_VALUE',
      message: expect.stringContaining('"options.sort" must return endpoints'),
    });
  });
});

describe('messages', () => {
  const messageOf = (options: object, host = 'example.com') => {
    let message = '';
    connect$(host, 443, { resolver, ...options }).subscribe({ error: (error: Error) => (message = error.message) });
    return message;
  };

  it.each<[string, object, RegExp]>([
    [
      'an error without a message',
      {
        transport: () =>
          new Observable((subscriber) => {
            subscriber.error(new TypeError(''));
          }),
      },
      /443 TypeError after/,
    ],
    [
      'an error of Node’s own, by its sentence',
      { transport: () => undefined },
      /443 You provided 'undefined' where a stream was expected/,
    ],
    ['a query error without a message', { resolver: () => of({ type: 'A', addresses: [], error: new Error('') }) }, /A Error$/],
    [
      'a query error that is no Error',
      { resolver: () => of({ type: 'A', addresses: [], error: 'broken' }) },
      /A broken was thrown/,
    ],
    [
      'addresses that may not be tried',
      { family: 4, resolver: staticResolver([six]) },
      /no addresses to try: none of the 1 found may be used/,
    ],
    ['addresses that are sorted out', { sort: () => [], transport: () => NEVER }, /none of the 2 found may be used/],
  ])('tell of %s', (_, options, message) => {
    expect(messageOf(options)).toMatch(message);
  });

  it('end for errors that hold themselves', () => {
    const error = new AggregateError([]);
    error.errors.push(error);
    expect(
      messageOf({
        transport: () =>
          new Observable((subscriber) => {
            subscriber.error(error);
          }),
      }),
    ).toContain('AggregateError');
  });
});

describe('monotonicScheduler', () => {
  it('[A3] never runs work before its time', async () => {
    const early = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const busyUntil = performance.now() + (i % 10) / 10;
        while (performance.now() < busyUntil);
        const started = performance.now();
        return new Promise<number>((resolve) =>
          monotonicScheduler.schedule(() => {
            resolve(performance.now() - started);
          }, 10),
        );
      }),
    );
    expect(Math.min(...early)).toBeGreaterThanOrEqual(10);
  });

  it('runs work without a delay when the turn ends, unless it is unsubscribed', async () => {
    const order: string[] = [];
    monotonicScheduler.schedule(() => order.push('work'));
    monotonicScheduler.schedule(() => order.push('unsubscribed')).unsubscribe();
    await Promise.resolve();
    order.push('microtask');
    await new Promise(setImmediate);
    expect(order).toEqual(['microtask', 'work']);
  });

  it('does not run work at once whose delay is the longest that Node’s timers know', async () => {
    const run: number[] = [];
    const pending = [2 ** 31 - 1.5, 2 ** 31 - 1].map((delay) => monotonicScheduler.schedule(() => run.push(delay), delay));
    await new Promise<void>((resolve) => monotonicScheduler.schedule(resolve, 20));
    for (const work of pending) work.unsubscribe();
    expect(run).toEqual([]);
  });

  it('lets work be scheduled again', async () => {
    const states: (number | undefined)[] = [];
    await new Promise<void>((resolve) =>
      monotonicScheduler.schedule<number>(
        function (state) {
          states.push(state);
          if (state === 3) resolve();
          else this.schedule(state + 1, 1);
        },
        0,
        1,
      ),
    );
    expect(states).toEqual([1, 2, 3]);
  });
});
