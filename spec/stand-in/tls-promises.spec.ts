import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { register, type StandInOptions } from '../../src/stand-in/register.js';
import type { TlsMode } from '../../src/stand-in/racing.js';
import { activeResources, leftOver, listenerCounts } from '../support/fixtures.js';
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
  type CountedServer,
  type Trust,
} from '../support/tls-clients.js';

register()(); // importing it has registered already

const registered = (options: StandInOptions = {}) =>
  void undo.push(register({ connectionAttemptDelay: 30, history: false, ...options }));

let trust: Trust;
beforeAll(async () => {
  trust = await createTrust();
});

type Serve = (socket: TLSSocket) => void;
type Lab = (options?: tls.TlsOptions, serve?: Serve) => Promise<CountedServer>;

/** The first address answers. */
const firstAnswers: Lab = async (options = {}, serve) => {
  const server = await countedTlsServer(FIRST, 0, { ...trust, ...options }, serve);
  await countedTlsServer(SECOND, server.port, { ...trust, ...options }, serve);
  return server;
};

/** The first address is silent in the handshake, and the second answers. */
const firstStalls: Lab = async (options = {}, serve) => {
  const server = await countedTlsServer(SECOND, 0, { ...trust, ...options }, serve);
  await stalledServer(FIRST, server.port);
  return server;
};

/** The first address has a certificate that is refused. */
const firstIsRefused: Lab = async (options = {}, serve) => {
  const server = await countedTlsServer(SECOND, 0, { ...trust, ...options }, serve);
  await countedTlsServer(FIRST, server.port, { ...options, ...(await trust.authority.issue([HOST], { expired: true })) });
  return server;
};

const lookup = giving(FIRST, SECOND);
const connect = (port: number, options: tls.ConnectionOptions = {}) =>
  keep(tls.connect({ host: HOST, servername: HOST, port, ca: trust.ca, lookup, ...options }));

/** Connects, and waits for the end of the handshake. */
async function secured(port: number, options: tls.ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect(port, options) as Settable;
  await once(socket, 'secureConnect');
  return socket;
}

/** With methods that Node's types do not know. */
interface Settable extends TLSSocket {
  setServername(name: string): void;
  setSession(session: Buffer): void;
}

/** Echoes are read until they are as long as what was sent. */
async function echo(socket: TLSSocket, text: string): Promise<string> {
  socket.write(text);
  let read = '';
  while (read.length < text.length) read += String((await once(socket, 'data'))[0]);
  return read;
}

const EVENTS = [
  ...['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout', 'connect', 'ready', 'secure'],
  ...['secureConnect', 'session', 'keylog', 'OCSPResponse', 'data', 'end', 'error', 'close', 'timeout', 'drain', 'finish'],
];

/** The names of the events that a socket emits, in order. */
function heard(socket: net.Socket, names = EVENTS): string[] {
  const events: string[] = [];
  for (const name of names) socket.on(name, () => events.push(name));
  return events;
}

const labs: readonly (readonly [what: string, mode: TlsMode, lab: Lab])[] = [
  ['the first address answers', 'auto', firstAnswers],
  ['the first address stalls', 'auto', firstStalls],
  ['the first certificate is refused', 'auto', firstIsRefused],
  ['the first address answers a probe', 'probe', firstAnswers],
  ['the first address stalls a probe', 'probe', firstStalls],
  ['the first certificate is refused to a probe', 'probe', firstIsRefused],
];

