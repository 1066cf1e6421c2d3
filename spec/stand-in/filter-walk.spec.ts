import http from 'node:http';
import https from 'node:https';
import http2 from 'node:http2';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';
import { Client, type Dispatcher } from 'undici';
import { connect, connect$, createConnector, RaceSocket, ssrf, type RaceOptions } from '../../src/index.js';
import { HttpAgent, HttpsAgent } from '../../src/stand-in/agent.js';
import { register } from '../../src/stand-in/registration.js';
import { connector, createDispatcher } from '../../src/stand-in/undici.js';
import { runNode } from '../support/dist.js';
import { tcpServer } from '../support/fixtures.js';

/** What a socket is told, beside its port. */
type Where = net.TcpSocketConnectOpts extends infer O ? Partial<O> : never;

const loopback: net.LookupFunction = (_name, { all }, callback) => {
  if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const AUTO_OFF = { autoSelectFamily: false };

/** Destinations that are loopback, in each form that Node's sockets accept. */
const WHERE: readonly Where[] = [
  ...['127.0.0.1', '127.0.0.2', '0.0.0.0', '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:127.0.0.1', '::ffff:0.0.0.0'].map((host) => ({ host })),
  ...['::1', '::', '0:0:0:0:0:0:0:1', '::1%lo', '::%lo', '::127.0.0.1', '64:ff9b::127.0.0.1'].map((host) => ({ host })),
  ...['localhost', 'some.localhost', '127.1', '2130706433', '0x7f000001', '017700000001'].map((host) => ({ host })),
  { host: '127.0.0.1', family: 4 },
  { host: '::1', family: 6 },
  { host: 'localhost', family: 4 },
  { host: 'localhost', family: 6 },
  { host: 'localhost', family: 'IPv4' as never },
  { host: 'localhost', localAddress: '127.0.0.1' },
  { host: 'localhost', localPort: 0, ...AUTO_OFF },
  { host: 'localhost', ...AUTO_OFF },
  { host: 'localhost', hints: 0, lookup: loopback },
  { host: 'raced.example', lookup: loopback },
  { host: 'raced.example', lookup: loopback, family: 4 },
  { host: 'raced.example', lookup: loopback, ...AUTO_OFF },
  { host: 'raced.example', lookup: loopback, localAddress: '127.0.0.1' },
  { host: 'raced.example', lookup: ((_name, _options, callback) => callback(null, '::ffff:127.0.0.1', 6)), ...AUTO_OFF },
  { host: 'raced.example', lookup: ((_name, _options, callback) => callback(null, { toString: () => '127.0.0.1' } as never, 4)), ...AUTO_OFF },
  { host: 'raced.example', lookup: ((_name, _options, callback) => callback(null, [{ address: { toString: () => '127.0.0.1' }, family: 4 }] as never)) },
]; // prettier-ignore

/** Those of them that a URL can say. */
const HOSTS = WHERE.filter((where) => Object.keys(where).length === 1 && !where.host!.includes('%')).map(({ host }) => host!);

/** Of this machine it depends whether it knows a name, and in which family. */
const expected = ({ host, lookup }: Where) =>
  host && !net.isIP(host) && !lookup ? (expect.stringMatching(/^(ERR_IP_BLOCKED|ENOTFOUND)$/) as unknown) : 'ERR_IP_BLOCKED';

const shown = (where: Where) =>
  JSON.stringify(where, (_key, value: unknown) => (typeof value === 'function' ? 'a function' : (value as string)));

let port: number;
/** What has come in, by whatever way. */
let accepted: number;

beforeEach(async () => {
  accepted = 0;
  const count = () => {
    accepted++;
  };
  const server = await tcpServer('127.0.0.1', 0, count);
  ({ port } = server);
  await tcpServer('::1', port, count);
  await tcpServer('127.0.0.2', port, count);
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const end of undo.splice(0).reverse()) end();
});

/** What a socket, a request or a session comes to: a code, or that it is connected. */
async function endOf(emitter: NodeJS.EventEmitter & { destroy: () => unknown }): Promise<string> {
  return new Promise((resolve) => {
    const ended = (how: string) => {
      emitter.on('error', () => undefined).destroy();
      resolve(how);
    };
    emitter.on('error', (error) => {
      ended(codeOf(error));
    });
    const onSocket = (socket: net.Socket) => socket.on('connect', () => {
        ended('connected');
      }); // prettier-ignore
    if (emitter instanceof http.ClientRequest) emitter.on('socket', onSocket);
    else onSocket(emitter as unknown as net.Socket);
  });
}

