import { AsyncLocalStorage } from 'node:async_hooks';
import dns from 'node:dns';
import net from 'node:net';
import tls from 'node:tls';
import { lastValueFrom, NEVER, of, Subject, throwError, toArray, type Observable } from 'rxjs';
import { ConnectionError } from '../../src/core/race/connection-error.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { connectByRace } from '../../src/stand-in/connect-by-race.js';
import type { ConnectTarget } from '../../src/stand-in/connect-arguments.js';
import type { Racing } from '../../src/stand-in/racing.js';
import type { Resolver } from '../../src/rx/resolver.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';
import { HOST, keep } from '../support/tls-clients.js';

type Events = Observable<RaceEvent<net.Socket>>;
type Answered = Parameters<net.LookupFunction>[2];

/** Races that are called, and say what they are told to. */
function racingWith({ events = NEVER, ...options }: Partial<Racing> & { events?: Events } = {}) {
  const race$ = jest.fn<Events, Parameters<Racing['race$']>>(() => events);
  const limits = { patience: Infinity, patienceAfterFailure: Infinity };
  const tlsRacing = { mode: 'off', ...limits } as unknown as Racing['tls'];
  const racing: Racing = { race$, hasResolver: false, isPlain: true, tls: tlsRacing, ...options };
  return { racing, race$ };
}

/** Lets what was put off to the next tick happen. */
const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

const giving =
  (found: unknown, family?: number): net.LookupFunction =>
  (_host, _options, callback) => {
    callback(null, found as string, family);
  };
const addresses = (...given: readonly string[]) => given.map((address) => ({ address, family: net.isIP(address) }));

const [ONE, TWO, SIX, SEVEN] = ['192.0.2.1', '192.0.2.2', '2001:db8::6', '2001:db8::7'];

/** The look-up that a socket would be made with. */
function lookupFor(destination: ConnectTarget, racing: Racing): net.LookupFunction {
  let lookup: net.LookupFunction | undefined;
  connectByRace(
    (changed) => {
      lookup = changed.lookup;
      return keep(new net.Socket());
    },
    destination,
    racing,
  );
  return lookup!;
}

describe('a socket', () => {
  const passedOn = (given: ConnectTarget) => {
    const create = jest.fn((_: ConnectTarget) => keep(new net.Socket()));
    const socket = connectByRace(create, given, racingWith().racing);
    expect(socket).toBe(create.mock.results[0]!.value);
    return create.mock.calls[0]![0];
  };
  const named = { host: HOST, port: 80 };

  it.each<ConnectTarget>([
    { host: '127.0.0.1', port: 80 },
    { host: '::1', port: 80 },
    { ...named, path: '/run/some.socket' },
    { ...named, localAddress: '127.0.0.1' },
    { ...named, localPort: 7 },
    { ...named, socket: {} },
    { ...named, family: 4 },
    { ...named, autoSelectFamily: false },
    { ...named, autoSelectFamily: 1 as unknown as boolean },
    { ...named, lookup: 'invalid' as never },
    { host: 'no name', port: 80 },
    { host: HOST, port: 65_536 },
    { host: HOST },
  ])('is not raced for with %j', (given) => {
    expect(passedOn(given)).toBe(given);
  });

  it.each<ConnectTarget>([
    named,
    { port: 80 },
    { host: '', port: '80' },
    { host: null, port: 80 },
    { ...named, family: 0, localPort: 0, path: '' },
    { ...named, autoSelectFamily: true },
    { ...named, lookup: giving(ONE) },
  ])('is raced for with %j, by its look-up', (given) => {
    const { lookup, ...others } = passedOn(given);
    const { lookup: ownLookup, ...own } = given;
    expect(others).toEqual({ ...own, autoSelectFamily: false });
    expect(lookup).toEqual(expect.any(Function));
    expect(lookup).not.toBe(ownLookup);
  });

  it('is raced for where the program has switched off Node’s own race, only if it says so itself', () => {
    const before = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(false);
    try {
      expect(passedOn(named)).toBe(named);
      expect(passedOn({ ...named, autoSelectFamily: true })).toMatchObject({ autoSelectFamily: false });
    } finally {
      net.setDefaultAutoSelectFamily(before);
    }
  });

  it('is raced for by options that it inherits', () => {
    expect(passedOn(Object.create(named) as ConnectTarget)).toMatchObject({ ...named, autoSelectFamily: false });
  });

  it('is filtered where it is not raced for', () => {
    const create = jest.fn((_: ConnectTarget) => new net.Socket());
    const { racing } = racingWith({ filters: { filter: () => false } });
    connectByRace(create, { host: '127.0.0.1', port: 80 }, racing);
    expect(create.mock.calls[0]![0].host).toBe('[127.0.0.1]');
  });
});

