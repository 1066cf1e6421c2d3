import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import type { Family } from '../core/address/address.js';
import type { FindSources } from '../core/race/source-selection.js';

export type { FindSources };

/**
 * Returns the address from which this machine would connect to each given address, or `undefined` if it has no route.
 *
 * Connects a UDP socket and reads its own address, which sends no packet. One socket per family serves all addresses within the
 * call and is closed at its end. It takes about 5 µs an address and 15 µs a family.
 */
export const findSources: FindSources = (addresses) => {
  const sockets: Partial<Record<Family, Socket>> = {};
  try {
    return addresses.map(({ address, family }) => sourceOf(address, (sockets[family] ??= openSocket(family))));
  } finally {
    for (const socket of Object.values(sockets)) socket.close();
  }
};

/** The most addresses whose sources are cached. */
const REMEMBERED = 1000;

/**
 * Memoizes source addresses while `state` returns the same object.
 *
 * @param state returns another object whenever the machine's state has been read again
 */
export function rememberingSources(find: FindSources, state: () => object): FindSources {
  const sources = new Map<string, string | undefined>();
  let known: object | undefined;
  return (addresses) => {
    const current = state();
    if (current !== known || sources.size >= REMEMBERED) sources.clear();
    known = current;
    const unknown = addresses.filter(({ address }) => !sources.has(address));
    if (unknown.length > 0) find(unknown).forEach((source, index) => sources.set(unknown[index]!.address, source));
    return addresses.map(({ address }) => sources.get(address));
  };
}

/** A look-up for literals only. It answers at once, which makes connecting synchronous; `dns.lookup` would not. */
const literalLookup = ((host: string, options: unknown, callback: (error: null, address: string, family: number) => void) => {
  callback(null, host, 0);
}) as SocketOptions['lookup'];

function openSocket(family: Family): Socket {
  const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6, lookup: literalLookup });
  // A failure to connect is detected below. Its event comes in a later turn and is ignored.
  return socket.on('error', () => undefined).unref();
}

/** Any port except 0. Nothing is sent to it. */
const DISCARD_PORT = 9;

function sourceOf(address: string, socket: Socket): string | undefined {
  try {
    socket.connect(DISCARD_PORT, address);
    socket.remoteAddress(); // throws unless connected
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    disconnect(socket);
  }
}

function disconnect(socket: Socket): void {
  try {
    socket.disconnect();
  } catch {
    // it was not connected
  }
}
