import { once } from 'node:events';
import net from 'node:net';
import { asyncScheduler, NEVER, of } from 'rxjs';
import { connect, connect$, createConnector, staticResolver, type Endpoint } from '../../src/index.js';
import { blackhole } from '../../src/cli/lab.js';
import { RaceSocket } from '../../src/stand-in/race-socket.js';
import { monotonicScheduler } from '../../src/rx/monotonic.js';
import { runNode } from '../support/dist.js';
import { open, tcpServer } from '../support/fixtures.js';

/** A host whose first address is silent, so that a race for it needs time. */
const HOST = 'raced.example';
const ADDRESSES = ['::1', '127.0.0.1'];

let port: number;
beforeEach(async () => {
  ({ port } = await open(tcpServer('127.0.0.1', 0, (socket) => socket.end('hello'))));
  await open(blackhole('::1', port));
});

/** Fakers by name: what a test says to install them, once the package is there. */
const FAKERS = {
  'node:test': `
    const { mock } = await import('node:test');
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });`,
  sinon: `
    const { createRequire } = await import('node:module');
    const { default: fakeTimers } = await import(createRequire(import.meta.resolve('jest')).resolve('@sinonjs/fake-timers'));
    // Without nextTick, which Node's own sockets need.
    fakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate',
      'clearImmediate', 'Date', 'hrtime', 'performance', 'queueMicrotask'] });`,
} as const;

const WAYS = {
  connect: `(await connect(HOST, PORT, { resolver })).remoteAddress`,
  'a connector with a cache': `(await createConnector({ resolver, cache: {} }).connect(HOST, PORT)).remoteAddress`,
  register: `await new Promise((resolve, reject) => {
    const socket = net.connect({ host: HOST, port: PORT, lookup });
    socket.on('error', reject).on('connect', () => resolve(socket.remoteAddress));
  })`,
};

describe.each(Object.entries(FAKERS))('a race under the fake timers of %s', (_faker, install) => {
  it.each(Object.entries(WAYS))('goes on: %s', async (_way, connecting) => {
    const program = `
      import net from 'node:net';
      import { connect, connect$, createConnector, staticResolver } from './dist/index.mjs';
      import './dist/register.mjs';
      const [HOST, PORT] = ${JSON.stringify([HOST, port])};
      const resolver = staticResolver({ [HOST]: ${JSON.stringify(ADDRESSES)} });
      const found = ${JSON.stringify(ADDRESSES.map((address) => ({ address, family: net.isIP(address) })))};
      const lookup = (host, options, callback) => callback(null, found);
      const watchdog = setTimeout(() => { process._rawDebug('hangs'); process.exit(1); }, 10_000);
      ${install}
      process._rawDebug(${connecting});
      process.exit();`;
    const { stderr } = await runNode('--no-warnings', '--input-type=module', '-e', program).ended;
    expect(stderr.trim()).toBe('127.0.0.1');
  });
});

describe('a race under the fake timers of Jest', () => {
  const resolver = staticResolver({ [HOST]: ADDRESSES });

  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([
    ['connect', () => connect(HOST, port, { resolver })],
    ['a connector', () => createConnector({ resolver, cache: {}, history: {} }).connect(HOST, port)],
    ['a RaceSocket', () => new RaceSocket({ race: { resolver } }).connect({ host: HOST, port })],
  ])('goes on: %s', async (_way, connecting) => {
    jest.useFakeTimers();
    const socket = await connecting();
    if (socket.connecting) await once(socket, 'connect');
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('ends by its own limits of time', async () => {
    jest.useFakeTimers();
    const silent = connect(HOST, port, { resolver: staticResolver({ [HOST]: ['::1'] }), connectTimeout: 30 });
    await expect(silent).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('goes on where those were installed before the package was loaded, once the real ones are back', async () => {
    jest.useFakeTimers();
    jest.resetModules();
    const loaded = await import('../../src/index.js');
    jest.useRealTimers();
    const socket = await loaded.connect(HOST, port, { resolver });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('goes by fake time where its scheduler does', async () => {
    const transport = ({ address }: Endpoint) => (address === '::1' ? NEVER : of(address));
    jest.useFakeTimers();
    const connected = jest.fn();
    connect$(HOST, 443, { resolver, transport, scheduler: asyncScheduler }).subscribe(connected);
    await jest.advanceTimersByTimeAsync(249);
    expect(connected).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(connected).toHaveBeenCalledWith('127.0.0.1');
  });
});

it('leaves real time to the scheduler of a race', () => {
  jest.useFakeTimers();
  const ran = jest.fn();
  monotonicScheduler.schedule(ran, 5).unsubscribe();
  monotonicScheduler.schedule(ran).unsubscribe();
  jest.advanceTimersByTime(100);
  expect(jest.getTimerCount()).toBe(0);
  expect(ran).not.toHaveBeenCalled();
  jest.useRealTimers();
});
