import net from 'node:net';
import tls from 'node:tls';
import type { HandleCalls } from '../../src/stand-in/handle-calls.js';
import type { Handle, Request } from '../../src/stand-in/handle.js';
import type { Handshake } from '../../src/stand-in/handshake.js';
import { securable } from '../../src/stand-in/tls-internals.js';
import { inNewerNode } from '../support/other-nodes.js';
import { destroyedAfterEach } from '../support/fixtures.js';

/** What is inside of a socket. */
type Inside = Record<string | symbol, unknown>;
const inside = (socket: object) => socket as Inside;

type Adoption = typeof import('../../src/stand-in/adoption.js');
let adoption: Adoption;
beforeAll(async () => {
  adoption = await inNewerNode(() => import('../../src/stand-in/adoption.js'));
});

const keep = destroyedAfterEach();

const HOST = 'adopted.example';
const NOWHERE = { host: HOST, port: 1, lookup: () => undefined };
const waiting = (socket = new net.Socket()) => keep(socket.connect(NOWHERE));
const secureWaiting = (options: tls.ConnectionOptions = {}) => keep(tls.connect({ ...NOWHERE, ...options }));

/** A handle of TCP that connects nowhere. */
const bare = () => {
  const handle = { close: jest.fn((closed?: () => void) => closed?.()), readStart: jest.fn(() => 0), reading: false };
  return handle as unknown as Handle & typeof handle;
};
const capable = () => {
  const methods = { setNoDelay: jest.fn(), setKeepAlive: jest.fn(), setTypeOfService: jest.fn(), unref: jest.fn() };
  return Object.assign(bare(), methods);
};
/** A handle that TLS can be put on. */
const real = () => new (adoption.handleClasses(waiting())!.Handle)(0);

describe('the classes of handles and requests', () => {
  class Learnt {
    readonly isLearnt = true;
  }
  class Another extends Learnt {}
  const { binding } = process as unknown as { binding: () => object };
  /** As with `--permission`. */
  const forbidden = () => {
    Object.assign(process, {
      binding: () => {
        throw new Error('forbidden');
      },
    });
  };
  afterEach(() => {
    Object.assign(process, { binding });
  });

  const nameOf = (type: { readonly name: string } | undefined) => type?.name;

  // The first request is learnt once: these specs come first.
  it('are unknown where Node does not give them', () => {
    forbidden();
    expect(adoption.handleClasses(waiting())).toBeUndefined();
    expect(adoption.handleClasses(undefined)).toBeUndefined();
  });

  it('are learnt from the first request and the handle of a socket', () => {
    adoption.learnRequestClass(new Learnt() as unknown as Request);
    adoption.learnRequestClass(new Another() as unknown as Request);
    forbidden();
    for (const socket of [waiting(), secureWaiting()]) {
      const { Handle, Request } = adoption.handleClasses(socket)!;
      expect(nameOf(Handle)).toBe('TCP');
      expect(Request).toBe(Learnt);
    }
    expect(adoption.handleClasses(undefined)).toBeUndefined();
    expect(adoption.handleClasses(new net.Socket())).toBeUndefined();
  });

  it('are Node’s own where there is no socket, or no handle', () => {
    for (const socket of [undefined, new net.Socket()]) {
      const { Handle, Request } = adoption.handleClasses(socket)!;
      expect([nameOf(Handle), typeof Request]).toEqual(['TCP', 'function']);
    }
  });
});

const REQUIRED = {
  reinitializeHandle: 'kReinitializeHandle',
  noDelay: 'kSetNoDelay',
  keepAlive: 'kSetKeepAlive',
  keepAliveInitialDelay: 'kSetKeepAliveInitialDelay',
  buffer: 'kBuffer',
  nextBuffer: 'kBufferGen',
};
const NEWER = { typeOfService: 'kSetTOS', keepAliveInterval: 'kSetKeepAliveInterval', keepAliveCount: 'kSetKeepAliveCount' };

