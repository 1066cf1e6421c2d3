import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { EMPTY, of, throwError } from 'rxjs';
import type { Dispatcher } from 'undici';
import { createConnector, staticResolver } from '../../src/index.js';
import { MAKES } from '../../src/connector/makes.js';
import { connector, createDispatcher, installGlobal, type UndiciOptions } from '../../src/stand-in/undici.js';
import { GLOBAL_DISPATCHERS, globals } from '../../src/stand-in/undici-agent.js';
import { createAuthority, type Authority } from '../support/certificates.js';
import { tcpServer, tlsServer } from '../support/fixtures.js';

const HOST = 'web.example';

/** What undici asks for. */
type Target = Parameters<ReturnType<typeof connector>>[0];
const target = (given: object = {}): Target => ({ hostname: HOST, protocol: 'https:', port: '', ...given });

/** A connector that connects at once, and remembers what it was asked for. */
function remembering(defaults: object = {}) {
  const socket = new net.Socket();
  const noDelay = jest.spyOn(socket, 'setNoDelay');
  const keepAlive = jest.spyOn(socket, 'setKeepAlive');
  const connect$ = jest.fn<unknown, [host: string, port: number, options: Record<string, unknown>]>(() => of(socket));
  const made = { race$: () => EMPTY, connect$, [MAKES]: { defaults } };
  return { made: made as never as ReturnType<typeof createConnector>, connect$, socket, noDelay, keepAlive };
}

/** The host, port and options of the race for a target. */
function asked(given: object, options: UndiciOptions = {}, defaults: object = {}) {
  const { made, connect$ } = remembering(defaults);
  connector({ connector: made, ...options })(target(given), () => undefined);
  const [host, port, race] = connect$.mock.calls[0]!;
  return { host, port, race };
}

/** The socket or the error that undici gets. */
const answerOf = (options: UndiciOptions, given: object) =>
  new Promise<Error | Socket>((resolve) => {
    connector(options)(target(given), (...[error, socket]) => {
      resolve(error ?? socket);
    });
  });

describe('a connection of undici', () => {
  it.each<readonly [given: object, port: number]>([
    [{}, 443],
    [{ protocol: 'http:' }, 80],
    [{ port: '8443' }, 8443],
    [{ protocol: 'http:', port: '8080' }, 8080],
    [{ port: undefined }, 443],
    [{ port: null }, 443],
    [{ port: '0' }, 0],
  ])('is to the host at the port of %j', (given, port) => {
    expect(asked(given)).toMatchObject({ host: HOST, port });
  });

  it('is raced for with the given options, and with nothing else', () => {
    const race = { connectionAttemptDelay: 100, preferFamily: 4 } as const;
    expect(asked({ protocol: 'http:' }, { race }).race).toEqual({ ...race, tls: false, localAddress: undefined });
    expect(Object.keys(asked({}).race)).toEqual(['tls', 'localAddress']);
  });

  it.each([
    ['127.0.0.9', '127.0.0.9'],
    [null, undefined],
    [undefined, undefined],
  ])('is from the local address %p', (localAddress, expected) => {
    expect(asked({ localAddress }).race.localAddress).toBe(expected);
  });

  const http1 = ['http/1.1'];
  it.each<readonly [what: string, given: object, options: UndiciOptions, defaults: object, expected: unknown]>([
    ['is without TLS for http', { protocol: 'http:' }, { tls: { ca: 'a' } }, {}, false],
    ['offers HTTP/1.1', {}, {}, {}, { ALPNProtocols: http1 }],
    ['offers HTTP/2', {}, { allowH2: true }, {}, { ALPNProtocols: ['h2', 'http/1.1'] }],
    ['does not offer HTTP/2', {}, { allowH2: false }, {}, { ALPNProtocols: http1 }],
    ['has TLS options', {}, { tls: { ca: 'a', servername: 'own' } }, {}, { ca: 'a', servername: 'own', ALPNProtocols: http1 }],
    ['is for undici’s name', { servername: 'x' }, { tls: { servername: 'own' } }, {}, { servername: 'x', ALPNProtocols: http1 }],
    ['is for its own name', { servername: '' }, { tls: { servername: 'own' } }, {}, { servername: 'own', ALPNProtocols: http1 }],
    ['has the connector’s TLS', {}, {}, { tls: { ca: 'b', cert: 'c' } }, { ca: 'b', cert: 'c', ALPNProtocols: http1 }],
    [
      'has its own TLS first',
      {},
      { tls: { ca: 'a' } },
      { tls: { ca: 'b', cert: 'c' } },
      { ca: 'a', cert: 'c', ALPNProtocols: http1 },
    ],
    ['may have TLS of a connector without options', {}, {}, { tls: true }, { ALPNProtocols: http1 }],
  ])('%s', (_what, given, options, defaults, expected) => {
    expect(asked(given, options, defaults).race.tls).toEqual(expected);
  });

  it('has no TLS option that is undefined', () => {
    expect(Object.keys(asked({}).race.tls as object)).toEqual(['ALPNProtocols']);
  });

  it('reads its TLS options again', () => {
    const { made, connect$ } = remembering();
    const tls = { ca: 'old' };
    const connect = connector({ connector: made, tls });
    tls.ca = 'new';
    connect(target(), () => undefined);
    expect(connect$.mock.calls[0]![2].tls).toMatchObject({ ca: 'new' });
  });

  const scheme = 'https';
  it.each<readonly [what: string, given: object, options: UndiciOptions, defaults: object, expected: unknown]>([
    ['are off', {}, {}, {}, undefined],
    ['are on', {}, { race: { serviceRecords: true } }, {}, { scheme, alpn: http1 }],
    ['know HTTP/2', {}, { race: { serviceRecords: true }, allowH2: true }, {}, { scheme, alpn: ['h2', 'http/1.1'] }],
    ['are for TLS only', { protocol: 'http:' }, { race: { serviceRecords: true } }, {}, false],
    ['have options', {}, { race: { serviceRecords: { scheme: 'wss' } } }, {}, { scheme: 'wss', alpn: http1 }],
    ['are those of the connector', {}, {}, { serviceRecords: true }, { scheme, alpn: http1 }],
    ['of a connector are for TLS only', { protocol: 'http:' }, {}, { serviceRecords: true }, false],
    ['are not those of the connector', {}, { race: { serviceRecords: false } }, { serviceRecords: true }, false],
  ])('has service records, which %s', (_what, given, options, defaults, expected) => {
    expect(asked(given, options, defaults).race.serviceRecords).toEqual(expected);
  });

  it('sends small packets at once, and is kept alive as undici’s own', async () => {
    const { made, socket, noDelay, keepAlive } = remembering();
    expect(await answerOf({ connector: made }, {})).toBe(socket);
    expect(noDelay.mock.calls).toEqual([[true]]);
    expect(keepAlive.mock.calls).toEqual([[true, 60_000]]);
  });

  it('fails with the error of the race', async () => {
    const error = new Error('refused');
    const { made, connect$ } = remembering();
    connect$.mockReturnValue(throwError(() => error));
    const callback = jest.fn();
    connector({ connector: made })(target(), callback);
    expect(callback.mock.calls).toEqual([[error, null]]);
    connect$.mockImplementation(() => {
      throw error;
    });
    expect(await answerOf({ connector: made }, {})).toBe(error);
  });
});