function codeOf(error: unknown): string {
  const { code, cause, message } = error as { code?: string; cause?: { code?: string }; message: string };
  if (cause?.code ?? code) return (cause?.code ?? code)!;
  // To the fetch outside of the runner's realm, an error of within is no Error. That of several addresses has no message.
  const told = /is blocked|AggregateError|ENOTFOUND/.exec(String(cause))?.[0] ?? message;
  return told.replace(/is blocked|AggregateError/, 'ERR_IP_BLOCKED');
}

const settled = async (won: Promise<unknown>) =>
  won.then(
    (value) => {
      (value as Partial<net.Socket> | undefined)?.destroy?.();
      return 'connected';
    },
    (error: unknown) => codeOf(error),
  );

const registered = (race: RaceOptions) => void undo.push(register(race));
const urlOf = (protocol: string, host: string) => `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}/`;

/** All ways to a socket, given what filters it. */
const SOCKETS: Readonly<Record<string, (race: RaceOptions, where: Where) => Promise<string>>> = {
  'register, net.connect': async (race, where) => {
    registered(race);
    return endOf(net.connect({ ...where, port } as net.NetConnectOpts));
  },
  'register, new net.Socket': async (race, where) => {
    registered(race);
    return endOf(new net.Socket().connect({ ...where, port }));
  },
  'register, options that are inherited': async (race, where) => {
    registered(race);
    return endOf(new net.Socket().connect(Object.create({ ...where, port }) as net.TcpSocketConnectOpts));
  },
  'register, tls.connect': async (race, where) => {
    registered(race);
    return endOf(tls.connect({ ...where, port } as tls.ConnectionOptions));
  },
  'register, http.get': async (race, where) => {
    registered(race);
    return endOf(http.get({ ...where, port, agent: false } as http.RequestOptions));
  },
  'register, https.get': async (race, where) => {
    registered(race);
    return endOf(https.get({ ...where, port, agent: false } as https.RequestOptions));
  },
  'register, http2.connect': async (race, where) => {
    registered(race);
    const createConnection = () => net.connect({ ...where, port } as net.NetConnectOpts);
    const session = http2.connect(`http://some.example:${port}`, { createConnection });
    return new Promise((resolve) => {
      session.on('connect', () => {
        resolve('connected');
        session.destroy();
      });
      session.on('error', (error) => {
        resolve(codeOf(error));
      });
    });
  },
  RaceSocket: async (race, where) => endOf(new RaceSocket({ race }).connect({ ...where, port })),
  'RaceSocket, connected again': async (race, where) => {
    const socket = new RaceSocket({ race });
    const first = endOf(socket.connect({ ...where, port }));
    socket.connect({ ...where, port });
    return first;
  },
  HttpAgent: async (race, where) =>
    endOf(http.get({ ...where, port, agent: new HttpAgent({ race }) } as http.RequestOptions)),
  'HttpAgent with a connector': async (race, where) =>
    endOf(http.get({ ...where, port, agent: new HttpAgent({ connector: createConnector(race) }) } as http.RequestOptions)),
  'HttpAgent with proxyEnv': async (race, where) =>
    endOf(http.get({ ...where, port, agent: new HttpAgent({ race, ...{ proxyEnv: {} } }) } as http.RequestOptions)),
  'HttpAgent with a proxy, not for this host': async (race, where) => {
    const proxyEnv = { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '*' };
    return endOf(http.get({ ...where, port, agent: new HttpAgent({ race, ...{ proxyEnv } }) } as http.RequestOptions));
  },
  HttpsAgent: async (race, where) =>
    endOf(https.get({ ...where, port, agent: new HttpsAgent({ race }) } as https.RequestOptions)),
  'HttpsAgent with a connector': async (race, where) =>
    endOf(https.get({ ...where, port, agent: new HttpsAgent({ connector: createConnector(race) }) } as https.RequestOptions)),
  'HttpsAgent with a proxy, not for this host': async (race, where) => {
    const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '*' };
    return endOf(https.get({ ...where, port, agent: new HttpsAgent({ race, ...{ proxyEnv } }) } as https.RequestOptions));
  },
}; // prettier-ignore

