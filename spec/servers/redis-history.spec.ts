import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import {
  redisHistory,
  type RedisClient,
  type RedisHistory,
  type RedisHistoryOptions,
} from '../../src/connector/redis/redis-history.js';
import { createConnector, staticResolver, type HistoryStore } from '../../src/index.js';
import { describeWith, findProgram } from '../support/server-program.js';

/** ms in which what one process learns reaches the others. */
const SOON = 1000;

const undo: (() => unknown)[] = [];
let port: number;
let server: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as net.AddressInfo;
  probe.close();
  return free;
}

async function startRedis(): Promise<void> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  server = spawn(findProgram('redis-server')!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const data of server.stdout!) if ((output += String(data)).includes('Ready to accept')) break;
  server.stdout!.resume();
}

async function killRedis(): Promise<void> {
  const ended = once(server!, 'exit');
  server!.kill('SIGKILL');
  await ended;
  server = undefined;
}

const clients: Readonly<Record<string, () => Promise<RedisClient>>> = {
  ioredis: async () => {
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 50 });
    client.on('error', () => undefined);
    undo.push(() => {
      client.disconnect();
    });
    await client.connect();
    return client;
  },
  redis: async () => {
    const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } });
    client.on('error', () => undefined);
    undo.push(() => {
      client.destroy();
    });
    await client.connect();
    return client;
  },
  'a function': async () => {
    const client = (await clients.ioredis!()) as Redis;
    return async ([command, ...args]) => client.call(command!, args);
  },
};

async function member(options: Partial<RedisHistoryOptions> = {}, client = 'ioredis'): Promise<RedisHistory> {
  const history = redisHistory({ client: await clients[client]!(), ...options });
  undo.unshift(() => history.close());
  return history;
}

/** The record, once it is there. */
async function heard(history: HistoryStore, key: string, within = 5 * SOON) {
  for (const end = performance.now() + within; performance.now() < end;) {
    const record = history.get(key);
    if (record) return record;
    await sleep(10);
  }
  throw new Error(`nothing of ${key} after ${within} ms`);
}