describe('TLS over the connection of a proxy', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority();
  });

  /** Secures a connection to a server, and says how both ends see it. */
  async function secured(hostname: string, tls: object = {}, names = [hostname]) {
    const credentials = { ...(await authority.issue(names)), ALPNProtocols: ['http/1.1'] };
    let told: unknown;
    const { port } = await tlsServer('127.0.0.1', 0, credentials, (socket) => {
      told = (socket as TLSSocket & { servername: unknown }).servername;
      socket.write('x');
    });
    const httpSocket = net.connect(port, '127.0.0.1');
    const answer = await answerOf({ tls: { ca: authority.ca, ...tls } }, { hostname, httpSocket });
    if (!(answer instanceof net.Socket)) return answer;
    const { authorized, alpnProtocol } = answer as TLSSocket;
    await once(answer, 'data');
    answer.destroy();
    return { authorized, alpnProtocol, servername: told };
  }

  it.each<readonly [host: string, servername: string | false]>([
    [HOST, HOST],
    ['192.0.2.1', false],
    ['2001:db8::1', false],
  ])('is for the host %s, whose name the server is told', async (host, servername) => {
    expect(await secured(host)).toEqual({ authorized: true, alpnProtocol: 'http/1.1', servername });
    expect(await secured(host, {}, ['other.example'])).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('is resumed in races, with the sessions that their connector keeps', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, await authority.issue([HOST]), (socket) => socket.write('x'));
    const connect = connector({ race: { resolver: staticResolver(['127.0.0.1']) }, tls: { ca: authority.ca } });
    const resumed = async () => {
      const socket = await new Promise<TLSSocket>((resolve, reject) => {
        connect(target({ port: String(port) }), (...[error, socket]) => {
          if (error) reject(error);
          else resolve(socket as TLSSocket);
        });
      });
      const isResumed = socket.isSessionReused();
      // Sessions come before it.
      await once(socket, 'data');
      socket.destroy();
      return isResumed;
    };
    expect([await resumed(), await resumed()]).toEqual([false, true]);
  });

  it('is for another name if that is given', async () => {
    expect(await secured(HOST, { servername: 'other.example' }, ['other.example'])).toMatchObject({
      servername: 'other.example',
    });
  });

  it.each([
    [{ hostname: HOST }, `${HOST}:443`],
    [{ hostname: HOST, port: '8443' }, `${HOST}:8443`],
    [{ hostname: '192.0.2.1' }, '192.0.2.1:443'],
    [{ hostname: '2001:db8::1', port: '8443' }, '[2001:db8::1]:8443'],
  ])('fails with where it should have led: %j', async (given, named) => {
    const { port } = await tcpServer('127.0.0.1', 0);
    const httpSocket = net.connect(port, '127.0.0.1');
    await once(httpSocket, 'connect');
    const failed = answerOf({}, { ...given, httpSocket });
    httpSocket.destroy();
    const message = `closed before its TLS handshake with ${named} was over`;
    expect(await failed).toMatchObject({ code: 'ECONNABORTED', message });
  });

  it.each<readonly [what: string, options: UndiciOptions]>([
    ['its filter', { race: { filter: () => false } }],
    ['the filter of its connector', { connector: createConnector({ filter: () => false }) }],
  ])('[F3] is refused by %s', async (_what, options) => {
    const httpSocket = new net.Socket();
    expect(await answerOf(options, { hostname: '192.0.2.1', httpSocket })).toMatchObject({ code: 'ERR_IP_BLOCKED' });
    expect(httpSocket.listenerCount('error')).toBe(0);
  });

  it('[F3] is shown to filters with its port', async () => {
    const filter = jest.fn(() => false);
    await answerOf({ race: { filter } }, { hostname: '192.0.2.1', port: '8443', httpSocket: new net.Socket() });
    expect(filter.mock.calls).toEqual([[expect.objectContaining({ address: '192.0.2.1', port: 8443 })]]);
  });
});

