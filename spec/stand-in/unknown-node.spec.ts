import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import net from 'node:net';
import { blackhole } from '../../src/cli/lab.js';
import { open, tcpServer } from '../support/fixtures.js';
import { inUnknownNode } from '../support/other-nodes.js';
import { giving, HOST, keep } from '../support/tls-clients.js';

/** Without Node's internals, an attempt is a socket of its own, and the socket connects again to the address that won. */
let adoption: typeof import('../../src/stand-in/adoption.js');
let attempts: typeof import('../../src/stand-in/attempt.js');
let RaceSocket: typeof import('../../src/stand-in/race-socket.js').RaceSocket;
beforeAll(async () => {
  await inUnknownNode(async () => {
    adoption = await import('../../src/stand-in/adoption.js');
    attempts = await import('../../src/stand-in/attempt.js');
    ({ RaceSocket } = await import('../../src/stand-in/race-socket.js'));
  });
});

const [SILENT, GOOD] = ['::1', '127.0.0.1'];
const atOnce = (work: () => void) => {
  work();
};
const target = (port: number) => ({ host: GOOD, port, family: 4 });

it('no connection can be adopted', () => {
  expect(adoption.internals).toBeUndefined();
  expect(adoption.canAdopt(new net.Socket())).toBe(false);
  expect(adoption.handleClasses(undefined)).toBeUndefined();
  expect(
    adoption.handleClasses(keep(new net.Socket().connect({ host: HOST, port: 1, lookup: () => undefined }))),
  ).toBeUndefined();
});

it('a socket is raced for all the same', async () => {
  const { port, accepted } = await tcpServer(GOOD, 0, (socket) => socket.end('hello'));
  await open(blackhole(SILENT, port));
  const socket = keep(new RaceSocket({ race: { connectionAttemptDelay: 20, history: false } }));
  socket.connect({ host: HOST, port, lookup: giving(SILENT, GOOD) });
  const attempted: unknown[] = [];
  socket.on('connectionAttempt', (address) => attempted.push(address));
  expect(Buffer.concat(await socket.toArray()).toString()).toBe('hello');
  expect(attempted).toEqual([SILENT, GOOD]);
  expect(accepted).toHaveLength(2);
});

describe('a socket as an attempt', () => {
  it('connects, and reads nothing', async () => {
    const { port } = await tcpServer(GOOD, 0, (socket) => socket.end('hello'));
    const attempt = keep(attempts.socketAttempt(undefined, atOnce));
    expect(attempt.connect(target(port) as net.SocketConnectOpts)).toBe(attempt);
    await once(attempt, 'connect');
    expect(attempt.isPaused()).toBe(true);
    expect(attempt.remotePort).toBe(port);
  });

  it('connects in the context of its socket', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const storage = new AsyncLocalStorage<string>();
    const within = (work: () => void) => {
      storage.run('of the socket', work);
    };
    const attempt = keep(attempts.socketAttempt(undefined, within));
    attempt.connect(target(port) as net.SocketConnectOpts);
    const context = await new Promise((resolve) => attempt.once('connect', () => resolve(storage.getStore())));
    expect(context).toBe('of the socket');
  });

  it('is blocked by the block list of its socket, as from Node 22 on', async () => {
    const { port } = await tcpServer(GOOD, 0);
    const blockList = new net.BlockList();
    blockList.addAddress(GOOD);
    const create = (options: object) => keep(new net.Socket(options as net.SocketConstructorOpts));
    const end = (socket: net.Socket) =>
      new Promise((resolve) => {
        socket
          .once('connect', () => resolve('connected'))
          .once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
          .connect(target(port) as net.SocketConnectOpts);
      });
    const blocked = Object.assign(create({ blockList }), { blockList });
    const attempt = keep(attempts.socketAttempt(blocked, atOnce));
    expect((attempt as { blockList?: unknown }).blockList).toBe((create({ blockList }) as { blockList?: unknown }).blockList);
    expect(await end(attempt)).toBe(await end(create({ blockList })));
  });
});
