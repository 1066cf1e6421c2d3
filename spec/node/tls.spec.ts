import { once } from 'node:events';
import net from 'node:net';
import nodeTls, { type TLSSocket } from 'node:tls';
import { firstValueFrom, toArray } from 'rxjs';
import {
  connect,
  connect$,
  ConnectionError,
  createConnector,
  race$,
  staticResolver,
  tls,
  type RaceEvent,
} from '../../src/index.js';
import { createAuthority, type Authority, type Credentials } from '../support/certificates.js';
import { listenerCounts, tcpServer, tlsServer } from '../support/fixtures.js';

const HOST = 'secure.example';
const resolver = staticResolver({ [HOST]: ['::1', '127.0.0.1'], 'other.example': ['127.0.0.1'] });

let authority: Authority;
let ca: string;
let credentials: Credentials;

beforeAll(async () => {
  authority = await createAuthority();
  ca = authority.ca;
  credentials = await authority.issue([HOST]);
});

/** All events of a race, whose winner is closed. */
async function eventsOf(race: ReturnType<typeof race$<net.Socket>>): Promise<readonly RaceEvent<net.Socket>[]> {
  const events = await firstValueFrom(race.pipe(toArray()));
  const last = events.at(-1)!;
  if (last.type === 'connected') last.value.destroy();
  return events;
}

/** The error of a race that has to be lost. */
async function errorOf(racing: Promise<net.Socket>): Promise<ConnectionError> {
  try {
    const socket = await racing;
    socket.destroy();
  } catch (error) {
    if (error instanceof ConnectionError) return error;
    throw error;
  }
  throw new Error('there is a winner');
}

