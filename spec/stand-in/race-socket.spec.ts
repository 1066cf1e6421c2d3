import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { blackhole, type Fixture } from '../../src/cli/lab.js';
import { ConnectionError, RaceSocket, staticResolver, type StandInOptions } from '../../src/index.js';
import { monotonicScheduler } from '../../src/rx/monotonic.js';
import { runNode } from '../support/dist.js';
import { activeResources, leftOver, listenerCounts, tcpServer } from '../support/fixtures.js';

const HOST = 'raced.example';
const SILENT = '::1';
const GOOD = '127.0.0.1';
const REFUSING = '127.0.0.2';

/** Options of a socket, also those that the types of Node 20 do not have. */
type SocketOptions = net.SocketConstructorOpts &
  net.ConnectOpts &
  Pick<net.TcpSocketConnectOpts, 'noDelay' | 'keepAlive' | 'keepAliveInitialDelay'> & { readonly highWaterMark?: number };

/** One of the two that have to be alike. */
interface Kind {
  readonly name: string;
  /** Not yet connected. */
  readonly create: (options?: SocketOptions) => net.Socket;
  /** Where it connects to by the only way that works; the raced one has tried another before. */
  readonly to: (port: number) => net.TcpSocketConnectOpts;
}

/** A look-up that gives these addresses after a moment, as it is asked for: all, or one. */
function giving(...addresses: readonly string[]): net.LookupFunction {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, { all }, callback) => {
    setTimeout(() => {
      if (all) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    }, 10);
  };
}

const race: StandInOptions = { resolver: staticResolver([SILENT, GOOD]), connectionAttemptDelay: 20, history: false };

/** `RaceSocket` on a Node whose inside is not what it is known to be. */
let Stranger: typeof RaceSocket;

const native: Kind = {
  name: 'a native socket',
  create: (options) => new net.Socket(options),
  to: (port) => ({ host: HOST, port, lookup: giving(GOOD) }),
};
const raced: Kind = {
  name: 'a raced socket',
  create: (options) => new RaceSocket({ ...options, race }),
  to: (port) => ({ host: HOST, port }),
};
const racedByLookup: Kind = {
  name: 'a raced socket with a look-up of its own',
  create: (options) => new RaceSocket({ ...options, race: { ...race, resolver: staticResolver([]) } }),
  to: (port) => ({ host: HOST, port, lookup: giving(SILENT, GOOD) }),
};
const stranger: Kind = {
  name: 'a raced socket on a Node of another inside',
  create: (options) => new Stranger({ ...options, race }),
  to: (port) => ({ host: HOST, port }),
};

const kinds = [native, raced, racedByLookup, stranger];
/** Those that are told the addresses by the same look-up. */
const toldKinds = [native, racedByLookup];

/** What a socket emits, in order, with what is worth telling; `over` when it has closed. */
function observed(socket: net.Socket, events: readonly string[] = ['connect', 'ready', 'timeout', 'end', 'finish']) {
  const diary: string[] = [];
  for (const event of events) {
    socket.on(event, (...details: unknown[]) => {
      const told = details.filter((detail) => typeof detail === 'string' || typeof detail === 'number' || detail === null);
      diary.push([event, ...told.map(String)].join(' '));
    });
  }
  socket.on('error', (error: NodeJS.ErrnoException) => diary.push(`error ${error.code ?? error.message}`));
  const over = new Promise<string[]>((resolve) =>
    socket.on('close', (hadError) => {
      diary.push(`close ${hadError}`);
      resolve(diary);
    }),
  );
  return { diary, over };
}

/** All that comes in until the end. */
async function everythingOf(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = await socket.toArray();
  return Buffer.concat(chunks).toString();
}

/** The lab of all these specs, which a spec may tell what to do with connections. */
let port: number;
let serve: (socket: net.Socket) => void;
const accepted: net.Socket[] = [];
const lab: Fixture[] = [];

beforeAll(async () => {
  await jest.isolateModulesAsync(async () => {
    const actual: object = jest.requireActual('../../src/stand-in/adoption.js');
    const unknown = { internals: undefined, canAdopt: () => false, handleClasses: () => undefined };
    jest.doMock('../../src/stand-in/adoption.js', () => ({ ...actual, ...unknown }));
    ({ RaceSocket: Stranger } = await import('../../src/stand-in/race-socket.js'));
  });
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  server.listen(0, GOOD);
  await once(server, 'listening');
  ({ port } = server.address() as net.AddressInfo);
  const close = async () => {
    await once(server.close(), 'close');
  };
  lab.push({ port, close }, await blackhole(SILENT, port));
});

beforeEach(() => {
  serve = () => undefined;
});

afterEach(async () => {
  await sleep(2);
  for (const socket of accepted.splice(0)) socket.destroy();
});

afterAll(() => Promise.all(lab.map((fixture) => fixture.close())));

const sayGoodbye = (socket: net.Socket) => socket.end('goodbye');
const echo = (socket: net.Socket) => socket.pipe(socket);