/** All ways to a host and a port. */
const DIALS: Readonly<Record<string, (race: RaceOptions, host: string) => Promise<string>>> = {
  connect: async (race, host) => settled(connect(host, port, race)),
  connect$: async (race, host) => settled(new Promise((resolve, reject) => connect$(host, port, race).subscribe({ next: resolve, error: reject }))), // prettier-ignore
  'connect with tls': async (race, host) => settled(connect(host, port, { ...race, tls: true })),
  createConnector: async (race, host) => settled(createConnector(race).connect(host, port)),
  'connector of undici': async (race, host) => {
    const client = new Client(urlOf('http', host), { connect: connector({ race }) });
    return settled(client.request({ path: '/', method: 'GET' })).finally(() => client.destroy());
  },
  createDispatcher: async (race, host) => {
    const dispatcher = createDispatcher({ race }) as Dispatcher;
    return settled(fetch(urlOf('https', host), { dispatcher } as object)).finally(() => dispatcher.destroy());
  },
  'createDispatcher with a connector': async (race, host) => {
    const dispatcher = createDispatcher({ connector: createConnector(race) }) as Dispatcher;
    return settled(fetch(urlOf('http', host), { dispatcher } as object)).finally(() => dispatcher.destroy());
  },
  'register, fetch': async (race, host) => {
    registered(race);
    return settled(fetch(urlOf('http', host)));
  },
};

const blockList = new net.BlockList();
blockList.addSubnet('127.0.0.0', 8);
blockList.addAddress('::1', 'ipv6');

const FILTERS: readonly (readonly [name: string, race: RaceOptions])[] = [
  ['ssrf()', { filter: ssrf() }],
  ['a block list', { blockList }],
];

describe.each(FILTERS)('%s', (_name, race) => {
  it.each(Object.keys(SOCKETS))('[F3] holds for every destination of a socket: %s', async (way) => {
    const ends: [string, string][] = [];
    for (const where of WHERE) {
      ends.push([shown(where), await SOCKETS[way]!(race, where)]);
      for (const end of undo.splice(0).reverse()) end();
    }
    expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(WHERE.map((where) => [shown(where), expected(where)])));
    expect(accepted).toBe(0);
  });

  it.each(Object.keys(DIALS))('[F3] holds for every host: %s', async (way) => {
    const ends: [string, string][] = [];
    for (const host of HOSTS) {
      ends.push([host, await DIALS[way]!(race, host)]);
      for (const end of undo.splice(0).reverse()) end();
    }
    expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(HOSTS.map((host) => [host, expected({ host })])));
    expect(accepted).toBe(0);
  });
});

describe('what is not refused', () => {
  const permissive: RaceOptions = { filter: () => true };
  const usual = WHERE.filter(({ host, lookup }) => lookup !== undefined || /^127|^::1$|^::ffff:127/.test(host!)).slice(0, -2);

  it.each(Object.keys(SOCKETS).filter((way) => !way.includes('again')))('connects as usual: %s', async (way) => {
    for (const where of usual) {
      const end = await SOCKETS[way]!(permissive, where);
      for (const stop of undo.splice(0).reverse()) stop();
      expect([shown(where), end]).toEqual([shown(where), 'connected']);
    }
  });
});

