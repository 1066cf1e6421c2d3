import { once } from 'node:events';
import { createServer, Socket, type AddressInfo } from 'node:net';
import { connect, ConnectionError, staticResolver } from '../../src/index.js';

const PORTS = 16;
const PORT = 50_000;

describe('where all local ports are taken', () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  const made: Socket[] = [];
  const socketFactory = () => made[made.push(new Socket()) - 1]!;
  const to = async (...addresses: string[]) =>
    connect('name.test', PORT, {
      resolver: staticResolver({ 'name.test': addresses }),
      socketFactory,
      connectionAttemptDelay: 1000,
    });
  /** With a reset: no port is kept for what may still arrive. */
  const end = async (socket: Socket) => {
    const closed = once(socket, 'close');
    socket.resetAndDestroy();
    await closed;
  };
  let taken: Socket[] = [];

  beforeAll(async () => {
    await once(server.listen(PORT, '0.0.0.0'), 'listening');
    taken = await Promise.all(Array.from({ length: PORTS }, async () => to('127.0.0.1')));
  });

  afterAll(async () => {
    await Promise.all(taken.map(end));
    server.close();
  });

  it('fails with EADDRNOTAVAIL, and leaves no socket open', async () => {
    const before = made.length;
    const errors = await Promise.all(Array.from({ length: 20 }, async () => to('127.0.0.1').catch((error: unknown) => error)));
    for (const error of errors) {
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({
        code: 'EADDRNOTAVAIL',
        attempts: [{ endpoint: { address: '127.0.0.1' }, outcome: 'failed' }],
      });
    }
    expect(made.slice(before).map(({ destroyed }) => destroyed)).toEqual(Array(20).fill(true));
  });

  it('goes on at once with an address to which there are ports', async () => {
    const startedAt = performance.now();
    const socket = await to('127.0.0.1', '127.0.0.2');
    expect(socket.remoteAddress).toBe('127.0.0.2');
    expect(performance.now() - startedAt).toBeLessThan(900);
    expect((socket.address() as AddressInfo).port).toBeLessThan(40_000 + PORTS);
    await end(socket);
  });

  it('succeeds once a port is free again', async () => {
    await end(taken.pop()!);
    taken.push(await to('127.0.0.1'));
    await expect(to('127.0.0.1')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});