describeWith(['redis-server'], 'a history that a fleet shares', () => {
  beforeEach(async () => {
    port = await freePort();
    await startRedis();
  });

  afterEach(async () => {
    for (const end of undo.splice(0)) await end();
    if (server) await killRedis();
  });

  it.each(Object.keys(clients).flatMap((one) => Object.keys(clients).map((other) => [one, other])))(
    'reaches others within a second: from %s to %s',
    async (one, other) => {
      const [here, there] = [await member({}, one), await member({}, other)];
      here.set('site ::1', { failedAt: Date.now() - 1000 });
      const { failedAt } = await heard(there, 'site ::1');
      expect(Math.abs(failedAt! - (Date.now() - 1000))).toBeLessThan(SOON + 500);
    },
  );

  it('is there for one who comes later', async () => {
    const first = await member();
    for (let index = 0; index < 500; index++) first.set(`site ${index}`, { usedAt: Date.now() });
    await first.close();
    const later = await member();
    await heard(later, 'site 499');
    expect(Array.from({ length: 500 }, (_, index) => later.get(`site ${index}`)).filter((record) => !record)).toEqual([]);
  });

  it('lets a later success clear a failure, and the other way round', async () => {
    const [here, there] = [await member(), await member()];
    here.set('a', { failedAt: Date.now() });
    await heard(there, 'a');
    await sleep(5);
    there.set('a', { smoothedRtt: 5, rttVariation: 1, usedAt: Date.now() });
    for (const end = performance.now() + 2 * SOON; performance.now() < end && here.get('a')?.failedAt !== undefined;)
      await sleep(10);
    expect(here.get('a')).toMatchObject({ smoothedRtt: 5, rttVariation: 1 });
    expect(here.get('a')).not.toHaveProperty('failedAt');
  });

  it('goes on without Redis, and catches up once it is back, with nothing kept', async () => {
    const [here, there] = [await member(), await member({}, 'redis')];
    here.set('before', { failedAt: Date.now() });
    await heard(there, 'before');
    await killRedis();
    here.set('meanwhile', { failedAt: Date.now() });
    there.set('theirs', { usedAt: Date.now() });
    expect(here.get('before')).toBeDefined();
    await sleep(1000);
    await startRedis();
    await heard(there, 'meanwhile', 10_000);
    await heard(here, 'theirs', 10_000);
    // Redis came back empty: who has learnt it says it again.
    const later = await member();
    await heard(later, 'before', 2 * SOON);
  });

  it('says again what Redis was made to forget', async () => {
    const here = await member();
    here.set('a', { failedAt: Date.now() });
    await heard(await member(), 'a');
    await ((await clients.ioredis!()) as Redis).flushall();
    await heard(await member(), 'a', 2 * SOON);
  }, 20_000);

  it('shows nothing in Redis of hosts, addresses, networks and partitions', async () => {
    const store = await member({ prefix: 'app:' });
    const { connect } = createConnector({
      history: { store, network: () => 'secret-site' },
      cache: false,
      partition: 'tenant-4711',
      resolver: staticResolver(['127.0.0.1']),
    });
    (await connect('secret-host.example', port)).destroy();
    await store.close();
    const client = (await clients.ioredis!()) as Redis;
    expect(await client.keys('*')).toEqual(['app:lessons:1']);
    const content = JSON.stringify(await client.xrange('app:lessons:1', '-', '+'));
    expect(content).toMatch(/\\"r\\"|"r"/);
    expect(content).not.toMatch(/secret|tenant|4711|127\.0\.0\.1/);
    expect(await client.ttl('app:lessons:1')).toBeGreaterThan(3500);
  });

  it('tells networks and partitions apart', async () => {
    const [here, there] = [await member(), await member()];
    here.set('north ::1', { failedAt: Date.now() });
    await heard(there, 'north ::1');
    expect(there.get('south ::1')).toBeUndefined();
    expect(there.get('north ::1 "tenant"')).toBeUndefined();
  });

  it('does without rubbish in the stream', async () => {
    const client = (await clients.ioredis!()) as Redis;
    for (const fields of [
      ['r', 'no JSON'],
      ['x', 'y'],
      ['r', '[[1,2,3]]'],
      ['r', ''],
      ['w', 'me', 'r', '{}'],
    ])
      await client.xadd('rx-happy-eyeballs:lessons:1', '*', ...fields);
    const [here, there] = [await member(), await member()];
    here.set('a', { failedAt: Date.now() });
    await heard(there, 'a');
  });

  it('does without a key that is no stream', async () => {
    const client = (await clients.ioredis!()) as Redis;
    await client.set('rx-happy-eyeballs:lessons:1', 'text');
    const here = await member();
    here.set('a', { failedAt: 1 });
    await sleep(700);
    expect(here.get('a')).toEqual({ failedAt: 1 });
  });

  it('is of one mind in two processes: the second race does not wait for the dead path', async () => {
    const program = `
      const { createConnector, staticResolver } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'index.cjs'))});
      const { redisHistory } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'redis.cjs'))});
      const { Redis } = require(${JSON.stringify(require.resolve('ioredis'))});
      const client = new Redis(${port}, '127.0.0.1');
      const store = redisHistory({ client });
      const { race$ } = createConnector({ random: () => 0.5, cache: false, history: { store }, resolver: staticResolver(['240.0.0.1', '127.0.0.1']),
        transport: ({ address }) => address === '240.0.0.1' ? require('rxjs').NEVER : require('rxjs').of(address) });
      process.stdin.once('data', () => {
        const started = [];
        race$('name.example', 80).subscribe({
          next: (event) => event.type === 'started' && started.push(event.endpoint.address),
          complete: () => { console.log(started.join()); },
        });
      });
      process.stdin.on('end', () => process.exit());
      console.log('ready');`;
    const start = async () => {
      const child = spawn(process.execPath, ['--eval', program], { stdio: ['pipe', 'pipe', 'inherit'] });
      undo.push(() => child.kill('SIGKILL'));
      await once(child.stdout, 'data');
      return child;
    };
    const race = async (child: ChildProcess) => {
      child.stdin!.write('go');
      return String((await once(child.stdout!, 'data'))[0]).trim();
    };
    const [first, second] = [await start(), await start()];
    expect(await race(first)).toBe('240.0.0.1,127.0.0.1');
    await sleep(SOON);
    expect(await race(second)).toBe('127.0.0.1');
  });

  it('does not hold the process open', async () => {
    const program = `
      const { redisHistory } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'redis.cjs'))});
      redisHistory({ client: async (args) => args[0] === 'TIME' ? ['1', '0'] : [] });`;
    const child = spawn(process.execPath, ['--eval', program], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

const COMMAND = () => Promise.resolve();

describe('redisHistory', () => {
  it.each([
    ['client', { client: 5 }],
    ['client', { client: {} }],
    ['client', {}],
    ['prefix', { client: COMMAND, prefix: 5 }],
    ['ttl', { client: COMMAND, ttl: 0 }],
    ['ttl', { client: COMMAND, ttl: 1.5 }],
    ['maxEntries', { client: COMMAND, maxEntries: 0 }],
    ['network', { client: COMMAND, network: 'here' }],
    ['other', { client: COMMAND, other: 1 }],
  ])('refuses a %s that makes no sense: %o', (name, options) => {
    expect(() => redisHistory(options as never)).toThrow(new RegExp(name));
  });
});
