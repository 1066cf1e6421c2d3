import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { adopt, findInternals, handleClasses, internals } from '../../src/stand-in/adoption.js';
import { errnoOf, systemError } from '../../src/stand-in/system-error.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { destroyedAfterEach, tcpServer, tlsServer } from '../support/fixtures.js';

const HOST = 'adopted.example';
const GOOD = '127.0.0.1';

/** What is inside of a socket. */
type Inside = Record<string | symbol, unknown>;
const inside = (socket: object) => socket as Inside;

const symbolOf = (owner: object, name: string) =>
  Object.getOwnPropertySymbols(owner).find(({ description }) => description === name)!;

const keep = destroyedAfterEach();

/** A socket that is connected, and has read nothing. */
async function winner(port: number): Promise<net.Socket> {
  const socket = keep(new net.Socket().pause());
  await once(socket.connect(port, GOOD), 'connect');
  return socket;
}

/** A socket that waits for a look-up that is never answered. */
const waiting = (socket = new net.Socket()) => keep(socket.connect({ host: HOST, port: 1, lookup: () => undefined }));

let ca: string;
let credentials: Credentials;

beforeAll(async () => {
  const authority = await createAuthority();
  ({ ca } = authority);
  credentials = await authority.issue([HOST]);
});

const secureWaiting = (options: tls.ConnectionOptions = {}) =>
  keep(tls.connect({ host: HOST, port: 1, ca, lookup: () => undefined, ...options }));

