import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client, ProxyAgent, type Agent, type Dispatcher } from 'undici';
import { of } from 'rxjs';
import { connector, createDispatcher } from '../../src/stand-in/undici.js';
import { blackhole } from '../../src/cli/lab.js';
import { createConnector, ssrf, staticResolver } from '../../src/index.js';
import { createAuthority, type Authority, type Credentials } from '../support/certificates.js';
import { runCommand } from '../support/dist.js';
import { activeResources, leftOver, listen, open, tcpServer } from '../support/fixtures.js';

const HOST = 'web.example';
const race = { resolver: staticResolver(['::1', '127.0.0.1']), connectionAttemptDelay: 50, history: false as const };

let authority: Authority;
let credentials: Credentials;
beforeAll(async () => {
  authority = await createAuthority();
  credentials = await authority.issue([HOST]);
});

/** A server for one spec on 127.0.0.1, with nothing behind ::1. */
async function serve(server: net.Server): Promise<number> {
  const { port } = await open(listen(server));
  await open(blackhole('::1', port));
  return port;
}

/** Says how it was reached. */
const answer: http.RequestListener = (request, response) => {
  const { remoteAddress } = request.socket;
  response.end(`${request.httpVersion} over ${remoteAddress}`);
};

const dispatchers: Agent[] = [];
const dispatcher = (options: Parameters<typeof createDispatcher>[0]) => {
  const created = createDispatcher(options) as Dispatcher as Agent;
  dispatchers.push(created);
  return created;
};
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((one) => one.destroy()));
});

const fetchWith = async (url: string, own: Agent) => (await fetch(url, { dispatcher: own } as object)).text();

