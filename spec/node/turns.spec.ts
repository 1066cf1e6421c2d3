import { AsyncLocalStorage } from 'node:async_hooks';
import { NEVER, of, tap, VirtualTimeScheduler, type SchedulerLike } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { connect, connect$, createConnector, race$, RaceSocket, type Resolver } from '../../src/index.js';
import { Turns } from '../../src/node/turns.js';
import { A } from '../support/virtual-race.js';

const transport = () => NEVER;

/** A resolver that never answers, and the names that it was asked for: those of the races that have begun. */
function silence() {
  const begun: string[] = [];
  const resolver: Resolver = (host) => {
    if (!begun.includes(host)) begun.push(host);
    return NEVER;
  };
  return { begun, resolver };
}

const names = Array.from({ length: 500 }, (_, index) => `name${index}.example`);

/** How many races had begun at the end of the caller's own turn, and of each turn after it until all had. */
async function perTurn(begun: readonly string[]): Promise<number[]> {
  const counts = [begun.length];
  while (begun.length < names.length && counts.length < 1000) {
    const before = begun.length;
    await new Promise(setImmediate);
    counts.push(begun.length - before);
  }
  return counts;
}

const ways: readonly (readonly [string, (resolver: Resolver, signal: AbortSignal) => void])[] = [
  ['connect', (resolver, signal) => names.forEach((name) => void connect(name, 1, { resolver, transport, signal }).catch(() => 0))],
  ['connect$', (resolver, signal) => names.forEach((name) => connect$(name, 1, { resolver, transport, signal }).subscribe({ error: () => 0 }))],
  ['race$', (resolver, signal) => names.forEach((name) => race$(name, 1, { resolver, transport, signal }).subscribe({ error: () => 0 }))],
  [
    'connectors of their own',
    (resolver, signal) =>
      names.forEach((name) =>
        createConnector({ resolver, transport, cache: false, signal })
          .connect$(name, 1)
          .subscribe({ error: () => 0 }),
      ),
  ],
  [
    'sockets of other people’s code',
    (resolver, signal) =>
      names.forEach((name) => {
        const socket = new RaceSocket({ race: { resolver } }).on('error', () => undefined);
        socket.connect(1, name);
        signal.addEventListener('abort', () => socket.destroy());
      }),
  ],
]; // prettier-ignore

