import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'undici';
import { blackhole } from '../../src/cli/lab.js';
import { createConnector, RaceSocket, staticResolver, type HistoryOptions, type PathRecord } from '../../src/index.js';
import { processHistory } from '../../src/connector/process-history.js';
import { HttpAgent } from '../../src/stand-in/agent.js';
import { register } from '../../src/stand-in/registration.js';
import { connector } from '../../src/stand-in/undici.js';
import { runCommand } from '../support/dist.js';
import { listen, open } from '../support/fixtures.js';

const HOST = 'raced.example';
const SILENT = '::1';
const GOOD = '127.0.0.1';

/** Never one of the few races that take no notice. */
const race = { resolver: staticResolver([SILENT, GOOD]), connectionAttemptDelay: 100, random: () => 0.5 };

type Race = Omit<typeof race, 'resolver'> &
  Pick<Partial<typeof race>, 'resolver'> & { readonly history?: false | HistoryOptions };

const undo: (() => void)[] = [];
let port: number;

beforeEach(async () => {
  ({ port } = await open(listen(http.createServer((_request, response) => response.end('ok')))));
  await open(blackhole(SILENT, port));
});

afterEach(() => {
  for (const end of undo.splice(0).reverse()) end();
  processHistory().clear();
});

/** The addresses that a socket has tried. */
async function tried(socket: net.Socket): Promise<readonly string[]> {
  await once(socket, 'connect');
  socket.destroy();
  return socket.autoSelectFamilyAttemptedAddresses.map((endpoint) => endpoint.replace(/:\d+$/, ''));
}

async function socketOf(request: http.ClientRequest): Promise<net.Socket> {
  const [socket] = (await once(
    request.on('error', () => undefined),
    'socket',
  )) as [net.Socket];
  return socket;
}

/** One connection, by each of the ways; which addresses it has tried. */
const WAYS: Readonly<Record<string, (options: Race) => Promise<readonly string[]>>> = {
  register: async (options) => {
    const end = register(options);
    const attempts = tried(net.connect({ host: HOST, port }));
    end();
    return attempts;
  },
  'a look-up of the caller’s, under register': async (options) => {
    const end = register({ ...options, resolver: undefined });
    const lookup: net.LookupFunction = (_host, _options, callback) => {
      callback(null, [SILENT, GOOD].map((address) => ({ address, family: net.isIP(address) }))); // prettier-ignore
    };
    const attempts = tried(net.connect({ host: HOST, port, lookup }));
    end();
    return attempts;
  },
  HttpAgent: async (options) => tried(await socketOf(http.get({ host: HOST, port, agent: new HttpAgent({ race: options }) }))),
  RaceSocket: (options) => tried(new RaceSocket({ race: options }).connect({ host: HOST, port })),
  undici: async (options) => {
    const dialled: string[] = [];
    const transport = connector({ race: options });
    const client = new Client(`http://${HOST}:${port}`, { connect: transport });
    const heard = (attempt: unknown) => dialled.push((attempt as { endpoint: { address: string } }).endpoint.address);
    subscribe('tracing:rx-happy-eyeballs:attempt:start', heard);
    await (await client.request({ path: '/', method: 'GET' })).body.text();
    unsubscribe('tracing:rx-happy-eyeballs:attempt:start', heard);
    await client.close();
    return dialled;
  },
};

const pairs = Object.keys(WAYS).flatMap((first) => Object.keys(WAYS).map((second) => [first, second] as const));