describe('what adoption needs of a socket', () => {
  const reinitializeHandle = Object.getOwnPropertySymbols(net.Socket.prototype).find(
    ({ description }) => description === REQUIRED.reinitializeHandle,
  )!;
  /** A socket with no more than what is looked for. */
  const fake = ({ without = [] as readonly string[], ...changed }: Inside & { without?: readonly string[] } = {}) => {
    const own = Object.values({ ...REQUIRED, ...NEWER })
      .filter((name) => name !== REQUIRED.reinitializeHandle && !without.includes(name))
      .map((name) => [Symbol(name), undefined] as const);
    const methods = { _handle: null, _undestroy: () => undefined, _unrefTimer: () => undefined };
    return { ...Object.fromEntries(own), ...methods, ...changed } as unknown as net.Socket;
  };
  const symbolOf = (socket: net.Socket, name: string) =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);

  it('is found by name', () => {
    const socket = fake();
    const others = Object.entries({ ...REQUIRED, ...NEWER }).map(([key, name]) => [key, symbolOf(socket, name)]);
    expect(adoption.findInternals(socket)).toEqual({ ...Object.fromEntries(others), reinitializeHandle });
    expect(adoption.internals).toMatchObject({ reinitializeHandle });
  });

  it.each(Object.values(REQUIRED).filter((name) => name !== REQUIRED.reinitializeHandle))('includes %s', (name) => {
    expect(adoption.findInternals(fake({ without: [name] }))).toBeUndefined();
  });

  it.each([net.Socket, tls.TLSSocket])('includes what gives a %p another handle', ({ prototype }: { prototype: object }) => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, reinitializeHandle)!;
    Reflect.deleteProperty(prototype, reinitializeHandle);
    try {
      expect(adoption.findInternals(fake())).toBeUndefined();
    } finally {
      Object.defineProperty(prototype, reinitializeHandle, descriptor);
    }
  });

  it.each([
    ['_handle', undefined],
    ['_undestroy', undefined],
    ['_undestroy', {}],
    ['_unrefTimer', undefined],
    ['_unrefTimer', {}],
  ])('is missing where %s is %p', (name, value) => {
    expect(adoption.findInternals(fake({ [name]: value }))).toBeUndefined();
  });

  it.each([
    [['kSetTOS'], ['keepAliveCount', 'keepAliveInterval']],
    [['kSetKeepAliveInterval'], ['typeOfService']],
    [['kSetKeepAliveCount'], ['typeOfService']],
    [['kSetTOS', 'kSetKeepAliveCount', 'kSetKeepAliveInterval'], []],
  ])('may be without %p', (without, optional) => {
    const found = Object.keys(adoption.findInternals(fake({ without }))!);
    expect(found.sort()).toEqual([...Object.keys(REQUIRED), ...optional].sort());
  });
});

describe('a connection can be adopted', () => {
  it.each<[boolean, string, () => object]>([
    [true, 'a socket that is connecting', waiting],
    [true, 'a TLS socket that is connecting', secureWaiting],
    [true, 'a socket without a handle', () => new net.Socket()],
    [false, 'a TLS socket with another handle', () => ({ ssl: {}, _handle: {} })],
    [false, 'a TLS socket without TLS', () => ({ ...{ ssl: bare }, _handle: bare, [Symbol('res')]: null })],
    [true, 'a TLS socket with TLS', () => ({ ssl: bare, _handle: bare, [Symbol('res')]: bare, [Symbol('other')]: null })],
    [true, 'a TLS socket that says nothing of TLS', () => ({ ssl: bare, _handle: bare })],
  ])('%p: by %s', (can, _what, create) => {
    expect(adoption.canAdopt(create() as net.Socket)).toBe(can);
  });

  it('but not by a socket that TLS was put on', () => {
    const socket = waiting();
    keep(tls.connect({ socket, servername: HOST }));
    expect(adoption.canAdopt(socket)).toBe(false);
  });

  it('but not by a TLS socket that was destroyed before it connected', () => {
    const socket = keep(new tls.TLSSocket(undefined as never, {})).on('error', () => undefined);
    socket.destroy();
    expect(adoption.canAdopt(socket.connect(NOWHERE))).toBe(false);
  });
});