describe('fetch with a dispatcher', () => {
  it('skips a first address that never answers', async () => {
    const port = await serve(http.createServer(answer));
    expect(await fetchWith(`http://${HOST}:${port}/`, dispatcher({ race }))).toBe('1.1 over 127.0.0.1');
  });

  it('[T1] skips an address that accepts and never finishes its handshake', async () => {
    const { port } = await open(listen(https.createServer(credentials, answer)));
    const silent = await tcpServer('::1', port);
    expect(await fetchWith(`https://${HOST}:${port}/`, dispatcher({ race, tls: { ca: authority.ca } }))).toBe(
      '1.1 over 127.0.0.1',
    );
    expect(silent.accepted).toHaveLength(1);
  });

  it('speaks HTTP/2 where that is allowed, and not else', async () => {
    const server = http2.createSecureServer({ ...credentials, allowHTTP1: true }, answer as never);
    const port = await serve(server);
    const tls = { ca: authority.ca };
    expect(await fetchWith(`https://${HOST}:${port}/`, dispatcher({ race, tls, allowH2: true }))).toBe('2.0 over 127.0.0.1');
    expect(await fetchWith(`https://${HOST}:${port}/`, dispatcher({ race, tls }))).toBe('1.1 over 127.0.0.1');
  });

  it('resumes TLS sessions', async () => {
    const reused: boolean[] = [];
    const server = https.createServer(credentials, (_request, response) => response.setHeader('connection', 'close').end('ok'));
    server.on('secureConnection', (socket: { isSessionReused(): boolean }) => reused.push(socket.isSessionReused()));
    const port = await serve(server);
    const own = dispatcher({ race, tls: { ca: authority.ca } });
    for (let i = 0; i < 2; i++) await fetchWith(`https://${HOST}:${port}/`, own);
    expect(reused).toEqual([false, true]);
  });

  it('keeps connections for further requests', async () => {
    let connections = 0; // its own agent, too, makes a second one while the first is being freed
    const port = await serve(http.createServer(answer).on('connection', () => connections++));
    const own = dispatcher({ race });
    for (let i = 0; i < 9; i++) await fetchWith(`http://${HOST}:${port}/`, own);
    expect(connections).toBeLessThan(3);
  });

  it('fails with what was tried, and why', async () => {
    const port = await serve(http.createServer(answer));
    const own = dispatcher({ race: { ...race, connectTimeout: 200, resolver: staticResolver(['::1']) } });
    const error = (await fetchWith(`http://${HOST}:${port}/`, own).catch((error: unknown) => error)) as Error;
    // By its message: to the fetch outside of the runner's realm, an error of within is no Error.
    expect(String(error.cause)).toMatch(/Could not connect to web\.example:\d+ within \d+ ms: \[::1\]:\d+ cancelled/);
  });

  it('takes the races of a connector, which learn from each other', async () => {
    const port = await serve(http.createServer((request, response) => response.setHeader('connection', 'close').end('ok')));
    const shared = createConnector({ random: () => 0.5 });
    const own = dispatcher({ race: { ...race, history: undefined }, connector: shared });
    await fetchWith(`http://${HOST}:${port}/`, own);
    expect(Object.keys(shared.snapshot().paths)).toHaveLength(2); // ::1 was overtaken, 127.0.0.1 used
  });

  it('secures what a proxy has connected', async () => {
    const { port } = await open(listen(https.createServer(credentials, answer)));
    const proxy = http.createServer();
    proxy.on('connect', (_request, client: net.Socket) => {
      const upstream = net.connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    const proxyPort = await serve(proxy);
    const connect = connector({ race, tls: { ca: authority.ca } });
    const own = new ProxyAgent({
      uri: `http://proxy.example:${proxyPort}`,
      clientFactory: (origin, options) => new Client(origin, { ...(options as Client.Options), connect }),
      factory: undefined as never,
      requestTls: { ca: authority.ca },
    });
    dispatchers.push(own as never);
    expect(await fetchWith(`https://${HOST}:${port}/`, own as never)).toBe('1.1 over 127.0.0.1');
  });

  it('leaves nothing behind', async () => {
    const port = await serve(http.createServer(answer));
    const before = activeResources();
    const own = createDispatcher({ race }) as Dispatcher as Agent;
    await fetchWith(`http://${HOST}:${port}/`, own);
    await own.destroy();
    expect(await leftOver(before)).toEqual({});
  });

  it.each<[object, string]>([
    [{ race: { connectionAttemptDelay: 1 } }, 'ERR_OUT_OF_RANGE'],
    [{ race: { nonsense: 1 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ race: 7 }, 'ERR_INVALID_ARG_TYPE'],
    [{ tls: { socket: {} } }, 'ERR_INVALID_ARG_VALUE'],
    [{ allowH2: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
    [{ connector: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ connector: createConnector({ setup: (socket) => of(socket) }) as never }, 'ERR_INVALID_ARG_VALUE'],
    [{ connector: createConnector({ transport: () => of('x') }) as never }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %j at the call', (options, code) => {
    expect(() => createDispatcher(options)).toThrow(expect.objectContaining({ code }));
    expect(() => connector(options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a connection for undici', () => {
  it.each(['http:', 'https:'])('to port 0 is an error, and not one to another port: %s', async (protocol) => {
    const error = await new Promise((resolve) => {
      connector({ race })({ hostname: HOST, protocol, port: '0' }, (...[error]) => {
        resolve(error);
      });
    });
    expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining('port') as string });
    const own = createDispatcher({ race }) as Dispatcher;
    await expect(own.request({ origin: `${protocol}//${HOST}:0`, path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    await own.destroy();
  });

  it('[F3] is not secured over what leads to an address that is refused', async () => {
    const error = await new Promise((resolve) => {
      const target = { hostname: '169.254.169.254', protocol: 'https:', port: '', httpSocket: new net.Socket() };
      connector({ race: { filter: ssrf() } })(target, (...[error]) => {
        resolve(error);
      });
    });
    expect(error).toMatchObject({ code: 'ERR_IP_BLOCKED' });
  });
});

describe('the options of an agent', () => {
  it.each([
    [{ socketPath: '/run/app.sock' }, /socketPath/],
    [{ socketPath: '' }, /socketPath/],
    [{ connect: { timeout: 1 } }, /connect/],
    [{ connect: () => undefined }, /connect/],
    [{ autoSelectFamily: false }, /race.enabled/],
    [{ autoSelectFamilyAttemptTimeout: 100 }, /connectionAttemptDelay/],
    [{ maxCachedSessions: 5 }, /maxCachedSessions/],
    [{ maxCachedSessions: 0, connector: createConnector() }, /maxCachedSessions/],
    [{ connectTimeout: 'soon' }, /connectTimeout/],
    [{ connectTimeout: -1 }, /connectTimeout/],
    [{ connectTimeout: 10, race: { connectTimeout: 20 } }, /connectTimeout/],
  ])('of which a race has no use are refused: %j', (options, named) => {
    expect(() => createDispatcher(options as never)).toThrow(named);
  });

  it.each([
    {},
    { autoSelectFamily: true, maxCachedSessions: 100, socketPath: undefined, connect: undefined },
    { connectTimeout: null, maxCachedSessions: null, socketPath: null },
    { maxCachedSessions: 0, pipelining: 2 },
  ])('that say nothing new are taken: %j', async (options) => {
    await (createDispatcher(options as never) as Dispatcher).destroy();
  });

  it('have the time that a connection may take', async () => {
    const port = await serve(http.createServer(answer));
    const own = dispatcher({ race: { ...race, resolver: staticResolver(['::1']) }, connectTimeout: 150 });
    const error = (await fetchWith(`http://${HOST}:${port}/`, own).catch((error: unknown) => error)) as Error;
    const within = Number(/within (\d+) ms/.exec(String(error.cause))?.[1]);
    expect(within).toBeGreaterThanOrEqual(150);
    expect(within).toBeLessThan(2000); // the default is 10 s
  });

  it('switch the resumption of TLS off', async () => {
    const reused: boolean[] = [];
    const server = https.createServer(credentials, (_request, response) => response.setHeader('connection', 'close').end('ok'));
    server.on('secureConnection', (socket: { isSessionReused(): boolean }) => reused.push(socket.isSessionReused()));
    const port = await serve(server);
    const own = dispatcher({ race, tls: { ca: authority.ca }, maxCachedSessions: 0 });
    for (let i = 0; i < 2; i++) await fetchWith(`https://${HOST}:${port}/`, own);
    expect(reused).toEqual([false, false]);
  });
});

describe('installGlobal', () => {
  const program = (url: string) => `
    import { installGlobal } from '${dist('undici')}';
    import { staticResolver } from '${dist('index')}';
    const uninstall = installGlobal({ race: { resolver: staticResolver(['::1', '127.0.0.1']), connectionAttemptDelay: 50 } });
    console.log(await (await fetch('${url}')).text());
    uninstall();
    console.log(await fetch('${url}').catch((error) => error.cause.code));
    process.exit();`;
  const dist = (entry: string) => pathToFileURL(join(__dirname, '..', '..', 'dist', `${entry}.mjs`)).href;

  it.each([
    ['with', '.'],
    ['without', tmpdir()],
  ])('races for every fetch, %s undici beside it, until it is put back', async (_how, cwd) => {
    const port = await serve(http.createServer(answer));
    const { ended } = runCommand(
      'env',
      '-C',
      cwd,
      process.execPath,
      '--input-type=module',
      '--eval',
      program(`http://${HOST}:${port}/`),
    );
    expect(await ended).toEqual({ stdout: '1.1 over 127.0.0.1\nENOTFOUND\n', stderr: '', status: 0 });
  });
});
