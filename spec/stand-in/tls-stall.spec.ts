import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { Agent, fetch, setGlobalDispatcher, getGlobalDispatcher } from 'undici';
import { HttpsAgent } from '../../src/stand-in/agent.js';
import { register, type StandInOptions } from '../../src/stand-in/register.js';
import { activeResources, leftOver, open, type Server } from '../support/fixtures.js';
import {
  countedTlsServer,
  createTrust,
  FIRST,
  giving,
  HOST,
  keep,
  SECOND as GOOD,
  stalledServer,
  undo,
  type Trust,
} from '../support/tls-clients.js';

register()(); // importing it has registered already

const lookup = giving(FIRST, GOOD);
const registered = (options: StandInOptions = {}) => void undo.push(register({ history: false, ...options }));

let trust: Trust;
let ca: string;

beforeAll(async () => {
  trust = await createTrust();
  ({ ca } = trust);
});

/** Two addresses of one port: the first accepts TCP and says nothing. */
async function stalling<S extends Server>(listening: Promise<S>): Promise<{ port: number; good: S; stalled: Server }> {
  const good = await listening;
  const stalled = await stalledServer(FIRST, good.port);
  return { port: good.port, good, stalled };
}

/** An HTTPS server, which speaks HTTP/2 as well. */
async function webServer(): Promise<Server> {
  const server = http2.createSecureServer({ ...trust, allowHTTP1: true }, (request, response) => {
    response.end(`${request.httpVersion} ${request.url}`);
  });
  const accepted: net.Socket[] = [];
  server.on('secureConnection', (socket) => accepted.push(socket)).on('tlsClientError', () => undefined);
  server.listen({ host: GOOD, port: 0 });
  await once(server, 'listening');
  const close = async () => {
    for (const socket of accepted) socket.destroy();
    server.close();
    await Promise.resolve();
  };
  return open({ port: (server.address() as net.AddressInfo).port, accepted, close });
}

/** ms; plain Node waits for good. */
const SOON = 10_000;

/** ms that a piece of work takes. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function get(options: https.RequestOptions): Promise<string> {
  const request = https.get({ host: HOST, ca, lookup, ...options });
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  return Buffer.concat((await response.toArray()) as Buffer[]).toString();
}

describe('an address that accepts TCP and is silent in the handshake', () => {
  it('[T5] does not stop `tls.connect` under register', async () => {
    registered();
    const { port, stalled } = await stalling(countedTlsServer(GOOD, 0, trust));
    const socket = keep(tls.connect({ host: HOST, servername: HOST, port, ca, lookup }));
    socket.write('early');
    expect(await timed(() => once(socket, 'secureConnect'))).toBeLessThan(SOON);
    expect(socket).toMatchObject({ remoteAddress: GOOD, authorized: true, connecting: false, secureConnecting: false });
    expect((await once(socket, 'data'))[0]).toEqual(Buffer.from('early'));
    await sleep(5);
    expect(stalled.accepted.map(({ readableEnded }) => readableEnded)).toEqual([true]);
  });

  it.each(['auto', 'probe'] as const)('[T5] does not stop a caller who reads and writes, with %j', async (mode) => {
    registered({ tls: mode, connectionAttemptDelay: 20 });
    const { port, good } = await stalling(countedTlsServer(GOOD, 0, trust));
    const socket = keep(tls.connect({ host: HOST, servername: HOST, port, ca, lookup }));
    const megabyte = Buffer.alloc(1_000_000, 'x');
    socket.end(megabyte);
    const chunks = (await socket.toArray()) as Buffer[];
    expect(Buffer.concat(chunks).equals(megabyte)).toBe(true);
    expect(good.connections).toHaveLength(mode === 'auto' ? 1 : 2);
  });

  it('[T5] stops it with "off", as it does plain Node', async () => {
    registered({ tls: 'off', connectionAttemptDelay: 20 });
    const { port, good } = await stalling(countedTlsServer(GOOD, 0, trust));
    const socket = keep(tls.connect({ host: HOST, servername: HOST, port, ca, lookup }));
    await once(socket, 'ready');
    await sleep(300);
    expect(socket).toMatchObject({ secureConnecting: true, authorized: false });
    expect(good.accepted).toHaveLength(0);
  });

  it.each([
    ['the global agent under register', undefined],
    ['HttpsAgent', () => new HttpsAgent({ keepAlive: true, race: { history: false } })],
  ] as const)('[T5] does not stop `https.get` with %s', async (_what, createAgent) => {
    if (!createAgent) registered();
    const { port } = await stalling(webServer());
    const agent = createAgent?.();
    undo.push(() => agent?.destroy());
    let answer = '';
    const time = await timed(async () => {
      answer = await get({ port, path: '/one', ...(agent && { agent }) });
    });
    expect(answer).toBe('1.1 /one');
    expect(time).toBeLessThan(SOON);
  });

  it('[T5] does not stop `http2.connect` under register', async () => {
    registered();
    const { port } = await stalling(webServer());
    const session = http2.connect(`https://${HOST}:${port}`, { ca, lookup } as http2.SecureClientSessionOptions);
    undo.push(() => {
      session.destroy();
    });
    const time = await timed(async () => {
      const stream = session.request({ ':path': '/two' });
      expect((await stream.setEncoding('utf8').toArray()).join('')).toBe('2.0 /two');
    });
    expect(time).toBeLessThan(SOON);
  });

  it('[T5] does not stop undici under register', async () => {
    registered();
    const { port } = await stalling(webServer());
    const before = getGlobalDispatcher();
    const agent = new Agent({ connect: { ca, lookup } });
    setGlobalDispatcher(agent);
    undo.push(async () => {
      setGlobalDispatcher(before);
      await agent.destroy();
    });
    const time = await timed(async () => {
      const response = await fetch(`https://${HOST}:${port}/three`);
      expect(await response.text()).toBe('1.1 /three');
    });
    expect(time).toBeLessThan(SOON);
  });

  it('[T5] does not stop the `fetch` of Node under register', async () => {
    registered();
    const { port } = await stalling(webServer());
    await globalThis.fetch('data:,'); // Node loads its undici then
    const symbols = ['2', '1'].map((version) => Symbol.for(`undici.globalDispatcher.${version}`));
    const found = symbols.map((symbol) => (globalThis as Record<symbol, object | undefined>)[symbol]).find(Boolean)!;
    const { constructor } = found as { constructor: new (options: object) => { destroy: () => Promise<void> } };
    const dispatcher = new constructor({ connect: { ca, lookup } });
    undo.push(() => dispatcher.destroy());
    const time = await timed(async () => {
      const response = await globalThis.fetch(`https://${HOST}:${port}/four`, { dispatcher } as RequestInit);
      expect(await response.text()).toMatch(/ \/four$/);
    });
    expect(time).toBeLessThan(SOON);
  });

  it('[T5] leaves nothing behind', async () => {
    const before = activeResources();
    registered({ connectionAttemptDelay: 20 });
    const { port, good, stalled } = await stalling(countedTlsServer(GOOD, 0, trust));
    for (let i = 0; i < 5; i++) {
      const socket = tls.connect({ host: HOST, servername: HOST, port, ca, lookup });
      await once(socket, 'secureConnect');
      socket.destroy();
      await once(socket, 'close');
    }
    await Promise.all([good.close(), stalled.close()]);
    expect(await leftOver(before)).toEqual({});
  });
});
