import { once } from 'node:events';
import net from 'node:net';
import { answerQuietly, Attempt, OtherAttempt, OwnAttempt, type Secure } from '../../src/stand-in/attempt.js';
import type { Complete, Handle, HandleClasses, Request } from '../../src/stand-in/handle.js';
import type { Handshake } from '../../src/stand-in/handshake.js';
import { errnoOf } from '../../src/stand-in/system-error.js';
import { tcpServer } from '../support/fixtures.js';
import { HOST, keep } from '../support/tls-clients.js';

const GOOD = '127.0.0.1';
const atOnce = (work: () => void) => {
  work();
};
/** Lets what was put off to the next tick happen. */
const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** What an attempt emits. */
function watched<A extends Attempt>(attempt: A) {
  const seen: string[] = [];
  attempt.on('connect', () => seen.push('connect')).on('error', ({ message }: Error) => seen.push(message));
  return { attempt, seen };
}

/** A handshake, and how it may end. */
function handshakeOn(handle: object = {}) {
  let ended: ((error?: Error) => void) | undefined;
  const start = jest.fn((done: (error?: Error) => void) => {
    ended = done;
  });
  const giveBack = jest.fn();
  const handshake = { handle, start, giveBack } as unknown as Handshake;
  return { handshake, start, giveBack, end: (error?: Error) => ended!(error) };
}

describe('an attempt', () => {
  class Bare extends Attempt {
    readonly begin = jest.fn();
    readonly release = jest.fn();
    override hasConnected(handshake?: Handshake) {
      super.hasConnected(handshake);
    }
    override fail(error: Error) {
      super.fail(error);
    }
    override failSoon(error: Error) {
      super.failSoon(error);
    }
  }
  const create = (secure?: Partial<Secure>, within = atOnce) =>
    watched(new Bare(within, secure && { handshake: () => undefined as never, progressed: () => undefined, ...secure }));

  it('is a socket that is not connecting, and connects where it is told', () => {
    const { attempt } = create();
    const target = { host: GOOD, port: 1, family: 4 };
    expect(attempt).toBeInstanceOf(net.Socket);
    expect(attempt.connecting).toBe(false);
    expect(attempt.connect(target)).toBe(attempt);
    expect(attempt.begin.mock.calls).toEqual([[target]]);
  });

  it('is released once', () => {
    const { attempt, seen } = create();
    expect(attempt.destroy().destroy()).toBe(attempt);
    expect(attempt.release).toHaveBeenCalledTimes(1);
    expect(seen).toEqual([]);
  });

  it('fails once, and is released before that is heard', () => {
    const { attempt, seen } = create();
    attempt.once('error', () => seen.push(`released ${attempt.release.mock.calls.length}`));
    attempt.fail(new Error('first'));
    attempt.fail(new Error('second'));
    expect(seen).toEqual(['first', 'released 1']);
  });

  it('may fail after the present call, unless it has been destroyed', async () => {
    const [{ attempt, seen }, gone] = [create(), create()];
    for (const one of [attempt, gone.attempt]) one.failSoon(new Error('soon'));
    gone.attempt.destroy();
    expect(seen).toEqual([]);
    await nextTick();
    expect([seen, gone.seen]).toEqual([['soon'], []]);
  });

  it('wins by TCP where there is no handshake', () => {
    const { attempt, seen } = create();
    attempt.hasConnected();
    expect(seen).toEqual(['connect']);
    expect(attempt.isShakingHands).toBe(false);
    attempt.commit();
    expect(seen).toEqual(['connect']);
  });

  it('wins by its handshake, which begins in its context once TCP has been reported', () => {
    const { handshake, start, end } = handshakeOn();
    const order: string[] = [];
    const within = (work: () => void) => {
      expect(start).not.toHaveBeenCalled();
      order.push('within');
      work();
    };
    const { attempt, seen } = create({ progressed: () => order.push('progressed') }, within);
    expect(attempt.isShakingHands).toBe(false);
    attempt.hasConnected(handshake);
    expect(order).toEqual(['progressed', 'within']);
    expect(start).toHaveBeenCalledTimes(1);
    expect(attempt.isShakingHands).toBe(true);
    expect(attempt.takeHandshake()).toBe(handshake);
    expect(seen).toEqual([]);
    end();
    expect(seen).toEqual(['connect']);
    expect(attempt.isShakingHands).toBe(false);
  });

  it('fails by its handshake', () => {
    const { handshake, end } = handshakeOn();
    const { attempt, seen } = create({});
    attempt.hasConnected(handshake);
    const error = new Error('no TLS');
    end(error);
    expect(seen).toEqual(['no TLS']);
    expect(attempt.handshakeError).toBe(error);
    expect(attempt.release).toHaveBeenCalledTimes(1);
    expect(attempt.isShakingHands).toBe(false);
  });

  it('may win before its handshake is over, whose end is then of no interest', () => {
    const { handshake, end } = handshakeOn();
    const { attempt, seen } = create({});
    attempt.hasConnected(handshake);
    attempt.commit();
    attempt.commit();
    end(new Error('late'));
    expect(seen).toEqual(['connect']);
    expect(attempt.handshakeError).toBeUndefined();
  });

  it.each([[], [new Error('late')]])('is not interested in its handshake after it was destroyed', (...error) => {
    const { handshake, end } = handshakeOn();
    const { attempt, seen } = create({});
    attempt.hasConnected(handshake);
    attempt.destroy();
    end(...error);
    attempt.commit();
    expect([seen, attempt.handshakeError]).toEqual([[], undefined]);
  });

  it.each([
    ['destroyed', (attempt: Attempt) => attempt.destroy(), []],
    ['decided', (attempt: Attempt) => attempt.commit(), ['connect']],
  ] as const)('begins no handshake if it is %s when TCP is up', (_how, end, expected) => {
    const { handshake, start } = handshakeOn();
    const { attempt, seen } = create({ progressed: () => void end(attempt) });
    attempt.hasConnected(handshake);
    expect(start).not.toHaveBeenCalled();
    expect(seen).toEqual(expected);
  });
});

