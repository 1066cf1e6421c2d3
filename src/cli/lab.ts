import { once } from 'node:events';
import net from 'node:net';
import { Worker } from 'node:worker_threads';

/** A part of the lab that has to be closed. */
export interface Fixture {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a server that accepts every connection and keeps it open. `port` 0 chooses a free port. */
export function healthy(host: string, port = 0): Promise<Fixture> {
  return listen(net.createServer(), host, port);
}

/** Makes a server listen, by default on a free port. Closing it also closes its connections. */
export async function listen(server: net.Server, host = '127.0.0.1', port = 0): Promise<Fixture> {
  const connections = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    connections.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => connections.delete(socket));
  });
  server.listen({ host, port, ipv6Only: true });
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      for (const socket of connections) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Creates an address that never answers: a listener that accepts nothing and has room for one connection, and two connections that
 * fill it. The system drops the first packet of every further connection. This needs neither root nor a network.
 *
 * @param wakesAfter the time in ms after which it accepts connections, which makes it a slow address. A dropped connection succeeds
 * with its first retransmission, one second after its start.
 */
export async function blackhole(host: string, port = 0, wakesAfter = Infinity): Promise<Fixture> {
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true, workerData: { host, port, wakesAfter } });
  const fillers: net.Socket[] = [];
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    await worker.terminate();
  };
  try {
    const [message] = (await once(worker, 'message')) as [number | string];
    if (typeof message === 'string')
      throw Object.assign(new Error(`${host} cannot be listened on: ${message}`), { code: message });
    for (let i = 0; i < 2; i++) fillers.push(net.connect({ host, port: message }).on('error', () => undefined));
    await Promise.all(fillers.map((socket) => once(socket, 'connect', { signal: AbortSignal.timeout(FILLING) })));
    return { port: message, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How long to wait for the connections that fill a backlog, in ms. */
const FILLING = 2000;

/** The program of a worker whose listener accepts nothing because its event loop is blocked. */
const LISTEN_AND_SLEEP = `
  const net = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const { host, port, wakesAfter } = workerData;
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.on('error', (error) => parentPort.postMessage(error.code));
  server.listen({ host, port, backlog: 1, ipv6Only: true }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wakesAfter);
  });
`;

/** An address of a lab. */
export interface Place {
  readonly address: string;
  /** What is wrong with the address, or that it works. */
  readonly nature: string;
  /** Opens what listens there; absent if nothing does. */
  readonly open?: (host: string, port: number) => Promise<Fixture>;
}

export interface Lab extends Fixture {
  /** In the order of a resolver's answer. */
  readonly places: readonly Place[];
}

/** How many ports are tried to find one that is free on every address of the lab. */
const PORT_TRIES = 10;

/** Opens all places of a lab on one port. Addresses that this system does not have are left out. */
export async function openLab(places: readonly Place[]): Promise<Lab> {
  for (let tries = 1; ; tries++) {
    const fixtures: Fixture[] = [];
    const close = async () => {
      await Promise.all(fixtures.map((fixture) => fixture.close()));
    };
    try {
      const there: Place[] = [];
      for (const place of places) {
        const fixture = await place.open?.(place.address, fixtures[0]?.port ?? 0).catch(ofNoSuchAddress);
        if (fixture === 'no such address') continue;
        if (fixture) fixtures.push(fixture);
        there.push(place);
      }
      return { port: fixtures[0]!.port, places: there, close };
    } catch (error) {
      await close();
      if (tries === PORT_TRIES) throw error;
    }
  }
}

const NO_SUCH_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

function ofNoSuchAddress(error: NodeJS.ErrnoException): 'no such address' {
  if (NO_SUCH_ADDRESS.has(error.code ?? '')) return 'no such address';
  throw error;
}
