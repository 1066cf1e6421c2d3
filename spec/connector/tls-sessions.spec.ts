import type { SecureVersion, TLSSocket } from 'node:tls';
import tls from 'node:tls';
import { createConnector, staticResolver, type TlsOptions } from '../../src/index.js';
import { createAuthority, type Authority, type Credentials } from '../support/certificates.js';
import { tlsServer } from '../support/fixtures.js';

const HOST = 'server.example';
const resolver = staticResolver(['127.0.0.1']);

let authority: Authority;
let other: Authority;
let server: Credentials;
let client: Credentials;
let otherClient: Credentials;

beforeAll(async () => {
  [authority, other] = await Promise.all([createAuthority(), createAuthority('Another')]);
  [server, client, otherClient] = await Promise.all([
    authority.issue([HOST]),
    authority.issue(['client']),
    authority.issue(['other client']),
  ]);
});

/** What of a connection is to be the same, whatever was before it. */
interface Outcome {
  readonly failed?: string;
  readonly authorized?: boolean;
  /** What the server was shown. */
  readonly shown?: string;
}

/** A server that says whom it has been shown. */
async function serve(maxVersion: SecureVersion): Promise<number> {
  const options = { ...server, maxVersion, ca: authority.ca, requestCert: true, rejectUnauthorized: false };
  const { port } = await tlsServer('127.0.0.1', 0, options, (socket) => {
    const { subject } = socket.getPeerCertificate() as Partial<tls.PeerCertificate>;
    socket.end(String(subject?.CN ?? 'no one'));
  });
  return port;
}

type Connect = (host: string, port: number, options?: { readonly tls?: TlsOptions }) => Promise<TLSSocket>;

async function outcomeOf(connecting: Promise<TLSSocket>): Promise<readonly [Outcome, reused: boolean]> {
  try {
    const socket = await connecting;
    const { authorized } = socket;
    const reused = socket.isSessionReused();
    const chunks: Buffer[] = await socket.toArray();
    return [{ authorized, shown: Buffer.concat(chunks).toString() }, reused];
  } catch (error) {
    return [{ failed: String((error as NodeJS.ErrnoException).code) }, false];
  }
}

const connectorOf = (options: object = {}) =>
  createConnector({ resolver, tls: true, history: false, cache: false, ...options }) as { connect: Connect; clear: () => void };

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

/** Options of a connection, by what they say. */
const kinds = (): Readonly<Record<string, TlsOptions>> => ({
  'strict, its CA': { ca: authority.ca },
  'strict, its CA and another': { ca: [other.ca, authority.ca] },
  'strict, another CA': { ca: other.ca },
  'strict, Node’s CAs': {},
  'lax, its CA': { ca: authority.ca, rejectUnauthorized: false },
  'lax, another CA': { ca: other.ca, rejectUnauthorized: false },
  'lax, for another name': { ca: authority.ca, servername: 'wrong.example', rejectUnauthorized: false },
  'strict, for another name': { ca: authority.ca, servername: 'wrong.example' },
  'strict, a client certificate': { ca: authority.ca, ...client },
  'strict, another client certificate': { ca: authority.ca, ...otherClient },
  'lax, a client certificate': { ca: other.ca, rejectUnauthorized: false, ...client },
  'strict, an old version': { ca: authority.ca, maxVersion: 'TLSv1.2' },
});

