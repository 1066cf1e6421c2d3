import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { of } from 'rxjs';
import { HttpAgent, HttpsAgent } from '../../src/stand-in/agent.js';
import { blackhole } from '../../src/cli/lab.js';
import { createConnector, RaceSocket, staticResolver, type Resolver } from '../../src/index.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { activeResources, destroyedAfterEach, leftOver, listen, open } from '../support/fixtures.js';

const HOST = 'raced.example';
const SILENT = '::1';
const GOOD = '127.0.0.1';
const REFUSING = '127.0.0.2';

const race = { resolver: staticResolver([SILENT, GOOD]), connectionAttemptDelay: 20, history: false as const };

/** Node's own way: one look-up for all addresses, which are tried one after another. */
const lookup = (...addresses: readonly string[]): net.LookupFunction => {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
};

let ca: string;
let credentials: Credentials;

beforeAll(async () => {
  const authority = await createAuthority();
  ({ ca } = authority);
  credentials = await authority.issue([HOST, GOOD]);
});

/** Keeps a server that listens on the good address, while the other one of its port is silent. */
async function lab(server: net.Server) {
  const connections: net.Socket[] = [];
  const clients: (string | undefined)[] = [];
  server.on('connection', (socket: net.Socket) => {
    connections.push(socket);
    clients.push(socket.remoteAddress);
  });
  const { port } = await open(listen(server));
  await open(blackhole(SILENT, port));
  return { port, connections, clients };
}

const answer: http.RequestListener = (request, response) => void response.end(`${request.method} ${request.headers.host}`);
const httpLab = (listener = answer) => lab(http.createServer(listener));
const httpsLab = (options: https.ServerOptions = {}) => lab(https.createServer({ ...credentials, ...options }, answer));

/** What came of a request. */
interface Reply {
  readonly text: string;
  readonly socket: net.Socket;
  readonly reused: boolean;
  readonly resumed: boolean;
}

async function replyTo(request: http.ClientRequest): Promise<Reply> {
  let resumed = false;
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const { socket } = response;
  if ('isSessionReused' in socket) resumed = (socket as TLSSocket).isSessionReused();
  const chunks: Buffer[] = await response.toArray();
  return { text: Buffer.concat(chunks).toString(), socket, reused: request.reusedSocket, resumed };
}

/** How a request fails. */
async function failureOf(request: http.ClientRequest): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve, reject) => {
    request.on('error', resolve).on('response', () => reject(new Error('there is a response')));
  });
}

const use = destroyedAfterEach();

