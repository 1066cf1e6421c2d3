import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { createAuthority, type Authority, type Credentials } from './certificates.js';
import { listen, open, tcpServer, type Server } from './fixtures.js';

/** What is undone after each spec, the latest first. */
export const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const undone of undo.splice(0).reverse()) await undone();
  await sleep(2);
});

/** Destroys a socket once its spec is over. */
export function keep<S extends net.Socket>(socket: S): S {
  undo.push(() => socket.destroy());
  return socket;
}

/** The name that the certificates of these specs are for. */
export const HOST = 'raced.example';
/** What comes first where IPv6 does, and what comes second. */
export const FIRST = '::1';
export const SECOND = '127.0.0.1';

/** A look-up that finds these addresses. */
export function giving(...addresses: readonly string[]): net.LookupFunction {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
}

/** What a spec over TLS needs of certificates. */
export interface Trust extends Credentials {
  readonly authority: Authority;
  readonly ca: string;
}

export async function createTrust(): Promise<Trust> {
  const authority = await createAuthority();
  return { authority, ca: authority.ca, ...(await authority.issue([HOST])) };
}

/** A TLS server that knows how many connections, and how many finished handshakes, it has had. */
export interface CountedServer extends Server {
  readonly connections: net.Socket[];
}

/** @param serve called with each finished handshake */
export async function countedTlsServer(
  host: string,
  port: number,
  options: tls.TlsOptions,
  serve: (socket: tls.TLSSocket) => void = (socket) => socket.pipe(socket),
): Promise<CountedServer> {
  const server = tls.createServer(options);
  const [accepted, connections]: [net.Socket[], net.Socket[]] = [[], []];
  server
    .on('connection', (socket) => connections.push(socket))
    .on('secureConnection', (socket) => {
      accepted.push(socket);
      socket.on('error', () => socket.destroy());
      serve(socket);
    })
    .on('tlsClientError', () => undefined);
  return Object.assign(await open(listen(server, host, port)), { accepted, connections });
}

/** Accepts TCP at an address, and says nothing. */
export function stalledServer(host: string, port: number): Promise<Server> {
  return tcpServer(host, port, (socket) => socket.resume());
}
