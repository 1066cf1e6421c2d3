import type { Socket } from 'node:net';
import { concat, interval, NEVER, Observable, of, Subject, take, tap, timer, VirtualTimeScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { connect, connect$, createConnector, race$, type Answer } from '../../src/index.js';
import { after, behaves, connects, hangs, lost, nodata, refuses, virtualNetwork } from '../../src/testing/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';
const both = { AAAA: [six], A: [four] };
const dead6 = () => virtualNetwork({ dns: both, endpoints: { [six]: hangs(), [four]: connects(40) } });

describe('a virtual network', () => {
  it('is the options that put a race into it', () => {
    const network = dead6();
    expect(Object.keys(network)).toEqual(['resolver', 'transport', 'scheduler', 'random']);
    const addresses: (string | undefined)[] = [];
    connect$('example.com', 443, network).subscribe(({ remoteAddress }) => addresses.push(remoteAddress));
    connect$('example.com', 443, { ...network, connectionAttemptDelay: 10 }).subscribe(({ remoteAddress }) =>
      addresses.push(remoteAddress),
    );
    network.flush();
    expect(addresses).toEqual([four, four]);
    expect(network.scheduler.now()).toBe(290);
  });

  it('tells of starts, ends, the winner, look-ups and what was in flight at each ms', () => {
    const network = virtualNetwork({
      dns: { AAAA: after(10, [six]), A: after(20, [four, five]) },
      endpoints: { [six]: hangs(), [four]: refuses(30), [five]: connects(35) },
    });
    const report = network.run(connect$('example.com', 443, network));
    expect(report.starts).toEqual([
      { address: six, port: 443, at: 10, attempt: 1 },
      { address: four, port: 443, at: 260, attempt: 1 },
      { address: five, port: 443, at: 290, attempt: 1 },
    ]);
    expect(report.ends).toMatchObject([
      { address: four, at: 290, outcome: 'failed', error: { code: 'ECONNREFUSED' } },
      { address: five, at: 325, outcome: 'connected' },
      { address: six, at: 325, outcome: 'cancelled' },
    ]);
    expect(report).toMatchObject({ winner: five, finish: 325, mostInFlight: 2, error: undefined, leaks: [] });
    expect(report.lookups).toEqual([{ host: 'example.com', at: 0, endedAt: 20, outcome: 'answered' }]);
    expect([0, 10, 259, 260, 289, 290, 324, 325].map((at) => report.inFlight(at))).toEqual([
      [],
      [six],
      [six],
      [six, four],
      [six, four],
      [six, five],
      [six, five],
      [],
    ]);
    expect(report.value?.remoteAddress).toBe(five);
    expect(network.starts).toEqual(report.starts);
    expect(network.winner).toBe(five);
    report.expectClean();
    network.expectClean();
  });

  it('draws what happened', () => {
    const network = dead6();
    expect(`\n${network.run(connect$('example.com', 443, network)).timeline({ width: 70 })}`).toBe(`
                   0 ms                 290 ms
AAAA               ●                            1 address after 0 ms
A                  ●                            1 address after 0 ms
[2001:db8::6]:443  ├─────────────────────────○  cancelled after 290 ms
192.0.2.4:443                            ├───●  connected after 40 ms`);
  });

  it('has a report for each run, whose time begins with it', () => {
    const network = dead6();
    network.run(connect$('example.com', 443, network));
    const second = network.run(connect$('example.com', 443, network));
    expect(network.scheduler.now()).toBe(580);
    expect(second.finish).toBe(290);
    expect(second.starts).toEqual([
      { address: six, port: 443, at: 0, attempt: 2 },
      { address: four, port: 443, at: 250, attempt: 2 },
    ]);
    expect(second.ends.map(({ at }) => at)).toEqual([290, 290]);
    expect(second.inFlight(251)).toEqual([six, four]);
    expect(second.lookups).toEqual([{ host: 'example.com', at: 0, endedAt: 0, outcome: 'answered' }]);
    expect(network.starts).toHaveLength(4);
  });

  it('shows a race in another run nothing of one that goes on', () => {
    const network = dead6();
    connect$('example.com', 443, network).subscribe();
    network.advance(100);
    const report = network.run(timer(200, network.scheduler));
    expect(report.starts).toMatchObject([{ address: four, at: 150 }]);
    expect(report.ends).toMatchObject([{ address: four, outcome: 'connected', at: 190 }]);
  });

  it('goes into a connector, whose races share what they have learnt', () => {
    const network = dead6();
    const { connect$ } = createConnector(network);
    const orders = [1, 2].map(() => network.run(connect$('example.com', 443)).starts.map(({ address }) => address));
    expect(orders).toEqual([[six, four], [four]]);
    expect(network.lookups).toHaveLength(1);
  });

  it('has chance that is the same each time, for a seed', () => {
    const draw = (seed?: number) => Array.from({ length: 1000 }, virtualNetwork({ seed }).random);
    expect(draw()).toEqual(draw(0));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw().every((drawn) => drawn >= 0 && drawn < 1)).toBe(true);
    expect(Math.abs(draw().reduce((sum, drawn) => sum + drawn) / 1000 - 0.5)).toBeLessThan(0.05);
  });

  it('answers for a restricted family with that alone', () => {
    const network = dead6();
    const report = network.run(connect$('example.com', 443, { ...network, family: 4 }));
    expect(report).toMatchObject({ winner: four, finish: 40, lookups: [{ family: 4 }] });
  });

  it('lives in a time that is given', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.schedule(() => undefined, 1000);
    scheduler.flush();
    const network = virtualNetwork({ scheduler, dns: both, endpoints: { [six]: hangs(), [four]: connects(40) } });
    expect(network.scheduler).toBe(scheduler);
    expect(network.run(connect$('example.com', 443, network)).finish).toBe(290);
    expect(network.starts.map(({ at }) => at)).toEqual([0, 250]);
    expect(scheduler.now()).toBe(1290);
  });

  it('takes resolvers and transports of your own, and records them', () => {
    const answers = new Subject<Answer>();
    const network = virtualNetwork({
      dns: () => answers,
      endpoints: ({ family }) => (family === 6 ? behaves(() => NEVER) : behaves(() => of('mine'))),
    });
    const events: string[] = [];
    race$('example.com', 443, network).subscribe(({ type }) => events.push(type));
    answers.next({ type: 'A', addresses: [four] });
    expect(network.leaks).toMatchObject([{ kind: 'look-up' }, { kind: 'timer', what: '50 ms' }, { kind: 'timer' }]);
    answers.complete();
    network.flush();
    expect(network.ends).toMatchObject([{ address: four, outcome: 'connected' }]);
    expect(events.at(-1)).toBe('connected');
  });
});