const succeeding = () => jest.fn<number, unknown[]>(() => 0);

/** A handle that connects nowhere. */
const fakeHandle = (changed: object = {}) => {
  const methods = {
    ...{ connect: succeeding(), connect6: succeeding(), bind: succeeding(), bind6: succeeding() },
    getsockname: jest.fn((end: object) => {
      Object.assign(end, { address: '192.0.2.9', port: 7 });
      return 0;
    }),
    ...{ close: jest.fn(), unref: jest.fn() },
    ...changed,
  };
  return methods as unknown as Handle & typeof methods;
};

/** A socket that waits for its look-up, which can be answered. */
function lookedUp(options: object = {}) {
  let answered!: Parameters<net.LookupFunction>[2];
  const lookup: net.LookupFunction = (_host, _options, callback) => (answered = callback);
  const socket = keep(new net.Socket(options as net.SocketConstructorOpts));
  socket.connect({ host: HOST, port: 1, lookup, autoSelectFamily: false, ...options } as net.TcpNetConnectOpts);
  const handle = (socket as unknown as { _handle: Handle })._handle;
  return { socket, answered, handle };
}

const blocking = () => {
  const blockList = new net.BlockList();
  blockList.addAddress(GOOD);
  blockList.addAddress('::1', 'ipv6');
  return blockList;
};

