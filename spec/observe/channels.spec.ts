import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import net from 'node:net';
import { map, Observable, of, Subscription, takeWhile, timer, VirtualTimeScheduler } from 'rxjs';
import { HttpAgent } from '../../src/stand-in/agent.js';
import { register } from '../../src/stand-in/registration.js';
import { createDispatcher } from '../../src/stand-in/undici.js';
import { connect, connect$, ConnectionError, createConnector, race$, RaceSocket, ssrf, staticResolver } from '../../src/index.js';
import { attemptChannel, raceChannel, type AttemptContext, type RaceContext } from '../../src/observe/channels.js';
import { runNode } from '../support/dist.js';
import { listen, open, tcpServer } from '../support/fixtures.js';
import { connects, hangs, refuses, virtualNetwork } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace, type VirtualRace } from '../support/virtual-race.js';

const TIMES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** What was published, in order: `race start`, `2001:db8::1 asyncEnd` …; and the objects that it was published with. */
interface Record {
  readonly messages: string[];
  readonly races: RaceContext[];
  readonly attempts: AttemptContext[];
}

const unsubscribes: (() => void)[] = [];

afterEach(() => {
  for (const unsubscribe of unsubscribes.splice(0)) unsubscribe();
  expect([raceChannel.hasSubscribers, attemptChannel.hasSubscribers]).toEqual([false, false]);
});

/** Until the spec is over. */
function listenTo(name: string, listener: (context: never) => void): void {
  const onMessage = listener as (message: unknown) => void;
  subscribe(`tracing:rx-happy-eyeballs:${name}`, onMessage);
  unsubscribes.push(() => unsubscribe(`tracing:rx-happy-eyeballs:${name}`, onMessage));
}

function record(): Record {
  const races = new Set<RaceContext>();
  const attempts = new Set<AttemptContext>();
  const messages: string[] = [];
  for (const time of TIMES) {
    listenTo(`race:${time}`, (race: RaceContext) => {
      messages.push(`race ${time}`);
      races.add(race);
    });
    listenTo(`attempt:${time}`, (attempt: AttemptContext) => {
      messages.push(`${attempt.endpoint.address} ${time}`);
      attempts.add(attempt);
    });
  }
  return {
    messages,
    get races() {
      return [...races];
    },
    get attempts() {
      return [...attempts];
    },
  };
}

/** Instants of a context in ms since its race began. */
const since = ({ startedAt }: RaceContext, at: number | undefined) => at! - startedAt;

/** What became of each attempt, in the order of their starts. */
const fates = ({ attempts }: Record) =>
  attempts.map(({ race, endpoint, startedAt, endedAt, outcome, error }) => [
    endpoint.address,
    since(race, startedAt),
    outcome,
    since(race, endedAt),
    ...(error ? [error.message] : []),
  ]);

const SIX = '2001:db8::1';
const FOUR = '192.0.2.1';
const abortedAt =
  (ms: number): VirtualRace['options'] =>
  (scheduler) => {
    const controller = new AbortController();
    scheduler.schedule(() => {
      controller.abort();
    }, ms);
    return { signal: controller.signal };
  };

const both = answering([18, AAAA(SIX)], [25, A(FOUR)]);