describe('time', () => {
  it('is let pass at once, by ms, or with promises in between', async () => {
    const network = dead6();
    let connected = false;
    void connect('example.com', 443, network).then(() => (connected = true));
    network.advance(0);
    expect(network.starts).toHaveLength(1);
    network.advance(289.5);
    expect([network.scheduler.now(), network.winner]).toEqual([289.5, undefined]);
    await network.elapse(0.5);
    expect([network.scheduler.now(), connected]).toEqual([290, true]);
    await network.elapse(1000);
    expect(network.scheduler.now()).toBe(1290);
  });

  it('does not pass for promises while they can go on without it', async () => {
    const { scheduler } = virtualNetwork();
    const network = virtualNetwork({ scheduler });
    const instants: number[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => void scheduler.schedule(() => resolve(), ms));
    const report = await network.settle(async () => {
      for (const ms of [5, 0, 7]) {
        await sleep(ms);
        for (let i = 0; i < 100; i++) await Promise.resolve();
        await new Promise((resolve) => process.nextTick(resolve));
        instants.push(scheduler.now());
      }
      return 'done';
    });
    expect(instants).toEqual([5, 5, 12]);
    expect(report).toMatchObject({ value: 'done', finish: 12 });
  });

  it('passes the same way each time for programs that race each other', async () => {
    const order = async () => {
      const network = virtualNetwork({ dns: both, endpoints: { [six]: connects(20), [four]: connects(20) } });
      const told: string[] = [];
      const client = async (name: string, family: 4 | 6) => {
        const socket = await connect('example.com', 443, { ...network, family });
        told.push(`${name} ${network.scheduler.now()}`);
        socket.destroy();
      };
      await network.settle(async () => Promise.all([client('a', 6), client('b', 4), client('c', 6)]));
      return told;
    };
    const first = await order();
    expect(first).toEqual(['a 20', 'b 20', 'c 20']);
    for (let i = 0; i < 20; i++) expect(await order()).toEqual(first);
  });

  it('stops where it would stand still', () => {
    const network = virtualNetwork();
    expect(() => network.run(interval(0, network.scheduler))).toThrow('time stands still at 0 ms');
  });

  it.each([
    ['advance', -1],
    ['elapse', NaN],
  ] as const)('is not turned back by %s(%p)', async (name, ms) => {
    await expect(async () => virtualNetwork()[name](ms)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });
});

describe('run', () => {
  it('stops time when the stream is over', () => {
    const network = virtualNetwork();
    const { scheduler } = network;
    const report = network.run(concat(timer(10, scheduler), timer(5, scheduler)));
    expect(report).toMatchObject({ values: [0, 0], finish: 15, leaks: [] });
  });

  it('unsubscribes a stream that waits for nothing, and expectClean says so', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: hangs() } });
    const report = network.run(connect$('example.com', 443, { ...network, connectTimeout: Infinity }));
    expect(report.finish).toBeUndefined();
    expect(report.ends).toEqual([]);
    expect(report.leaks).toEqual([{ kind: 'attempt', what: `[${six}]:443`, since: 0 }]);
    expect(() => {
      report.expectClean();
    }).toThrow(
      /still waits, though nothing more will happen in the network's time.*attempt of \[2001:db8::6\]:443, since 0 ms\n\n.*in flight/s,
    );
    expect(network.ends).toMatchObject([{ address: six, outcome: 'cancelled' }]);
  });

  it('unsubscribes when it is told to', () => {
    const network = dead6();
    const report = network.run(connect$('example.com', 443, network), { unsubscribeAt: 260 });
    expect(report.ends).toMatchObject([
      { address: six, at: 260, outcome: 'cancelled' },
      { address: four, at: 260, outcome: 'cancelled' },
    ]);
    expect(report).toMatchObject({ finish: 260, leaks: [] });
  });

  it('gives up a stream that goes on for ever, after an hour or when it is told to', () => {
    const network = virtualNetwork();
    const hour = network.run(interval(60_000, network.scheduler));
    expect(hour.values).toHaveLength(60);
    expect(() => {
      hour.expectClean();
    }).toThrow('was given up after 3600000 ms');
    expect(network.run(interval(10, network.scheduler), { until: 95 }).values).toHaveLength(9);
    expect(network.scheduler.now()).toBe(3_600_095);
  });

  it('gives up at the very ms, and tells what was going on then', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: hangs() } });
    const report = network.run(connect$('example.com', 443, network), { until: 30 });
    expect(network.scheduler.now()).toBe(30);
    expect(report.finish).toBeUndefined();
    expect(report.leaks).toEqual([
      { kind: 'attempt', what: `[${six}]:443`, since: 0 },
      { kind: 'timer', what: '10000 ms' },
    ]);
    expect(() => {
      report.expectClean();
    }).toThrow(/was given up after 30 ms.*in flight for 30 ms/s);
    expect(network.leaks).toEqual([]);
  });

  it('has the error of a stream in its report', () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: refuses(5), [four]: refuses(5) } });
    const report = network.run(connect$('example.com', 443, network));
    expect(report).toMatchObject({ finish: 10, error: { code: 'ECONNREFUSED', attempts: [{}, {}] } });
    expect(report.winner).toBeUndefined();
  });

  it('refuses a promise, and knows who takes one', () => {
    const network = virtualNetwork();
    expect(() => network.run((() => Promise.resolve(1)) as never)).toThrow(
      /"program" must be a stream.* settle\(\) takes promises/,
    );
  });

  it('has in its report what the function throws that begins the stream', () => {
    const { error, finish, values } = virtualNetwork().run((network) => connect$('', 443, network));
    expect({ error, finish, values }).toMatchObject({ error: { code: 'ERR_INVALID_ARG_VALUE' }, finish: 0, values: [] });
  });
});