describe.each(kinds)('$name', ({ create, to }) => {
  const connect = (options?: SocketOptions) => create(options).connect(to(port));

  /** Until the server has it. */
  const reached = async () => {
    while (accepted.length === 0) await sleep(2);
    return accepted[0]!;
  };

  describe('writes', () => {
    it('what was written before `connect`, with its callback', async () => {
      serve = echo;
      const socket = connect();
      const written = new Promise((resolve) => socket.write('early', resolve));
      expect(socket).toMatchObject({ connecting: true, pending: true, bytesWritten: 5, writableLength: 5 });
      expect(await written).toBeFalsy();
      expect(socket).toMatchObject({ connecting: false, bytesWritten: 5, writableLength: 0 });
      socket.end();
      expect(await everythingOf(socket)).toBe('early');
    });

    it('what was ended with before `connect`, and the end', async () => {
      serve = echo;
      const socket = connect();
      const { over } = observed(socket);
      socket.end('all there is');
      expect(await everythingOf(socket)).toBe('all there is');
      expect(await over).toEqual(['connect', 'ready', 'finish', 'end', 'close false']);
    });

    it('an end alone before `connect`', async () => {
      const socket = connect().resume();
      const { over } = observed(socket);
      socket.end();
      serve = (other) => other.resume().on('end', () => other.end());
      expect(await over).toEqual(['connect', 'ready', 'finish', 'end', 'close false']);
    });

    it('nothing before `connect()` was called, and says so', async () => {
      const socket = create();
      const { over } = observed(socket);
      const written = new Promise((resolve) => socket.write('too early', resolve));
      expect(await written).toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
      expect(await over).toEqual(['error ERR_SOCKET_CLOSED', expect.stringMatching(/^close/)]);
    });

    it('several chunks in order, corked or not, in several encodings, and calls back in order', async () => {
      serve = echo;
      const socket = connect();
      const order: number[] = [];
      socket.write('a', () => order.push(1));
      socket.write('62', 'hex', () => order.push(2));
      socket.cork();
      socket.write(Buffer.from('c'), () => order.push(3));
      socket.write('ZA==', 'base64', () => order.push(4));
      socket.uncork();
      socket.on('connect', () => {
        socket.write('e', () => order.push(5));
        socket.end('f', () => order.push(6));
      });
      expect(await everythingOf(socket)).toBe('abcdef');
      expect(order).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('10 MB that had to wait, and tells when there is room again', async () => {
      let received = 0;
      serve = (other) => other.on('data', (chunk: Buffer) => (received += chunk.length)).on('end', () => other.end());
      const socket = connect().resume();
      const chunk = Buffer.alloc(100_000, 'x');
      let drained = 0;
      for (let i = 0; i < 100; i++) {
        if (socket.write(chunk)) continue;
        await once(socket, 'drain');
        drained++;
      }
      socket.end();
      await once(socket, 'close');
      expect(received).toBe(10_000_000);
      expect(socket.bytesWritten).toBe(10_000_000);
      expect(drained).toBeGreaterThan(0);
    });

    it('64 MB there and back, and not a byte is changed', async () => {
      serve = echo;
      const size = 64 * 1024 * 1024;
      const chunk = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 7919) % 251));
      const socket = connect();
      const [sent, received] = [createHash('sha1'), createHash('sha1')];
      socket.on('data', (data: Buffer) => received.update(data));
      const ended = once(socket, 'end');
      for (let left = size; left > 0; left -= chunk.length) {
        const next = chunk.subarray(0, Math.min(left, chunk.length));
        sent.update(next);
        if (!socket.write(next)) await once(socket, 'drain');
      }
      socket.end();
      await ended;
      expect(received.digest('hex')).toBe(sent.digest('hex'));
      expect(socket).toMatchObject({ bytesRead: size, bytesWritten: size });
    });

    it('nothing more once it is destroyed while connecting, and says so to who has written', async () => {
      const socket = connect();
      const { over } = observed(socket);
      const written = new Promise((resolve) => socket.write('never', resolve));
      socket.destroy();
      expect(await written).toMatchObject({ code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION' });
      expect(await over).toEqual(['close false']);
    });
  });

  describe('reads', () => {
    it('what the server says first', async () => {
      serve = sayGoodbye;
      const socket = connect();
      expect(await everythingOf(socket)).toBe('goodbye');
      expect(socket.bytesRead).toBe(7);
    });

    it('nothing while it is paused since before `connect`, and all of it when resumed', async () => {
      serve = sayGoodbye;
      const socket = connect().pause();
      let data = '';
      socket.on('data', (chunk: Buffer) => (data += chunk.toString()));
      await once(socket, 'ready');
      await sleep(30);
      expect({ data, paused: socket.isPaused(), bytesRead: socket.bytesRead }).toEqual({ data: '', paused: true, bytesRead: 0 });
      socket.resume();
      await once(socket, 'end');
      expect(data).toBe('goodbye');
    });

    it('at once when it is paused and resumed before `connect`', async () => {
      serve = sayGoodbye;
      const socket = connect().pause().resume();
      const [data] = (await once(socket, 'data')) as [Buffer];
      expect(data.toString()).toBe('goodbye');
    });

    it('nothing that is not read: it waits in the socket', async () => {
      serve = sayGoodbye;
      const socket = connect();
      const { diary } = observed(socket);
      await once(socket, 'ready');
      await sleep(30);
      expect(diary).toEqual(['connect', 'ready']);
      expect(socket.readableLength).toBe(7);
      socket.resume();
      await once(socket, 'close');
    });

    it('text when told so before `connect`, though characters come in pieces', async () => {
      serve = (other) => {
        const bytes = Buffer.from('größer €');
        other.setNoDelay().write(bytes.subarray(0, 3));
        setTimeout(() => other.end(bytes.subarray(3)), 20);
      };
      const chunks: string[] = await connect().setEncoding('utf8').toArray();
      expect(chunks.every((chunk) => typeof chunk === 'string')).toBe(true);
      expect(chunks.join('')).toBe('größer €');
    });

    it('into the buffer of `onread`', async () => {
      serve = (other) => other.end('into a buffer');
      const buffer = Buffer.alloc(4);
      const pieces: string[] = [];
      const onread = {
        buffer,
        callback: (length: number, into: Uint8Array) => {
          pieces.push(Buffer.from(into.subarray(0, length)).toString());
          expect(into).toBe(buffer);
          return true;
        },
      };
      const socket = connect({ onread });
      await once(socket, 'end');
      expect(pieces.join('')).toBe('into a buffer');
      expect(Math.max(...pieces.map(({ length }) => length))).toBe(4);
      expect(socket.bytesRead).toBe(13);
      socket.destroy();
    });

    it('into buffers that `onread` is asked for, as often as natively', async () => {
      serve = (other) => other.end('into a buffer');
      const buffer = jest.fn(() => Buffer.alloc(4));
      const pieces: string[] = [];
      const callback = (length: number, into: Uint8Array) => {
        pieces.push(Buffer.from(into.subarray(0, length)).toString());
        return true;
      };
      const socket = connect({ onread: { buffer, callback } });
      await once(socket, 'end');
      expect(pieces.join('')).toBe('into a buffer');
      expect(buffer).toHaveBeenCalledTimes(pieces.length + 1);
      socket.destroy();
    });

    it('until `onread` says that it is enough, and on when it is resumed', async () => {
      serve = (other) => other.end('12345678');
      let text = '';
      const callback = (length: number, into: Uint8Array) => {
        text += Buffer.from(into.subarray(0, length)).toString();
        return text.length > 4;
      };
      const socket = connect({ onread: { buffer: Buffer.alloc(4), callback } });
      await once(socket, 'ready');
      await sleep(20);
      expect(text).toBe('1234');
      socket.resume();
      await once(socket, 'end');
      expect(text).toBe('12345678');
      socket.destroy();
    });

    it('no more than `highWaterMark` ahead', async () => {
      serve = (other) => other.write(Buffer.alloc(1_000_000));
      const socket = connect({ highWaterMark: 100 });
      await once(socket, 'ready');
      await sleep(30);
      expect(socket.readableHighWaterMark).toBe(100);
      expect(socket.readableLength).toBeGreaterThanOrEqual(100);
      expect(socket.readableLength).toBeLessThanOrEqual(65_536);
      socket.destroy();
    });

    it('in a loop of its own', async () => {
      serve = echo;
      const socket = connect();
      socket.end('iterated');
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toBe('iterated');
    });
  });

  describe('with `allowHalfOpen`', () => {
    it.each([false, true])('%s ends its side by itself or leaves it open', async (allowHalfOpen) => {
      let received = '';
      serve = (other) => other.end().on('data', (chunk: Buffer) => (received += chunk.toString()));
      const socket = connect({ allowHalfOpen }).resume();
      const { diary, over } = observed(socket);
      await once(socket, 'end');
      await sleep(20);
      expect(diary.includes('finish')).toBe(!allowHalfOpen);
      if (allowHalfOpen) socket.end('still here');
      await over;
      await sleep(10);
      expect(received).toBe(allowHalfOpen ? 'still here' : '');
    });
  });

  describe('ends', () => {
    it('when it is destroyed before anything, and reaches no server', async () => {
      const before = activeResources();
      const socket = connect();
      const { over } = observed(socket);
      socket.destroy();
      expect(socket).toMatchObject({ destroyed: true, connecting: false });
      expect(await over).toEqual(['close false']);
      await sleep(40);
      expect(accepted.length).toBe(0);
      expect(await leftOver(before)).toEqual({});
    });

    it('when it is destroyed with an error', async () => {
      const socket = connect();
      const { over } = observed(socket);
      await sleep(0);
      socket.destroy(new Error('enough'));
      expect((await over).filter((entry) => /error|close/.test(entry))).toEqual(['error enough', 'close true']);
      expect(socket.errored).toMatchObject({ message: 'enough' });
    });

    it('when it is destroyed in `lookup`, which is not emitted again, and reaches no server', async () => {
      const socket = connect();
      const { over } = observed(socket, ['connect', 'ready']);
      let emitted = 0;
      socket.on('lookup', () => {
        emitted++;
        socket.destroy();
      });
      expect(await over).toEqual(['close false']);
      await sleep(40);
      expect(accepted.length).toBe(0);
      expect(emitted).toBe(1);
    });

    it('when it is destroyed in `connect`', async () => {
      const socket = connect();
      const { over } = observed(socket);
      socket.on('connect', () => socket.destroy());
      expect(await over).toEqual(['connect', 'ready', 'close false']);
      expect(socket).toMatchObject({ destroyed: true, connecting: false });
    });

    it('when it is destroyed in `connect` with an error', async () => {
      const socket = connect();
      const { over } = observed(socket);
      socket.on('connect', () => socket.destroy(new Error('enough')));
      expect(await over).toEqual(['connect', 'ready', 'error enough', 'close true']);
    });

    it('by a reset that was asked for while connecting: when it is connected', async () => {
      const socket = connect();
      const { over } = observed(socket);
      const reset = new Promise((resolve) => (serve = (other) => other.on('error', resolve)));
      expect(socket.resetAndDestroy()).toBe(socket);
      expect(socket.destroyed).toBe(false);
      expect(await over).toEqual(['connect', 'ready', 'close false']);
      expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    });

    it('by a reset afterwards', async () => {
      const reset = new Promise((resolve) => (serve = (other) => other.on('error', resolve)));
      const socket = connect();
      const { over } = observed(socket);
      await once(socket, 'ready');
      await reached();
      socket.resetAndDestroy();
      expect(await over).toEqual(['connect', 'ready', 'close false']);
      expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    });

    it('by a reset of the other side', async () => {
      serve = (other) => other.once('data', () => other.resetAndDestroy());
      const socket = connect();
      const { over } = observed(socket);
      socket.write('x');
      expect(await over).toEqual(['connect', 'ready', 'error ECONNRESET', 'close true']);
    });

    it('by `destroySoon` before `connect`, after what was written', async () => {
      let received = '';
      serve = (other) => other.on('data', (chunk: Buffer) => (received += chunk.toString()));
      const socket = connect();
      const { over } = observed(socket);
      socket.write('soon');
      socket.destroySoon();
      expect(await over).toEqual(['connect', 'ready', 'finish', 'close false']);
      await sleep(10);
      expect(received).toBe('soon');
    });

    it('by a signal that was aborted before it was made', async () => {
      const socket = create({ signal: AbortSignal.abort() });
      const { over } = observed(socket);
      expect(await over).toEqual(['error ABORT_ERR', expect.stringMatching(/^close/)]);
    });

    it('by a signal while it is connecting, and later', async () => {
      for (const later of [false, true]) {
        const controller = new AbortController();
        const socket = connect({ signal: controller.signal });
        const { over } = observed(socket);
        if (later) await once(socket, 'ready');
        controller.abort(new Error('why not'));
        expect(await over).toEqual([...(later ? ['connect', 'ready'] : []), 'error ABORT_ERR', 'close true']);
        expect(socket.errored).toMatchObject({ name: 'AbortError', cause: { message: 'why not' } });
      }
    });
  });

  describe('has a timeout', () => {
    it('that is over while it is connecting, and does no more than say so', async () => {
      const socket = connect().setTimeout(5);
      await once(socket, 'timeout');
      expect(socket).toMatchObject({ timeout: 5, destroyed: false });
      await once(socket, 'ready');
      socket.destroy();
    });

    it('that begins again with `connect`', async () => {
      const socket = connect().setTimeout(150);
      const { diary } = observed(socket);
      let since = 0;
      socket.once('connect', () => (since = performance.now()));
      await once(socket, 'timeout');
      expect(performance.now() - since).toBeGreaterThan(140);
      expect(diary).toEqual(['connect', 'ready', 'timeout']);
      socket.destroy();
    });

    it('that its traffic puts off', async () => {
      serve = (other) => {
        const speaking = setInterval(() => other.write('.'), 20);
        other.on('close', () => clearInterval(speaking));
      };
      const socket = connect().setTimeout(1500).resume();
      const { diary } = observed(socket);
      await sleep(2000);
      expect(diary).toEqual(['connect', 'ready']);
      socket.destroy();
    });

    it('that can be taken back while it is connecting', async () => {
      const called = jest.fn();
      const socket = connect().setTimeout(5, called).setTimeout(0, called);
      await once(socket, 'ready');
      await sleep(20);
      expect(called).not.toHaveBeenCalled();
      socket.destroy();
    });
  });

  describe('hands on to its handle', () => {
    type Setting = 'setNoDelay' | 'setKeepAlive';
    let told: (setting: Setting, socket: net.Socket) => unknown[][];

    beforeEach(async () => {
      const sample = net.connect(port, GOOD);
      await once(sample, 'connect');
      const prototype = Object.getPrototypeOf((sample as unknown as { _handle: object })._handle) as Record<
        Setting,
        () => number
      >;
      sample.destroy();
      const spies = {
        setNoDelay: jest.spyOn(prototype, 'setNoDelay'),
        setKeepAlive: jest.spyOn(prototype, 'setKeepAlive'),
      };
      told = (setting, socket) => {
        const { _handle } = socket as unknown as { _handle: object };
        return spies[setting].mock.calls.filter((_, i) => spies[setting].mock.contexts[i] === _handle);
      };
    });

    afterEach(() => jest.restoreAllMocks());

    const moments: readonly (readonly [when: string, make: (use: (socket: net.Socket) => void) => net.Socket])[] = [
      [
        'before it connects',
        (use) => {
          const socket = create();
          use(socket);
          return socket.connect(to(port));
        },
      ],
      [
        'while it connects',
        (use) => {
          const socket = connect();
          setTimeout(() => use(socket), 1);
          return socket;
        },
      ],
      [
        'in `connect`',
        (use) => {
          const socket = connect();
          return socket.on('connect', () => use(socket));
        },
      ],
    ];

    it.each(moments)('that there is no delay, and that it is to be kept alive: said %s', async (_when, make) => {
      const socket = make((one) => one.setNoDelay(true).setKeepAlive(true, 7000));
      await once(socket, 'ready');
      await sleep(5);
      expect(told('setNoDelay', socket).at(-1)).toEqual([true]);
      expect(told('setKeepAlive', socket).at(-1)).toEqual([true, 7]);
      socket.destroy();
    });

    it('the same, said in the options', async () => {
      const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 9000 };
      const socket = connect(options);
      await once(socket, 'ready');
      expect(told('setNoDelay', socket).at(-1)).toEqual([true]);
      expect(told('setKeepAlive', socket).at(-1)).toEqual([true, 9]);
      socket.destroy();
    });

    it('what was said last', async () => {
      const socket = connect().setNoDelay(true).setKeepAlive(true, 1000);
      setTimeout(() => socket.setNoDelay(false).setKeepAlive(false), 1);
      await once(socket, 'ready');
      await sleep(5);
      expect(told('setNoDelay', socket).at(-1)).not.toEqual([true]);
      expect(told('setKeepAlive', socket).at(-1)?.[0]).not.toBe(true);
      socket.destroy();
    });
  });

  describe('tells', () => {
    const state = (socket: net.Socket) => {
      const { connecting, pending, readyState, bytesRead, bytesWritten, destroyed, writable, readable } = socket;
      const { remoteAddress, remoteFamily, remotePort, localAddress, localFamily } = socket;
      return {
        ...{ connecting, pending, readyState, bytesRead, bytesWritten, destroyed, writable, readable },
        ...{ remoteAddress, remoteFamily, remotePort, localAddress, localFamily },
        address: socket.address(),
        localPort: typeof socket.localPort,
      };
    };
    const nowhere = {
      remoteAddress: undefined,
      remoteFamily: undefined,
      remotePort: undefined,
      localAddress: undefined,
      localFamily: undefined,
      address: {},
      localPort: 'undefined',
    };
    const there = () => ({
      remoteAddress: GOOD,
      remoteFamily: 'IPv4',
      remotePort: port,
      localAddress: GOOD,
      localFamily: 'IPv4',
      address: { address: GOOD, family: 'IPv4', port: expect.any(Number) },
      localPort: 'number',
    });
    const open = { destroyed: false, writable: true, readable: true };

    it('where it is in its life', async () => {
      serve = (other) => other.on('data', () => other.end('12345'));
      const socket = create();
      const fresh = { connecting: false, pending: true, bytesRead: 0, bytesWritten: 0, readyState: 'open' };
      expect(state(socket)).toEqual({ ...open, ...fresh, ...nowhere });
      socket.connect(to(port));
      const connecting = { ...fresh, connecting: true, readyState: 'opening' };
      expect(state(socket)).toEqual({ ...open, ...connecting, ...nowhere });
      let atConnect: object = {};
      socket.on('connect', () => (atConnect = state(socket)));
      await once(socket, 'ready');
      const connected = { ...fresh, pending: false };
      expect(atConnect).toEqual({ ...open, ...connected, ...there() });
      expect(state(socket)).toEqual({ ...open, ...connected, ...there() });
      expect((socket.address() as net.AddressInfo).port).toBe(socket.localPort);
      await reached();
      expect(accepted.at(-1)!.remotePort).toBe(socket.localPort);
      socket.write('123');
      socket.resume();
      await once(socket, 'close');
      expect(state(socket)).toMatchObject({
        ...{ connecting: false, pending: true, readyState: 'closed', bytesRead: 5, bytesWritten: 3 },
        ...{ destroyed: true, writable: false, readable: false },
        address: {},
      });
    });

    it('everybody within their own context', async () => {
      serve = sayGoodbye;
      const storage = new AsyncLocalStorage<string>();
      const seen: Record<string, string | undefined> = {};
      await storage.run('mine', async () => {
        const socket = connect();
        for (const event of ['lookup', 'connect', 'ready', 'data', 'end', 'finish', 'close'])
          socket.on(event, () => (seen[event] = storage.getStore()));
        socket.write('x', () => (seen.written = storage.getStore()));
        await once(socket, 'close');
      });
      const { lookup, ...others } = seen;
      expect(others).toEqual({
        ...{ connect: 'mine', ready: 'mine', data: 'mine', end: 'mine', finish: 'mine', close: 'mine', written: 'mine' },
      });
      expect(lookup).toBe('mine');
    });

    it('two that connect at once apart, each within its own context', async () => {
      serve = sayGoodbye;
      const storage = new AsyncLocalStorage<number>();
      const run = (id: number) =>
        storage.run(id, async () => {
          const socket = connect();
          const seen: unknown[] = [];
          socket.on('connect', () => seen.push(storage.getStore())).on('data', () => seen.push(storage.getStore()));
          await once(socket, 'close');
          return seen;
        });
      const ids = [1, 2, 3, 4, 5];
      expect(await Promise.all(ids.map(run))).toEqual(ids.map((id) => [id, id]));
    });

    it('each listener once, and the listener that `connect` was given', async () => {
      const given = jest.fn();
      const socket = create();
      const { diary } = observed(socket);
      expect(socket.connect(to(port), given)).toBe(socket);
      await once(socket, 'ready');
      await sleep(20);
      expect(given).toHaveBeenCalledTimes(1);
      expect(diary).toEqual(['connect', 'ready']);
      socket.destroy();
    });
  });

  describe('connects again', () => {
    it('while it is connected: to where it is, by the connection that it has', async () => {
      const socket = connect();
      await once(socket, 'ready');
      const { localPort } = socket;
      await once(socket.connect({ host: HOST, port, lookup: giving(GOOD) }), 'ready');
      expect(socket.localPort).toBe(localPort);
      socket.destroy();
    });

    it('after it was closed, with nothing of before', async () => {
      serve = sayGoodbye;
      const socket = create();
      for (let i = 0; i < 3; i++) {
        const { over } = observed(socket, ['connect', 'ready', 'end']);
        socket.connect(to(port));
        expect(await everythingOf(socket)).toBe('goodbye');
        expect(await over).toEqual(['connect', 'ready', 'end', 'close false']);
        expect(socket.bytesRead).toBe(7);
        socket.removeAllListeners();
      }
    });

    it('after it was destroyed while connecting', async () => {
      serve = sayGoodbye;
      const socket = connect();
      socket.destroy();
      await once(socket, 'close');
      await sleep(20); // an answer that comes later disturbs Node's own
      socket.connect(to(port));
      expect(await everythingOf(socket)).toBe('goodbye');
    });
  });

  it('leaves nothing on a connected socket: no listener, no property, no timer', async () => {
    serve = (other) => other.resume().on('end', () => other.end());
    const model = net.connect(port, GOOD);
    await once(model, 'ready');
    const before = activeResources();
    const socket = connect();
    await once(socket, 'ready');
    expect(listenerCounts(socket)).toEqual(listenerCounts(model));
    expect(socket.remoteAddress).toBe(model.remoteAddress);
    const added = Reflect.ownKeys(socket).filter((key) => !Reflect.ownKeys(model).includes(key));
    expect(added.filter((key) => key !== '_host' && key !== 'autoSelectFamilyAttemptedAddresses')).toEqual([]);
    const more = { ...before, TCPSocketWrap: (before.TCPSocketWrap ?? 0) + 2 };
    expect(await leftOver(more)).toEqual({});
    socket.destroy();
    model.destroy();
    await once(socket, 'close');
    expect(await leftOver(before)).toEqual({});
  });
});