describe.each(labs)('where %s (%s)', (_what, mode, lab) => {
  beforeEach(() => {
    registered({ tls: mode });
  });

  it('[T5] `secureConnect` follows `connect` and `ready`, once each, and sessions follow it', async () => {
    const { port } = await lab();
    const socket = connect(port);
    const events = heard(socket, ['connect', 'ready', 'secureConnect', 'session', 'error', 'close']);
    const states: unknown[] = [];
    for (const name of ['connect', 'secureConnect'])
      socket.on(name, () => states.push([name, socket.connecting, (socket as { secureConnecting?: boolean }).secureConnecting]));
    await once(socket, 'session');
    await sleep(1); // Node 20 does not send what is written within that event
    expect(events.slice(0, 4)).toEqual(['connect', 'ready', 'secureConnect', 'session']);
    expect(states).toEqual([
      ['connect', false, true],
      ['secureConnect', false, false],
    ]);
    expect(await echo(socket, 'hello')).toBe('hello');
  });

  it('[T5] tells the server the name, and the caller the protocol, the cipher and the certificate', async () => {
    const names: unknown[] = [];
    const SNICallback: tls.TlsOptions['SNICallback'] = (name, callback) => {
      names.push(name);
      callback(null);
    };
    const { port } = await lab({ ALPNProtocols: ['one', 'two'], SNICallback });
    const socket = await secured(port, { ALPNProtocols: ['two', 'three'] });
    expect(socket).toMatchObject({ alpnProtocol: 'two', authorized: true, authorizationError: null, servername: HOST });
    expect(socket.getPeerCertificate(true)).toMatchObject({ subjectaltname: `DNS:${HOST}` });
    expect(socket.getPeerX509Certificate()!.subjectAltName).toBe(`DNS:${HOST}`);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher().standardName).toMatch(/^TLS_/);
    expect(socket.exportKeyingMaterial(8, 'label', Buffer.alloc(0))).toHaveLength(8);
    expect(socket.getSession()).toBeInstanceOf(Buffer);
    expect(new Set(names)).toEqual(new Set([HOST]));
  });

  it('[T5] asks `checkServerIdentity` once for the winner', async () => {
    const { port } = await lab();
    const asked: unknown[] = [];
    function checkServerIdentity(host: string, { subjectaltname }: tls.PeerCertificate) {
      asked.push([host, subjectaltname]);
      return undefined;
    }
    const socket = await secured(port, { checkServerIdentity });
    expect(socket.authorized).toBe(true);
    // A probe is a handshake of its own.
    const handshakes = mode === 'probe' && lab === firstStalls ? 2 : 1;
    expect(asked).toEqual(Array(handshakes).fill([HOST, `DNS:${HOST}`]));
  });

  it('[T5] shows what is not verified to a caller who wants that', async () => {
    const { port } = await lab();
    const asked = jest.fn(() => Object.assign(new Error('not today'), { code: 'ENOTTODAY' }));
    const lax = { ca: undefined, rejectUnauthorized: false };
    const unverified = await secured(port, lax);
    expect(unverified).toMatchObject({ authorized: false, authorizationError: expect.any(String) as string });
    // With an expired certificate it is not asked.
    const socket = await secured(port, { rejectUnauthorized: false, checkServerIdentity: asked });
    expect(socket.authorized).toBe(false);
    expect(['ENOTTODAY', 'CERT_HAS_EXPIRED']).toContain(socket.authorizationError);
  });

  it('[T5] shows the certificate of the client', async () => {
    const client = await trust.authority.issue(['client.example']);
    const { port } = await lab({ requestCert: true, rejectUnauthorized: true, ca: trust.ca }, (socket) =>
      socket.end(String(socket.getPeerCertificate().subject.CN)),
    );
    const socket = connect(port, client);
    expect(Buffer.concat((await socket.toArray()) as Buffer[]).toString()).toBe('client.example');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('[T5] resumes sessions of %s, and emits them', async (maxVersion) => {
    const { port } = await lab({ maxVersion, ticketKeys: Buffer.alloc(48, 'k') });
    const first = connect(port);
    const [session] = (await once(first, 'session')) as [Buffer];
    await sleep(1);
    if (first.remoteAddress === FIRST || mode === 'auto') expect(first.isSessionReused()).toBe(false);
    first.destroy();
    const second = connect(port, { session });
    await once(second, 'secureConnect');
    expect(second).toMatchObject({ authorized: true });
    expect(second.isSessionReused()).toBe(true);
    expect(second.getProtocol()).toBe(maxVersion);
    expect(await echo(second, 'resumed')).toBe('resumed');
  });

  it('[T5] keeps what is said to it while it connects', async () => {
    const names: unknown[] = [];
    const both = await trust.authority.issue([HOST, 'other.example']);
    const { port } = await lab({
      ...both,
      SNICallback: (name, callback) => {
        names.push(name);
        callback(null);
      },
    });
    const first = await secured(port, { checkServerIdentity: () => undefined });
    const session = first.getSession()!;
    const socket = connect(port, { checkServerIdentity: () => undefined }) as Settable;
    socket.setServername('other.example');
    if (!process.version.startsWith('v26')) socket.setSession(session);
    expect(socket.setMaxSendFragment(1024)).toBe(true);
    const keylog = jest.fn();
    socket.on('keylog', keylog);
    await once(socket, 'secureConnect');
    expect(names.at(-1)).toBe('other.example');
    expect(keylog.mock.calls.map(([line]) => String(line)).join()).toMatch(/CLIENT_HANDSHAKE_TRAFFIC_SECRET/);
    const big = 'x'.repeat(5000);
    const chunks: number[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk.length));
    expect(await echo(socket, big)).toBe(big);
  });

  it('[T5] emits `OCSPResponse` before the handshake is over', async () => {
    const { port } = await lab();
    const socket = connect(port, { requestOCSP: true } as tls.ConnectionOptions);
    const events = heard(socket, ['connect', 'secureConnect', 'OCSPResponse']);
    await once(socket, 'secureConnect');
    expect(events).toEqual(['connect', 'OCSPResponse', 'secureConnect']);
  });

  it('[T5] agrees on a shared key', async () => {
    const psk = Buffer.alloc(16, 'p');
    const ciphers = 'PSK';
    const own = { ciphers, maxVersion: 'TLSv1.2' } as const;
    const server = { ...own, pskCallback: () => psk, key: undefined, cert: undefined };
    const { port } = await lab(server);
    if (lab === firstIsRefused) return; // there are no certificates
    const pskCallback = () => ({ psk, identity: 'me' });
    const socket = await secured(port, { ...own, pskCallback, checkServerIdentity: () => undefined });
    expect(await echo(socket, 'shared')).toBe('shared');
  });

  it('[T5] sends what was written early, in order, and ends', async () => {
    const { port } = await lab();
    const socket = connect(port);
    const written = jest.fn();
    socket.cork();
    socket.write('one ');
    socket.write('two ', written);
    socket.uncork();
    socket.end('three');
    expect(Buffer.concat((await socket.toArray()) as Buffer[]).toString()).toBe('one two three');
    expect(written).toHaveBeenCalledTimes(1);
    expect(socket.bytesWritten).toBeGreaterThanOrEqual(13);
  });

  it('[T5] reads what the server sends at once, also into a buffer of the caller’s', async () => {
    const { port } = await lab({}, (socket) => socket.end('hello'));
    const read: string[] = [];
    const buffer = Buffer.alloc(100);
    const onread = {
      buffer,
      callback: (length: number, data: Uint8Array) => {
        read.push(Buffer.from(data.subarray(0, length)).toString());
        return true;
      },
    };
    const socket = connect(port, { onread } as tls.ConnectionOptions);
    await once(socket, 'close');
    expect(read.join('')).toBe('hello');
    const plain = connect(port);
    expect(Buffer.concat((await plain.toArray()) as Buffer[]).toString()).toBe('hello');
  });

  it('[T5] emits in the context in which it was told to connect', async () => {
    const { port } = await lab();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await storage.run('mine', async () => {
      const socket = connect(port);
      for (const name of ['connect', 'secureConnect', 'session', 'data'])
        socket.on(name, () => seen.push([name, storage.getStore()]));
      socket.write('x');
      await once(socket, 'data');
    });
    expect(seen.filter(([, store]: any) => store !== 'mine')).toEqual([]); // eslint-disable-line
    expect(seen.length).toBeGreaterThanOrEqual(3);
  });

  it('[T5] leaves the listeners and the handles that plain Node leaves', async () => {
    const { port, close } = await lab();
    const socket = await secured(port);
    await echo(socket, 'x');
    const raced = listenerCounts(socket);
    const remote = socket.remoteAddress!;
    const native = keep(tls.connect({ host: remote, servername: HOST, port, ca: trust.ca }));
    await once(native, 'secureConnect');
    await echo(native, 'x');
    expect(raced).toEqual(listenerCounts(native));
    for (const one of [socket, native]) one.destroy();
    await close();
  });

  it('[T5] is a socket as any other afterwards: paused, half closed, unreferenced, timed out', async () => {
    const { port } = await lab();
    const socket = await secured(port);
    const handle = (socket as unknown as { _handle: { _parent: { hasRef: () => boolean } } })._handle;
    expect(handle._parent.hasRef()).toBe(true);
    socket.unref();
    expect(handle._parent.hasRef()).toBe(false);
    socket.ref();
    socket.setTimeout(20);
    await once(socket, 'timeout');
    socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, 1000);
    socket.pause().write('paused');
    await sleep(10);
    socket.resume();
    expect(String((await once(socket, 'data'))[0])).toBe('paused');
    socket.end();
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });
});

