import { once } from 'node:events';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { blackhole } from '../../src/cli/lab.js';
import { HttpsAgent } from '../../src/stand-in/agent.js';
import { register, type StandInOptions } from '../../src/stand-in/register.js';
import { findTlsInternals } from '../../src/stand-in/tls-internals.js';
import type { Credentials } from '../support/certificates.js';
import { activeResources, leftOver, open, tcpServer } from '../support/fixtures.js';
import {
  countedTlsServer,
  createTrust,
  FIRST,
  giving,
  HOST,
  keep,
  SECOND,
  stalledServer,
  undo,
  type Trust,
} from '../support/tls-clients.js';

register()(); // importing it has registered already

const registered = (options: StandInOptions = {}) =>
  void undo.push(register({ connectionAttemptDelay: 30, history: false, ...options }));

let trust: Trust;
let expired: Credentials;
let other: Credentials;
beforeAll(async () => {
  trust = await createTrust();
  expired = await trust.authority.issue([HOST], { expired: true });
  other = await trust.authority.issue(['other.example']);
});

const lookup = giving(FIRST, SECOND);
const connect = (port: number, options: tls.ConnectionOptions = {}) =>
  keep(tls.connect({ host: HOST, servername: HOST, port, ca: trust.ca, lookup, ...options }));

/** Every event of a socket up to its end, and its error. */
async function ending(socket: TLSSocket) {
  const events: string[] = [];
  for (const name of ['connectionAttempt', 'connectionAttemptFailed', 'connect', 'ready', 'secureConnect', 'error', 'close'])
    socket.on(name, () => events.push(name));
  const errors: NodeJS.ErrnoException[] = [];
  socket.on('error', (error) => errors.push(error));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  const { code, message } = errors[0] ?? {};
  const { authorized, authorizationError } = socket;
  return { events, errors, said: { code, message, authorized, authorizationError: String(authorizationError) } };
}

/** A server that closes each connection once the client has said something. */
const hangingUp = (host: string, port: number) => tcpServer(host, port, (socket) => socket.once('data', () => socket.end()));
/** A server that answers TLS with something else. */
const talkingNonsense = (host: string, port: number) => tcpServer(host, port, (socket) => socket.end('220 hello\r\n'));
const refused = (credentials: () => Credentials) => (host: string, port: number) => countedTlsServer(host, port, credentials());
/** What ends a connection arrives with what completes its handshake. */
const endingAtOnce = (credentials: () => Credentials) => (host: string, port: number) =>
  countedTlsServer(host, port, { ...credentials(), maxVersion: 'TLSv1.2' }, (socket) => socket.end());

const bad: readonly (readonly [what: string, code: string, serve: (host: string, port: number) => Promise<{ port: number }>])[] =
  [
    ['has expired', 'CERT_HAS_EXPIRED', refused(() => expired)],
    ['is for another name', 'ERR_TLS_CERT_ALTNAME_INVALID', refused(() => other)],
    ['has expired and ends at once', 'CERT_HAS_EXPIRED', endingAtOnce(() => expired)],
    ['is for another name and ends at once', 'ERR_TLS_CERT_ALTNAME_INVALID', endingAtOnce(() => other)],
    ['hangs up', 'ECONNRESET', hangingUp],
    ['is no TLS', 'ERR_SSL_', talkingNonsense],
  ];