describe.each(versions)('a session of %s', (version) => {
  it('[T6] changes nothing of what comes after it, whatever was before: lax or strict, CA, name, client certificate', async () => {
    const port = await serve(version);
    const alone: Record<string, Outcome> = {};
    for (const [name, options] of Object.entries(kinds()))
      [alone[name]] = await outcomeOf(connectorOf().connect(HOST, port, { tls: options }));

    for (const first of Object.keys(alone)) {
      const { connect } = connectorOf();
      const rounds = Object.keys(alone).flatMap((second) => [first, second]);
      const seen = new Set<string>();
      for (const name of rounds) {
        const [outcome, reused] = await outcomeOf(connect(HOST, port, { tls: kinds()[name]! }));
        expect([first, name, outcome]).toEqual([first, name, alone[name]]);
        expect([first, name, reused]).toEqual([first, name, seen.has(name) && alone[name]!.authorized === true]);
        seen.add(name);
      }
    }
  }, 60_000);

  it.each<[string, (options: Record<string, unknown>) => void]>([
    ['was made strict', (options) => delete options.rejectUnauthorized],
    ['trusts another CA', (options) => (options.ca = other.ca)],
    ['trusts another CA in the same list', (options) => ((options.list as string[])[0] = other.ca)],
    ['trusts another CA in the same bytes', (options) => (options.bytes as Buffer).set(Buffer.from(other.ca))],
    ['shows no certificate any more', (options) => { delete options.cert; delete options.key; }],
    ['shows another certificate', (options) => Object.assign(options, otherClient)],
  ])('[T6] is resumed no more where the object of its options %s', async (_name, change) => {
    const port = await serve(version);
    const list = [authority.ca];
    const bytes = Buffer.alloc(Math.max(authority.ca.length, other.ca.length) + 1, '\n');
    bytes.set(Buffer.from(authority.ca));
    const isLax = _name.includes('strict');
    const ca = _name.includes('list') ? list : _name.includes('bytes') ? bytes : authority.ca;
    const options: Record<string, unknown> = { ca, ...client, ...(isLax && { rejectUnauthorized: false }) };
    for (const [name, value] of Object.entries({ list, bytes })) Object.defineProperty(options, name, { value });
    for (const { connect } of [connectorOf(), connectorOf({ tls: options })]) {
      const own = { tls: options };
      expect((await outcomeOf(connect(HOST, port, own)))[0]).toMatchObject({ authorized: true, shown: 'client' });
      expect((await outcomeOf(connect(HOST, port, own)))[1]).toBe(true);
      const before = { ...options, ca: Buffer.isBuffer(ca) ? Buffer.from(ca) : [ca].flat() };
      change(options);
      const [alone] = await outcomeOf(connectorOf().connect(HOST, port, own));
      expect(await outcomeOf(connect(HOST, port, own))).toEqual([alone, false]);
      Object.assign(options, before);
      bytes.fill('\n').set(Buffer.from(authority.ca));
      list[0] = authority.ca;
      if (/list|bytes/.test(_name)) options.ca = ca;
    }
  }); // prettier-ignore

  it.each<[string, (options: object) => object]>([
    ['inherited', (options) => Object.create(options) as object],
    ['not enumerable', (options) => Object.defineProperties({}, Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { value: value as unknown }])))], // prettier-ignore
    ['a class’s', (options) => new (class { get ca() { return (options as { ca: string }).ca; } get cert() { return (options as { cert: string }).cert; } get key() { return (options as { key: string }).key; } })()], // prettier-ignore
  ])('[T6] counts options that are %s, and heeds them', async (_name, given) => {
    const port = await serve(version);
    const { connect } = connectorOf();
    const one = { tls: given({ ca: authority.ca, ...client }) as TlsOptions };
    expect(await outcomeOf(connect(HOST, port, one))).toEqual([{ authorized: true, shown: 'client' }, false]);
    expect(await outcomeOf(connect(HOST, port, one))).toEqual([{ authorized: true, shown: 'client' }, true]);
    const two = { tls: given({ ca: authority.ca, ...otherClient }) as TlsOptions };
    expect(await outcomeOf(connect(HOST, port, two))).toEqual([{ authorized: true, shown: 'other client' }, false]);
    const three = { tls: given({ ca: other.ca, ...client }) as TlsOptions };
    expect((await outcomeOf(connect(HOST, port, three)))[0]).toHaveProperty('failed');
  });

  it('[T6] is not kept where the peer is not authorized, so that it never becomes so by resumption', async () => {
    const port = await serve(version);
    const { connect } = connectorOf();
    const lax = { tls: { rejectUnauthorized: false, servername: 'wrong.example', ca: authority.ca } };
    for (let i = 0; i < 3; i++)
      expect(await outcomeOf(connect(HOST, port, lax))).toEqual([{ authorized: false, shown: 'no one' }, false]);
  });

  it('[T6] counts what the environment says of unauthorized peers', async () => {
    const port = await serve(version);
    const { connect } = connectorOf();
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    const own = { tls: { ca: authority.ca } };
    expect((await outcomeOf(connect(HOST, port, own)))[1]).toBe(false);
    jest.spyOn(process, 'emitWarning').mockImplementation();
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    expect((await outcomeOf(connect(HOST, port, own)))[1]).toBe(false);
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    if (before !== undefined) process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    jest.restoreAllMocks();
    expect((await outcomeOf(connect(HOST, port, own)))[1]).toBe(true);
  });

  it('[T6] is gone once the connector is cleared, that of a connection from before, too', async () => {
    const port = await serve(version);
    const { connect, clear } = connectorOf({ tls: { ca: authority.ca } });
    await outcomeOf(connect(HOST, port));
    clear();
    const early = await connect(HOST, port);
    expect(early.isSessionReused()).toBe(false);
    clear();
    await early.toArray(); // by now its session has come
    const [, reused] = await outcomeOf(connect(HOST, port));
    expect(reused).toBe(false);
    expect((await outcomeOf(connect(HOST, port)))[1]).toBe(true);
  });

  const { setDefaultCACertificates, getCACertificates } = tls as {
    setDefaultCACertificates?: (certificates: readonly string[]) => void;
    getCACertificates?: (type: 'default') => readonly string[];
  };
  const reason = setDefaultCACertificates ? '' : ' (skipped: from Node 22.19 on)';
  (setDefaultCACertificates ? it : it.skip)(`[T6] counts whom Node trusts by default${reason}`, async () => {
    const port = await serve(version);
    const { connect } = connectorOf();
    const before = getCACertificates!('default');
    setDefaultCACertificates!([authority.ca]);
    expect(await outcomeOf(connect(HOST, port))).toEqual([{ authorized: true, shown: 'no one' }, false]);
    expect(await outcomeOf(connect(HOST, port))).toEqual([{ authorized: true, shown: 'no one' }, true]);
    setDefaultCACertificates!([other.ca]);
    expect((await outcomeOf(connect(HOST, port)))[0]).toHaveProperty('failed');
    setDefaultCACertificates!([authority.ca]);
    expect(await outcomeOf(connect(HOST, port))).toEqual([{ authorized: true, shown: 'no one' }, false]);
    setDefaultCACertificates!(before);
  });
});