describe('HttpAgent', () => {
  const get = (port: number, options: http.RequestOptions) => http.get({ host: HOST, port, ...options });

  it('connects to the address that works, and names the host', async () => {
    const { port } = await httpLab();
    const agent = use(new HttpAgent({ race }));
    const { text, socket } = await replyTo(get(port, { agent }));
    expect(text).toBe(`GET ${HOST}:${port}`);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([`${SILENT}:${port}`, `${GOOD}:${port}`]);
  });

  it('sends a body that was written before it was connected, once', async () => {
    const { port } = await httpLab((request, response) => void request.pipe(response));
    const request = http.request({ host: HOST, port, method: 'POST', agent: use(new HttpAgent({ race })) });
    request.write('written ');
    request.end('and ended');
    expect((await replyTo(request)).text).toBe('written and ended');
  });

  it('uses a connection again that is kept alive', async () => {
    const { port, connections } = await httpLab();
    const agent = use(new HttpAgent({ keepAlive: true, race }));
    const first = await replyTo(get(port, { agent }));
    await sleep(1);
    const second = await replyTo(get(port, { agent }));
    expect([first.reused, second.reused]).toEqual([false, true]);
    expect(second.socket).toBe(first.socket);
    expect(connections.length).toBe(1);
  });

  it('races again when the connection that was kept has closed', async () => {
    const { port, connections } = await httpLab();
    const agent = use(new HttpAgent({ keepAlive: true, race }));
    await replyTo(get(port, { agent }));
    connections[0]!.destroy();
    await sleep(20);
    expect((await replyTo(get(port, { agent }))).reused).toBe(false);
    expect(connections.length).toBe(2);
  });

  it.each([true, false])('makes no more sockets than `maxSockets`, also while it races (keepAlive: %s)', async (keepAlive) => {
    let busy = 0;
    let most = 0;
    const { port } = await httpLab((_request, response) => {
      most = Math.max(most, ++busy);
      setTimeout(() => {
        busy--;
        response.end();
      }, 5);
    });
    const agent = use(new HttpAgent({ keepAlive, maxSockets: 2, race }));
    const requests = Array.from({ length: 6 }, () => get(port, { agent }));
    const name = agent.getName({ host: HOST, port });
    await sleep(5);
    expect(agent.sockets[name]).toHaveLength(2);
    expect(agent.sockets[name]!.every(({ connecting }) => connecting)).toBe(true);
    expect(agent.requests[name]).toHaveLength(4);
    await Promise.all(requests.map(replyTo));
    expect(most).toBe(2);
  });

  it('goes on with the next request when one that waited for its race is destroyed', async () => {
    const { port, connections } = await httpLab();
    const agent = use(new HttpAgent({ maxSockets: 1, race }));
    const first = get(port, { agent });
    const failed = failureOf(first);
    const second = get(port, { agent });
    await sleep(5);
    first.destroy();
    await failed;
    expect((await replyTo(second)).text).toContain('GET');
    expect(connections.length).toBe(1);
  });

  const silent: readonly (readonly [name: string, agent: () => http.Agent])[] = [
    ['natively', () => new http.Agent({ lookup: lookup(SILENT) })],
    ['while it races', () => new HttpAgent({ race: { ...race, resolver: staticResolver([SILENT]) } })],
  ];

  describe.each(silent)('%s', (_name, create) => {
    const ends: readonly (readonly [
      what: string,
      options: (signal: AbortSignal) => http.RequestOptions,
      end: (request: http.ClientRequest, controller: AbortController) => void,
      code: string,
    ])[] = [
      ['destroyed', () => ({}), (request) => void request.destroy(), 'ECONNRESET'],
      [
        'destroyed with an error',
        () => ({}),
        (request) => void request.destroy(Object.assign(new Error('no'), { code: 'ENO' })),
        'ENO',
      ],
      ['aborted by a signal', (signal) => ({ signal }), (_request, controller) => controller.abort(), 'ABORT_ERR'],
    ];
    it.each(ends)('is %s at once, with all attempts', async (_what, options, end, code) => {
      const { port } = await httpLab();
      const before = activeResources();
      const controller = new AbortController();
      const request = get(port, { agent: use(create()), ...options(controller.signal) });
      const failed = failureOf(request);
      const [socket] = (await once(request, 'socket')) as [net.Socket];
      await sleep(30);
      expect(socket.connecting).toBe(true);
      const since = performance.now();
      end(request, controller);
      expect((await failed).code).toBe(code);
      expect(performance.now() - since).toBeLessThan(5000);
      expect(socket.destroyed).toBe(true);
      expect(await leftOver(before)).toEqual({});
    });

    it('keeps to the timeout of a request and goes on', async () => {
      const { port } = await httpLab();
      const request = get(port, { agent: use(create()), timeout: 30 });
      const failed = failureOf(request);
      await once(request, 'timeout');
      expect(request.destroyed).toBe(false);
      request.destroy();
      expect((await failed).code).toBe('ECONNRESET');
    });

    it('ends with its agent', async () => {
      const { port } = await httpLab();
      const before = activeResources();
      const agent = use(create());
      const failed = failureOf(get(port, { agent }));
      await sleep(30);
      agent.destroy();
      expect((await failed).code).toBe('ECONNRESET');
      expect(await leftOver(before)).toEqual({});
    });
  });

  it('keeps to the timeout of the agent', async () => {
    const { port } = await httpLab();
    const agent = use(new HttpAgent({ timeout: 30, race: { ...race, resolver: staticResolver([SILENT]) } }));
    const request = get(port, { agent });
    const failed = failureOf(request);
    await once(request, 'timeout');
    request.destroy();
    await failed;
  });

  it('fails with a code and a message when all addresses refuse', async () => {
    const agent = use(new HttpAgent({ race: { ...race, resolver: staticResolver([REFUSING, '127.0.0.3']) } }));
    const { port } = await httpLab();
    const error = await failureOf(get(port, { agent }));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', name: 'AggregateError', connectionError: { host: HOST, port } });
  });

  it('fails with ENOTFOUND where there is no address', async () => {
    const agent = use(new HttpAgent({ race: { ...race, resolver: staticResolver([]) } }));
    expect(await failureOf(get(80, { agent }))).toMatchObject({ code: 'ENOTFOUND', message: expect.stringMatching(/./) });
  });

  it('throws for a bad port as Node does', () => {
    const codeOf = (agent: http.Agent) => {
      try {
        get(70_000, { agent }).on('error', () => undefined);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
      return undefined;
    };
    expect(codeOf(use(new HttpAgent({ race })))).toBe('ERR_SOCKET_BAD_PORT');
    expect(codeOf(use(new http.Agent()))).toBe('ERR_SOCKET_BAD_PORT');
  });

  it('upgrades', async () => {
    const server = http.createServer();
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst ');
      socket.pipe(socket);
    });
    const { port } = await lab(server);
    const headers = { Connection: 'upgrade', Upgrade: 'echo' };
    const request = get(port, { agent: use(new HttpAgent({ race })), headers });
    const [, socket, head] = (await once(request, 'upgrade')) as [unknown, net.Socket, Buffer];
    socket.end('second');
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat([head, ...chunks]).toString()).toBe('first second');
  });

  describe('does not race', () => {
    const asked = jest.fn();
    const resolver: Resolver = (host) => {
      asked(host);
      return staticResolver([SILENT, GOOD])(host);
    };
    const create = () => use(new HttpAgent({ race: { ...race, resolver } }));
    beforeEach(() => asked.mockClear());

    const cases: readonly (readonly [what: string, options: object])[] = [
      ['to an address', { host: GOOD }],
      ['from a local address', { localAddress: '127.0.0.9', lookup: lookup(GOOD) }],
      ['to one family', { family: 4, lookup: lookup(GOOD) }],
      ['where `autoSelectFamily` is off', { autoSelectFamily: false, lookup: lookup(GOOD) }],
    ];
    it.each(cases)('%s', async (_what, options) => {
      const { port, clients } = await httpLab();
      const { text } = await replyTo(get(port, { agent: create(), ...options }));
      expect(text).toContain('GET');
      expect(asked).not.toHaveBeenCalled();
      if ('localAddress' in options) expect(clients).toEqual([options.localAddress]);
    });

    it('to a socket of the file system', async () => {
      const socketPath = join(tmpdir(), `rx-happy-eyeballs-${process.pid}.sock`);
      const server = http.createServer(answer).listen(socketPath);
      await once(server, 'listening');
      const { text } = await replyTo(http.get({ socketPath, agent: create() }));
      expect(text).toBe('GET localhost');
      expect(asked).not.toHaveBeenCalled();
      server.closeAllConnections();
      await once(server.close(), 'close');
    });
  });

  it('asks the look-up of a request in place of its own resolver', async () => {
    const { port } = await httpLab();
    const agent = use(new HttpAgent({ race: { ...race, resolver: staticResolver([]) } }));
    const { text } = await replyTo(get(port, { agent, lookup: lookup(SILENT, GOOD) }));
    expect(text).toContain('GET');
  });

  it('shares the history of a connector with others', async () => {
    const { port } = await httpLab();
    const connector = createConnector({ ...race, history: {}, random: () => 0.5 });
    const attempted = async () => {
      const { socket } = await replyTo(get(port, { agent: use(new HttpAgent({ connector })) }));
      return socket.autoSelectFamilyAttemptedAddresses;
    };
    expect(await attempted()).toEqual([`${SILENT}:${port}`, `${GOOD}:${port}`]);
    expect(await attempted()).toEqual([`${GOOD}:${port}`]);
    connector.clear();
    expect(await attempted()).toEqual([`${SILENT}:${port}`, `${GOOD}:${port}`]);
  });
});