describe('a handshake that fails', () => {
  it.each(bad)('[T5] makes room for the next address where it %s', async (_what, code, serve) => {
    registered({ connectionAttemptDelay: 5000 });
    const { port } = await serve(FIRST, 0);
    await countedTlsServer(SECOND, port, trust);
    const socket = connect(port);
    const failed = once(socket, 'connectionAttemptFailed');
    await once(socket, 'secureConnect');
    expect(socket).toMatchObject({ remoteAddress: SECOND, authorized: true, authorizationError: null });
    const [address, , , error] = (await failed) as [string, number, number, NodeJS.ErrnoException];
    expect(address).toBe(FIRST);
    expect(error.code).toMatch(code);
  });

  it.each(bad)('[T5] is the error that plain Node shows where every address %s', async (_what, code, serve) => {
    const { port } = await serve(FIRST, 0);
    await serve(SECOND, port);
    const native = await ending(connect(port));
    registered();
    const raced = await ending(connect(port));
    const own = ({ message, ...said }: typeof native.said) => ({ ...said, message: message?.replace(/^[0-9A-F]+:/, '') });
    expect(own(raced.said)).toEqual(own(native.said));
    expect(raced.said.code).toMatch(code);
    expect(raced.errors).toHaveLength(1);
    expect(raced.events.slice(-2)).toEqual(['error', 'close']);
    expect(raced.events).not.toContain('secureConnect');
  });

  it.each(bad)('[T5] goes as in plain Node where the only address %s', async (_what, _code, serve) => {
    const { port } = await serve(SECOND, 0);
    const native = await ending(connect(port, { lookup: giving(SECOND) }));
    registered({ attemptTimeout: Infinity });
    const raced = await ending(connect(port, { lookup: giving(SECOND) }));
    // Node 20 does not emit it for an only address.
    const own = (events: string[]) => events.filter((name) => name !== 'connectionAttempt');
    expect(own(raced.events)).toEqual(own(native.events));
  });

  it('[T5] is shown soon where all other addresses are silent', async () => {
    registered();
    const { port } = await countedTlsServer(SECOND, 0, expired);
    await open(blackhole(FIRST, port));
    const begun = performance.now();
    const { said } = await ending(connect(port));
    expect(said.code).toBe('CERT_HAS_EXPIRED');
    expect(performance.now() - begun).toBeLessThan(15_000); // plain Node waits for two minutes
  });

  it('[T5] lets no session be resumed whose certificate was refused', async () => {
    const options = { ...other, maxVersion: 'TLSv1.2', ticketKeys: Buffer.alloc(48, 'k') } as const;
    for (const mode of ['auto', 'probe', 'off'] as const) {
      const first = await countedTlsServer(FIRST, 0, options);
      await countedTlsServer(SECOND, first.port, options);
      registered({ tls: mode });
      const { said } = await ending(connect(first.port));
      expect(said.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    }
  });

  it('[T5] closes its connection at once, and leaves nothing', async () => {
    const before = activeResources();
    registered();
    const first = await countedTlsServer(FIRST, 0, expired);
    const second = await stalledServer(SECOND, first.port);
    const socket = connect(first.port);
    socket.on('error', () => undefined);
    await once(socket, 'connectionAttemptFailed');
    await sleep(20);
    expect(first.connections.map(({ destroyed, readableEnded }) => destroyed || readableEnded)).toEqual([true]);
    socket.destroy();
    await Promise.all([first.close(), second.close()]);
    expect(await leftOver(before)).toEqual({});
  });

  it('[T5] of the look-up or of TCP is as it was before', async () => {
    const { port, close } = await tcpServer(FIRST, 0);
    await close();
    registered();
    const { said, events } = await ending(connect(port));
    expect(said.code).toBe('ECONNREFUSED');
    expect(events).not.toContain('connect');
  });
});

describe('a handshake at `localhost`', () => {
  const names = ['localhost', 'LocalHost', 'app.localhost', undefined];
  const counted = async () => {
    const first = await countedTlsServer(FIRST, 0, expired);
    return [first, await countedTlsServer(SECOND, first.port, expired)] as const;
  };

  it.each(names)('[T5] is not made again at the other address of the same machine: %s', async (host) => {
    const servers = await counted();
    const native = await ending(connect(servers[0].port, { host }));
    registered();
    const raced = await ending(connect(servers[0].port, { host }));
    expect(raced.said).toEqual(native.said);
    expect(raced.events.slice(-2)).toEqual(native.events.slice(-2));
    expect(servers.map(({ connections }) => connections.length)).toEqual([2, 0]);
  });

  it.each(['auto', 'probe'] as const)('[T5] is raced for when it stalls, with %j', async (mode) => {
    registered({ tls: mode });
    const first = await stalledServer(FIRST, 0);
    await countedTlsServer(SECOND, first.port, trust);
    const socket = connect(first.port, { host: 'localhost' });
    await once(socket, 'secureConnect');
    expect(socket).toMatchObject({ remoteAddress: SECOND, authorized: true });
  });

  it('[T5] is made where TCP comes about', async () => {
    registered();
    const { port } = await countedTlsServer(SECOND, 0, trust);
    const socket = connect(port, { host: 'localhost' }); // the first refuses
    await once(socket, 'secureConnect');
    expect(socket).toMatchObject({ remoteAddress: SECOND, authorized: true });
  });
});

describe('where every address stalls', () => {
  const stalled = async () => {
    const { port } = await stalledServer(FIRST, 0);
    await stalledServer(SECOND, port);
    return port;
  };

  it('[T5] a socket is connected after a while, so that time-outs which begin then end it', async () => {
    registered({ maximumConnectionAttemptDelay: 200 });
    const port = await stalled();
    const request = https.get({ host: HOST, port, ca: trust.ca, lookup, agent: false });
    request.setTimeout(50, () => request.destroy(new Error('enough')));
    const [error] = (await once(request, 'error')) as [Error];
    expect(error.message).toBe('enough');
  });

  it('[T5] the address that was first connected to is the one that it has', async () => {
    registered({ maximumConnectionAttemptDelay: 150 });
    const socket = connect(await stalled());
    await once(socket, 'connect');
    expect(socket).toMatchObject({ remoteAddress: FIRST, connecting: false, secureConnecting: true });
  });

  it('[T5] a handshake that goes on then is not begun again', async () => {
    registered({ maximumConnectionAttemptDelay: 100 });
    const server = await countedTlsServer(SECOND, 0, {
      ...trust,
      SNICallback: (_name, callback) => setTimeout(callback, 400, null),
    });
    await open(blackhole(FIRST, server.port));
    const socket = connect(server.port);
    socket.write('early');
    await once(socket, 'connect');
    expect(socket.authorized).toBe(false);
    await once(socket, 'secureConnect');
    expect(String((await once(socket, 'data'))[0])).toBe('early');
    expect(server.connections).toHaveLength(1);
  });

  it('[T5] a race with a limit keeps to it', async () => {
    registered({ connectTimeout: 300, maximumConnectionAttemptDelay: 100 });
    const { said, events } = await ending(connect(await stalled()));
    expect(said.code).toBe('ETIMEDOUT');
    expect(events).not.toContain('connect');
  });

  it('[T5] an only address is connected to as in plain Node, and so is the last one left', async () => {
    registered();
    const { port } = await stalledServer(SECOND, 0);
    const socket = connect(port); // the first refuses
    await once(socket, 'connect', { signal: AbortSignal.timeout(1000) });
    expect(socket.remoteAddress).toBe(SECOND);
  });
});

describe('where the first address answers', () => {
  const modes = ['auto', 'probe', 'off'] as const;

  it.each(modes)('[T5] no second handshake is ever made, with %j', async (mode) => {
    registered({ tls: mode, connectionAttemptDelay: 1000 });
    const first = await countedTlsServer(FIRST, 0, trust);
    const second = await countedTlsServer(SECOND, first.port, trust);
    const agent = new HttpsAgent({ race: { tls: mode, connectionAttemptDelay: 1000, history: false } });
    undo.push(() => {
      agent.destroy();
    });
    for (let i = 0; i < 3; i++) await once(connect(first.port), 'secureConnect');
    const socket = agent.createConnection({ host: HOST, servername: HOST, port: first.port, ca: trust.ca, lookup }) as TLSSocket;
    await once(keep(socket), 'secureConnect');
    await sleep(20);
    expect([first.connections, first.accepted, second.connections].map(({ length }) => length)).toEqual([4, 4, 0]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('[T5] events come in the order of plain Node, with %s', async (maxVersion) => {
    const { port } = await countedTlsServer(FIRST, 0, { ...trust, maxVersion }, (socket) => socket.end('hello'));
    const events = async () => {
      const heard: unknown[] = [];
      const socket = connect(port, { requestOCSP: true } as tls.ConnectionOptions);
      const names = ['connect', 'ready', 'secure', 'secureConnect', 'session', 'OCSPResponse', 'data', 'end', 'finish', 'close'];
      for (const name of [...names, 'connectionAttemptFailed', 'error', 'timeout']) {
        socket.on(name, () => heard.push([name, socket.connecting, socket.authorized, socket.alpnProtocol, socket.readyState]));
      }
      await once(socket, 'close');
      return heard;
    };
    const native = await events();
    registered({ connectionAttemptDelay: 1000 });
    expect(await events()).toEqual(native);
  });

  it('[T5] the handle is the one that the socket was made with', async () => {
    registered();
    const { port } = await countedTlsServer(FIRST, 0, trust);
    const socket = connect(port);
    const { _handle: handle, ssl } = socket as unknown as { _handle: object; ssl: object };
    await once(socket, 'secureConnect');
    expect((socket as unknown as { _handle: object })._handle).toBe(handle);
    expect(ssl).toBe(handle);
  });
});

describe('Node’s internals', () => {
  it('[T5] are as a race past TCP expects them', async () => {
    const { port } = await countedTlsServer(SECOND, 0, trust);
    const socket = keep(tls.connect({ host: SECOND, servername: HOST, port, ca: trust.ca }));
    const internals = findTlsInternals(socket)!;
    expect(Object.values<symbol>({ ...internals }).map(({ description }) => description)).toEqual([
      'owner_symbol',
      'res',
      'connect-options',
      'pendingSession',
    ]);
    expect(socket.listeners('secure').map(({ name }) => name)).toEqual(['onConnectSecure']);
    expect(socket.listeners('end').map(({ name }) => name)).toContain('onConnectEnd');
    for (const method of ['_wrapHandle', '_init', '_finishInit', '_start'])
      expect(typeof Reflect.get(tls.TLSSocket.prototype, method)).toBe('function');
    await once(socket, 'secureConnect');
  });

  it.each(['owner_symbol', 'res', 'connect-options', 'pendingSession'])('[T5] are not found without `%s`', async (missing) => {
    const { port } = await countedTlsServer(SECOND, 0, trust);
    const socket = keep(tls.connect({ host: SECOND, servername: HOST, port, ca: trust.ca }));
    const { _handle: handle } = socket as unknown as { _handle: object };
    const without = (object: object): object =>
      new Proxy(object, {
        ownKeys: (target) => Reflect.ownKeys(target).filter((key) => (key as symbol).description !== missing),
        get: (target, key) => (key === '_handle' && target === socket ? without(handle) : Reflect.get(target, key)) as unknown,
      });
    expect(findTlsInternals(without(socket) as TLSSocket)).toBeUndefined();
    await once(socket, 'secureConnect');
  });

  it('[T5] that are missing leave the handshake to the socket: TCP is raced for', async () => {
    registered();
    const { port } = await countedTlsServer(SECOND, 0, trust);
    const socket = connect(port); // the first refuses
    // As one that is not of `tls.connect`.
    const [listener] = socket.listeners('secure') as [() => void];
    socket.removeListener('secure', listener);
    socket.on('secure', function other(this: unknown) {
      listener.call(this);
    });
    await once(socket, 'secureConnect');
    expect(socket).toMatchObject({ remoteAddress: SECOND, authorized: true });
  });
});
