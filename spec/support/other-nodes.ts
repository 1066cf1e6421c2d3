import net from 'node:net';

/** The symbols of newer Nodes that adoption uses: from Node 24, and from Node 26 on. */
const NEWER = ['kSetTOS', 'kSetKeepAliveInterval', 'kSetKeepAliveCount'];

const symbolsOf = (socket: net.Socket) => [socket, net.Socket.prototype].flatMap((owner) => Object.getOwnPropertySymbols(owner));

/**
 * Loads modules in a Node whose sockets have all that newer ones have. What is found in Node's internals is found when a module
 * is loaded, so it must be loaded for the first time.
 */
export async function inNewerNode<T>(load: () => Promise<T>): Promise<T> {
  const present = symbolsOf(new net.Socket()).map(({ description }) => description);
  const added = NEWER.filter((name) => !present.includes(name)).map((name) => Symbol(name));
  for (const symbol of added) Object.defineProperty(net.Socket.prototype, symbol, { value: undefined, configurable: true });
  try {
    return await load();
  } finally {
    for (const symbol of added) Reflect.deleteProperty(net.Socket.prototype, symbol);
  }
}

/** Loads modules, for the first time, in a Node without the internals that adoption needs. */
export async function inUnknownNode<T>(load: () => Promise<T>): Promise<T> {
  const { prototype } = net.Socket;
  const symbol = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === 'kReinitializeHandle')!;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, symbol)!;
  Reflect.deleteProperty(prototype, symbol);
  try {
    return await load();
  } finally {
    Object.defineProperty(prototype, symbol, descriptor);
  }
}