describe.each(toldKinds)('$name that is told addresses', ({ name, create }) => {
  const isNative = name === native.name;
  const TOLD = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connect', 'ready', 'end', 'finish'];
  const told = (lookup: net.LookupFunction, free = port) => ({ host: HOST, port: free, lookup, autoSelectFamily: true });
  const connect = (lookup: net.LookupFunction, free?: number) => create().connect(told(lookup, free));

  /** A port on which nothing listens. */
  const freePort = async () => {
    const server = await tcpServer(GOOD, 0);
    await server.close();
    return server.port;
  };

  /** How it fails, and what it emits of that. */
  const failure = async (socket: net.Socket) => {
    const { over } = observed(socket, TOLD);
    const error = await new Promise<NodeJS.ErrnoException & Partial<AggregateError>>((resolve) => socket.on('error', resolve));
    return { error, diary: await over };
  };

  it('emits what Node emits of each, in order', async () => {
    serve = sayGoodbye;
    const socket = connect(giving(REFUSING, GOOD)).resume();
    const { over } = observed(socket, TOLD);
    expect(await over).toEqual([
      `lookup null ${REFUSING} 4 ${HOST}`,
      `lookup null ${GOOD} 4 ${HOST}`,
      `connectionAttempt ${REFUSING} ${port} 4`,
      `connectionAttemptFailed ${REFUSING} ${port} 4`,
      `connectionAttempt ${GOOD} ${port} 4`,
      'connect',
      'ready',
      'end',
      'finish',
      'close false',
    ]);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([`${REFUSING}:${port}`, `${GOOD}:${port}`]);
  });

  it('hands the error of an attempt to those who listen', async () => {
    const socket = connect(giving(REFUSING, GOOD));
    const [address, itsPort, family, error] = (await once(socket, 'connectionAttemptFailed')) as unknown[];
    expect([address, itsPort, family]).toEqual([REFUSING, port, 4]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: REFUSING, port });
    await once(socket, 'ready');
    socket.destroy();
  });

  it('asks for them once, and as Node does', async () => {
    const asked: unknown[] = [];
    const socket = connect((host, options, callback) => {
      asked.push([host, options]);
      giving(GOOD)(host, options, callback);
    });
    await once(socket, 'ready');
    expect(asked).toEqual([[HOST, { family: undefined, hints: expect.any(Number), all: true }]]);
    socket.destroy();
  });

  it('asks within the call', () => {
    const lookup = jest.fn();
    const socket = connect(lookup);
    expect(lookup).toHaveBeenCalledTimes(1);
    socket.destroy();
  });

  it('fails with the error of the only one', async () => {
    const free = await freePort();
    const { error, diary } = await failure(connect(giving(GOOD), free));
    expect({ ...error, message: error.message, name: error.name }).toEqual({
      ...{ code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address: GOOD, port: free, name: 'Error' },
      message: `connect ECONNREFUSED ${GOOD}:${free}`,
    });
    expect(diary.slice(-2)).toEqual(['error ECONNREFUSED', 'close true']);
  });

  it('fails with the errors of all when all refuse', async () => {
    const free = await freePort();
    const { error, diary } = await failure(connect(giving(REFUSING, GOOD), free));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(Object.prototype.toString.call(error)).toBe('[object Error]');
    expect(error.errors!.map(({ code, address }: { code: string; address: string }) => [code, address])).toEqual([
      ['ECONNREFUSED', REFUSING],
      ['ECONNREFUSED', GOOD],
    ]);
    expect(error.message).toBe('');
    const { connectionError } = error as { readonly connectionError?: ConnectionError };
    if (!isNative) expect(connectionError!.message).toContain(`${REFUSING}:${free} ECONNREFUSED after`);
    expect(diary.slice(-2)).toEqual(['error ECONNREFUSED', 'close true']);
  });

  it('fails with the very error of the look-up, which `lookup` tells as well', async () => {
    const reason = Object.assign(new Error('there is no such name'), { code: 'ENOTFOUND', hostname: HOST });
    const socket = connect((_host, _options, callback) => setImmediate(() => callback(reason, [])));
    const lookups: unknown[][] = [];
    socket.on('lookup', (...details) => lookups.push(details));
    const { error, diary } = await failure(socket);
    expect(error).toBe(reason);
    expect(lookups).toEqual([[reason, undefined, undefined, HOST]]);
    expect(lookups[0]![0]).toBe(reason);
    expect(diary.slice(-2)).toEqual(['error ENOTFOUND', 'close true']);
  });

  it('has listeners by the time a look-up has failed within the call', async () => {
    const reason = new Error('at once');
    const socket = connect((_host, _options, callback) => callback(reason, []));
    const { error } = await failure(socket);
    expect(error).toBe(reason);
  });

  it('throws what the look-up throws', () => {
    const mistake = new TypeError('a mistake');
    const socket = create();
    expect(() =>
      socket.connect(
        told(() => {
          throw mistake;
        }),
      ),
    ).toThrow(mistake);
    socket.destroy();
  });

  it('fails where the look-up gives what is no address', async () => {
    const { error, diary } = await failure(
      connect((_host, _options, callback) => callback(null, [{ address: 'nonsense', family: 4 }])),
    );
    expect(error).toMatchObject({ code: 'ERR_INVALID_IP_ADDRESS', message: 'Invalid IP address: nonsense' });
    expect(diary.slice(-1)).toEqual(['close true']);
  });

  it('connects to an address beside what is no address', async () => {
    const found = [null, 'nonsense', '300.1.1.1', GOOD].map((address) => ({ address: address!, family: 4 }));
    const socket = connect((_host, _options, callback) => setTimeout(() => callback(null, found), 1));
    await once(socket, 'ready');
    expect(socket.remoteAddress).toBe(GOOD);
    socket.destroy();
  });

  it('takes no notice of answers after it was destroyed', async () => {
    let answer: () => void = () => undefined;
    const socket = connect((host, options, callback) => (answer = () => giving(GOOD)(host, options, callback)));
    const { diary, over } = observed(socket, TOLD);
    socket.destroy();
    await over;
    answer();
    await sleep(30);
    expect(diary).toEqual(['close false']);
    expect(accepted.length).toBe(0);
  });

  const nonsense: readonly object[] = [
    ...[-1, 65_536, 1.5, NaN, 'x', '', {}, null, true, [], 10n].map((wrong) => ({ port: wrong })),
    { host: 42 },
    { host: {} },
    { lookup: 'x' },
    { localAddress: 'x' },
    { localPort: 'x' },
    { family: 'x' },
    { family: 5 },
    { hints: 12_345 },
    { autoSelectFamily: 'x' },
    { autoSelectFamilyAttemptTimeout: 0 },
    { autoSelectFamilyAttemptTimeout: 'x' },
    { path: 42 },
  ];
  const described = nonsense.map((options) => {
    const [[option, value]] = Object.entries(options) as [[string, unknown]];
    return [
      `${option} ${typeof value === 'bigint' ? '10n' : Number.isNaN(value) ? 'NaN' : JSON.stringify(value)}`,
      options,
    ] as const;
  });
  it.each(described)('refuses %s at the call, with the same code', (_what, options) => {
    const codeOf = (socket: net.Socket) => {
      try {
        socket.on('error', () => undefined).connect({ host: 'localhost', port, ...options });
        return 'none';
      } catch (error) {
        return `${(error as Error).name} ${(error as NodeJS.ErrnoException).code}`;
      } finally {
        socket.destroy();
      }
    };
    const natively = codeOf(new net.Socket());
    expect(natively).toMatch(/^(?:Type|Range)Error ERR_/);
    expect(codeOf(isNative ? create() : new RaceSocket())).toBe(natively);
  });

  it('refuses a call without a port', () => {
    expect(() => create().connect({ host: HOST } as never)).toThrow(expect.objectContaining({ code: 'ERR_MISSING_ARGS' }));
  });
});