describe('a socket that is given another handle', () => {
  it.each<[string, (socket: net.Socket) => void, Record<string, readonly unknown[][]>]>([
    ['nothing', () => undefined, {}],
    ['that it must not delay', (socket) => socket.setNoDelay(), { setNoDelay: [[true]] }],
    [
      'that it stays alive',
      (socket) => {
        const { keepAliveInterval, keepAliveCount } = adoption.internals!;
        socket.setKeepAlive(true, 7000);
        Object.assign(socket, { [keepAliveInterval!]: 3, [keepAliveCount!]: 4 });
      },
      { setKeepAlive: [[true, 7, 3, 4]] },
    ],
    [
      'its type of service',
      (socket) => Object.assign(socket, { [adoption.internals!.typeOfService!]: 0 }),
      { setTypeOfService: [[0]] },
    ],
    ['that it does not hold the process', (socket) => socket.unref(), { unref: [[]] }],
  ])('tells it %s', (_what, tell, expected) => {
    const socket = waiting();
    tell(socket);
    const handle = capable();
    adoption.replaceHandle(socket, handle);
    const { setNoDelay, setKeepAlive, setTypeOfService, unref } = handle;
    const calls = Object.entries({ setNoDelay, setKeepAlive, setTypeOfService, unref }).map(([name, { mock }]) => [
      name,
      mock.calls,
    ]);
    expect(calls.filter(([, told]) => told!.length > 0)).toEqual(Object.entries(expected));
  });

  it('tells nothing to a handle that does not want to know', () => {
    const socket = waiting().setNoDelay().setKeepAlive(true).unref();
    Object.assign(socket, { [adoption.internals!.typeOfService!]: 8 });
    const handle = bare();
    adoption.replaceHandle(socket, handle);
    expect(inside(socket)._handle).toBe(handle);
    expect(inside(socket).ssl).toBeUndefined();
  });

  it('may have had none', () => {
    const socket = keep(new net.Socket());
    const handle = bare();
    adoption.replaceHandle(socket, handle);
    expect(inside(socket)._handle).toBe(handle);
  });

  it('lets its handle before pass on to it what an interceptor calls', () => {
    const socket = waiting();
    const before = inside(socket)._handle as Handle & { readStart: () => number };
    const handle = bare();
    adoption.replaceHandle(socket, handle);
    before.readStart();
    expect(handle.readStart).toHaveBeenCalledTimes(1);
  });

  it('remembers that it was ended, and has Node’s own methods afterwards', () => {
    const socket = waiting().end();
    adoption.replaceHandle(socket, bare());
    expect(socket.writableEnded).toBe(true);
    expect(Object.hasOwn(socket, '_undestroy')).toBe(false);
  });

  it('asks for one buffer to read into, not for one per handle', () => {
    const buffer = jest.fn(() => Buffer.alloc(8));
    const create = () => keep(new net.Socket({ onread: { buffer, callback: () => true } } as net.SocketConstructorOpts));
    const { nextBuffer } = adoption.internals!;
    const handle = () => Object.assign(bare(), { useUserBuffer: jest.fn() });
    const socket = waiting(create());
    expect(buffer).toHaveBeenCalledTimes(1);
    const first = handle();
    adoption.replaceHandle(socket, first);
    expect(buffer).toHaveBeenCalledTimes(1);
    expect(first.useUserBuffer.mock.calls).toEqual([[buffer.mock.results[0]!.value]]);
    expect(inside(socket)[nextBuffer]).toBe(buffer);
    // Without a handle before, it has none.
    const second = handle();
    adoption.replaceHandle(create(), second);
    expect(buffer).toHaveBeenCalledTimes(2);
    expect(second.useUserBuffer.mock.calls).toEqual([[buffer.mock.results[1]!.value]]);
  });
});