describe('settle', () => {
  it('takes promises, functions that return them, streams and plain values', async () => {
    const network = dead6();
    expect(await network.settle(connect('example.com', 443, network))).toMatchObject({ winner: four, finish: 290 });
    expect(await network.settle(async (given) => (await connect('example.com', 443, given)).remoteAddress)).toMatchObject({
      value: four,
      finish: 290,
    });
    expect(await network.settle(connect$('example.com', 443, network))).toMatchObject({ finish: 290 });
    expect(await network.settle(() => 5)).toMatchObject({ value: 5, finish: 0 });
  });

  it('has the error of a promise in its report', async () => {
    const network = virtualNetwork({ dns: { AAAA: nodata() } });
    const report = await network.settle(connect('example.com', 443, network));
    expect(report).toMatchObject({ finish: 0, error: { reason: 'resolution', code: 'ENODATA' } });
  });

  it('has the error of a function that throws, whatever it throws', async () => {
    const thrown = new Error('no');
    const report = await virtualNetwork().settle(() => {
      throw thrown;
    });
    expect(report).toMatchObject({ finish: 0, error: thrown });
    expect((await virtualNetwork().settle(() => Promise.reject(undefined as never))).error).toBeInstanceOf(Error);
  });

  it('knows what a promise has done that was begun before', async () => {
    const network = virtualNetwork({ dns: { A: lost() }, endpoints: { [four]: connects(40) } });
    for (const attempt of [1, 2]) {
      const report = await network.settle(connect(four, 443, network));
      expect(report).toMatchObject({ finish: 40, winner: four, starts: [{ address: four, at: 0, attempt }], leaks: [] });
    }
    const { leaks, finish } = await network.settle(connect('example.com', 443, { ...network, connectTimeout: Infinity }));
    expect({ leaks, finish }).toEqual({ leaks: [{ kind: 'look-up', what: 'example.com', since: 0 }], finish: undefined });
  });

  it('has one program at a time, whose report is its own', async () => {
    const network = dead6();
    const first = network.settle(connect('example.com', 443, network));
    await expect(network.settle(() => 5)).rejects.toThrow('settle() is under way');
    expect(await first).toMatchObject({ winner: four });
    expect(await network.settle((given) => given.run(connect$('example.com', 443, given)).winner)).toMatchObject({ value: four });
  });

  it('comes back from a promise that waits for nothing', async () => {
    const network = virtualNetwork();
    const report = await network.settle(new Promise(() => undefined));
    expect(report.finish).toBeUndefined();
    expect(() => {
      report.expectClean();
    }).toThrow('still waits');
  });

  it('lets a program have its own turns of the event loop', async () => {
    const network = virtualNetwork();
    const turns = async () => {
      for (let i = 0; i < 50; i++) await new Promise(setImmediate);
      return 'done';
    };
    expect(await network.settle(turns)).toMatchObject({ value: 'done', finish: 0 });
  });
});

