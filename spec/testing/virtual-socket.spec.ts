import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { connect, connect$ } from '../../src/index.js';
import { connects, virtualNetwork, type ConnectingFate, type Server } from '../../src/testing/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4';

/** Runs a client against a server. */
const talk = async <T>(fate: ConnectingFate, client: (socket: Socket, now: () => number) => Promise<T>) => {
  const network = virtualNetwork({ dns: [six], endpoints: { [six]: fate } });
  const now = () => network.scheduler.now();
  const report = await network.settle(async () => client(await connect('example.com', 443, network), now));
  if (report.error) throw report.error as Error;
  expect(report.finish).toBeDefined();
  return report;
};

const echo: Server = (socket) => void socket.pipe(socket);

describe('a socket of a virtual network', () => {
  it('has all that a net.Socket has', async () => {
    // What is Node's own: handles, and what its own streams call.
    const internal = /^(?:_|constructor$)/;
    const names = Object.getOwnPropertyNames(net.Socket.prototype).filter((name) => !internal.test(name));
    await talk(connects(40), async (socket) => {
      expect(names.filter((name) => !(name in socket))).toEqual([]);
      expect(names.length).toBeGreaterThan(20);
      expect(socket.setNoDelay(true).setKeepAlive(true, 5).ref().unref().setEncoding('utf8')).toBe(socket);
      expect(() => socket.connect(80)).toThrow('is connected');
      socket.destroy();
      return Promise.resolve();
    });
  });

  it('knows where it comes from and goes to, and so does the other end', async () => {
    let server: Socket;
    const report = await talk(
      connects(1, (socket) => (server = socket)),
      async (socket) => {
        const [local] = [socket.address() as net.AddressInfo];
        expect(socket).toMatchObject({ remoteAddress: six, remotePort: 443, remoteFamily: 'IPv6', readyState: 'open' });
        expect(socket).toMatchObject({ connecting: false, pending: false, timeout: undefined, bufferSize: 0 });
        expect(local).toEqual({ address: socket.localAddress, port: socket.localPort, family: 'IPv6' });
        expect(server).toMatchObject({
          remoteAddress: local.address,
          remotePort: local.port,
          localAddress: six,
          localPort: 443,
          localFamily: 'IPv6',
        });
        return Promise.resolve(socket);
      },
    );
    expect(report.value).not.toHaveProperty('encrypted');
  });

  it('has ports of its own, and is encrypted after TLS', async () => {
    const network = virtualNetwork({ endpoints: { [four]: connects(1).thenTls(1) } });
    const sockets = [1, 2].map(() => network.run(connect$(four, 443, network)).value!);
    expect(new Set(sockets.map(({ localPort }) => localPort)).size).toBe(2);
    expect(sockets[0]).toMatchObject({ encrypted: true, authorized: true, localFamily: 'IPv4' });
    return Promise.resolve();
  });

  it('carries what is written to the other end and back, each way in its latency', async () => {
    await talk(connects(40, echo).latency(15), async (socket, now) => {
      socket.write('hello ');
      socket.write('world');
      const chunks: [string, number][] = [];
      socket.on('data', (data: Buffer) => chunks.push([data.toString(), now()]));
      socket.end();
      await once(socket, 'close');
      expect(chunks).toEqual([
        ['hello ', 70],
        ['world', 70],
      ]);
      expect(now()).toBe(70);
      expect(socket).toMatchObject({ bytesRead: 11, bytesWritten: 11, destroyed: true, readyState: 'closed' });
    });
  });

  it('notices what the server does in its own time', async () => {
    const fate = connects(10, (server, { later, attempt, endpoint }) => {
      later(30, () => server.end(`220 ${endpoint.address} ${attempt}\r\n`));
    });
    await talk(fate.latency(5), async (socket, now) => {
      const [greeting] = (await once(socket, 'data')) as [Buffer];
      expect([greeting.toString(), now()]).toEqual([`220 ${six} 1\r\n`, 45]);
      await once(socket, 'close');
    });
  });

  it('takes a setup step as any other', async () => {
    const network = virtualNetwork({
      dns: [six, four],
      endpoints: {
        [six]: connects(5, (server) => server.end('554 no\r\n')),
        [four]: connects(5, (server) => server.write('220 welcome\r\n')).latency(3),
      },
    });
    const setup = async (socket: Socket) => {
      const [greeting] = (await once(socket, 'data')) as [Buffer];
      if (!greeting.toString().startsWith('220')) throw new Error(greeting.toString());
      return socket;
    };
    const report = await network.settle(connect('example.com', 25, { ...network, setup }));
    expect(report.value?.remoteAddress).toBe(four);
    expect(report).toMatchObject({ finish: 13, leaks: [] });
  });

  it('ends when the other end does, unless it may be half open', async () => {
    const goodbye = connects(1, (server) => server.end('bye')).latency(2);
    await talk(goodbye, async (socket) => {
      socket.resume();
      await once(socket, 'close');
      expect(socket.writableFinished).toBe(true);
    });
    await talk(goodbye, async (socket) => {
      socket.allowHalfOpen = true;
      socket.resume();
      await once(socket, 'end');
      expect([socket.readyState, socket.writable]).toEqual(['writeOnly', true]);
      socket.end();
      await once(socket, 'close');
    });
  });

  it('tells the other end of its end', async () => {
    const told: string[] = [];
    await talk(
      connects(1, (server) => {
        for (const event of ['data', 'end', 'close'] as const) server.on(event, () => told.push(event));
      }),
      async (socket) => {
        socket.end('last');
        await once(socket, 'close');
      },
    );
    expect(told).toEqual(['data', 'end', 'close']);
  });

  it('is destroyed like a socket: no more events but close, and the other end is told', async () => {
    const told: string[] = [];
    await talk(
      connects(1, (server) => server.resume().on('end', () => told.push('server end'))),
      async (socket) => {
        socket.on('end', () => told.push('end')).on('close', (hadError: boolean) => told.push(`close ${hadError}`));
        socket.destroy();
        await new Promise(setImmediate);
        await new Promise(setImmediate);
      },
    );
    expect(told).toEqual(['close false', 'server end']);
  });

  it('destroySoon waits for what was written', async () => {
    const got: string[] = [];
    await talk(
      connects(1, (server) => server.on('data', (data: Buffer) => got.push(data.toString()))),
      async (socket) => {
        socket.write('all');
        socket.destroySoon();
        await once(socket, 'close');
        await new Promise(setImmediate);
      },
    );
    expect(got).toEqual(['all']);
  });

  it('resets who writes to one that is gone', async () => {
    await talk(connects(1, (server) => server.destroy()).latency(10), async (socket, now) => {
      socket.allowHalfOpen = true;
      socket.on('end', () => socket.write('anybody?')).resume();
      const [error] = (await once(socket, 'error')) as [Error];
      expect([error, now()]).toMatchObject([{ code: 'ECONNRESET', syscall: 'read', message: 'read ECONNRESET' }, 31]);
    });
  });

  it('is reset by resetAndDestroy of the other end', async () => {
    const fate = connects(1, (server, { later }) => {
      later(20, () => server.resetAndDestroy());
    });
    const closed: boolean[] = [];
    await talk(fate.latency(5), async (socket, now) => {
      socket.on('close', (hadError: boolean) => closed.push(hadError));
      const [error] = (await once(socket.resume(), 'error')) as [Error];
      expect([error, now()]).toMatchObject([{ code: 'ECONNRESET' }, 26]);
      await new Promise(setImmediate);
    });
    expect(closed).toEqual([true]);
  });

  it('is reset after the given ms', async () => {
    await talk(connects(10, echo).resetsAfter(100), async (socket, now) => {
      const [error] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
      expect([error.code, now()]).toEqual(['ECONNRESET', 110]);
    });
    await talk(connects(10, echo).resetsAfter(100), async (socket) => {
      socket.end();
      await once(socket.resume(), 'close');
    });
  });

  it('loses what comes after the given bytes, and says nothing', async () => {
    await talk(connects(10, echo).losesAfter(15), async (socket, now) => {
      const got: string[] = [];
      socket.on('data', (data: Buffer) => got.push(data.toString()));
      socket.write('0123456789');
      socket.end();
      socket.setTimeout(500);
      await once(socket, 'timeout');
      expect([got.join(''), now(), socket.readableEnded]).toEqual(['01234', 510, false]);
      socket.destroy();
    });
  });

  it('times out in virtual time, when nothing has happened for so long', async () => {
    const fate = connects(10, (server, { later }) => {
      later(90, () => server.write('late'));
    });
    await talk(fate, async (socket, now) => {
      const fired: number[] = [];
      const listener = () => fired.push(now());
      socket.resume().setTimeout(100, listener);
      expect(socket.timeout).toBe(100);
      await once(socket, 'timeout');
      expect(now()).toBe(200);
      socket.setTimeout(100, listener).setTimeout(0, listener);
      socket.destroy();
      expect(fired).toEqual([200]);
    });
  });

  it('makes a writer wait for a reader', async () => {
    let server: Socket;
    const fate = connects(1, (socket, { later }) => {
      server = socket.pause();
      later(1000, () => socket.resume());
    });
    await talk(fate, async (socket, now) => {
      const chunks = Array.from({ length: 100 }, () => Buffer.alloc(10_000));
      await pipeline(Readable.from(chunks), socket);
      expect(now()).toBe(1001);
      await once(server, 'end');
      expect(server.bytesRead).toBe(1_000_000);
    });
  });

  it('carries a megabyte there and back unharmed', async () => {
    const sent = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
    await talk(connects(1, echo).latency(2), async (socket) => {
      const got: Buffer[] = [];
      socket.on('data', (data: Buffer) => got.push(data));
      socket.end(sent);
      await once(socket, 'close');
      expect(Buffer.concat(got).equals(sent)).toBe(true);
    });
  });

  it('tells who writes to a peer that has ended what Node tells', async () => {
    await talk(
      connects(1, (server) => server.end('bye')),
      async (socket) => {
        await once(socket.resume(), 'end');
        const told: unknown[] = [];
        const written = socket.write('anybody?', (error) => told.push((error as NodeJS.ErrnoException).code));
        const [error] = (await once(socket, 'error')) as [Error];
        await new Promise(setImmediate);
        expect([written, told]).toEqual([false, ['EPIPE']]);
        expect(error).toMatchObject({ code: 'EPIPE', message: 'This socket has been ended by the other party' });
      },
    );
  });

  it('ends a connection of which a little is unread, and resets one of which much is', async () => {
    for (const [bytes, told] of [
      [5000, ['end', 'close']],
      [1_000_000, ['ECONNRESET', 'close']],
    ] as const) {
      const heard: (string | undefined)[] = [];
      const fate = connects(1, (server) => {
        server.on('end', () => heard.push('end')).on('close', () => heard.push('close'));
        server.on('error', ({ code }: NodeJS.ErrnoException) => heard.push(code)).resume();
        server.write(Buffer.alloc(bytes));
      });
      await talk(fate, async (socket) => {
        socket.pause();
        for (let i = 0; i < 5; i++) await new Promise(setImmediate);
        socket.destroy();
        for (let i = 0; i < 10; i++) await new Promise(setImmediate);
      });
      expect(heard).toEqual(told);
    }
  });

  it('sends what was corked as one, and counts it at once', async () => {
    const got: string[] = [];
    await talk(
      connects(1, (server) => server.on('data', (data: Buffer) => got.push(data.toString()))),
      async (socket) => {
        socket.cork();
        for (const text of ['a', 'bc', 'd']) socket.write(text);
        expect(socket.bytesWritten).toBe(4);
        socket.uncork();
        expect(socket.bytesWritten).toBe(4);
        socket.end();
        await once(socket.resume(), 'close');
      },
    );
    expect(got).toEqual(['abcd']);
  });

  it('counts what waits for a reader as written', async () => {
    await talk(
      connects(1, (server) => void server.pause()),
      async (socket) => {
        for (let i = 0; i < 10; i++) socket.write(Buffer.alloc(50_000));
        expect(socket.bytesWritten).toBe(500_000);
        socket.destroy();
        expect(socket.pending).toBe(true);
        return Promise.resolve();
      },
    );
  });

  it.each(['5', -1, NaN, Infinity])('has no timeout of %p', async (ms) => {
    await talk(connects(1), async (socket) => {
      expect(() => socket.setTimeout(ms as number)).toThrow('msecs');
      socket.destroy();
      return Promise.resolve();
    });
  });

  it('without code of a server reads, says nothing, and ends with the client', async () => {
    await talk(connects(1), async (socket) => {
      socket.end('whatever');
      await once(socket.resume(), 'close');
    });
  });
});