describe('an attempt with a handle of its own', () => {
  function create({
    handle = fakeHandle(),
    socket,
    secure,
  }: Partial<{ handle: Handle; socket: net.Socket; secure: Secure }> = {}) {
    const requests: Request[] = [];
    const types: unknown[] = [];
    const classes = {
      Handle: function (type: unknown) {
        types.push(type);
        return handle;
      },
      Request: function (this: Request) {
        requests.push(this);
      },
    } as unknown as HandleClasses;
    const within = jest.fn(atOnce);
    const { attempt, seen } = watched(new OtherAttempt(socket, classes, within, secure));
    const complete = (status: number) => {
      requests[0]!.oncomplete(status, handle, requests[0]!, true, true);
    };
    return { attempt, seen, handle: handle as ReturnType<typeof fakeHandle>, requests, types, within, complete };
  }

  it.each([
    ['connect', 'connect6', GOOD, 4],
    ['connect6', 'connect', '::1', 6],
  ] as const)('connects by %s, not by %s, to %s, in its context', (method, other, host, family) => {
    const { attempt, seen, handle, requests, types, within, complete } = create();
    attempt.connect({ host, port: 80, family });
    expect(types).toEqual([0]);
    expect(handle[method].mock.calls).toEqual([[requests[0], host, 80]]);
    expect(handle[other]).not.toHaveBeenCalled();
    expect(requests).toMatchObject([{ address: host, port: 80, oncomplete: expect.any(Function) as Complete }]);
    expect(within).toHaveBeenCalledTimes(2);
    expect([handle.bind, handle.bind6, handle.unref].map(({ mock }) => mock.calls)).toEqual([[], [], []]);
    expect(seen).toEqual([]);
    complete(0);
    expect(seen).toEqual(['connect']);
  });

  it('fails as its request does, and closes its handle', () => {
    const { attempt, seen, handle, complete } = create();
    attempt.connect({ host: GOOD, port: 80, family: 4 });
    complete(errnoOf('ECONNREFUSED'));
    expect(seen).toEqual([`connect ECONNREFUSED ${GOOD}:80`]);
    expect(handle.close).toHaveBeenCalledTimes(1);
    expect(attempt._handle).toBeNull();
  });

  it.each([0, errnoOf('ECONNREFUSED')])('is not interested in its request (%i) after it was destroyed', (status) => {
    const { attempt, seen, handle, complete } = create();
    attempt.connect({ host: GOOD, port: 80, family: 4 });
    expect(attempt._handle).toBe(handle);
    attempt.destroy();
    complete(status);
    expect(seen).toEqual([]);
    expect(handle.close).toHaveBeenCalledTimes(1);
  });

  it('may be destroyed before it connects', () => {
    const { attempt, seen } = create();
    attempt.destroy();
    expect(seen).toEqual([]);
  });

  it.each([
    ['with its local end', {}, ' - Local (192.0.2.9:7)'],
    ['without one that is not known', { getsockname: () => errnoOf('EINVAL') }, ''],
    ['without one that is not bound', { getsockname: () => 0 }, ''],
  ])('fails soon where the call fails, %s', async (_what, changed, local) => {
    const handle = fakeHandle({ connect: () => errnoOf('ENETUNREACH'), ...changed });
    const { attempt, seen } = create({ handle });
    attempt.connect({ host: GOOD, port: 80, family: 4 });
    expect(seen).toEqual([]);
    await nextTick();
    expect(seen).toEqual([`connect ENETUNREACH ${GOOD}:80${local}`]);
  });

  it.each([false, true])('holds the process as its socket does: unreferenced %p', (isUnreferenced) => {
    const { socket } = lookedUp();
    if (isUnreferenced) socket.unref();
    for (const capable of [true, false]) {
      const { attempt, handle } = create({ socket, handle: fakeHandle(capable ? {} : { unref: undefined }) });
      attempt.connect({ host: GOOD, port: 80, family: 4 });
      if (capable) expect(handle.unref).toHaveBeenCalledTimes(isUnreferenced ? 1 : 0);
    }
  });

  it.each([
    [GOOD, 4],
    ['::1', 6],
  ])('is blocked by the block list of its socket: %s', async (host, family) => {
    const socket = Object.assign(lookedUp().socket, { blockList: blocking() });
    const { attempt, seen, handle } = create({ socket });
    attempt.connect({ host, port: 80, family });
    await nextTick();
    expect(seen).toEqual([`IP(${host}) is blocked by net.BlockList`]);
    expect([...handle.connect.mock.calls, ...handle.connect6.mock.calls]).toEqual([]);
  });

  it('is not blocked where the block list has other addresses', () => {
    const socket = Object.assign(lookedUp().socket, { blockList: blocking() });
    const { attempt, handle } = create({ socket });
    attempt.connect({ host: '192.0.2.1', port: 80, family: 4 });
    expect(handle.connect).toHaveBeenCalledTimes(1);
  });

  describe('binds', () => {
    const LOCAL = '192.0.2.9';

    it.each<[object, number, string, unknown[][]]>([
      [{}, 4, 'bind', []],
      [{ localPort: 0 }, 4, 'bind', []],
      [{ localAddress: LOCAL }, 4, 'bind', [[LOCAL, 0]]],
      [{ localAddress: '::2' }, 6, 'bind6', [['::2', 0, 0]]],
      [{ localPort: 7 }, 4, 'bind', [['0.0.0.0', 7]]],
      [{ localPort: 7 }, 6, 'bind6', [['::', 7, 0]]],
      [{ localAddress: LOCAL, localPort: 7 }, 4, 'bind', [[LOCAL, 7]]],
    ])('%j of family %i by %s(%j)', (local, family, method, expected) => {
      const { attempt, handle } = create();
      attempt.connect({ host: GOOD, port: 80, family, ...local });
      const calls = { bind: handle.bind.mock.calls, bind6: handle.bind6.mock.calls };
      expect(calls).toEqual({ bind: [], bind6: [], [method]: expected });
      expect(handle.connect.mock.calls.length + handle.connect6.mock.calls.length).toBe(1);
    });

    it.each<[string, object, object, string]>([
      ['the call fails', { bind: () => errnoOf('EINVAL') }, {}, `bind EINVAL ${LOCAL}:7`],
      ['the call fails for any port', { bind: () => errnoOf('EINVAL') }, { localPort: 0 }, `bind EINVAL ${LOCAL}`],
      ['another port was bound', {}, { localPort: 8 }, `bind EADDRINUSE ${LOCAL}:8`],
      ['the port is not known', { getsockname: () => errnoOf('EBADF') }, {}, `bind EBADF ${LOCAL}:7`],
    ])('or fails soon where %s', async (_what, changed, local, expected) => {
      const { attempt, seen, handle } = create({ handle: fakeHandle(changed) });
      attempt.connect({ host: GOOD, port: 80, family: 4, localAddress: LOCAL, localPort: 7, ...local });
      await nextTick();
      expect(seen).toEqual([expected]);
      expect(handle.connect).not.toHaveBeenCalled();
    });
  });

  it('goes on by the handshake on its handle', () => {
    const handle = fakeHandle();
    const { handshake, start, end } = handshakeOn(handle);
    const secure = { handshake: jest.fn(() => handshake), progressed: jest.fn() };
    const { attempt, seen, types, complete } = create({ handle, secure });
    attempt.connect({ host: GOOD, port: 80, family: 4 });
    expect(secure.handshake.mock.calls).toEqual([[false]]);
    expect(types).toEqual([]);
    expect(attempt._handle).toBe(handle);
    complete(0);
    expect([secure.progressed, start].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(seen).toEqual([]);
    end();
    expect(seen).toEqual(['connect']);
    expect(attempt.takeHandshake()).toBe(handshake);
    attempt.destroy();
    expect(handle.close).not.toHaveBeenCalled();
  });
});

describe('an attempt with the handle of its socket', () => {
  function create(options: { secure?: Secure; within?: (work: () => void) => void; of?: ReturnType<typeof lookedUp> } = {}) {
    const { socket, answered, handle } = options.of ?? lookedUp();
    const own = watched(new OwnAttempt(socket, answered, options.within ?? atOnce, options.secure));
    const told: string[] = [];
    for (const name of ['lookup', 'connectionAttempt', 'connect', 'error', 'close']) socket.on(name, () => told.push(name));
    return { ...own, socket, handle, told };
  }
  /** Replaces how a handle connects. */
  function stubbed(handle: Handle, connect: (request: Request, ...to: unknown[]) => number, method = 'connect') {
    const stub = jest.fn(connect);
    Object.assign(handle, { [method]: stub });
    return stub;
  }

  it.each([
    ['connect', GOOD, 4],
    ['connect6', '::1', 6],
  ] as const)('connects by %s of the handle, which is Node’s own afterwards', (method, host, family) => {
    const within = jest.fn(atOnce);
    const { attempt, handle } = create({ within });
    const connect = stubbed(handle, () => 0, method);
    attempt.connect({ host, port: 80, family });
    const [[request, ...to]] = connect.mock.calls as [[Request, ...unknown[]]];
    expect(to).toEqual([host, 80]);
    expect(request.constructor.name).toBe('TCPConnectWrap');
    expect(handle[method]).toBe(connect);
    expect(within).toHaveBeenCalledTimes(1);
  });

  it('fails soon where the call fails, with its local end, and its socket stays', async () => {
    const { attempt, seen, socket, handle } = create();
    stubbed(handle, () => errnoOf('ENETUNREACH'));
    Object.assign(handle, { getsockname: fakeHandle().getsockname });
    attempt.connect({ host: GOOD, port: 80, family: 4 });
    expect(seen).toEqual([]);
    await nextTick();
    expect(seen).toEqual([`connect ENETUNREACH ${GOOD}:80 - Local (192.0.2.9:7)`]);
    expect(socket.destroyed).toBe(false);
  });

  it.each<[string, object, object, string]>([
    ['is blocked', { blockList: blocking() }, {}, `IP(${GOOD}) is blocked by net.BlockList`],
    ['cannot be bound', {}, { localAddress: '192.0.2.9' }, 'bind EADDRNOTAVAIL 192.0.2.9'],
  ])('fails soon where it %s', async (_what, options, local, expected) => {
    const of = lookedUp();
    Object.assign(of.socket, options);
    const { attempt, seen, handle, told } = create({ of });
    const connect = stubbed(handle, () => 0);
    attempt.connect({ host: GOOD, port: 80, family: 4, ...local });
    expect(seen).toEqual([]);
    await nextTick();
    expect([seen, told]).toEqual([[expected], []]);
    expect(connect).not.toHaveBeenCalled();
    expect(attempt.isAbandoned).toBe(false);
  });

  it('abandons its handle where it is destroyed while connecting, and hears no more of it', () => {
    for (const status of [0, errnoOf('ECONNREFUSED')]) {
      const { attempt, seen, socket, handle, told } = create();
      const connect = stubbed(handle, () => 0);
      attempt.connect({ host: GOOD, port: 80, family: 4 });
      attempt.destroy();
      expect(attempt.isAbandoned).toBe(true);
      const [[request]] = connect.mock.calls as [[Request]];
      request.oncomplete(status, handle, request, true, true);
      attempt.finish();
      expect([seen, told]).toEqual([[], []]);
      expect(socket.connecting).toBe(true);
      expect(handle.connect).toBe(connect);
    }
  });

  it('does not abandon a handle that is not connecting', () => {
    const [before, after] = [create(), create()];
    before.attempt.destroy();
    expect(before.attempt.isAbandoned).toBe(false);
    const connect = stubbed(after.handle, () => 0);
    after.attempt.connect({ host: GOOD, port: 80, family: 4 });
    expect(after.attempt.isAbandoned).toBe(false);
    const [[request]] = connect.mock.calls as [[Request]];
    request.oncomplete(0, after.handle, request, true, true);
    after.attempt.destroy();
    expect(after.attempt.isAbandoned).toBe(false);
  });

  it('goes on by the handshake on its handle, which it abandons, and may give back', () => {
    const of = lookedUp();
    const { handshake, start, giveBack, end } = handshakeOn(of.handle);
    const secure = { handshake: jest.fn(() => handshake), progressed: jest.fn() };
    const { attempt, seen, socket, handle } = create({ of, secure });
    attempt.giveBack();
    const connect = stubbed(handle, () => 0);
    attempt.connect({ host: GOOD, port: 80, family: 4 });
    expect(secure.handshake).not.toHaveBeenCalled();
    const [[request]] = connect.mock.calls as [[Request]];
    request.oncomplete(0, handle, request, true, true);
    expect(secure.handshake.mock.calls).toEqual([[true]]);
    expect(start).toHaveBeenCalledTimes(1);
    end();
    expect(seen).toEqual(['connect']);
    attempt.destroy();
    expect(attempt.isAbandoned).toBe(true);
    attempt.giveBack();
    expect(giveBack).toHaveBeenCalledTimes(1);
    Object.assign(socket, { _handle: fakeHandle({ close: (closed?: () => void) => closed?.() }) });
    attempt.giveBack();
    expect(giveBack).toHaveBeenCalledTimes(1);
    handle.close();
  });

  it('connects, and Node goes on when it is told to', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const { attempt, seen, socket, told } = create();
    attempt.finish();
    attempt.connect({ host: GOOD, port, family: 4 });
    await once(attempt, 'connect');
    expect(seen).toEqual(['connect']);
    expect(socket.connecting).toBe(true);
    expect(told).toEqual([]);
    attempt.finish();
    expect(told).toEqual(['connect']);
    expect(socket).toMatchObject({ connecting: false, remoteAddress: GOOD, remotePort: port });
  });

  it('fails without a word to its socket, which seems to be connecting', async () => {
    const { port, close } = await tcpServer(GOOD, 0);
    await close();
    const { attempt, seen, socket, handle, told } = create({ of: lookedUp({ port }) });
    attempt.connect({ host: GOOD, port, family: 4 });
    await once(attempt, 'error');
    expect(seen).toEqual([`connect ECONNREFUSED ${GOOD}:${port}`]);
    attempt.finish();
    expect(told).toEqual([]);
    expect(socket).toMatchObject({ connecting: true, destroyed: false });
    expect(handle.connect(undefined as never, GOOD, port)).toBe(errnoOf('EALREADY'));
    expect(attempt.isAbandoned).toBe(false);
  });
});

describe('a look-up that is answered quietly', () => {
  it('is heard by no listener, and all hear what comes later', () => {
    const { socket, answered, handle } = lookedUp();
    const told: string[] = [];
    for (const name of ['lookup', 'connectionAttempt']) socket.on(name, () => told.push(name));
    const connect = jest.fn(() => 0);
    Object.assign(handle, { connect });
    answerQuietly(socket, answered, GOOD, 4);
    expect(connect).toHaveBeenCalledTimes(1);
    expect(told).toEqual([]);
    socket.emit('lookup');
    expect(told).toEqual(['lookup']);
  });

  it('is told the address and its family', () => {
    const answered = jest.fn();
    answerQuietly(new net.Socket(), answered, '::1', 6);
    expect(answered.mock.calls).toEqual([[null, '::1', 6]]);
  });

  it('may throw', () => {
    const socket = new net.Socket();
    const listener = jest.fn();
    socket.on('lookup', listener);
    const answered = () => {
      throw new Error('thrown');
    };
    expect(() => {
      answerQuietly(socket, answered, GOOD, 4);
    }).toThrow('thrown');
    socket.emit('lookup');
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