describe.each(['', '--no-network-family-autoselection'])('a process with [%s]', (flag) => {
  /** Each way to each host, with a filter and without; what came of it. */
  const program = (filter: string) => `
    import http from 'node:http';
    import net from 'node:net';
    import { ssrf, RaceSocket } from '${dist('index')}';
    import { HttpAgent } from '${dist('agent')}';
    import { register } from '${dist('register')}';
    import { installGlobal } from '${dist('undici')}';
    const filter = ${filter};
    register()(); // what importing it has registered
    const port = ${port};
    const endOf = (socket) => new Promise((resolve) => {
      socket.on('connect', () => { resolve('connected'); socket.destroy(); });
      socket.on('error', (error) => resolve(error.code));
    });
    const during = async (end, way) => { const how = await way(); end(); return how; };
    const fetched = async (host) => {
      const signal = AbortSignal.timeout(300); // the server does not answer
      const url = 'http://' + (host.includes(':') ? '[' + host + ']' : host) + ':' + port;
      return fetch(url, { signal }).then(() => 'connected', (error) => error.cause?.code ?? 'connected');
    };
    const request = (host, agent) => new Promise((resolve) => {
      const sent = http.get({ host, port, agent });
      sent.on('error', (error) => resolve(error.code));
      sent.on('socket', async (socket) => { const how = await endOf(socket); resolve(how); });
    });
    const ways = {
      register: (host) => during(register({ filter }), () => endOf(net.connect({ host, port }))),
      'register, fetch': (host) => during(register({ filter }), () => fetched(host)),
      installGlobal: (host) => during(installGlobal({ race: { filter } }), () => fetched(host)),
      RaceSocket: (host) => endOf(new RaceSocket({ race: { filter } }).connect({ host, port })),
      HttpAgent: (host) => request(host, new HttpAgent({ race: { filter } })),
    };
    const ends = {};
    for (const [name, way] of Object.entries(ways)) for (const host of ['127.0.0.1', '::1', 'localhost', '::ffff:127.0.0.1']) (ends[await way(host)] ??= []).push(name + ' ' + host);
    console.log(JSON.stringify(Object.fromEntries(Object.entries(ends).map(([end, { length }]) => [end, length]))));
    process.exit();
  `;
  const dist = (entry: string) => pathToFileURL(join(__dirname, '..', '..', 'dist', `${entry}.mjs`)).href;
  const run = async (filter: string) => runNode(...(flag ? [flag] : []), '--input-type=module', '--eval', program(filter)).ended;

  it('[F3] refuses by every way', async () => {
    expect(await run('ssrf()')).toEqual({ status: 0, stderr: '', stdout: '{"ERR_IP_BLOCKED":20}\n' });
    expect(accepted).toBe(0);
  }, 20_000);

  it('connects as usual what is not refused', async () => {
    expect(await run('() => true')).toEqual({ status: 0, stderr: '', stdout: '{"connected":20}\n' });
    expect(accepted).toBeGreaterThanOrEqual(20); // undici may connect once more
  }, 20_000);
});

const knowsProxies = Number(process.versions.node.split('.')[0]) >= 24;
(knowsProxies ? describe : describe.skip)(
  `an agent that goes by a proxy${knowsProxies ? '' : ' (skipped: from Node 24 on)'}`,
  () => {
    const proxyEnv = (host: string) => ({ HTTP_PROXY: `http://${host}:${port}`, HTTPS_PROXY: `http://${host}:${port}` });
    const through = async (host: string, target: string, race: RaceOptions) => [
      await endOf(http.get({ host: target, agent: new HttpAgent({ race, ...{ proxyEnv: proxyEnv(host) } }) })),
      await endOf(https.get({ host: target, agent: new HttpsAgent({ race, ...{ proxyEnv: proxyEnv(host) } }) })),
    ];

    it.each(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'])(
      '[F3] does not connect to a proxy that is refused: %s',
      async (host) => {
        expect(await through(host, 'some.example', { filter: ssrf() })).toEqual(['ERR_IP_BLOCKED', 'ERR_IP_BLOCKED']);
        expect(accepted).toBe(0);
      },
    );

    it.each(['169.254.169.254', '::1'])('[F3] does not reach by way of a proxy what is refused: %s', async (target) => {
      const filter = ({ address }: { address: string }) => address === '127.0.0.1';
      expect(await through('127.0.0.1', target, { filter })).toEqual(['ERR_IP_BLOCKED', 'ERR_IP_BLOCKED']);
      expect(accepted).toBe(0);
    });

    it('connects to a proxy that may be reached', async () => {
      const agent = { race: { filter: () => true }, ...{ proxyEnv: proxyEnv('127.0.0.1') } };
      const requests = [
        http.get({ host: 'some.example', agent: new HttpAgent(agent) }),
        https.get({ host: 'some.example', agent: new HttpsAgent(agent) }),
      ];
      for (const request of requests) request.on('error', () => undefined);
      while (accepted < 2) await sleep(5);
      for (const request of requests) request.destroy();
    });
  },
);