describe('many races in one turn of the event loop', () => {
  it.each(ways)('begin in several turns, in order, at most 64 in each: %s', async (_, begin) => {
    const { begun, resolver } = silence();
    const controller = new AbortController();
    begin(resolver, controller.signal);
    const counts = await perTurn(begun);
    // Between two looks there may be the end of one turn and the beginning of the next.
    expect(Math.max(...counts)).toBeLessThanOrEqual(128);
    expect(begun).toEqual(names);
    controller.abort();
  });

  it('begin beside those of others: all share the turns of the process', async () => {
    const { begun, resolver } = silence();
    const controller = new AbortController();
    const { signal } = controller;
    const connector = createConnector({ resolver, transport, cache: false, signal });
    names.forEach((name, index) => {
      if (index % 2 === 0) connect$(name, 1, { resolver, transport, signal }).subscribe({ error: () => 0 });
      else connector.connect$(name, 1).subscribe({ error: () => 0 });
    });
    expect(Math.max(...(await perTurn(begun)))).toBeLessThanOrEqual(128);
    controller.abort();
  });

  it('[A13] never begin where they are left, or their signal is aborted, before that', async () => {
    const { begun, resolver } = silence();
    const controller = new AbortController();
    const { signal } = controller;
    const reasons: unknown[] = [];
    const subscriptions = names.map((name, index) =>
      connect$(name, 1, { resolver, transport, ...(index % 2 === 0 && { signal }) }).subscribe({
        error: (reason: unknown) => reasons.push(reason),
      }),
    );
    const atOnce = begun.length;
    controller.abort('enough');
    subscriptions.forEach((subscription) => subscription.unsubscribe());
    expect(reasons).toEqual(Array(250).fill('enough'));
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    expect(begun).toHaveLength(atOnce);
  });

  it('[A13] end at once where the signal was aborted before', async () => {
    const { resolver } = silence();
    const controller = new AbortController();
    const { signal } = controller;
    const all = names.map(async (name) => connect(name, 1, { resolver, transport, signal }));
    controller.abort('enough');
    await expect(connect('late.example', 1, { resolver, transport, signal })).rejects.toBe('enough');
    for (const end of await Promise.allSettled(all)) expect(end).toEqual({ status: 'rejected', reason: 'enough' });
  });

  it('belong to the context of their callers', async () => {
    const storage = new AsyncLocalStorage<string>();
    const found: (string | undefined)[] = [];
    const resolver: Resolver = () => of(A('192.0.2.1'));
    const own: Resolver = () => {
      found.push(storage.getStore());
      return NEVER;
    };
    const all = names.map(async (name) =>
      storage.run(name, async () => connect(name, 1, { resolver, transport: () => of(storage.getStore()) })),
    );
    const subscriptions = names.map((name) => storage.run(name, () => connect$(name, 1, { resolver: own }).subscribe()));
    expect(await Promise.all(all)).toEqual(names);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    subscriptions.forEach((subscription) => subscription.unsubscribe());
    expect(new Set(found)).toEqual(new Set(names));
  });

  it('begin all at once in virtual time, which waits for no event loop', () => {
    const { begun, resolver } = silence();
    const scheduler = new TestScheduler(() => undefined);
    for (const name of names) connect$(name, 1, { resolver, transport, scheduler }).subscribe();
    expect(begun).toEqual(names);
  });

  it('go by their options as these were at the call', async () => {
    const { begun, resolver } = silence();
    const controller = new AbortController();
    const made: string[] = [];
    const socketFactory = (name: string) => () => {
      made.push(name);
      throw new Error(name);
    };
    // Half of them with a list, of which a race that waits must have its own.
    const all = names.map(async (name, index) => {
      const localAddress = ['127.0.0.1'];
      const options = {
        resolver: (host: string) => of(A('127.0.0.1')).pipe(tap(() => begun.push(host))),
        signal: controller.signal,
        socketFactory: socketFactory(name),
        ...(index % 2 === 0 && { localAddress }),
      };
      const race = connect(name, 1, options);
      Object.assign(options, { resolver, socketFactory: socketFactory('another') });
      localAddress[0] = '192.0.2.1';
      return race;
    });
    await Promise.allSettled(all);
    expect([...new Set(made)]).toEqual(names);
    expect(new Set(begun)).toEqual(new Set(names));
  });

  it('fail by themselves, when they begin late', async () => {
    const resolver: Resolver = () => {
      throw new Error('no resolver');
    };
    const all = await Promise.allSettled(names.map(async (name) => connect(name, 1, { resolver, transport })));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['rejected']));
  });
});

describe('Turns', () => {
  /** The time that a race takes once it has its turn, in ms. */
  const begin = (turns: Turns, scheduler: VirtualTimeScheduler, took: number, begun: number[], index: number) => {
    const race = () => {
      turns.count();
      begun.push(index);
      scheduler.frame += took;
    };
    if (turns.isOpen) race();
    else turns.add({ begin: race });
  };

  it('let fewer begin in a turn where they take long', () => {
    const turn: (() => void)[] = [];
    const clock = new VirtualTimeScheduler();
    const scheduler = { now: () => clock.frame, schedule: (work: () => void) => turn.push(work) } as unknown as SchedulerLike;
    const turns = new Turns(scheduler);
    const begun: number[] = [];
    for (let i = 0; i < 80; i++) begin(turns, clock, 4, begun, i);
    expect(begun).toHaveLength(64);
    const counts: number[] = [];
    while (turn.length > 0) {
      const before = begun.length;
      turn.shift()!();
      counts.push(begun.length - before);
    }
    expect(counts).toEqual([3, 3, 3, 3, 3, 1]);
    expect(begun).toEqual(Array.from({ length: 80 }, (_, i) => i));
  });

  it('need no timer where few begin, and one where many do', () => {
    const scheduler = new VirtualTimeScheduler();
    const turns = new Turns(scheduler);
    const race = () => turns.count();
    for (let i = 0; i < 31; i++) race();
    expect(scheduler.actions).toHaveLength(0);
    for (let i = 31; i < 64; i++) race();
    expect(scheduler.actions).toHaveLength(1);
    expect(turns.isOpen).toBe(false);
    scheduler.flush();
    expect(turns.isOpen).toBe(true);
    expect(scheduler.actions).toHaveLength(0);
  });

  it('do not let those begin that have left', () => {
    const scheduler = new VirtualTimeScheduler();
    const turns = new Turns(scheduler);
    const waiting = { begin: jest.fn() };
    turns.add(waiting);
    expect(turns.isOpen).toBe(false);
    turns.delete(waiting);
    scheduler.flush();
    expect(waiting.begin).not.toHaveBeenCalled();
  });
});