describe('the winner', () => {
  const network = () => virtualNetwork({ dns: both, endpoints: { [six]: connects(10), [four]: connects(20) } });
  const setup = (socket: Socket) => (socket.remoteAddress === six ? Promise.reject(new Error('not you')) : [socket]);

  it('is who won the race, not who was connected to and turned down', async () => {
    for (const race of [connect$, race$] as unknown as (typeof connect$)[]) {
      const given = network();
      const report = await given.settle(race('example.com', 443, { ...given, setup }));
      expect([report.winner, given.winner]).toEqual([four, four]);
    }
  });

  it('is known of a program that gives back something else', async () => {
    const given = network();
    const report = await given.settle(async () => {
      const socket = await connect('example.com', 443, { ...given, setup });
      socket.destroy();
      return 'done';
    });
    expect(report.winner).toBe(four);
  });
});

describe('leaks', () => {
  it('are attempts, look-ups and timers that a program did not let go of', () => {
    const network = virtualNetwork({ dns: { AAAA: [six], A: lost() }, endpoints: { [six]: hangs() } });
    const careless = new Observable<number>((subscriber) => {
      connect$('example.com', 443, { ...network, connectTimeout: 5000 }).subscribe({ error: () => undefined });
      network.scheduler.schedule(() => subscriber.complete(), 10);
    });
    const report = network.run(careless);
    expect(report.leaks).toEqual([
      { kind: 'look-up', what: 'example.com', since: 0 },
      { kind: 'attempt', what: `[${six}]:443`, since: 0 },
      { kind: 'timer', what: '5000 ms' },
    ]);
    expect(() => {
      report.expectClean();
    }).toThrow(
      /left something behind:\n {2}look-up of example.com, since 0 ms\n {2}attempt of \[2001:db8::6\]:443, since 0 ms\n {2}a timer that is due at 5000 ms\n\n.*in flight for/s,
    );
    expect(network.leaks).toHaveLength(3);
    network.flush();
    expect(network.leaks).toEqual([]);
  });

  it('are no timers that end with the stream, in whatever order', () => {
    const network = virtualNetwork();
    const { scheduler } = network;
    expect(network.run(interval(10, scheduler).pipe(take(3))).leaks).toEqual([]);
    expect(network.run(timer(10, scheduler).pipe(tap(() => undefined))).leaks).toEqual([]);
  });

  it('are sockets that a program neither ended nor gave back', async () => {
    const network = dead6();
    const kept = await network.settle(async () => {
      await connect('example.com', 443, network);
    });
    expect(kept.leaks).toEqual([{ kind: 'socket', what: `${four}:443`, since: 290 }]);
    for (const fine of [
      async () => (await connect('example.com', 443, network)).destroy(),
      async () => void (await connect('example.com', 443, network)).end(),
      async () => connect('example.com', 443, network),
      async () => ({ socket: await connect('example.com', 443, network) }),
      async () => ({ name: 'pool', idle: [await connect('example.com', 443, network)] }),
      async () => ({ socket: await connect('example.com', 443, network), destroy: () => undefined }),
      async () => new Map([[1, new Set([await connect('example.com', 443, network)])]]),
      () => race$('example.com', 443, network),
    ]) {
      const report = await network.settle<unknown>(fine);
      expect(report.error).toBeUndefined();
      expect(report.leaks).toEqual([]);
    }
  });

  it('are no sockets in what cannot be looked into, if that is said', async () => {
    class Client {
      readonly #socket: unknown;
      constructor(socket: unknown) {
        this.#socket = socket;
      }
      isOpen() {
        return this.#socket !== undefined;
      }
    }
    const network = dead6();
    const program = async () => new Client(await connect('example.com', 443, network));
    expect((await network.settle(program)).leaks).toHaveLength(1);
    expect((await network.settle(program, { keepsSockets: true })).leaks).toEqual([]);
  });

  it('are not counted among the timers of a TestScheduler, which has its own', () => {
    const scheduler = new TestScheduler(() => undefined);
    const network = virtualNetwork({ scheduler });
    scheduler.schedule(() => undefined, 10);
    expect(network.leaks).toEqual([]);
  });
});