describe('a race over TLS', () => {
  it('[T1] emits a socket whose handshake is complete, and leaves no listener on it', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    const socket = await connect(HOST, port, { resolver, tls: { ca } });
    expect(socket).toBeInstanceOf(nodeTls.TLSSocket);
    expect(socket).toMatchObject({
      authorized: true,
      connecting: false,
      encrypted: true,
      remoteAddress: '127.0.0.1',
      servername: HOST,
    });
    const native = nodeTls.connect({ host: '127.0.0.1', port, ca, servername: HOST });
    await once(native, 'secureConnect');
    expect(listenerCounts(socket)).toEqual(listenerCounts(native));
    socket.destroy();
    native.destroy();
  });

  it('[T1] skips an address that accepts and then says nothing: IPv4 after the delay of 250 ms', async () => {
    const silent = await tcpServer('::1', 0);
    const { port } = await tlsServer('127.0.0.1', silent.port, credentials);
    const started = performance.now();
    const socket = await connect(HOST, port, { resolver, tls: { ca } });
    const took = performance.now() - started;
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(took).toBeGreaterThanOrEqual(249);
    expect(took).toBeLessThan(10_000); // plain Node waits for good
    expect(silent.accepted).toHaveLength(1);
    if (!silent.accepted[0]!.destroyed) await once(silent.accepted[0]!.resume(), 'end'); // the loser is gone
    socket.destroy();
  });

  it('[T1] tells that TCP is up before it tells of the winner', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    const events = await eventsOf(race$(HOST, port, { resolver, family: 4, tls: { ca } }));
    const [started, progressed, connected] = events.slice(-3);
    expect(started).toMatchObject({ type: 'started' });
    expect(progressed).toMatchObject({ type: 'progressed', stage: 'tls', endpoint: { address: '127.0.0.1' } });
    expect(connected).toMatchObject({ type: 'connected' });
    if (progressed?.type === 'progressed') expect(progressed.after).toBe(progressed.at - started!.at);
  });

  it('[T4] keeps what the server sends with its last message of the handshake', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials, (socket) => socket.end('welcome'));
    const socket = await connect(HOST, port, { resolver, tls: { ca } });
    await new Promise((resolve) => setTimeout(resolve, 50)); // nothing listens yet
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('welcome');
  });

  it('negotiates h2', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, { ...credentials, ALPNProtocols: ['h2', 'http/1.1'] });
    const socket = await connect(HOST, port, { resolver, tls: { ca, ALPNProtocols: ['h2', 'http/1.1'] } });
    expect(socket.alpnProtocol).toBe('h2');
    socket.destroy();
  });

  it('says in plain words that there is no protocol in common', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, { ...credentials, ALPNProtocols: ['h2'] });
    const error = await errorOf(connect(HOST, port, { resolver, family: 4, tls: { ca, ALPNProtocols: ['http/1.1'] } }));
    expect(error.code).toMatch(/ALERT_NO_APPLICATION_PROTOCOL$/);
    expect(error.message).toContain('TLS: ');
    expect(error.message).not.toContain('openssl');
  });

  it('shows a client certificate', async () => {
    const client = await authority.issue(['client.example']);
    const server = await tlsServer(
      '127.0.0.1',
      0,
      { ...credentials, ca, requestCert: true, rejectUnauthorized: true },
      (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)),
    );
    const socket = await connect(HOST, server.port, { resolver, tls: { ca, ...client } });
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('client.example');
  });

  it('sends the name and verifies it, whatever the address, without the dot at its end', async () => {
    const names: unknown[] = [];
    const { port } = await tlsServer('127.0.0.1', 0, {
      ...credentials,
      SNICallback: (name, callback) => {
        names.push(name);
        callback(null);
      },
    });
    const socket = await connect(`${HOST}.`, port, { resolver: staticResolver(['127.0.0.1']), tls: { ca } });
    expect(names).toEqual([HOST]);
    socket.destroy();
  });

  it.each(['127.0.0.1', '[::1]'])('sends no name for %s, and verifies the address', async (host) => {
    const address = host.replace(/[[\]]/g, '');
    const server = await tlsServer(address, 0, await authority.issue([address]), (socket) =>
      socket.end(String(socket.servername)),
    );
    const read = async (socket: TLSSocket) => Buffer.concat((await socket.toArray()) as Buffer[]).toString();
    const codeOf = (error: unknown) => (error as { code?: string }).code;
    const native = await read(nodeTls.connect({ host: address, port: server.port, ca })).catch(codeOf);
    const ours = await connect(host, server.port, { tls: { ca } }).then(read, codeOf);
    expect(ours).toBe(native);
    // As Node says of a client that sent none; but Node 22.23 itself refuses every certificate for ::1.
    if (address !== '::1') expect(ours).toBe('false');
    const wrong = await tlsServer(address, 0, credentials);
    expect((await errorOf(connect(host, wrong.port, { tls: { ca } }))).code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('verifies for the `servername` that is given', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    const socket = await connect('other.example', port, { resolver, tls: { ca, servername: HOST } });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  it('hands over what is not verified where the caller wants no verification', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    const socket = await connect('other.example', port, { resolver, tls: { rejectUnauthorized: false } });
    expect(socket).toMatchObject({ authorized: false, authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    socket.destroy();
  });

  it('asks `checkServerIdentity`', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    const asked: string[] = [];
    const checkServerIdentity = (name: string) => {
      asked.push(name);
      return Object.assign(new Error('not today'), { code: 'ENOTTODAY' });
    };
    const error = await errorOf(connect(HOST, port, { resolver, family: 4, tls: { ca, checkServerIdentity } }));
    expect(asked).toEqual([HOST]);
    expect(error.code).toBe('ENOTTODAY');
  });

  describe('with a certificate that is refused', () => {
    it('goes on with the race', async () => {
      const expired = await tlsServer('::1', 0, await authority.issue([HOST], { expired: true }));
      const { port } = await tlsServer('127.0.0.1', expired.port, credentials);
      const delays = { connectionAttemptDelay: 2000, maximumConnectionAttemptDelay: 2000 };
      const events = await eventsOf(race$(HOST, port, { resolver, tls: { ca }, ...delays }));
      const failed = events.find(({ type }) => type === 'failed')!;
      expect(failed).toMatchObject({ endpoint: { address: '::1' }, error: { code: 'CERT_HAS_EXPIRED' } });
      expect(events.at(-1)).toMatchObject({ type: 'connected', endpoint: { address: '127.0.0.1' } });
      expect(events.at(-1)!.at - failed.at).toBeLessThan(1000);
    });

    const cases: readonly (readonly [what: string, code: string, issue: () => Promise<Credentials>])[] = [
      ['has expired', 'CERT_HAS_EXPIRED', () => authority.issue([HOST], { expired: true })],
      ['is for another name', 'ERR_TLS_CERT_ALTNAME_INVALID', () => authority.issue(['other.example'])],
      [
        'is of an unknown authority',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        async () => (await createAuthority('No One')).issue([HOST]),
      ],
    ];
    it.each(cases)('fails with the reason when on all addresses it %s', async (_what, code, issue) => {
      const bad = await issue();
      const { port } = await tlsServer('::1', 0, bad);
      await tlsServer('127.0.0.1', port, bad);
      const error = await errorOf(connect(HOST, port, { resolver, tls: { ca } }));
      expect(error).toMatchObject({ code, reason: 'attempts', cause: { code } });
      expect(error.attempts.map((attempt) => attempt.code)).toEqual([code, code]);
    });
  });

  it('[A13] destroys a socket whose handshake is under way when the race is aborted', async () => {
    const silent = await tcpServer('127.0.0.1', 0);
    const controller = new AbortController();
    const sockets: net.Socket[] = [];
    const socketFactory = () => {
      const socket = new net.Socket();
      sockets.push(socket);
      return socket;
    };
    const race = race$(HOST, silent.port, { resolver, family: 4, tls: true, socketFactory, signal: controller.signal });
    const ended = new Promise((resolve) =>
      race.subscribe({
        next: ({ type }) => {
          if (type === 'progressed') setImmediate(() => controller.abort());
        },
        error: resolve,
      }),
    );
    expect(await ended).toMatchObject({ name: 'AbortError' });
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it('[A13] is unsubscribed when TCP is up and the handshake has not begun', async () => {
    const silent = await tcpServer('127.0.0.1', 0);
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      const subscription = race$(HOST, silent.port, { resolver, family: 4, tls: true }).subscribe(({ type }) => {
        events.push(type);
        if (type !== 'progressed') return;
        subscription.unsubscribe();
        setImmediate(resolve);
      });
    });
    expect(events.at(-1)).toBe('progressed');
    if (silent.accepted.length === 0) return;
    const chunks: Buffer[] = await silent.accepted[0]!.toArray();
    expect(Buffer.concat(chunks)).toHaveLength(0); // no ClientHello
  });

  it('has a transport of its own: for the address, unless it is given a name', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    const endpoint = { address: '127.0.0.1', family: 4, port } as const;
    const socket = await firstValueFrom(tls({ ca, servername: HOST })(endpoint));
    expect(socket.authorized).toBe(true);
    socket.destroy();
    await expect(firstValueFrom(tls({ ca })(endpoint))).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  const nonsense: readonly (readonly [options: object, code: string, message: RegExp])[] = [
    [{ tls: 'yes' }, 'ERR_INVALID_ARG_TYPE', /options\.tls/],
    [{ tls: { socket: new net.Socket() } }, 'ERR_INVALID_ARG_VALUE', /options\.tls\.socket" has no effect/],
    [{ tls: { servername: 7 } }, 'ERR_INVALID_ARG_TYPE', /options\.tls\.servername/],
    [{ tls: { checkServerIdentity: true } }, 'ERR_INVALID_ARG_TYPE', /options\.tls\.checkServerIdentity/],
    [{ tls: { ALPNProtocols: [1] } }, 'ERR_INVALID_ARG_TYPE', /options\.tls\.ALPNProtocols/],
    [{ tls: { session: 'x' } }, 'ERR_INVALID_ARG_TYPE', /options\.tls\.session/],
    [{ tls: { minVersion: 'TLSv9' } }, 'ERR_TLS_INVALID_PROTOCOL_VERSION', /TLSv9/],
    [{ tls: { cert: 'no certificate' } }, 'ERR_OSSL_PEM_NO_START_LINE', /no start line/i],
    [{ tls: true, transport: () => undefined }, 'ERR_INVALID_ARG_VALUE', /options\.tls" has no effect on the transport/],
  ];
  it.each(nonsense)('refuses %j at the call', (options, code, message) => {
    const call = () => connect$(HOST, 443, options);
    expect(call).toThrow(expect.objectContaining({ code }));
    expect(call).toThrow(message);
  });
});

describe('a connector over TLS', () => {
  const rounds: readonly (readonly [version: nodeTls.SecureVersion, protocol: string])[] = [
    ['TLSv1.3', 'TLSv1.3'],
    ['TLSv1.2', 'TLSv1.2'],
  ];

  /** Reads until the server says goodbye, by when its tickets have come. */
  const finish = async (socket: TLSSocket) => {
    const reused = socket.isSessionReused();
    await socket.toArray();
    return { reused, protocol: socket.getProtocol(), address: socket.remoteAddress };
  };

  it.each(rounds)('resumes a session of %s, though another address has won', async (maxVersion) => {
    const ticketKeys = Buffer.alloc(48, 'k');
    const options = { ...credentials, ticketKeys, maxVersion };
    const first = await tlsServer('::1', 0, options, (socket) => socket.end('goodbye'));
    const { port } = await tlsServer('127.0.0.1', first.port, options, (socket) => socket.end('goodbye'));
    const { connect, clear } = createConnector({ resolver, tls: { ca } });
    const remote = (socket: TLSSocket) => socket.remoteAddress;

    const one = await connect(HOST, port);
    expect(remote(one)).toBe('::1');
    expect(await finish(one)).toMatchObject({ reused: false });
    await first.close();
    const two = await connect(HOST, port);
    expect(remote(two)).toBe('127.0.0.1');
    expect(two.authorized).toBe(true);
    expect(await finish(two)).toMatchObject({ reused: true });
    clear();
    expect(await finish(await connect(HOST, port))).toMatchObject({ reused: false });
  });

  it('resumes nothing under other options, nor for another name', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, await authority.issue([HOST, 'other.example']), (socket) =>
      socket.end('bye'),
    );
    const { connect } = createConnector({ resolver });
    const lax = { ca, checkServerIdentity: () => undefined };
    expect(await finish(await connect(HOST, port, { tls: lax }))).toMatchObject({ reused: false });
    expect(await finish(await connect(HOST, port, { tls: lax }))).toMatchObject({ reused: true });
    expect(await finish(await connect(HOST, port, { tls: { ca } }))).toMatchObject({ reused: false });
    expect(await finish(await connect(HOST, port, { tls: { ca } }))).toMatchObject({ reused: true });
    expect(await finish(await connect('other.example', port, { tls: { ca } }))).toMatchObject({ reused: false });
  });

  it('[S8] resumes no session of another partition', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials, (socket) => socket.end('bye'));
    const { connect } = createConnector({ resolver, tls: { ca } });
    const reused: boolean[] = [];
    for (const partition of ['tenant-1', 'tenant-2', '', 'tenant-2', 'tenant-1'])
      reused.push((await finish(await connect(HOST, port, { partition, tls: { ca } }))).reused);
    expect(reused).toEqual([false, false, false, true, true]);
  });

  it('takes a session that is given for its own', async () => {
    const { port } = await tlsServer('127.0.0.1', 0, credentials, (socket) => socket.end('bye'));
    const { connect } = createConnector({ resolver, tls: { ca }, sessions: false });
    const sessions: Buffer[] = [];
    const socket = await connect(HOST, port);
    expect(listenerCounts(socket).session).toBeUndefined();
    socket.on('session', (session) => sessions.push(session));
    await finish(socket);
    expect(await finish(await connect(HOST, port, { tls: { ca, session: sessions[0] } }))).toMatchObject({ reused: true });
    expect(await finish(await connect(HOST, port))).toMatchObject({ reused: false });
  });

  it('drops a session with which a handshake failed', async () => {
    const server = await tlsServer('127.0.0.1', 0, credentials, (socket) => socket.end('bye'));
    const { connect } = createConnector({ resolver, tls: { ca } });
    await finish(await connect(HOST, server.port));
    await server.close();
    const broken = await tcpServer('127.0.0.1', server.port, (socket) => socket.end('garbage'));
    await errorOf(connect(HOST, server.port));
    await broken.close();
    await tlsServer('127.0.0.1', server.port, credentials, (socket) => socket.end('bye'));
    expect(await finish(await connect(HOST, server.port))).toMatchObject({ reused: false });
  });
});