describe('a raced socket', () => {
  const connectTo = (addresses: readonly string[], own: StandInOptions = {}, where: object = {}) =>
    new RaceSocket({ race: { ...race, resolver: staticResolver(addresses), ...own } }).connect({ host: HOST, port, ...where });

  it('keeps an `end()` that Node forgets when its first address loses', async () => {
    serve = echo;
    const lookup = giving(SILENT, GOOD);
    const options = { host: HOST, port, lookup, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 20 };
    const forgetful = net.connect(options).resume();
    const forgetting = observed(forgetful);
    forgetful.end('there is nothing more');
    const socket = new RaceSocket({ race }).connect(options).resume();
    socket.end('there is nothing more');
    expect(await observed(socket).over).toEqual(['connect', 'ready', 'finish', 'end', 'close false']);
    await sleep(100);
    expect(forgetting.diary).toEqual(['connect', 'ready']);
    forgetful.destroy();
  });

  it('is as connected after an attempt that lost as at first', async () => {
    const socket = connectTo([SILENT, GOOD]);
    const { diary } = observed(socket, [
      'lookup',
      'connectionAttempt',
      'connectionAttemptFailed',
      'connectionAttemptTimeout',
      'connect',
    ]);
    await once(socket, 'ready');
    expect(diary).toEqual([
      `lookup null ${SILENT} 6 ${HOST}`,
      `lookup null ${GOOD} 4 ${HOST}`,
      `connectionAttempt ${SILENT} ${port} 6`,
      `connectionAttemptTimeout ${SILENT} ${port} 6`,
      `connectionAttempt ${GOOD} ${port} 4`,
      'connect',
    ]);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([`${SILENT}:${port}`, `${GOOD}:${port}`]);
    socket.destroy();
  });

  it('[A15] tells of an attempt that gave way as Node tells of one that it has aborted', async () => {
    const pace = { maxConcurrentAttempts: 1, connectionAttemptDelay: 10, minimumConnectionAttemptDelay: 10 };
    const socket = connectTo([SILENT, GOOD], { ...pace, maximumConnectionAttemptDelay: 20 });
    const { diary } = observed(socket, ['connectionAttempt', 'connectionAttemptTimeout', 'connect']);
    await once(socket, 'ready');
    expect(diary).toEqual([
      `connectionAttempt ${SILENT} ${port} 6`,
      `connectionAttemptTimeout ${SILENT} ${port} 6`,
      `connectionAttempt ${GOOD} ${port} 4`,
      'connect',
    ]);
    socket.destroy();
  });

  it('has closed what lost by the time of `connect`', async () => {
    const before = activeResources();
    const socket = connectTo([SILENT, GOOD]);
    await sleep(10);
    expect(activeResources()).toMatchObject({ TCPSocketWrap: expect.any(Number) });
    await once(socket, 'ready');
    socket.destroy();
    await once(socket, 'close');
    expect(await leftOver(before)).toEqual({});
  });

  it.each(['connectionAttempt', 'connectionAttemptFailed'])(
    'ends when it is destroyed in `%s`, and reaches no server',
    async (event) => {
      const before = activeResources();
      const socket = connectTo([REFUSING, GOOD], { sort: 'none' });
      const { over } = observed(socket);
      const emitted = jest.fn(() => void socket.destroy());
      socket.on(event, emitted);
      expect(await over).toEqual(['close false']);
      await sleep(40);
      expect(accepted.length).toBe(0);
      expect(emitted).toHaveBeenCalledTimes(1);
      expect(await leftOver(before)).toEqual({});
    },
  );

  it('is not disturbed by an answer that was for the connection before', async () => {
    serve = sayGoodbye;
    const lookup = giving(SILENT, GOOD);
    const socket = connectTo([], {}, { lookup });
    socket.destroy();
    await once(socket, 'close');
    const { over } = observed(socket, ['lookup', 'connect', 'ready']);
    socket.connect({ host: HOST, port, lookup }).resume();
    socket.setTimeout(500, () => socket.destroy());
    expect(await over).toEqual([
      `lookup null ${SILENT} 6 ${HOST}`,
      `lookup null ${GOOD} 4 ${HOST}`,
      ...['connect', 'ready', 'close false'],
    ]);
    expect(accepted.length).toBe(1);
  });

  it('ends its race in the middle, whatever destroys it', async () => {
    const before = activeResources();
    const socket = connectTo([SILENT], {});
    await once(socket, 'connectionAttempt');
    await sleep(5);
    socket.destroy();
    await once(socket, 'close');
    expect(await leftOver(before)).toEqual({});
  });

  it('is one of two hundred, of which each has its own connection, and half are destroyed at some moment', async () => {
    serve = echo;
    const before = activeResources();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const socket = connectTo([SILENT, GOOD]);
        const closed = once(socket, 'close');
        socket.end(`this is ${i}`);
        if (i % 2 === 1) setTimeout(() => socket.destroy(), (i * 7) % 45);
        const text = await everythingOf(socket).catch(() => 'destroyed');
        await closed;
        return i % 2 === 1 || text === `this is ${i}`;
      }),
    );
    expect(outcomes).not.toContain(false);
    for (const socket of accepted) socket.destroy();
    expect(await leftOver(before)).toEqual({});
  });

  it('fails with the error of a race that is lost', async () => {
    const socket = connectTo([SILENT], { connectTimeout: 30 });
    const [error] = (await once(socket, 'close').catch((thrown: unknown) => [thrown])) as [Error];
    const { connectionError } = error as Error & { readonly connectionError: ConnectionError };
    expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect', address: SILENT, port });
    expect(connectionError).toBeInstanceOf(ConnectionError);
    expect(connectionError).toMatchObject({ code: 'ETIMEDOUT', reason: 'timeout' });
    expect(connectionError.message).toMatch(new RegExp(`${HOST}:${port} within \\d+ ms`));
  });

  it('waits for ever, as its caller has limits of their own', async () => {
    const schedule = jest.spyOn(monotonicScheduler, 'schedule');
    const socket = connectTo([SILENT], { scheduler: monotonicScheduler });
    const [event] = (await once(socket, 'connectionAttempt')) as [string];
    await sleep(20);
    expect(event).toBe(SILENT);
    expect(socket).toMatchObject({ connecting: true, destroyed: false });
    // Nothing is due that could end it.
    expect(schedule.mock.calls.filter(([, delay = 0]) => delay > 250)).toEqual([]);
    schedule.mockRestore();
    socket.destroy();
  });

  it('fails with a message where nothing is found', async () => {
    const socket = connectTo([]);
    const lookup = once(socket, 'lookup');
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.on('error', resolve));
    expect(error.code).toBe('ENOTFOUND');
    expect(error.message).not.toBe('');
    expect((await lookup)[0]).toBe(error);
  });

  const addresses = (...list: readonly string[]) => list.map((address) => ({ address, family: net.isIP(address) }));
  type Answered = (error: null, found?: unknown, family?: unknown) => void;
  const careless: readonly (readonly [what: string, attempts: readonly string[], answer: (answered: Answered) => void])[] = [
    ['gives one address where all were asked for', [GOOD], (answered) => answered(null, GOOD, 4)],
    ['gives an address twice', [GOOD], (answered) => answered(null, addresses(GOOD, GOOD))],
    [
      'calls back twice',
      [SILENT, GOOD],
      (answered) => {
        answered(null, addresses(SILENT, GOOD));
        answered(null, addresses(SILENT, GOOD));
      },
    ],
  ];
  it.each(careless)('is not led astray by a look-up that %s', async (_what, attempts, answer) => {
    const lookup = (_host: string, _options: object, answered: Answered) => setTimeout(() => answer(answered), 1);
    const socket = connectTo([], {}, { lookup });
    const { diary } = observed(socket, ['connectionAttempt', 'connect']);
    await once(socket, 'ready');
    await sleep(50);
    expect(diary).toEqual([...attempts.map((address) => `connectionAttempt ${address} ${port} ${net.isIP(address)}`), 'connect']);
    expect(accepted.length).toBe(1);
    socket.destroy();
  });

  const nothings: readonly unknown[] = [[], undefined, null, 7, {}, [undefined], [{}], ['nonsense']];
  it.each(nothings.map((nothing) => [nothing]))('fails, and does not throw, where a look-up gives %j', async (nothing) => {
    const lookup = (_host: string, _options: object, callback: (error: null, found: unknown) => void) => callback(null, nothing);
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => connectTo([], {}, { lookup }).on('error', resolve));
    expect(error.code).toBe('ERR_INVALID_IP_ADDRESS');
    expect(error.message).toMatch(/^Invalid IP address: /);
  });

  const options: readonly (readonly [options: object, code: string, message: RegExp])[] = [
    [{ nonsense: 1 }, 'ERR_INVALID_ARG_VALUE', /nonsense/],
    [{ connectionAttemptDelay: 'x' }, 'ERR_INVALID_ARG_TYPE', /connectionAttemptDelay/],
    [{ connectionAttemptDelay: 1 }, 'ERR_OUT_OF_RANGE', /connectionAttemptDelay/],
    [{ resolver: 'x' }, 'ERR_INVALID_ARG_TYPE', /resolver/],
    [[], 'ERR_INVALID_ARG_TYPE', /object/],
  ];
  it.each(options)('refuses the options %j when it is made', (race, code, message) => {
    expect(() => new RaceSocket({ race })).toThrow(expect.objectContaining({ code }));
    expect(() => new RaceSocket({ race })).toThrow(message);
  });

  describe('takes all forms of a call', () => {
    const create = () => new RaceSocket({ race });
    const forms: readonly (readonly [form: string, call: (listener: () => void) => net.Socket])[] = [
      ['port, host and listener', (listener) => create().connect(port, HOST, listener)],
      ['a port as text', (listener) => create().connect(String(port), HOST, listener)],
      ['options and listener', (listener) => create().connect({ port, host: HOST }, listener)],
      ['a port alone: localhost', (listener) => create().connect(port, listener)],
      ['an address', (listener) => create().connect(port, GOOD, listener)],
      ['a host that is null', (listener) => create().connect({ port, host: null as never }, listener)],
    ];
    it.each(forms)('%s', async (_form, call) => {
      const listener = jest.fn();
      const socket = call(listener);
      await once(socket, 'ready');
      expect(listener).toHaveBeenCalledTimes(1);
      expect(socket.remoteAddress).toBe(GOOD);
      socket.destroy();
    });
  });

  describe('does not race', () => {
    /** What the sockets of a native connection, and only those, leave: no answer is asked for by a race. */
    const asked = jest.fn(() => staticResolver([SILENT, GOOD])(HOST));
    const create = () => new RaceSocket({ race: { ...race, resolver: asked } });
    beforeEach(() => asked.mockClear());

    const cases: readonly (readonly [what: string, where: () => net.TcpSocketConnectOpts])[] = [
      ['to an address', () => ({ host: GOOD, port })],
      ['to one family', () => ({ host: HOST, port, family: 4, lookup: giving(GOOD) })],
      ['where `autoSelectFamily` is off', () => ({ host: HOST, port, autoSelectFamily: false, lookup: giving(GOOD, SILENT) })],
      ['from a local address', () => ({ host: HOST, port, localAddress: GOOD, lookup: giving(GOOD) })],
    ];
    it.each(cases)('%s', async (_what, where) => {
      const socket = create().connect(where());
      await once(socket, 'ready');
      expect(asked).not.toHaveBeenCalled();
      expect(socket.remoteAddress).toBe(GOOD);
      socket.destroy();
    });

    it('to a path', async () => {
      const socket = create().connect('/nonexistent/socket');
      const error = await new Promise((resolve) => socket.on('error', resolve));
      expect(error).toMatchObject({ code: 'ENOENT', address: '/nonexistent/socket' });
    });

    it.each([undefined, null])(
      'where the program has turned that off, and `autoSelectFamily` is %s',
      async (autoSelectFamily) => {
        const byDefault = net.getDefaultAutoSelectFamily();
        net.setDefaultAutoSelectFamily(false);
        try {
          const socket = create().connect({
            host: HOST,
            port,
            lookup: giving(GOOD, SILENT),
            autoSelectFamily: autoSelectFamily!,
          });
          const attempts: unknown[] = [];
          socket.on('connectionAttempt', (address) => attempts.push(address));
          const lookups: unknown[] = [];
          socket.on('lookup', (_error, address) => lookups.push(address));
          await once(socket, 'ready');
          expect(lookups).toEqual([GOOD]);
          socket.destroy();
        } finally {
          net.setDefaultAutoSelectFamily(byDefault);
        }
      },
    );
  });
});