describe('HttpsAgent', () => {
  const get = (port: number, options: https.RequestOptions) => https.get({ host: HOST, port, ca, ...options });

  it('verifies the host, tells it, and says which protocols it speaks', async () => {
    const seen: unknown[] = [];
    const { port } = await httpsLab({
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, callback) => {
        seen.push(name);
        callback(null);
      },
    });
    const ALPNProtocols = ['http/1.1'];
    const native = use(new https.Agent({ lookup: lookup(GOOD), ALPNProtocols }));
    for (const agent of [native, use(new HttpsAgent({ race, ALPNProtocols }))]) {
      const request = get(port, { agent });
      const [socket] = (await once(request, 'socket')) as [TLSSocket];
      await once(socket, 'secureConnect');
      expect(socket).toMatchObject({ authorized: true, alpnProtocol: 'http/1.1', servername: HOST, remoteAddress: GOOD });
      expect((await replyTo(request)).text).toBe(`GET ${HOST}:${port}`);
    }
    expect(seen).toEqual([HOST, HOST]);
  });

  it('refuses a certificate that is for another name', async () => {
    const { port } = await httpsLab();
    const error = await failureOf(get(port, { host: 'other.example', agent: use(new HttpsAgent({ race })) }));
    expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('verifies for the `servername` that is given, and shows a client certificate', async () => {
    const server = https.createServer({ ...credentials, ca, requestCert: true }, (request, response) => {
      response.end(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
    });
    const { port } = await lab(server);
    const agent = use(new HttpsAgent({ race, ...credentials }));
    const { text } = await replyTo(get(port, { host: 'other.example', servername: HOST, agent }));
    expect(text).toBe(HOST);
  });

  it('uses a connection again that is kept alive', async () => {
    const { port, connections } = await httpsLab();
    const agent = use(new HttpsAgent({ keepAlive: true, race }));
    const first = await replyTo(get(port, { agent }));
    await sleep(5);
    const second = await replyTo(get(port, { agent }));
    expect([first.reused, second.reused]).toEqual([false, true]);
    expect(connections.length).toBe(1);
  });

  const versions: readonly (readonly [SecureVersion])[] = [['TLSv1.2'], ['TLSv1.3']];
  describe.each(versions)('over %s', (maxVersion) => {
    /** Whether the sessions of two connections in a row were reported, and whether the second resumed that of the first. */
    const twoRounds = async (agent: https.Agent, port: number) => {
      const sessions: number[] = [];
      const round = async () => {
        const request = get(port, { agent });
        const heard: unknown[] = [];
        request.on('socket', (socket) => socket.on('session', (session) => heard.push(session)));
        const { resumed } = await replyTo(request);
        await sleep(10);
        sessions.push(heard.length);
        return resumed;
      };
      const resumed = [await round(), await round()];
      return { heard: sessions[0]! > 0, resumed };
    };

    it('resumes a session though the first address has lost, where Node forgets it', async () => {
      const { port } = await httpsLab({ maxVersion });
      const options = { lookup: lookup(SILENT, GOOD), autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 20 };
      const native = use(new https.Agent(options as https.AgentOptions));
      expect(await twoRounds(native, port)).toMatchObject({ resumed: [false, false] });
      expect(await twoRounds(use(new HttpsAgent({ race })), port)).toEqual({ heard: true, resumed: [false, true] });
    });

    it('resumes a session where the first address has won, as Node does', async () => {
      const { port } = await httpsLab({ maxVersion });
      const native = use(new https.Agent({ lookup: lookup(GOOD) }));
      const raced = use(new HttpsAgent({ race: { ...race, resolver: staticResolver([GOOD, REFUSING]), sort: 'none' } }));
      expect(await twoRounds(native, port)).toEqual({ heard: true, resumed: [false, true] });
      expect(await twoRounds(raced, port)).toEqual({ heard: true, resumed: [false, true] });
    });

    it('resumes nothing where no sessions are to be kept', async () => {
      const { port } = await httpsLab({ maxVersion });
      const raced = use(new HttpsAgent({ race, maxCachedSessions: 0 }));
      expect(await twoRounds(raced, port)).toMatchObject({ resumed: [false, false] });
    });
  });

  it('ends a request and its attempts at once while it races', async () => {
    const { port } = await httpsLab();
    const before = activeResources();
    const agent = use(new HttpsAgent({ race: { ...race, resolver: staticResolver([SILENT]) } }));
    const request = get(port, { agent });
    const failed = failureOf(request);
    await sleep(30);
    request.destroy();
    expect((await failed).code).toBe('ECONNRESET');
    expect(await leftOver(before)).toEqual({});
  });

  it('fails with a code and a message when all addresses refuse', async () => {
    const { port } = await httpsLab();
    const agent = use(new HttpsAgent({ race: { ...race, resolver: staticResolver([REFUSING, '127.0.0.3']) } }));
    const error = await failureOf(get(port, { agent }));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', name: 'AggregateError', connectionError: { host: HOST, port } });
  });

  it('does not race to an address', async () => {
    const { port } = await httpsLab();
    const agent = use(new HttpsAgent({ race: { ...race, resolver: staticResolver([]) } }));
    const { text, socket } = await replyTo(get(port, { host: GOOD, agent }));
    expect(text).toContain('GET');
    expect(socket.autoSelectFamilyAttemptedAddresses).toBeUndefined();
  });

  it('shares the history of a connector with others', async () => {
    const { port } = await httpsLab();
    const connector = createConnector({ ...race, history: {}, random: () => 0.5 });
    const attempted = async () => {
      const { socket } = await replyTo(get(port, { agent: use(new HttpsAgent({ connector })) }));
      return socket.autoSelectFamilyAttemptedAddresses;
    };
    expect(await attempted()).toEqual([`${SILENT}:${port}`, `${GOOD}:${port}`]);
    expect(await attempted()).toEqual([`${GOOD}:${port}`]);
  });
});

/** Agents that go by the proxies of the environment. */
const knowsProxies = Number(process.versions.node.split('.')[0]) >= 24;
(knowsProxies ? describe : describe.skip)(`an agent with proxyEnv${knowsProxies ? '' : ' (skipped: from Node 24 on)'}`, () => {
  it('leaves to Node what goes by a proxy', async () => {
    const proxy = http.createServer((request, response) => response.end(`by the proxy to ${request.url}`));
    const { port } = await open(listen(proxy));
    const options = { race, proxyEnv: { HTTP_PROXY: `http://${GOOD}:${port}` } };
    const agent = new HttpAgent(options);
    const [response] = (await once(http.get({ host: HOST, port: 80, agent }), 'response')) as [http.IncomingMessage];
    const chunks: Buffer[] = await response.toArray();
    expect(Buffer.concat(chunks).toString()).toBe(`by the proxy to http://${HOST}/`);
    agent.destroy();
  });
});

describe('http2 over a socket that races', () => {
  it('has its stream', async () => {
    const server = http2.createServer().on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('over h2');
    });
    const { port } = await lab(server);
    const session = http2.connect(`http://${HOST}:${port}`, {
      createConnection: () => new RaceSocket({ race }).connect({ host: HOST, port }),
    });
    const stream = session.request({ ':path': '/' });
    const chunks: Buffer[] = await stream.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('over h2');
    expect(session.socket.remoteAddress).toBe(GOOD);
    session.close();
    await once(session, 'close');
  });

  it('tells its error', async () => {
    const session = http2.connect(`http://${HOST}:1`, {
      createConnection: () =>
        new RaceSocket({ race: { resolver: staticResolver([REFUSING, '127.0.0.3']) } }).connect({ host: HOST, port: 1 }),
    });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => session.on('error', resolve));
    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe.each([HttpAgent, HttpsAgent])('%p', (AnAgent) => {
  const options: readonly (readonly [options: object, code: string, message: RegExp])[] = [
    [{ race: { nonsense: 1 } }, 'ERR_INVALID_ARG_VALUE', /nonsense/],
    [{ race: { connectionAttemptDelay: 'x' } }, 'ERR_INVALID_ARG_TYPE', /connectionAttemptDelay/],
    [{ race: { connectionAttemptDelay: 0 } }, 'ERR_OUT_OF_RANGE', /connectionAttemptDelay/],
    [{ race: 7 }, 'ERR_INVALID_ARG_TYPE', /object/],
    [{ race: null }, 'ERR_INVALID_ARG_TYPE', /object/],
    [{ connector: {} }, 'ERR_INVALID_ARG_TYPE', /connector/],
    [{ connector: 'x' }, 'ERR_INVALID_ARG_TYPE', /connector/],
    [{ connector: createConnector({ tls: true }) }, 'ERR_INVALID_ARG_VALUE', /`tls`/],
    [{ connector: createConnector({ tls: { ca: '' } }) }, 'ERR_INVALID_ARG_VALUE', /`tls`/],
    [{ connector: createConnector({ setup: (socket) => of(socket) }) }, 'ERR_INVALID_ARG_VALUE', /`setup`/],
    [{ connector: createConnector({ tls: true, setup: (socket) => of(socket) }) }, 'ERR_INVALID_ARG_VALUE', /`setup`/],
    [{ connector: createConnector({ transport: () => of('x') }) }, 'ERR_INVALID_ARG_VALUE', /`transport`/],
  ];
  it.each(options)('refuses %j when it is made', (given, code, message) => {
    const make = () => new AnAgent(given);
    expect(make).toThrow(expect.objectContaining({ code }));
    expect(make).toThrow(message);
  });
});