describe('the tracing channels', () => {
  beforeEach(() => {
    jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('tell of a race and its attempts, each with one object from start to end', () => {
    const seen = record();
    const { events } = runRace({ lookup: both, fates: { [SIX]: connects(600), [FOUR]: hangs() } });
    expect(seen.messages).toEqual([
      'race start',
      'race end',
      `${SIX} start`,
      `${SIX} end`,
      `${FOUR} start`,
      `${FOUR} end`,
      `${FOUR} asyncStart`,
      `${FOUR} asyncEnd`,
      `${SIX} asyncStart`,
      `${SIX} asyncEnd`,
      'race asyncStart',
      'race asyncEnd',
    ]);
    const [race] = seen.races;
    expect(seen.races).toEqual([
      {
        host: 'example.com',
        port: 443,
        startedAt: 1_000_000,
        events,
        outcome: 'connected',
        endedAt: 1_000_618,
        endpoint: { address: SIX, family: 6, port: 443 },
        result: SIX,
      },
    ]);
    expect(seen.attempts).toEqual([
      {
        race,
        endpoint: { address: SIX, family: 6, port: 443 },
        startedAt: 1_000_018,
        stages: [],
        outcome: 'connected',
        endedAt: 1_000_618,
      },
      {
        race,
        endpoint: { address: FOUR, family: 4, port: 443 },
        startedAt: 1_000_268,
        stages: [],
        outcome: 'cancelled',
        endedAt: 1_000_618,
      },
    ]);
    expect(seen.attempts.every((attempt) => attempt.race === race)).toBe(true);
  });

  it('tell of failures as errors: of attempts, and of a race without a winner', () => {
    const seen = record();
    const { error } = runRace({ lookup: both, fates: { [SIX]: refuses(10), [FOUR]: refuses('at once') } });
    expect(seen.messages.filter((message) => / (?:error|asyncStart)$/.test(message))).toEqual([
      `${SIX} error`,
      `${SIX} asyncStart`,
      `${FOUR} error`,
      `${FOUR} asyncStart`,
      'race error',
      'race asyncStart',
    ]);
    expect(fates(seen)).toEqual([
      [SIX, 18, 'failed', 28, `connect ECONNREFUSED ${SIX}:443`],
      [FOUR, 28, 'failed', 28, `connect ECONNREFUSED ${FOUR}:443`],
    ]);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(seen.races).toMatchObject([{ outcome: 'failed', error, endedAt: 1_000_028 }]);
  });

  it('tell of a start before the end of a transport that connects at once', () => {
    const seen = record();
    runRace({ lookup: answering(['at once', AAAA(SIX)]), fates: { [SIX]: connects('at once') } });
    const order = ['race start', `${SIX} start`, `${SIX} end`, `${SIX} asyncStart`, `${SIX} asyncEnd`];
    expect(seen.messages).toEqual([...order, 'race asyncStart', 'race asyncEnd', 'race end']);
  });

  it.each<[what: string, race: Omit<VirtualRace, 'lookup' | 'fates'>, outcome: string, endedAt: number]>([
    ['a race out of time', { options: { connectTimeout: 400 } }, 'failed', 400],
    ['a race that is unsubscribed', { unsubscribeAt: 300 }, 'cancelled', 300],
    ['a race that is aborted', { options: abortedAt(300) }, 'cancelled', 300],
  ])('do not tell of the attempts of %s as failures', (_what, options, outcome, endedAt) => {
    const seen = record();
    runRace({ lookup: both, fates: { [SIX]: hangs(), [FOUR]: hangs() }, ...options });
    expect(seen.races).toMatchObject([{ outcome, endedAt: 1_000_000 + endedAt }]);
    expect(fates(seen)).toEqual([
      [SIX, 18, 'cancelled', endedAt],
      [FOUR, 268, 'cancelled', endedAt],
    ]);
    expect(seen.messages.filter((message) => message.endsWith('error'))).toEqual(outcome === 'failed' ? ['race error'] : []);
    expect(seen.races[0]!.events.slice(-2).map(({ type, at }) => [type, at])).toEqual([
      ['cancelled', endedAt],
      ['cancelled', endedAt],
    ]);
    expect(seen.messages.slice(-2)).toEqual(['race asyncStart', 'race asyncEnd']);
  });

  it('do not tell of an abort as an error, even of one before the race', () => {
    const seen = record();
    const { error } = runRace({ lookup: both, fates: {}, options: { signal: AbortSignal.abort() } });
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(seen.messages).toEqual(['race start', 'race asyncStart', 'race asyncEnd', 'race end']);
    expect(seen.races).toMatchObject([{ outcome: 'cancelled', endedAt: 1_000_000 }]);
    expect(seen.races[0]).not.toHaveProperty('error');
  });

  it('tell of an attempt’s time limit as its failure', () => {
    const seen = record();
    const options = { attemptTimeout: 100 };
    runRace({ lookup: answering([0, AAAA(SIX)]), fates: { [SIX]: hangs() }, options });
    expect(seen.attempts).toMatchObject([{ outcome: 'failed', error: { code: 'ETIMEDOUT' }, endedAt: 1_000_100 }]);
  });

  it('tell of an attempt that gives way as cancelled, with the reason, and of no error', () => {
    const seen = record();
    const options = { maxConcurrentAttempts: 1 };
    runRace({ lookup: answering([0, AAAA(SIX)], [0, A(FOUR)]), fates: { [SIX]: hangs(), [FOUR]: connects(10) }, options });
    expect(seen.attempts).toMatchObject([
      { outcome: 'cancelled', error: { code: 'ETIMEDOUT' }, endedAt: 1_002_000 },
      { outcome: 'connected', startedAt: 1_002_000 },
    ]);
    expect(seen.messages.filter((message) => message.includes('error'))).toEqual([]);
  });

  it('tell of what a filter refuses as blocked, and of nothing found as a race without attempts', () => {
    const seen = record();
    runRace({ lookup: answering([0, A('10.0.0.1')]), fates: {}, options: { filter: ssrf() } });
    runRace({ lookup: answering([0, negative('A')]), fates: {} });
    expect(seen.attempts).toMatchObject([{ outcome: 'blocked', error: { code: 'ERR_IP_BLOCKED' } }]);
    expect(seen.races.map(({ outcome, error }) => [outcome, (error as ConnectionError).reason])).toEqual([
      ['failed', 'blocked'],
      ['failed', 'resolution'],
    ]);
  });

  it('tell of the stages that an attempt has come to', () => {
    const seen = record();
    runRace({ lookup: answering([5, AAAA(SIX)]), fates: { [SIX]: connects(20).thenTls(30) } });
    expect(seen.attempts).toMatchObject([{ stages: [{ stage: 'tls', startedAt: 1_000_025 }], endedAt: 1_000_055 }]);
  });

  it('have one clock: what a slow subscriber takes is before the race', () => {
    const network = virtualNetwork({ dns: { AAAA: [SIX] }, endpoints: { [SIX]: connects(600) } });
    listenTo('race:start', () => {
      network.scheduler.frame += 30;
    });
    const seen = record();
    const { values } = network.run(race$('example.com', 443, network));
    expect(seen.races[0]!.events).toEqual(values);
    expect(fates(seen)).toEqual([[SIX, values.find(({ type }) => type === 'started')!.at, 'connected', values.at(-1)!.at]]);
    expect(seen.races[0]!.endedAt).toBe(seen.races[0]!.startedAt + 600);
  });

  it('tell in the events of a race that an attempt is left behind that had just been started', () => {
    const seen = record();
    const network = virtualNetwork({ dns: { AAAA: [SIX] }, endpoints: { [SIX]: hangs() } });
    network.run(race$('example.com', 443, network).pipe(takeWhile(({ type }) => type !== 'started')));
    expect(seen.races[0]!.events.map(({ type }) => type).slice(-2)).toEqual(['started', 'cancelled']);
    expect(seen.attempts).toEqual([]);
  });

  it.each(['attempt:asyncStart', 'attempt:asyncEnd', 'race:asyncStart'])(
    'lose no winner where a subscriber of %s ends the race',
    (name) => {
      const { resolver, scheduler } = virtualNetwork({ dns: { AAAA: [SIX] }, endpoints: { [SIX]: hangs() } });
      const winner = { destroy: jest.fn() };
      const transport = () => timer(10, scheduler).pipe(map(() => winner));
      const race = new Subscription();
      listenTo(name, () => race.unsubscribe());
      const next = jest.fn();
      race.add(connect$('example.com', 443, { resolver, scheduler, transport }).subscribe(next));
      scheduler.flush();
      expect(next).not.toHaveBeenCalled();
      expect(winner.destroy).toHaveBeenCalledTimes(1);
    },
  );

  it('tell of no attempt whose race is unsubscribed when it says that it starts it', () => {
    const seen = record();
    const transport = () => of('never asked for');
    race$('example.com', 443, { resolver: staticResolver([SIX]), transport })
      .pipe(takeWhile(({ type }) => type !== 'started'))
      .subscribe();
    expect(seen.messages).toEqual(['race start', 'race asyncStart', 'race asyncEnd', 'race end']);
    expect(seen.races).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('tell of no attempt whose race is aborted when it says that it starts it', () => {
    const seen = record();
    const controller = new AbortController();
    const errors: unknown[] = [];
    const options = { resolver: staticResolver([SIX]), transport: () => of('never asked for'), signal: controller.signal };
    race$('example.com', 443, options).subscribe({
      next: ({ type }) => {
        if (type === 'started') controller.abort();
      },
      error: (error: unknown) => errors.push(error),
    });
    expect(errors).toEqual([controller.signal.reason]);
    expect(seen.messages).toEqual(['race start', 'race asyncStart', 'race asyncEnd', 'race end']);
    expect(seen.races).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('have told of the end when the winner comes, and tell of it again when its subscriber has had it', () => {
    const seen = record();
    race$('example.com', 443, { resolver: staticResolver([SIX]), transport: () => of('won') }).subscribe(({ type }) => {
      if (type === 'connected') seen.messages.push('connected');
    });
    expect(seen.messages.slice(-4)).toEqual(['race asyncStart', 'connected', 'race asyncEnd', 'race end']);
  });

  it('start in the context of the caller, and lend an attempt’s transport the store that is bound to its start', () => {
    const caller = new AsyncLocalStorage<string>();
    const bound = new AsyncLocalStorage<AttemptContext>();
    const stores: unknown[] = [];
    listenTo('race:start', () => stores.push(caller.getStore()));
    attemptChannel.start.bindStore(bound);
    unsubscribes.push(() => attemptChannel.start.unbindStore(bound));
    const transport = () =>
      new Observable<string>((attempt) => {
        stores.push(bound.getStore()?.endpoint.address);
        attempt.next('won');
      });
    const events$ = race$('example.com', 443, { resolver: staticResolver([SIX]), transport });
    caller.run('the caller', () => events$.subscribe());
    expect(stores).toEqual(['the caller', SIX]);
  });

  it('are not asked for anything but whether there is a listener, where there is none', () => {
    const nothing = () => undefined;
    const race = () => runRace({ lookup: both, fates: { [SIX]: refuses(10), [FOUR]: connects(10) } });
    const spies = [raceChannel, attemptChannel].flatMap((channel) =>
      TIMES.flatMap((time) => [jest.spyOn(channel[time], 'publish'), jest.spyOn(channel[time], 'runStores')]),
    );
    const calls = () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    race();
    expect({ calls: calls(), clock: jest.mocked(Date.now).mock.calls.length }).toEqual({ calls: 0, clock: 0 });
    subscribe('tracing:rx-happy-eyeballs:race:end', nothing);
    race();
    unsubscribe('tracing:rx-happy-eyeballs:race:end', nothing);
    // Two spans have four messages each, and an attempt and the failure of one.
    expect({ calls: calls(), clock: jest.mocked(Date.now).mock.calls.length }).toEqual({ calls: 4 + 4 + 4 + 1, clock: 2 });
    race();
    expect(calls()).toBe(13);
  });

  it('leave it to Node what a subscriber throws', async () => {
    const program = `
      import { subscribe } from 'node:diagnostics_channel';
      import { of } from 'rxjs';
      import { connect, staticResolver } from './dist/index.mjs';
      process.on('uncaughtException', ({ message }) => console.log(message));
      for (const name of ['race:start', 'attempt:start', 'attempt:asyncEnd', 'race:asyncStart'])
        subscribe('tracing:rx-happy-eyeballs:' + name, () => { throw new Error(name); });
      console.log(await connect('example.com', 443, { resolver: staticResolver(['192.0.2.1']), transport: () => of('won') }));
    `;
    const { status, stdout, stderr } = await runNode('--input-type=module', '-e', program).ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').sort()).toEqual(['', 'attempt:asyncEnd', 'attempt:start', 'race:asyncStart', 'race:start', 'won']);
  });

  it('tell of a race from its start or not at all', () => {
    const scheduler = new VirtualTimeScheduler();
    const resolver = () => timer(5, scheduler).pipe(map(() => AAAA(SIX)));
    let winner: unknown;
    connect$('example.com', 443, { resolver, transport: () => of('won'), scheduler }).subscribe((value) => (winner = value));
    const seen = record();
    scheduler.flush();
    expect({ winner, messages: seen.messages }).toEqual({ winner: 'won', messages: [] });
  });
});

describe('the tracing channels tell of races by', () => {
  const race = { sort: 'none', preferFamily: 6 } as const;
  const serve = async () => tcpServer('127.0.0.1', 0, (socket) => socket.end('hello'));
  const destroyed = async (socket: net.Socket) => {
    socket.resume().destroy();
    await once(socket, 'close');
  };
  const connected = async (socket: net.Socket) => {
    await once(socket, 'connect');
    await destroyed(socket);
  };

  it.each<[who: string, connection: (port: number) => Promise<unknown>]>([
    ['connect', async (port) => destroyed(await connect('localhost', port, race))],
    ['a connector', async (port) => destroyed(await createConnector(race).connect('localhost', port, race))],
    ['a RaceSocket', async (port) => connected(new RaceSocket({ race }).connect(port, 'localhost'))],
    [
      'register',
      async (port) => {
        const unregister = register(race);
        await connected(net.connect(port, 'localhost')).finally(unregister);
      },
    ],
  ])('%s', async (_who, connection) => {
    const { port } = await serve();
    const seen = record();
    const caller = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    listenTo('race:start', () => stores.push(caller.getStore()));
    await caller.run('the caller', async () => connection(port));
    expect(stores).toEqual(['the caller']);
    expectFallback(seen, port);
  });

  const serveHttp = async () =>
    open(
      listen(
        createServer((_request, response) => response.end('hello')),
        '127.0.0.1',
        0,
      ),
    );

  it('an HttpAgent', async () => {
    const { port } = await serveHttp();
    const seen = record();
    const agent = new HttpAgent({ race });
    const [response] = (await once(get({ host: 'localhost', port, agent }), 'response')) as [NodeJS.ReadableStream];
    response.resume();
    await once(response, 'end');
    expectFallback(seen, port);
  });

  it('a dispatcher of fetch', async () => {
    const { port } = await serveHttp();
    const seen = record();
    const dispatcher = createDispatcher({ race });
    await (await fetch(`http://localhost:${port}/`, { dispatcher })).text();
    await dispatcher.close();
    expectFallback(seen, port);
  });

  /** Nothing listens on ::1. */
  const expectFallback = (seen: Record, port: number) => {
    expect(seen.races).toMatchObject([
      { host: 'localhost', port, protocol: 'tcp', outcome: 'connected', endpoint: { address: '127.0.0.1', family: 4, port } },
    ]);
    expect(
      seen.attempts.map(({ endpoint, outcome, error }) => [
        endpoint.address,
        outcome,
        (error as { code?: string } | undefined)?.code,
      ]),
    ).toEqual([
      ['::1', 'failed', 'ECONNREFUSED'],
      ['127.0.0.1', 'connected', undefined],
    ]);
    expect(Math.abs(seen.races[0]!.startedAt - Date.now())).toBeLessThan(10_000);
  };
});
