import { once } from 'node:events';
import net from 'node:net';
import { firstValueFrom, toArray } from 'rxjs';
import { blackhole, healthy } from '../../src/cli/lab.js';
import { connect, tcp, type Endpoint } from '../../src/index.js';
import { listenerCounts, open, tcpServer } from '../support/fixtures.js';

const endpoint = (port: number, address = '127.0.0.1'): Endpoint => ({ address, family: address.includes(':') ? 6 : 4, port });

/** What a plain `net.connect` leaves on a connected socket: the measure of what may listen on ours. */
async function nativeListeners(port: number): Promise<Record<string, number>> {
  const socket = net.connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  const counts = listenerCounts(socket);
  socket.destroy();
  return counts;
}

describe('tcp', () => {
  const serve = async (handler: (socket: net.Socket) => void, host = '127.0.0.1') => (await tcpServer(host, 0, handler)).port;

  it.each<[object, string]>([
    [{ noDelay: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
    [{ localAddres: '127.0.0.1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ localAddress: 'nonsense' }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %j at the call', (options, code) => {
    expect(() => tcp(options)).toThrow(expect.objectContaining({ code }));
  });

  it('emits a connected socket, completes, and leaves no listener on it', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const [socket, ...others] = await firstValueFrom(tcp()(endpoint(port)).pipe(toArray()));
    expect(others).toEqual([]);
    expect(socket).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: port,
      connecting: false,
      destroyed: false,
      readyState: 'open',
    });
    expect(listenerCounts(socket!)).toEqual(await nativeListeners(port));
    socket!.destroy();
  });

  it('fails with the error of the connection', async () => {
    const { port, close } = await healthy('127.0.0.1');
    await close();
    await expect(firstValueFrom(tcp()(endpoint(port)))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port,
    });
  });

  it('[A13] destroys a socket that has not connected when it is unsubscribed', async () => {
    const { port } = await open(blackhole('127.0.0.1'));
    const sockets: net.Socket[] = [];
    const transport = tcp({
      socketFactory: () => {
        const socket = new net.Socket();
        sockets.push(socket);
        return socket;
      },
    });
    const attempt = transport(endpoint(port)).subscribe();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sockets.map(({ connecting }) => connecting)).toEqual([true]);
    attempt.unsubscribe();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
    await once(sockets[0]!, 'close');
  });

  it('does not touch a socket that it has handed over', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const socket = await new Promise<net.Socket>((resolve) => {
      const attempt = tcp()(endpoint(port)).subscribe((socket) => {
        queueMicrotask(() => {
          attempt.unsubscribe();
          resolve(socket);
        });
      });
    });
    await new Promise(setImmediate);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it('[T4] loses nothing of what the server sends at once, however late it is read', async () => {
    const port = await serve((socket) => socket.end('220 ready\r\n'));
    const socket = await firstValueFrom(tcp()(endpoint(port)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const received: Buffer[] = [];
    socket.on('data', (data: Buffer) => received.push(data));
    await once(socket, 'close');
    expect(Buffer.concat(received).toString()).toBe('220 ready\r\n');
  });

  it('survives a reset right after the connection, whether the socket is handed over or given up', async () => {
    const port = await serve((socket) => socket.on('error', () => undefined).resetAndDestroy());
    const ends = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const socket = await firstValueFrom(tcp()(endpoint(port))).catch((error: unknown) => error);
        if (!(socket instanceof net.Socket)) return 'reset before';
        if (i % 2 === 0) return socket.destroy().destroyed;
        return new Promise((resolve) => socket.on('error', resolve).on('close', resolve).resume());
      }),
    );
    expect(ends).toHaveLength(100);
  });

  it('applies the socket options', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const socket = await firstValueFrom(
      tcp({ highWaterMark: 1234, allowHalfOpen: true, noDelay: true, keepAlive: true })(endpoint(port)),
    );
    expect(socket).toMatchObject({ readableHighWaterMark: 1234, writableHighWaterMark: 1234, allowHalfOpen: true });
    socket.destroy();
  });

  it('turns on no-delay and keep-alive', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const plain = await firstValueFrom(tcp()(endpoint(port)));
    const { _handle } = plain as unknown as { _handle: { setNoDelay(): number; setKeepAlive(): number } };
    const handles = Object.getPrototypeOf(_handle) as typeof _handle;
    const noDelay = jest.spyOn(handles, 'setNoDelay'),
      keepAlive = jest.spyOn(handles, 'setKeepAlive');
    const socket = await firstValueFrom(tcp({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 5000 })(endpoint(port)));
    expect(noDelay).toHaveBeenCalledWith(true);
    expect(keepAlive.mock.calls.map(([enable, delay]: unknown[]) => [enable, delay])).toContainEqual([true, 5]);
    jest.restoreAllMocks();
    plain.destroy();
    socket.destroy();
  });

  describe('from local addresses', () => {
    it("connects from the one of the endpoint's family", async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const socket = await firstValueFrom(tcp({ localAddress: ['::1', '127.0.0.9'] })(endpoint(port)));
      expect(socket.localAddress).toBe('127.0.0.9');
      socket.destroy();
    });

    it('takes an IPv4-mapped local address for the IPv4 address that it is', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const socket = await firstValueFrom(tcp({ localAddress: '::ffff:127.0.0.9' })(endpoint(port)));
      expect(socket.localAddress).toBe('127.0.0.9');
      socket.destroy();
    });

    it('goes on to the next when one cannot be had', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const socket = await firstValueFrom(tcp({ localAddress: ['192.0.2.77', '127.0.0.9'] })(endpoint(port)));
      expect(socket.localAddress).toBe('127.0.0.9');
      socket.destroy();
    });

    it('goes on to the next local port when one is taken', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const taken = await open(healthy('127.0.0.1'));
      const free = await healthy('127.0.0.1');
      await free.close();
      const socket = await firstValueFrom(tcp({ localAddress: '127.0.0.1', localPort: [taken.port, free.port] })(endpoint(port)));
      expect(socket.localPort).toBe(free.port);
      socket.destroy();
    });

    it.each([
      ['EADDRNOTAVAIL', 2, 'bind'],
      ['EADDRINUSE', 2, 'bind'],
      ['EACCES', 2, 'bind'], // a privileged port
      ['EACCES', 1, 'connect'], // what a router answered
      ['EINVAL', 2, 'bind'],
      ['ECONNREFUSED', 1, 'connect'],
    ])('after %s has made %i sockets of two local addresses (%s)', async (code, sockets, syscall) => {
      const socketFactory = jest.fn(() => {
        const socket = new net.Socket();
        socket.connect = () => socket.destroy(Object.assign(new Error(code), { code, syscall }));
        return socket;
      });
      const transport = tcp({ localAddress: ['127.0.0.8', '127.0.0.9'], socketFactory });
      await expect(firstValueFrom(transport(endpoint(1)))).rejects.toMatchObject({ code });
      expect(socketFactory).toHaveBeenCalledTimes(sockets);
    });

    it('[A14] fails before any packet where there is none of the family, or none that this machine has', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      await expect(firstValueFrom(tcp({ localAddress: '::1' })(endpoint(port)))).rejects.toMatchObject({
        code: 'EADDRNOTAVAIL',
        message: expect.stringContaining('IPv4'),
      });
      await expect(firstValueFrom(tcp({ localAddress: '192.0.2.77' })(endpoint(port)))).rejects.toMatchObject({
        code: 'EADDRNOTAVAIL',
        syscall: 'bind',
      });
    });
  });

  describe('with sockets of the caller', () => {
    it('connects the socket that the factory makes for the endpoint', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const made: net.Socket[] = [];
      const socketFactory = jest.fn(() => {
        const socket = new net.Socket();
        made.push(socket);
        return socket;
      });
      const socket = await firstValueFrom(tcp({ socketFactory })(endpoint(port)));
      expect(socketFactory).toHaveBeenCalledWith(endpoint(port));
      expect(made).toEqual([socket]);
      socket.destroy();
    });

    it('fails with what the factory throws, and with what is no fresh socket', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const broken = new Error('no more sockets');
      await expect(
        firstValueFrom(
          tcp({
            socketFactory: () => {
              throw broken;
            },
          })(endpoint(port)),
        ),
      ).rejects.toBe(broken);
      await expect(firstValueFrom(tcp({ socketFactory: () => ({}) as net.Socket })(endpoint(port)))).rejects.toMatchObject({
        code: 'ERR_INVALID_RETURN_VALUE',
      });
      const refused = async (used: net.Socket) => {
        await expect(firstValueFrom(tcp({ socketFactory: () => used })(endpoint(port)))).rejects.toMatchObject({
          code: 'ERR_INVALID_RETURN_VALUE',
        });
        // Nothing else would end it.
        expect(used.destroyed).toBe(true);
      };
      await refused(net.connect({ host: '127.0.0.1', port }));
      const connected = net.connect({ host: '127.0.0.1', port });
      await once(connected, 'connect');
      await refused(connected);
    });

    it('[A13] leaves no socket behind when the race is ended by the factory, or by a transport around it', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      const sockets: net.Socket[] = [];
      const make = () => {
        const socket = new net.Socket();
        sockets.push(socket);
        return socket;
      };
      for (const ending of ['factory', 'transport'] as const) {
        const controller = new AbortController();
        const end = (where: string) => {
          if (where === ending) controller.abort();
        };
        const transport = (one: Endpoint) => {
          end('transport');
          return tcp({ socketFactory: () => (end('factory'), make()) })(one);
        };
        await expect(connect('127.0.0.1', port, { transport, signal: controller.signal })).rejects.toMatchObject({
          name: 'AbortError',
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
    });

    it('fails when the socket is destroyed before it is connected', async () => {
      const { port } = await open(blackhole('127.0.0.1'));
      const socket = new net.Socket();
      setTimeout(() => socket.destroy(), 10);
      await expect(firstValueFrom(tcp({ socketFactory: () => socket })(endpoint(port)))).rejects.toMatchObject({
        code: 'ECONNABORTED',
      });
    });
  });
});