describe('the options of a dispatcher', () => {
  let home: string;
  const { argv } = process;
  const dispatchers = GLOBAL_DISPATCHERS.map((key) => globals[key]);

  beforeAll(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'undici-options-')));
    const path = join(home, 'node_modules', 'undici');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'undici', version: '7.0.0', main: 'index.js' }));
    writeFileSync(join(path, 'index.js'), 'exports.Agent = class { constructor(options) { this.options = options; } };');
    process.argv = [argv[0]!, join(home, 'main.js')];
  });
  afterAll(() => {
    process.argv = argv;
    rmSync(home, { recursive: true });
  });
  afterEach(() => {
    for (const [i, key] of GLOBAL_DISPATCHERS.entries()) globals[key] = dispatchers[i];
  });

  /** The options of the agent. */
  const agentOptions = (options: object) =>
    (createDispatcher(options) as never as { readonly options: Record<string, unknown> & { readonly connect: Connect } }).options;
  type Connect = ReturnType<typeof connector>;

  it.each([
    [{}, {}],
    [{ allowH2: true }, { allowH2: true }],
    [{ allowH2: false }, { allowH2: false }],
    [{ allowH2: undefined }, {}],
    [{ race: { preferFamily: 4 }, tls: { ca: 'a' }, connector: createConnector() }, {}],
    [
      { pipelining: 2, localAddress: '127.0.0.9' },
      { pipelining: 2, localAddress: '127.0.0.9' },
    ],
    [{ connectTimeout: 10, maxCachedSessions: 100, autoSelectFamily: true }, {}],
  ])('%j leaves to the agent %j', (options, expected) => {
    const { connect, ...others } = agentOptions(options);
    expect(others).toEqual(expected);
    expect(Object.keys(others)).toEqual(Object.keys(expected));
    expect(connect).toBeInstanceOf(Function);
  });

  it.each<readonly [options: object, expected: number | undefined]>([
    [{}, undefined],
    [{ connectTimeout: null }, undefined],
    [{ connectTimeout: 0 }, Infinity],
    [{ connectTimeout: 7 }, 7],
    [{ race: { connectTimeout: 8 } }, 8],
    [{ connectTimeout: undefined, race: { connectTimeout: 8 } }, 8],
    [{ connectTimeout: null, race: { connectTimeout: 8 } }, 8],
    [{ connectTimeout: 9, race: { preferFamily: 6 } }, 9],
    [{ connectTimeout: 9, race: { connectTimeout: undefined } }, 9],
  ])('%j are a time limit of %p', (options, expected) => {
    const { made, connect$ } = remembering();
    agentOptions({ connector: made, ...options }).connect(target(), () => undefined);
    const { connectTimeout } = connect$.mock.calls[0]![2];
    expect(connectTimeout).toBe(expected);
  });

  it('go with those of the race', () => {
    const { made, connect$ } = remembering();
    const race = { preferFamily: 6 } as const;
    agentOptions({ connector: made, connectTimeout: 9, race, tls: { ca: 'a' }, allowH2: true }).connect(
      target(),
      () => undefined,
    );
    expect(connect$.mock.calls[0]![2]).toMatchObject({ preferFamily: 6, tls: { ca: 'a', ALPNProtocols: ['h2', 'http/1.1'] } });
  });

  const sessions = 'must be 100, the default, or 0 for none; a connector has sessions of its own';
  it.each<readonly [options: object, expected: string]>([
    [{ connect: {} }, '"options.connect" has no effect: the race connects.'],
    [{ socketPath: 'x' }, '"options.socketPath" has no effect: there is nothing to race for'],
    [{ autoSelectFamily: false }, '"options.autoSelectFamily" has no effect: use `race.enabled`'],
    [
      { autoSelectFamilyAttemptTimeout: 1 },
      '"options.autoSelectFamilyAttemptTimeout" has no effect: use `race.connectionAttempt',
    ],
    [{ connectTimeout: 'x' }, '"options.connectTimeout" must be'],
    [{ connectTimeout: -1 }, 'The value of "options.connectTimeout" is out of range'],
    [{ connectTimeout: 3e9 }, 'The value of "options.connectTimeout" is out of range'],
    [
      { connectTimeout: 1, race: { connectTimeout: 1 } },
      '"options.connectTimeout" has no effect beside options.race.connectTimeout. Received 1',
    ],
    [{ maxCachedSessions: 5 }, `"options.maxCachedSessions" ${sessions}. Received 5`],
    [{ maxCachedSessions: 0, connector: createConnector() }, `"options.maxCachedSessions" ${sessions}. Received 0`],
    [{ race: 7 }, '"options.race" must be an object. Received 7'],
    [{ tls: 7 }, '"options.tls" must be an object. Received 7'],
    [{ tls: [] }, '"options.tls" must be an object. Received []'],
    [{ tls: { socket: {} } }, '"options.tls.socket" has no effect'],
    [{ tls: { ALPNProtocols: ['x'] } }, '"options.tls.ALPNProtocols" has no effect: use options.allowH2'],
    [{ allowH2: 1 }, '"options.allowH2" must be'],
    [{ connector: 7 }, '"options.connector" must be a connector. Received 7'],
    [{ race: { signal: AbortSignal.abort() } }, '"options.signal" is not an option of these races'],
    [{ race: { history: 7 } }, '"options.history" must be false or an object'],
    [{ race: { history: {} }, connector: createConnector() }, '"options.history" has no effect'],
    [{ race: { connectTimeout: 0 } }, 'The value of "options.connectTimeout" is out of range'],
    [{ preferFamily: 4 }, '"options.preferFamily" has no effect here'],
  ])('%p are refused', (options, expected) => {
    expect(() => createDispatcher(options)).toThrow(expected);
  });

  it.each([
    ['setup', true],
    ['transport', true],
    ['tls', false],
  ])('include a connector, unless it was created with what undici has no use for: %s', (by, isRefused) => {
    const made = { race$: () => EMPTY, connect$: () => EMPTY, [MAKES]: { by } };
    const create = () => connector({ connector: made as never });
    if (isRefused) expect(create).toThrow(`"options.connector" must make TCP connections: it was created with \`${by}\``);
    else expect(create()).toBeInstanceOf(Function);
  });

  it.each([null, 7, []])('are checked: %p', (options) => {
    expect(() => connector(options as never)).toThrow('"options" must be an object');
  });

  describe('of the process', () => {
    const before = { name: 'before' } as never as Dispatcher;
    const set = (...given: readonly (Dispatcher | undefined)[]) => {
      for (const [i, key] of GLOBAL_DISPATCHERS.entries()) globals[key] = given[i];
    };
    const current = () => GLOBAL_DISPATCHERS.map((key) => globals[key]);

    it('are installed where a dispatcher is, until they are taken back', () => {
      set(before, before);
      const uninstall = installGlobal({ allowH2: true });
      const [one, other] = current();
      expect(one).toBe(other);
      expect(one).toHaveProperty('options', { allowH2: true, connect: expect.any(Function) as unknown });
      uninstall();
      expect(current()).toEqual([before, before]);
    });

    it.each([
      [before, undefined],
      [undefined, before],
    ])('are not installed where there is none: case %#', (...given) => {
      set(...given);
      const uninstall = installGlobal();
      expect(current().map((one) => one && 'options' in one)).toEqual(given.map((one) => one && true));
      uninstall();
      expect(current()).toEqual(given);
    });

    it('leave alone what has been installed since', () => {
      const since = { name: 'since' } as never as Dispatcher;
      set(before, before);
      const uninstall = installGlobal();
      globals[GLOBAL_DISPATCHERS[1]!] = since;
      uninstall();
      expect(current()).toEqual([before, since]);
    });
  });
});
