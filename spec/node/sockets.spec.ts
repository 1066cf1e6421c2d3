import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { blackhole, healthy, openLab } from '../../src/cli/lab.js';
import { scenarios } from '../../src/cli/scenarios.js';
import { connect, connect$, ConnectionError, race$, staticResolver, type RaceEvent } from '../../src/index.js';
import { runNode } from '../support/dist.js';
import { activeResources, leftOver, open } from '../support/fixtures.js';

const localhost = staticResolver(['::1', '127.0.0.1']);

describe('a race on real sockets', () => {
  it('skips a blackholed ::1 for a healthy 127.0.0.1 after one delay of 250 ms', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    await open(blackhole('::1', port));
    const events: RaceEvent<net.Socket>[] = [];
    await race$('localhost', port, { resolver: localhost }).forEach((event) => events.push(event));
    const [first, second, ...others] = events.filter(({ type }) => type === 'started');
    expect([first, second]).toMatchObject([{ endpoint: { address: '::1' } }, { endpoint: { address: '127.0.0.1' } }]);
    expect(others).toEqual([]);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(250);
    const connected = events.at(-1)!;
    expect(connected).toMatchObject({ type: 'connected', endpoint: { address: '127.0.0.1' } });
    if (connected.type === 'connected') connected.value.destroy();
  });

  it('[A2] skips a ::1 that refuses at once, and not after the delay', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const delay = 2000;
    const started = performance.now();
    const socket = await connect('localhost', port, { connectionAttemptDelay: delay });
    expect(performance.now() - started).toBeLessThan(delay / 2);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('reaches an address that is slower than the delay, with a dead one after it, where Node gives up', async () => {
    // The slow address accepts the third packet, three seconds after the first: time enough for both to begin before that.
    const { port } = await open(blackhole('127.0.0.3', 0, 2000));
    await open(blackhole('::1', port));
    const addresses = ['127.0.0.3', '::1'];
    const lookup: net.LookupFunction = (_host, _options, callback) => {
      callback(
        null,
        addresses.map((address) => ({ address, family: net.isIP(address) })),
      );
    };
    const native = net.connect({ host: 'slow.example', port, lookup, autoSelectFamily: true }).on('error', () => undefined);
    const cutOff: string[] = [];
    native.on('connectionAttemptTimeout', (address: string) => cutOff.push(address));
    const socket = await connect('slow.example', port, { resolver: staticResolver(addresses), preferFamily: 4 });
    expect(socket.remoteAddress).toBe('127.0.0.3');
    expect(cutOff).toContain('127.0.0.3'); // after 250 ms, although it would have connected
    native.destroy();
    socket.destroy();
  });

  it('[A14] loses no time by a local address that this machine does not have', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const events: RaceEvent<net.Socket>[] = [];
    const race$$ = race$('localhost', port, {
      resolver: localhost,
      localAddress: ['2001:db8::77', '127.0.0.9'],
      preferFamily: 6,
      connectionAttemptDelay: 2000,
    });
    await new Promise<void>((resolve, reject) =>
      race$$.subscribe({ next: (event) => events.push(event), error: reject, complete: resolve }),
    );
    const connected = events.at(-1)!;
    expect(events.find(({ type }) => type === 'failed')).toMatchObject({
      endpoint: { address: '::1' },
      error: { code: 'EADDRNOTAVAIL' },
    });
    expect(connected).toMatchObject({ type: 'connected', endpoint: { address: '127.0.0.1' } });
    expect(connected.at).toBeLessThan(1000); // before the delay is over
    if (connected.type === 'connected') connected.value.destroy();
  });

  it('makes its sockets with the options that are given', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const free = await healthy('127.0.0.1');
    await free.close();
    const socket = await connect('127.0.0.1', port, {
      tcp: { highWaterMark: 1234 },
      localAddress: '127.0.0.1',
      localPort: free.port,
    });
    expect(socket).toMatchObject({ readableHighWaterMark: 1234, localPort: free.port });
    socket.destroy();
  });

  it('[A12] tells of every address when all refuse', async () => {
    const { port, close } = await healthy('127.0.0.1');
    await close();
    const error = await connect('localhost', port).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'ECONNREFUSED',
      attempts: [{ endpoint: { address: '::1' } }, { endpoint: { address: '127.0.0.1' } }],
    });
    expect((error as Error).message).toMatch(
      new RegExp(
        `^Could not connect to localhost:${port}: \\[::1\\]:${port} ECONNREFUSED after \\d+ ms; 127\\.0\\.0\\.1:${port} ECONNREFUSED`,
      ),
    );
  });

  it('[A6] closes the losers before it hands over the winner', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    await open(blackhole('::1', port));
    const made: net.Socket[] = [];
    const socketFactory = () => {
      const socket = new net.Socket();
      made.push(socket);
      return socket;
    };
    const states = await new Promise((resolve, reject) =>
      connect$('localhost', port, { connectionAttemptDelay: 20, socketFactory }).subscribe({
        next: () => {
          resolve(made.map(({ destroyed }) => destroyed));
        },
        error: reject,
      }),
    );
    expect(states).toEqual([true, false]);
    for (const socket of made) socket.destroy();
  });

  it('wins in the lab, past a blackhole, a refusal and a slow address', async () => {
    const lab = await open(openLab(scenarios.mixed!.places));
    const resolver = staticResolver(lab.places.map(({ address }) => address));
    const socket = await connect('lab.example', lab.port, { resolver, connectionAttemptDelay: 50 });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('hands over a socket that can be reset in the same turn without a crash', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined).resetAndDestroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    for (let i = 0; i < 100; i++) {
      const socket = await connect('127.0.0.1', port).catch(() => undefined);
      if (socket) await new Promise((resolve) => socket.on('error', resolve).on('close', resolve).resume());
    }
    server.close();
    await once(server, 'close');
  });

  it('[A13] leaves nothing of 1 000 races, half of them unsubscribed at random moments', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    await open(blackhole('::1', port));
    await sleep(20);
    const before = activeResources();
    let won = 0,
      unsubscribed = 0;
    const sockets: net.Socket[] = [];
    const socketFactory = () => {
      const socket = new net.Socket();
      sockets.push(socket);
      return socket;
    };
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(
        Array.from(
          { length: 50 },
          (_, i) =>
            new Promise<void>((resolve, reject) => {
              const race = connect$('localhost', port, { connectionAttemptDelay: 10, socketFactory }).subscribe({
                next: (socket) => {
                  won++;
                  socket.destroy();
                },
                error: reject,
                complete: resolve,
              });
              if (i % 2 === 1) return;
              // Moments from before the first attempt to about when the second connects.
              setTimeout(
                () => {
                  if (!race.closed) unsubscribed++;
                  race.unsubscribe();
                  resolve();
                },
                (batch * 7 + i) % 14,
              );
            }),
        ),
      );
    }
    expect(won + unsubscribed).toBe(1000);
    expect(unsubscribed).toBeGreaterThan(200);
    expect(await leftOver(before)).toEqual({});
    expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
  }, 30_000);

  it('lets the process end by itself once the race is over', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    await open(blackhole('::1', port));
    const program = `
      import { connect$ } from './dist/index.mjs';
      connect$('localhost', ${port}).subscribe((socket) => { console.log('won by', socket.remoteAddress); socket.destroy(); });
      connect$('localhost', ${port}).subscribe().unsubscribe();
    `;
    const started = performance.now();
    await expect(runNode('--input-type=module', '-e', program).ended).resolves.toEqual({
      status: 0,
      stdout: 'won by 127.0.0.1\n',
      stderr: '',
    });
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