describe('its own look-up', () => {
  const begun = (found: unknown, options: Partial<Racing> = {}, family?: number) => {
    const { racing, race$ } = racingWith(options);
    const lookup = jest.fn(giving(found, family));
    const answered = jest.fn();
    const call = (asked: dns.LookupOptions = {}) => {
      lookupFor({ host: HOST, port: 80, lookup }, racing)(HOST, asked, answered as Answered);
    };
    return { lookup, answered, call, race$ };
  };

  it('is called as Node calls it, for all addresses', () => {
    const { lookup, call } = begun(addresses(ONE));
    call({ family: 0, hints: 3 });
    expect(lookup.mock.calls).toEqual([[HOST, { family: 0, hints: 3, all: true }, expect.any(Function)]]);
  });

  it.each([
    [false, [null, ONE, 4]],
    [undefined, [null, ONE, 4]],
    [true, [null, [{ address: ONE, family: 4 }]]],
  ])('is Node’s answer where it finds one address, in the form that was asked for: all %p', (all, expected) => {
    for (const found of [ONE, addresses(ONE)]) {
      const { answered, call, race$ } = begun(found);
      call({ all });
      expect(answered.mock.calls).toEqual([expected]);
      expect(race$).not.toHaveBeenCalled();
    }
  });

  it.each([
    ['of one address with options that affect it', [ONE], { isPlain: false }, ['A', [ONE], 'AAAA', []]],
    ['of two addresses', [ONE, TWO], {}, ['A', [ONE, TWO], 'AAAA', []]],
    ['of both families', [SIX, ONE, SEVEN], {}, ['AAAA', [SIX, SEVEN], 'A', [ONE]]],
  ])('begins a race %s', async (_what, found, options, expected) => {
    const { answered, call, race$ } = begun(addresses(...found), options);
    call();
    expect(race$).not.toHaveBeenCalled();
    await nextTick();
    expect(race$.mock.calls).toEqual([[HOST, 80, expect.anything()]]);
    const { resolver } = race$.mock.calls[0]![2] as { resolver: Resolver };
    const answers = await lastValueFrom(resolver(HOST, {}).pipe(toArray()));
    expect(answers.flatMap((answer) => [answer.type, (answer as { addresses: unknown }).addresses])).toEqual(expected);
    expect((resolver as { decides?: boolean }).decides).toBe(true);
    expect(answered).not.toHaveBeenCalled();
  });

  it('is heard once', () => {
    const { racing } = racingWith();
    const answered = jest.fn();
    const lookup: net.LookupFunction = (_host, _options, callback) => {
      callback(null, ONE, 4);
      callback(null, TWO, 4);
      callback(new Error('late'), []);
    };
    lookupFor({ host: HOST, port: 80, lookup }, racing)(HOST, {}, answered as Answered);
    expect(answered.mock.calls).toEqual([[null, ONE, 4]]);
  });

  it('may fail', () => {
    const error = new Error('no');
    const answered = jest.fn();
    const lookup: net.LookupFunction = (_host, _options, callback) => {
      callback(error, ONE, 4);
    };
    lookupFor({ host: HOST, port: 80, lookup }, racingWith().racing)(HOST, {}, answered as Answered);
    expect(answered.mock.calls).toEqual([[error, undefined]]);
  });

  const nonsense: readonly (readonly [found: unknown, answer: unknown])[] = [
    [undefined, undefined],
    [null, null],
    ['nonsense', 'nonsense'],
    [['nonsense', 'more'], 'nonsense'],
    [[{ address: 'nonsense', family: 4 }], 'nonsense'],
    [{ address: 'nonsense' }, 'nonsense'],
    [[], undefined],
  ];

  it.each(nonsense)('passes %j on to Node, which says what is wrong with %j', (found, answer) => {
    for (const options of [{}, { filters: { filter: () => false } }]) {
      const { answered, call } = begun(found, options, 4);
      call();
      expect(answered.mock.calls).toEqual([[null, answer, 4]]);
    }
  });

  it('is filtered where Node would find an address in its answer after all', () => {
    const seen: unknown[] = [];
    const filter = ({ address, port }: { address: string; port: number }) => {
      seen.push([address, port]);
      return false;
    };
    const disguised = { toString: () => ONE };
    const { answered, call } = begun(disguised, { filters: { filter } });
    call();
    expect(seen).toEqual([[ONE, 80]]);
    expect(answered.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_IP_BLOCKED' }), undefined]]);
  });

  it('is passed on where there are no filters, whatever Node finds in it', () => {
    const disguised = { toString: () => ONE };
    const { answered, call } = begun(disguised);
    call();
    expect(answered.mock.calls).toEqual([[null, disguised, undefined]]);
  });

  it.each([
    ['in a program that has its own', {}],
    ['with hints', { hints: dns.ADDRCONFIG }],
  ])('is `dns.lookup` %s', async (_what, options) => {
    const replaced = jest.fn(giving(addresses(ONE, TWO)));
    const spy = jest.spyOn(dns, 'lookup').mockImplementation(replaced as unknown as typeof dns.lookup);
    try {
      const { racing, race$ } = racingWith();
      lookupFor({ host: HOST, port: 80, ...options }, racing)(HOST, {}, jest.fn() as Answered);
      expect(replaced).toHaveBeenCalledTimes(1);
      await nextTick();
      expect(race$.mock.calls[0]![2]).toHaveProperty('resolver');
    } finally {
      spy.mockRestore();
    }
  });

  it.each([
    ['where there is a resolver', true],
    ['where the system is asked', false],
  ])('is the race’s own %s', async (_what, hasResolver) => {
    const { racing, race$ } = racingWith({ hasResolver });
    lookupFor({ host: HOST, port: 80 }, racing)(HOST, {}, jest.fn() as Answered);
    expect(race$).not.toHaveBeenCalled();
    await nextTick();
    expect(race$.mock.calls).toEqual([[HOST, 80, { socketFactory: expect.any(Function) as unknown }]]);
  });

  it('is Node’s with hints, which are checked', () => {
    const { racing } = racingWith();
    expect(() => {
      lookupFor({ host: HOST, port: 80, hints: 1 }, racing)(HOST, { hints: 1 }, jest.fn() as Answered);
    }).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  });

  it('is for localhost where there is no host', async () => {
    const { racing, race$ } = racingWith({ hasResolver: true });
    lookupFor({ port: '80' }, racing)('localhost', {}, jest.fn() as Answered);
    await nextTick();
    expect(race$.mock.calls[0]!.slice(0, 2)).toEqual(['localhost', 80]);
  });
});

describe('a look-up of a socket that is not known', () => {
  const endpoint = { address: SIX, port: 80, family: 6 } as const;

  it.each([
    [true, [null, [{ address: SIX, family: 6 }]]],
    [false, [null, SIX, 6]],
  ])('is answered once with the address that wins, in its context: all %p', async (all, expected) => {
    const events = new Subject<RaceEvent<net.Socket>>();
    const { racing } = racingWith({ hasResolver: true, events });
    const storage = new AsyncLocalStorage<string>();
    const answers: unknown[] = [];
    const answered = (...answer: unknown[]) => answers.push([answer, storage.getStore()]);
    const lookup = lookupFor({ host: HOST, port: 80 }, racing);
    storage.run('of the look-up', () => {
      lookup(HOST, { all }, answered);
    });
    await nextTick();
    const value = keep(new net.Socket());
    events.next({ type: 'started', at: 0, endpoint } as unknown as RaceEvent<net.Socket>);
    expect([answers, value.destroyed]).toEqual([[], false]);
    events.next({ type: 'connected', at: 1, endpoint, value } as unknown as RaceEvent<net.Socket>);
    expect(answers).toEqual([[expected, 'of the look-up']]);
    expect(value.destroyed).toBe(true);
  });

  it('is answered with the error that Node would have, in its context', async () => {
    const lost = new ConnectionError({ host: HOST, port: 80, preferredFamily: 6, events: [], endedAt: 0 } as never);
    const { racing } = racingWith({ hasResolver: true, events: throwError(() => lost) });
    const answered = jest.fn();
    lookupFor({ host: HOST, port: 80 }, racing)(HOST, {}, answered as Answered);
    await nextTick();
    expect(answered).toHaveBeenCalledTimes(1);
    const [[error, ...others]] = answered.mock.calls as [[NodeJS.ErrnoException, ...unknown[]]];
    expect(error).toMatchObject({ name: 'Error', syscall: expect.any(String) as string, connectionError: lost });
    expect(others).toEqual([undefined]);
  });

  it.each<[string, (lookup: net.LookupFunction, answered: Answered) => net.Socket, boolean]>([
    [
      'called for a socket that is not connecting',
      (lookup, answered) => {
        lookup(HOST, {}, answered);
        return keep(new net.Socket());
      },
      false,
    ],
    ['called once more', (lookup) => keep(new net.Socket().connect({ host: HOST, port: 80, lookup })), true],
  ])('may be %s', async (_what, connect, isLater) => {
    const value = keep(new net.Socket());
    const events = of({ type: 'connected', at: 1, endpoint, value } as unknown as RaceEvent<net.Socket>);
    const { racing, race$ } = racingWith({ hasResolver: true });
    const answered = jest.fn();
    let lookup!: net.LookupFunction;
    connectByRace(
      (changed) => {
        lookup = changed.lookup!;
        return connect(lookup, answered as Answered);
      },
      { host: HOST, port: 80 },
      racing,
    );
    if (!isLater) race$.mockReturnValue(events);
    else {
      await nextTick();
      race$.mockReturnValue(events);
      lookup(HOST, {}, answered as Answered);
    }
    await nextTick();
    expect(answered.mock.calls).toEqual([[null, SIX, 6]]);
  });

  it('has attempts with handles of their own', async () => {
    const { racing, race$ } = racingWith({ hasResolver: true });
    lookupFor({ host: HOST, port: 80, ALPNProtocols: ['h2'] }, racing)(HOST, {}, jest.fn() as Answered);
    await nextTick();
    const { socketFactory, alpn } = race$.mock.calls[0]![2];
    expect(socketFactory(endpoint, undefined as never)).toBeInstanceOf(net.Socket);
    expect(alpn).toBeUndefined();
  });
});

describe('a socket that Node connects', () => {
  const connecting = (
    destination: ConnectTarget,
    racing: Racing,
    create: (changed: ConnectTarget) => net.Socket = (changed) => new net.Socket().connect(changed as net.TcpNetConnectOpts),
  ) => keep(connectByRace((changed) => keep(create(changed)).on('error', () => undefined), destination, racing));

  it.each<[unknown, object]>([
    [undefined, {}],
    [['h2', 'http/1.1'], { ALPNProtocols: ['h2', 'http/1.1'] }],
    [['h2'], { ALPNProtocols: ['h2', 1] }],
    [['http/1.1', 'other'], { ALPNProtocols: ['http/1.1', 'other'] }],
    [undefined, { ALPNProtocols: ['other'] }],
    [undefined, { ALPNProtocols: 'h2' }],
    [['http/1.1'], { agent: { protocol: 'https:' } }],
    [['http/1.1'], { agent: { protocol: 'https:' }, ALPNProtocols: [] }],
    [['h2'], { agent: { protocol: 'https:' }, ALPNProtocols: ['h2'] }],
    [undefined, { agent: { protocol: 'http:' } }],
  ])('is raced for with the protocols %j of %j', async (alpn, options) => {
    const { racing, race$ } = racingWith({ hasResolver: true });
    connecting({ host: HOST, port: 80, ...options }, racing);
    await nextTick();
    const own = race$.mock.calls[0]![2];
    expect(own.alpn).toEqual(alpn);
    expect(Object.keys(own)).toEqual([...(alpn ? ['alpn'] : []), 'socketFactory']);
  });

  it('begins its first attempt before the race, with the addresses grouped by family', async () => {
    const ahead = jest.fn(() => undefined);
    const { racing, race$ } = racingWith({ ahead });
    connecting({ host: HOST, port: 80, lookup: giving(addresses(ONE, SIX, TWO, SEVEN)) }, racing);
    await nextTick();
    expect(ahead.mock.calls).toEqual([[addresses(ONE, TWO, SIX, SEVEN), 80]]);
    expect(race$).toHaveBeenCalledTimes(1);
  });

  it('hands that attempt to the race that it becomes', async () => {
    const scheduler = new VirtualScheduler();
    const endpoint = { address: ONE, port: 80, family: 4 } as const;
    const { racing, race$ } = racingWith({ ahead: () => ({ endpoint, delay: 250, scheduler, learn: () => undefined }) });
    const create = (changed: ConnectTarget) => {
      const socket = new net.Socket().connect(changed as net.TcpNetConnectOpts);
      Object.assign((socket as unknown as { _handle: object })._handle, { connect: () => 0 });
      return socket;
    };
    connecting({ host: HOST, port: 80, lookup: giving(addresses(ONE, TWO)) }, racing, create);
    await nextTick();
    expect(race$).not.toHaveBeenCalled();
    scheduler.flush();
    expect(race$.mock.calls).toEqual([
      [HOST, 80, expect.objectContaining({ begun: expect.objectContaining({ endpoint }) as unknown })],
    ]);
  });

  const late = () => {
    let callback!: Answered;
    const lookup: net.LookupFunction = (_host, _options, answered) => (callback = answered);
    return { lookup, answer: (...answer: Parameters<Answered>) => callback(...answer) };
  };

  it.each([
    ['was destroyed', (socket: net.Socket) => socket.destroy()],
    [
      'connects to something else',
      (socket: net.Socket) => socket.destroy().connect({ host: HOST, port: 81, lookup: () => undefined }),
    ],
  ])('is not raced for once it %s', async (_how, end) => {
    for (const found of [addresses(ONE), addresses(ONE, TWO)]) {
      const { racing, race$ } = racingWith();
      const { lookup, answer } = late();
      const socket = connecting({ host: HOST, port: 80, lookup }, racing);
      const told = jest.fn();
      socket.on('lookup', told).on('connectionAttempt', told);
      end(socket);
      answer(null, found);
      await nextTick();
      expect(race$).not.toHaveBeenCalled();
      expect(told).not.toHaveBeenCalled();
    }
  });

  it('is not raced for if it is destroyed between its look-up and the race', async () => {
    const { racing, race$ } = racingWith({ hasResolver: true });
    connecting({ host: HOST, port: 80 }, racing).destroy();
    await nextTick();
    expect(race$).not.toHaveBeenCalled();
  });

  it('records no more calls on its handle once its look-up is over', () => {
    const plain = tls.connect({ host: HOST, port: 1, lookup: () => undefined });
    const { setServername } = (keep(plain) as unknown as { _handle: { setServername: unknown } })._handle;
    for (const end of [giving(addresses(ONE)), (_h: string, _o: object, callback: Answered) => callback(new Error('no'), [])]) {
      let answer!: () => void;
      const lookup: net.LookupFunction = (host, options, callback) => {
        answer = () => end(host, options, callback);
      };
      const create = (changed: ConnectTarget) => tls.connect(changed as tls.ConnectionOptions);
      const socket = connecting({ host: HOST, port: 1, lookup }, racingWith().racing, create);
      const handle = (socket as unknown as { _handle: { setServername: unknown; connect: unknown } })._handle;
      Object.assign(handle, { connect: () => 0 });
      expect(handle.setServername).not.toBe(setServername);
      answer();
      expect(handle.setServername).toBe(setServername);
    }
  });

  it('races in the context in which it was told to connect', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { racing, race$ } = racingWith();
    race$.mockImplementation(() => {
      contexts.push(storage.getStore());
      return of();
    });
    const contexts: unknown[] = [];
    const { lookup, answer } = late();
    storage.run('of the call', () => connecting({ host: HOST, port: 80, lookup }, racing));
    storage.run('of the look-up', () => answer(null, addresses(ONE, TWO) as never));
    await nextTick();
    expect(contexts).toEqual(['of the call']);
  });
});