describe('the memory of a process', () => {
  it.each(pairs)('[S9] pays for a dead path once: %s, then %s', async (first, second) => {
    expect(await WAYS[first]!(race)).toEqual([SILENT, GOOD]);
    expect(await WAYS[second]!(race)).toEqual([GOOD]);
  });

  it.each(Object.keys(WAYS))('[S9] is neither asked nor taught with history: false: %s', async (way) => {
    expect(await WAYS[way]!({ ...race, history: false })).toEqual([SILENT, GOOD]);
    expect(await WAYS[way]!(race)).toEqual([SILENT, GOOD]);
    expect(await WAYS[way]!({ ...race, history: false })).toEqual([SILENT, GOOD]);
  });

  it.each(Object.keys(WAYS))('[S9] tries last what has failed, and comes to know that it works: %s', async (way) => {
    expect(await WAYS[way]!(race)).toEqual([SILENT, GOOD]);
    const { store } = { store: processHistory().snapshot().paths };
    expect(Object.keys(store).filter((key) => key.endsWith(` ${SILENT}`))).toHaveLength(1);
    // The path of the other address is dead now, and the first is good again.
    const other = await open(
      listen(
        http.createServer((_request, response) => response.end('ok')),
        SILENT,
      ),
    );
    await open(blackhole(GOOD, other.port));
    ({ port } = other);
    expect(await WAYS[way]!(race)).toEqual([GOOD, SILENT]);
    expect(await WAYS[way]!(race)).toEqual([SILENT]);
  });

  it('[S5] is not asked in one race of twenty, which finds what has recovered', async () => {
    expect(await WAYS.RaceSocket!(race)).toEqual([SILENT, GOOD]);
    expect(await WAYS.RaceSocket!({ ...race, random: () => 0 })).toEqual([SILENT, GOOD]);
    expect(await WAYS.RaceSocket!(race)).toEqual([GOOD]);
  });

  it('does not hold it against an address that it has refused: another of its ports may be served', async () => {
    const refusing = await open(listen(net.createServer(), SILENT));
    await refusing.close();
    const only = await open(listen(http.createServer(), GOOD, refusing.port));
    ({ port } = only);
    expect(await WAYS.RaceSocket!(race)).toEqual([SILENT, GOOD]);
    expect(await WAYS.RaceSocket!(race)).toEqual([SILENT, GOOD]);
  });

  it('gives way to a connector that is given', async () => {
    expect(await WAYS.RaceSocket!(race)).toEqual([SILENT, GOOD]);
    const own = createConnector(race);
    const agent = () => new HttpAgent({ connector: own });
    const attempts = async () => tried(await socketOf(http.get({ host: HOST, port, agent: agent() })));
    expect(await attempts()).toEqual([SILENT, GOOD]);
    expect(await attempts()).toEqual([GOOD]);
    expect(() => new HttpAgent({ connector: own, race: { history: false } })).toThrow(/history.*the connector has its own/);
  });

  it.each([true, [], null, 0])('takes no other word for off than false: %j', (history) => {
    const options = { race: { history: history as never } };
    for (const make of [() => new HttpAgent(options), () => new RaceSocket(options), () => connector(options)])
      expect(make).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('history') }),
      );
  });

  it.each(Object.keys(WAYS))('has one of its own beside it, where a client says so: %s', async (way) => {
    const own = { ...race, history: { store: new Map<string, PathRecord>() } };
    expect(await WAYS[way]!(own)).toEqual([SILENT, GOOD]);
    expect([...own.history.store.keys()].filter((key) => key.endsWith(` ${SILENT}`))).toHaveLength(1);
    expect(await WAYS[way]!(own)).toEqual([GOOD]);
    expect(await WAYS[way]!(race)).toEqual([SILENT, GOOD]);
  });

  it('is seen by those who watch', async () => {
    const seen: unknown[] = [];
    const heard = (context: unknown) => seen.push((context as { history?: string }).history);
    subscribe('tracing:rx-happy-eyeballs:race:asyncEnd', heard);
    await WAYS.RaceSocket!(race);
    await WAYS.RaceSocket!({ ...race, random: () => 0 });
    await WAYS.RaceSocket!({ ...race, history: false });
    unsubscribe('tracing:rx-happy-eyeballs:race:asyncEnd', heard);
    expect(seen).toEqual(['used', 'ignored', undefined]);
  });

  it('says with NODE_DEBUG what it has put back, and when it is not asked', () => {
    const program = `
      import { RaceSocket, staticResolver } from '${pathToFileURL(join(__dirname, '..', '..', 'dist', 'index.mjs')).href}';
      const connect = (random) => new Promise((resolve) => {
        const race = { resolver: staticResolver(['${SILENT}', '${GOOD}']), connectionAttemptDelay: 100, random: () => random };
        const socket = new RaceSocket({ race }).connect({ host: '${HOST}', port: ${port} }, () => resolve(socket.destroy()));
      });
      for (const random of [0.5, 0.5, 0]) await connect(random);
      process.exit();
    `;
    const ran = runCommand('env', 'NODE_DEBUG=rx-happy-eyeballs', process.execPath, '--input-type=module', '--eval', program);
    return ran.ended.then(({ stderr }) => {
      expect(stderr).toMatch(/#1 .*: started\n/);
      expect(stderr).toMatch(
        /#2 .*: 127\.0\.0\.1:\d+ scheduled, 1 of 2\n.*#2 .*\[::1\]:\d+ scheduled, 2 of 2: it failed lately\n/,
      );
      expect(stderr).toMatch(/#3 .*: started, taking no notice of history\n/);
    });
  }, 15_000);

  it('is one for all copies of the package', async () => {
    await jest.isolateModulesAsync(async () => {
      const copy = await import('../../src/stand-in/race-socket.js');
      expect(copy.RaceSocket).not.toBe(RaceSocket);
      expect(await tried(new copy.RaceSocket({ race }).connect({ host: HOST, port }))).toEqual([SILENT, GOOD]);
    });
    expect(await WAYS.RaceSocket!(race)).toEqual([GOOD]);
  });

  it('is not upset by what another has put in its place', async () => {
    const key = Symbol.for('rx-happy-eyeballs.history.1');
    const before = Reflect.get(globalThis, key) as unknown;
    await jest.isolateModulesAsync(async () => {
      Reflect.set(globalThis, key, { get: () => ({ failedAt: 'x' }), set: () => { throw new Error('full'); }, clear: () => 0, entries: () => [] }); // prettier-ignore
      const copy = await import('../../src/stand-in/race-socket.js');
      expect(await tried(new copy.RaceSocket({ race }).connect({ host: HOST, port }))).toEqual([SILENT, GOOD]);
    });
    await jest.isolateModulesAsync(async () => {
      Reflect.set(globalThis, key, 'rubbish');
      const copy = await import('../../src/stand-in/race-socket.js');
      expect(await tried(new copy.RaceSocket({ race }).connect({ host: HOST, port }))).toEqual([SILENT, GOOD]);
    });
    Reflect.set(globalThis, key, before);
  });
});