describe('a TLS socket that is given another handle', () => {
  const spied = () => {
    const prototype = Object.getPrototypeOf(inside(secureWaiting())._handle) as { enableSessionCallbacks: () => void };
    return jest.spyOn(prototype, 'enableSessionCallbacks');
  };
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('has its TLS on it, by the context of the handle before, which survives that', () => {
    const socket = secureWaiting();
    const before = inside(socket)._handle as Handle;
    const { context } = before._secureContext!;
    const setSession = jest.spyOn(socket as unknown as { setSession: () => void }, 'setSession');
    const handle = real();
    adoption.replaceHandle(socket, handle);
    const { _handle, ssl } = inside(socket) as { _handle: Handle; ssl: Handle };
    expect(_handle).not.toBe(before);
    expect(_handle._parent).toBe(handle);
    expect(ssl).toBe(_handle);
    expect(before._secureContext).toEqual({ context });
    expect(setSession).not.toHaveBeenCalled();
  });

  it('does not resume the session of the handle before, whose certificate may have been refused', () => {
    const socket = secureWaiting();
    const before = inside(socket)._handle as Handle;
    const session = Buffer.from('session');
    before.getSession = () => session;
    adoption.replaceHandle(socket, real());
    expect(before.getSession()).toBeUndefined();
  });

  it('resumes the session that it is given, and repeats the calls on the handle before', () => {
    const socket = secureWaiting();
    const [setSession, repeat] = [jest.fn(), jest.fn()];
    Object.assign(socket, { setSession });
    const session = Buffer.from('session');
    adoption.replaceHandle(socket, real(), { session, calls: { repeat } as unknown as HandleCalls });
    expect(setSession.mock.calls).toEqual([[session]]);
    expect(repeat.mock.calls).toEqual([[inside(socket)._handle]]);
  });

  it.each([0, 1])('hears of new sessions with %i listeners as before', (count) => {
    const socket = secureWaiting();
    if (count > 0) socket.on('session', () => undefined);
    const handle = real();
    const enable = spied();
    adoption.replaceHandle(socket, handle);
    expect(enable).toHaveBeenCalledTimes(count);
  });
});

describe('a socket that adopts a connection', () => {
  const winnerWith = (handle: Handle) => ({ _handle: handle, destroy: jest.fn() }) as unknown as net.Socket;

  it.each([
    ['emits what Node emits, and reads', false],
    ['does not read while it is paused', true],
  ])('%s', (_what, isPaused) => {
    const socket = waiting();
    if (isPaused) socket.pause();
    Object.assign(socket, { _sockname: {}, _peername: {} });
    const unrefTimer = jest.spyOn(socket as unknown as { _unrefTimer: () => void }, '_unrefTimer');
    const seen: unknown[] = [];
    for (const name of ['connect', 'ready'] as const) {
      socket.on(name, () => {
        const { connecting, _sockname, _peername } = inside(socket);
        seen.push([name, connecting, _sockname, _peername, unrefTimer.mock.calls.length]);
      });
    }
    const handle = bare();
    const winner = winnerWith(handle);
    adoption.adopt(socket, winner);
    expect(seen).toEqual(['connect', 'ready'].map((name) => [name, false, null, null, 1]));
    expect(handle.readStart).toHaveBeenCalledTimes(isPaused ? 0 : 1);
    expect(inside(winner)._handle).toBeNull();
    expect(winner.destroy).toHaveBeenCalledTimes(1);
  });

  it('and whose handshake has begun has the handle of the handshake, with its own secure context', () => {
    const socket = secureWaiting();
    const secure = securable(socket)!;
    const { _secureContext } = inside(socket)._handle as Handle;
    const done: string[] = [];
    const handle = Object.assign(bare(), {
      _secureContext: { context: 'another' },
      destroySSL: () => undefined,
      start: () => undefined,
    });
    const handshake = {
      handle,
      giveBack: () => done.push('given back'),
      whileConnecting: (emit: () => void) => {
        done.push('connecting');
        emit();
      },
      conclude: () => done.push('concluded'),
    };
    socket.on('connect', () => done.push('connected'));
    adoption.adoptSecure(secure, handshake as unknown as Handshake);
    expect(done).toEqual(['given back', 'connecting', 'connected', 'concluded']);
    const { ssl, _handle } = inside(socket);
    expect([ssl, _handle, inside(socket)[secure.internals.handle]]).toEqual([handle, handle, handle]);
    expect(handle._secureContext).toBe(_secureContext);
  });
});