describe('while it races past TCP', () => {
  const endings: readonly (readonly [what: string, end: (socket: TLSSocket, controller: AbortController) => void])[] = [
    ['destroyed', (socket) => socket.destroy()],
    ['destroyed with an error', (socket) => socket.destroy(new Error('enough'))],
    [
      'aborted',
      (_socket, controller) => {
        controller.abort();
      },
    ],
  ];
  it.each(endings)('[T5] a socket that is %s ends all of its attempts', async (_what, end) => {
    const before = activeResources();
    registered({ connectionAttemptDelay: 20 });
    const first = await stalledServer(FIRST, 0);
    const second = await stalledServer(SECOND, first.port);
    const controller = new AbortController();
    const socket = connect(first.port, { signal: controller.signal } as tls.ConnectionOptions);
    const events = heard(socket);
    while (second.accepted.length === 0) await sleep(5);
    await sleep(10);
    end(socket, controller);
    await once(socket, 'close').catch(() => once(socket, 'close'));
    expect(events).not.toContain('connect');
    await sleep(10);
    expect([...first.accepted, ...second.accepted].map(({ readableEnded, destroyed }) => readableEnded || destroyed)).toEqual([
      true,
      true,
    ]);
    await Promise.all([first.close(), second.close()]);
    expect(await leftOver(before)).toEqual({});
  });

  it('[T5] a socket has its time-outs', async () => {
    registered({ connectionAttemptDelay: 20 });
    const { port } = await stalledServer(FIRST, 0);
    await stalledServer(SECOND, port);
    const socket = connect(port, { timeout: 100 });
    await once(socket, 'timeout');
    expect(socket.connecting).toBe(true);
  });
});
