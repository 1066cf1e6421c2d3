import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { listen as listenAt, type Fixture } from '../../src/cli/lab.js';

const fixtures: Fixture[] = [];

/** Keeps a fixture until the spec is over. */
export async function open<F extends Fixture>(opening: Promise<F> | F): Promise<F> {
  const fixture = await opening;
  fixtures.push(fixture);
  return fixture;
}

afterEach(async () => {
  await Promise.all(fixtures.splice(0).map((fixture) => fixture.close()));
});

/** Ports below those of outgoing connections, so many for each of the runner's workers. */
const [FIRST_PORT, PORTS] = [20_000, 3000];
const worker = Number(process.env.JEST_WORKER_ID ?? 1) % 4;
let ports = Math.floor(Math.random() * PORTS);

/** Listens at an address. Port 0 takes one that is free at the other addresses as well, as no other worker takes it. */
export async function listen(server: net.Server, host?: string, port = 0): Promise<Fixture> {
  for (let tries = 1; ; tries++) {
    const chosen = port || FIRST_PORT + worker * PORTS + (ports++ % PORTS);
    try {
      return await listenAt(server, host, chosen);
    } catch (error) {
      if (port !== 0 || tries === 100 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** A server that does with each connection what it is told, and what was accepted. */
export interface Server extends Fixture {
  readonly accepted: net.Socket[];
}

/** A TCP server for one spec; `port` 0 takes a free one. */
export async function tcpServer(host: string, port: number, serve: (socket: net.Socket) => void = () => undefined) {
  return listening(net.createServer({ allowHalfOpen: true }), 'connection', host, port, serve);
}

/** A TLS server for one spec. `serve` is told of finished handshakes. */
export async function tlsServer(
  host: string,
  port: number,
  options: tls.TlsOptions,
  serve: (socket: tls.TLSSocket) => void = () => undefined,
) {
  const server = tls.createServer(options);
  server.on('tlsClientError', () => undefined);
  return listening(server, 'secureConnection', host, port, serve);
}

async function listening(
  server: net.Server,
  event: string,
  host: string,
  port: number,
  serve: (socket: never) => void,
): Promise<Server> {
  const accepted: net.Socket[] = [];
  server.on(event, (socket: net.Socket) => {
    accepted.push(socket);
    socket.on('error', () => socket.destroy());
    serve(socket as never);
  });
  return Object.assign(await open(listen(server, host, port)), { accepted });
}

/** Who listens on a socket, counted by event. */
export function listenerCounts(socket: net.Socket): Record<string, number> {
  return Object.fromEntries(socket.eventNames().map((name) => [String(name), socket.listenerCount(name)]));
}

/** What keeps a process alive, counted. Standard streams and the runner's own channels are in both counts. */
export function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Waits until nothing more is active than before, for a second at most; what closes, closes within a few turns. */
export async function leftOver(before: Record<string, number>): Promise<Record<string, number>> {
  for (let i = 0; ; i++) {
    const more = Object.entries(activeResources()).filter(([name, count]) => count > (before[name] ?? 0));
    if (more.length === 0 || i === 100) return Object.fromEntries(more);
    await sleep(10);
  }
}

/** Returns a function that keeps sockets or agents, which are destroyed after each spec. */
export function destroyedAfterEach(): <T extends { destroy(): unknown }>(one: T) => T {
  const kept: { destroy(): unknown }[] = [];
  afterEach(() => {
    for (const one of kept.splice(0)) one.destroy();
  });
  return (one) => {
    kept.push(one);
    return one;
  };
}