describe('of what is inside of Node', () => {
  it('all is known that adoption needs', () => {
    const { reinitializeHandle, noDelay, keepAlive, keepAliveInitialDelay } = internals!;
    expect([reinitializeHandle, noDelay, keepAlive, keepAliveInitialDelay].map(({ description }) => description)).toEqual([
      'kReinitializeHandle',
      'kSetNoDelay',
      'kSetKeepAlive',
      'kSetKeepAliveInitialDelay',
    ]);
  });

  it('kReinitializeHandle of net.Socket gives a socket another handle, and closes the one before: the winner’s', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const [socket, other] = [inside(waiting()), inside(await winner(port))];
    const symbol = symbolOf(net.Socket.prototype, 'kReinitializeHandle');
    const close = jest.spyOn(socket._handle as { close: () => void }, 'close');
    const handle = other._handle;
    other._handle = null;
    (socket[symbol] as (handle: unknown) => void)(handle);
    expect(socket._handle).toBe(handle);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('kReinitializeHandle of tls.TLSSocket wraps that handle in TLS: what is sent must never be plain', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const symbol = symbolOf(tls.TLSSocket.prototype, 'kReinitializeHandle');
    expect(symbol).toBe(internals!.reinitializeHandle);
    const [socket, other] = [inside(secureWaiting()), inside(await winner(port))];
    const handle = other._handle;
    other._handle = null;
    (socket[symbol] as (handle: unknown) => void)(handle);
    expect(socket._handle).not.toBe(handle);
    expect((socket._handle as Inside)._parent).toBe(handle);
  });

  it('_handle is the connection: null before there is one, and what is taken from the winner', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const socket = await winner(port);
    expect(inside(new net.Socket())._handle).toBeNull();
    const handle = inside(socket)._handle as Record<string, unknown>;
    for (const method of ['ref', 'unref', 'hasRef', 'setNoDelay', 'setKeepAlive', 'close', 'readStart', 'getpeername'])
      expect([method, typeof handle[method]]).toEqual([method, 'function']);
    inside(socket)._handle = null;
    expect(() => socket.destroy()).not.toThrow();
    (handle.close as () => void)();
  });

  it('_undestroy forgets an end(), so that it has to be kept from being called when handles are changed', () => {
    const socket = keep(new net.Socket());
    socket.on('error', () => undefined).end();
    expect(socket.writableEnded).toBe(true);
    (inside(socket)._undestroy as () => void)();
    expect(socket.writableEnded).toBe(false);
  });

  it('_unrefTimer puts the timeout off, as connecting does', () => {
    const socket = keep(new net.Socket()).setTimeout(10_000);
    const timers = () => Object.getOwnPropertySymbols(socket).map((symbol) => inside(socket)[symbol]);
    const timer = timers().find((value) => typeof (value as { refresh?: unknown } | null)?.refresh === 'function');
    const refresh = jest.spyOn(timer as NodeJS.Timeout, 'refresh');
    (inside(socket)._unrefTimer as () => void)();
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it('kSetNoDelay remembers what was said before there was a connection', () => {
    const socket = keep(new net.Socket());
    const symbol = symbolOf(socket, 'kSetNoDelay');
    expect(inside(socket)[symbol]).toBe(false);
    socket.setNoDelay();
    expect(inside(socket)[symbol]).toBe(true);
  });

  it('kSetKeepAlive and kSetKeepAliveInitialDelay, in seconds, remember as well', () => {
    const socket = keep(new net.Socket()).setKeepAlive(true, 7000);
    expect(inside(socket)[symbolOf(socket, 'kSetKeepAlive')]).toBe(true);
    expect(inside(socket)[symbolOf(socket, 'kSetKeepAliveInitialDelay')]).toBe(7);
  });

  it('kBuffer and kBufferGen hold the buffer of `onread`, and what makes the next when a handle is given', () => {
    const callback = () => true;
    const buffer = jest.fn(() => Buffer.alloc(10));
    const options = { onread: { buffer, callback } };
    const socket = keep(new net.Socket(options as net.SocketConstructorOpts));
    expect(inside(socket)[symbolOf(socket, 'kBufferGen')]).toBe(buffer);
    expect(inside(socket)[symbolOf(socket, 'kBuffer')]).toBe(true);
    waiting(socket);
    expect(inside(socket)[symbolOf(socket, 'kBuffer')]).toBe(buffer.mock.results[0]!.value);
    expect(buffer).toHaveBeenCalledTimes(1);
  });

  it('reading of a handle is described by a getter once TLS was laid over it, which keeps that handle from being changed', () => {
    const socket = waiting();
    const described = () => Object.getOwnPropertyDescriptor(inside(socket)._handle, 'reading');
    expect(described()?.get).toBeUndefined();
    keep(tls.connect({ socket, servername: HOST }));
    expect(described()?.get).toEqual(expect.any(Function));
  });

  it('_parent of a handle of TLS is the handle beneath, which says whether it holds the process', () => {
    const socket = secureWaiting();
    const { _parent } = inside(socket)._handle as { _parent: { hasRef: () => boolean } };
    expect(_parent.hasRef()).toBe(true);
    socket.unref();
    expect(_parent.hasRef()).toBe(false);
  });

  it('ssl of a TLS socket is its handle, and has to be given again', () => {
    const socket = secureWaiting();
    expect(inside(socket).ssl).toBe(inside(socket)._handle);
    expect(inside(new net.Socket()).ssl).toBeUndefined();
  });

  it('setSession of a TLS socket takes a session to resume, and enableSessionCallbacks lets it hear of new ones', () => {
    const socket = inside(secureWaiting());
    expect(typeof socket.setSession).toBe('function');
    expect(typeof (socket._handle as Inside).enableSessionCallbacks).toBe('function');
  });

  it('_getSession of https.Agent finds the session that is resumed, by the _agentKey of a request', async () => {
    const { port } = await tlsServer(GOOD, 0, credentials, (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n'));
    const agent = new https.Agent({ ca });
    let key: string | undefined;
    const { createConnection } = agent as unknown as { createConnection: (options: { _agentKey?: string }) => unknown };
    Object.assign(agent, {
      createConnection(options: { _agentKey?: string }) {
        key = options._agentKey;
        return createConnection.call(agent, options);
      },
    });
    const request = https.get({ host: GOOD, port, servername: HOST, agent });
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
    await once(response.resume(), 'end');
    const { _getSession } = agent as unknown as { _getSession: (key: string) => Buffer | undefined };
    expect(Buffer.isBuffer(_getSession.call(agent, key!))).toBe(true);
    agent.destroy();
  });

  it.each(['_sockname', '_peername'])('%s keeps an address that was once asked for, and has to be forgotten', async (name) => {
    const { port } = await tcpServer(GOOD, 0);
    const socket = await winner(port);
    const asked = () => (name === '_sockname' ? socket.localAddress : socket.remoteAddress);
    expect(asked()).toBe(GOOD);
    expect(inside(socket)[name]).toMatchObject({ address: GOOD });
    inside(socket)[name] = { address: 'another' };
    expect(asked()).toBe('another');
    inside(socket)[name] = null;
    expect(asked()).toBe(GOOD);
  });

  it('_destroy of a socket is called, once, when it is destroyed: by it a race hears of that', async () => {
    const socket = keep(new net.Socket());
    const heard = jest.spyOn(socket, '_destroy');
    socket.destroy();
    socket.destroy();
    await once(socket, 'close');
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('close of the handle is called, once, when a socket is destroyed: by it a race hears of that', async () => {
    for (const socket of [waiting(), secureWaiting()]) {
      const close = jest.spyOn(inside(socket)._handle as { close: () => void }, 'close');
      socket.destroy();
      socket.destroy();
      expect(close).toHaveBeenCalledTimes(1);
      await once(socket, 'close');
    }
  });

  it.each([
    ['connect', GOOD],
    ['connect6', '::1'],
  ])('%s of the handle is what Node connects %s by: with a request whose oncomplete goes on', (method, address) => {
    for (const create of [waiting, secureWaiting]) {
      let answered!: (error: null, address: string, family: number) => void;
      const lookup: net.LookupFunction = (_host, _options, callback) => (answered = callback);
      const socket =
        create === waiting ? keep(new net.Socket()) : secureWaiting({ lookup, autoSelectFamily: false } as tls.ConnectionOptions);
      if (create === waiting) socket.connect({ host: HOST, port: 1, lookup, autoSelectFamily: false });
      const connect = jest.fn<number, [Inside, string, number]>(() => 0);
      inside(inside(socket)._handle as object)[method] = connect;
      answered(null, address, net.isIP(address));
      const [[request, ...to]] = connect.mock.calls as [[Inside, string, number]];
      expect(to).toEqual([address, 1]);
      expect(request.constructor.name).toBe('TCPConnectWrap');
      expect(request.oncomplete).toEqual(expect.any(Function));
    }
  });

  it('oncomplete of a request connects the socket of the handle', async () => {
    const { port } = await tcpServer(GOOD, 0);
    let answered!: (error: null, address: string, family: number) => void;
    const socket = keep(new net.Socket());
    const lookup: net.LookupFunction = (_host, _options, callback) => (answered = callback);
    socket.connect({ host: HOST, port, lookup, autoSelectFamily: false });
    const handle = inside(inside(socket)._handle as object);
    const connect = handle.connect as (...given: unknown[]) => number;
    const completed = new Promise<() => void>((resolve) => {
      handle.connect = (request: Inside, ...to: unknown[]) => {
        const { oncomplete } = request as { oncomplete: (...result: unknown[]) => void };
        request.oncomplete = (...result: unknown[]) => resolve(() => oncomplete.call(request, ...result));
        return connect.call(handle, request, ...to);
      };
    });
    answered(null, GOOD, 4);
    const goOn = await completed;
    expect(socket.connecting).toBe(true);
    goOn();
    expect(socket).toMatchObject({ connecting: false, remoteAddress: GOOD, remotePort: port });
  });

  it('_events holds the listeners of a socket, and without them nothing is heard', () => {
    const socket = keep(new net.Socket());
    const listener = jest.fn();
    socket.on('lookup', listener);
    const { _events } = inside(socket);
    inside(socket)._events = {};
    expect(socket.emit('lookup')).toBe(false);
    inside(socket)._events = _events;
    expect(socket.emit('lookup')).toBe(true);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('_host is the name that Node looks up for a socket, and of one that has looked nothing up there is none', () => {
    expect(inside(waiting())._host).toBe(HOST);
    expect(inside(keep(new net.Socket()))._host ?? undefined).toBeUndefined();
  });

  it('the classes of handles and of connections make one that connects', async () => {
    const { port, accepted } = await tcpServer(GOOD, 0);
    for (const socket of [waiting(), secureWaiting(), undefined]) {
      const { Handle, Request } = handleClasses(socket)!;
      const [handle, request] = [new Handle(0), new Request()];
      const status = new Promise((resolve) => (request.oncomplete = resolve));
      expect(handle.connect(request, GOOD, port)).toBe(0);
      expect(await status).toBe(0);
      handle.close();
    }
    while (accepted.length < 3) await sleep(2);
  });

  it('errors of system calls are made as Node makes them', async () => {
    const shown = (error: Error) => Object.assign({}, error, { message: error.message });
    const { port, close } = await tcpServer(GOOD, 0);
    await close();
    const [error] = (await once(net.connect(port, GOOD), 'error')) as [NodeJS.ErrnoException];
    const made = systemError(errnoOf('ECONNREFUSED'), 'connect', GOOD, port);
    expect(shown(made)).toEqual(shown(error));
    const bound = net.connect({ host: GOOD, port, localAddress: '192.0.2.1' });
    const [unbound] = (await once(bound, 'error')) as [NodeJS.ErrnoException];
    const other = systemError(errnoOf('EADDRNOTAVAIL'), 'bind', '192.0.2.1', 0);
    expect(shown(other)).toEqual(shown(unbound));
  });

  it('net.connect hands its arguments on as a list in a list', () => {
    const connect = jest.spyOn(net.Socket.prototype, 'connect').mockReturnThis();
    try {
      const listener = () => undefined;
      keep(net.connect(1, HOST, listener));
      const [[first, ...rest]] = connect.mock.calls as unknown as [[unknown[]]];
      expect([...first]).toEqual([{ port: 1, host: HOST }, listener]);
      expect(rest).toEqual([]);
    } finally {
      connect.mockRestore();
    }
  });

  it('the text of connect tells whether it is Node’s own', () => {
    expect(Function.prototype.toString.call(net.Socket.prototype.connect)).toContain('normalizedArgsSymbol');
  });
});

describe('findInternals', () => {
  it('finds them in any socket', () => {
    expect(findInternals(keep(new net.Socket()))).toEqual(internals);
  });

  it.each(['kSetNoDelay', 'kSetKeepAlive', 'kSetKeepAliveInitialDelay', 'kBuffer', 'kBufferGen'])(
    'finds nothing without %s',
    (name) => {
      const socket = keep(new net.Socket());
      Reflect.deleteProperty(socket, symbolOf(socket, name));
      expect(findInternals(socket)).toBeUndefined();
    },
  );

  it.each(['_undestroy', '_unrefTimer'])('finds nothing without %s', (name) => {
    expect(findInternals(Object.assign(keep(new net.Socket()), { [name]: undefined }))).toBeUndefined();
  });

  it('finds nothing where _handle is not what it was', () => {
    const socket = new net.Socket();
    inside(socket)._handle = undefined;
    expect(findInternals(socket)).toBeUndefined();
  });

  it.each([
    ['net.Socket', net.Socket.prototype],
    ['tls.TLSSocket', tls.TLSSocket.prototype],
  ] as const)('finds nothing where %s has no kReinitializeHandle of its own', (_name, prototype) => {
    const symbol = symbolOf(prototype, 'kReinitializeHandle');
    const descriptor = Object.getOwnPropertyDescriptor(prototype, symbol)!;
    Reflect.deleteProperty(prototype, symbol);
    try {
      expect(findInternals(keep(new net.Socket()))).toBeUndefined();
    } finally {
      Object.defineProperty(prototype, symbol, descriptor);
    }
  });
});

describe('adopt', () => {
  it('gives a socket the connection of another, of which nothing is left', async () => {
    const { port, accepted } = await tcpServer(GOOD, 0, (socket) => socket.pipe(socket));
    const [socket, other] = [waiting(), await winner(port)];
    const { localPort } = other;
    socket.end('adopted');
    adopt(socket, other);
    expect(other).toMatchObject({ destroyed: true });
    expect(socket).toMatchObject({ connecting: false, pending: false, localPort, remotePort: port });
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('adopted');
    expect(accepted).toHaveLength(1);
  });

  it('lets the handle that was replaced, which an interceptor has copied, read from the one in its place', async () => {
    const { port } = await tcpServer(GOOD, 0, (socket) => socket.end('adopted'));
    const socket = waiting();
    const copied = inside(socket)._handle as { readStart: () => number; close: (closed: () => void) => void };
    adopt(socket, await winner(port));
    expect(copied.readStart()).toBe(0);
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('adopted');
  });

  it('closes the handle in its place where the one that was replaced is closed', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const socket = waiting();
    const copied = inside(socket)._handle as { close: (closed: () => void) => void };
    adopt(socket, await winner(port));
    await new Promise<void>((resolve) => copied.close(resolve));
  });

  it('does not hold the process where the socket does not', async () => {
    const { port } = await tcpServer(GOOD, 0);
    for (const [socket, holds] of [
      [waiting(), true],
      [waiting().unref(), false],
      [waiting().unref().ref(), true],
    ] as const) {
      adopt(socket, await winner(port));
      expect((inside(socket)._handle as { hasRef: () => boolean }).hasRef()).toBe(holds);
    }
  });

  it('does not hold the process where a TLS socket does not', async () => {
    const { port } = await tlsServer(GOOD, 0, credentials);
    for (const [socket, holds] of [
      [secureWaiting(), true],
      [secureWaiting().unref(), false],
    ] as const) {
      adopt(socket, await winner(port));
      const { _parent } = inside(socket)._handle as { _parent: { hasRef: () => boolean } };
      expect(_parent.hasRef()).toBe(holds);
      await once(socket, 'secureConnect');
    }
  });

  it('lets the handshake of a TLS socket begin, with the session that it is given', async () => {
    const { port } = await tlsServer(GOOD, 0, credentials);
    const begin = async (session?: Buffer): Promise<TLSSocket> => {
      const socket = secureWaiting({ session });
      adopt(socket, await winner(port), { session });
      return socket;
    };
    const first = await begin();
    const [session] = (await once(first, 'session')) as [Buffer];
    expect(first.isSessionReused()).toBe(false);
    const second = await begin(session);
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(true);
  });
});