describe('a process', () => {
  /** A program whose socket connects, is told something, and tells what became of it. */
  const program = (create: string, destination: object, then: string) => `
    import net from 'node:net';
    import { RaceSocket, staticResolver } from './dist/index.mjs';
    const resolver = (...addresses) => ({ race: { resolver: staticResolver(addresses), connectionAttemptDelay: 20, history: false } });
    const socket = ${create};
    socket.on('connect', () => console.log('connect')).on('close', () => console.log('close'));
    socket.connect({ ...${JSON.stringify(destination)}, ...(socket instanceof RaceSocket ? {} : { lookup }) });
    function lookup(host, options, callback) {
      setTimeout(() => callback(null, [{ address: '${GOOD}', family: 4 }]), 20);
    }
    ${then}
  `;
  const both = [
    ['native', 'new net.Socket()'],
    ['raced', `new RaceSocket(resolver('${SILENT}', '${GOOD}'))`],
  ] as const;

  /** What both programs have to print. */
  const bothPrint = async (then: string, stdout: string) => {
    const run = ([, create]: readonly [string, string]) =>
      runNode('--input-type=module', '-e', program(create, { host: HOST, port }, then)).ended;
    const expected = { status: 0, stdout, stderr: '' };
    expect(await Promise.all(both.map(run))).toEqual([expected, expected]);
  };
  const untilTheEnd = `socket.on('end', () => socket.end()).resume();`;

  it('is held by a socket that connects and is connected', async () => {
    serve = (socket) => setTimeout(() => socket.end(), 100);
    await bothPrint(untilTheEnd, 'connect\nclose\n');
  }, 15_000);

  it('is not held by a socket that was let go of while it connected, once it is connected', async () => {
    await bothPrint(`socket.on('connectionAttempt', () => socket.unref());`, 'connect\n');
  }, 15_000);

  it('is not held by a socket that was let go of at once, once it is connected', async () => {
    await bothPrint(`socket.unref();`, 'connect\n');
  }, 15_000);

  it('is not held by a socket that is let go of in `connect`', async () => {
    await bothPrint(`socket.on('connect', () => socket.unref());`, 'connect\n');
  }, 15_000);

  it('is held again by a socket that is taken back', async () => {
    serve = (socket) => setTimeout(() => socket.end(), 100);
    await bothPrint(`socket.unref().ref(); ${untilTheEnd}`, 'connect\nclose\n');
  }, 15_000);

  it('hears of what a listener throws', async () => {
    const then = `
      process.on('uncaughtException', (error) => { console.log(error.message); socket.destroy(); });
      socket.prependListener('connect', () => { throw new Error('a mistake'); });
    `;
    await bothPrint(then, 'a mistake\nclose\n');
  }, 15_000);
});
