import { once } from 'node:events';
import net from 'node:net';
import { Worker } from 'node:worker_threads';

/** Something of the lab that has to be closed. */
export interface Fixture {
  readonly port: number;
  close(): Promise<void>;
}

/** A server that accepts every connection and keeps it open. `port` 0 takes a free one. */
export function healthy(host: string, port = 0): Promise<Fixture> {
  return listen(net.createServer(), host, port);
}

/** Lets a server listen, on a free port if none is given. Closing it closes its connections as well. */
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
 * An address that never answers: a listener with room for one connection that accepts none, and two connections that
 * fill it. The system drops the first packet of every further one. Needs neither root nor a network.
 *
 * @param wakesAfter ms after which it accepts after all: a slow address. A connection that was dropped comes in with its
 * first retransmission, one second after its start.
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

/** How long the connections that fill a backlog are waited for, in ms. */
const FILLING = 2000;

/** A thread of its own, so that a listener can exist whose event loop stands still. */
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
  /** What is wrong with it, or that it is in order. */
  readonly nature: string;
  /** What is there; absent: nothing listens. */
  readonly open?: (host: string, port: number) => Promise<Fixture>;
}

export interface Lab extends Fixture {
  /** In the order in which a resolver would give them. */
  readonly places: readonly Place[];
}

/** Attempts to find a port that is free on every address of the lab. */
const PORT_TRIES = 10;

/** Opens what there is at each address, all on one port. An address that this system does not have is left out. */
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
