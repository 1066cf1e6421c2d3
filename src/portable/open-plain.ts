import type { Socket } from 'node:net';
import type { OpenConnection } from '../testing/virtual-socket.js';
import type { PlainConnection } from './plain-connection.js';

class Plain implements PlainConnection {
  destroyed = false;
  /** As a stream has it: whether nothing more will be written. */
  readonly writableEnded = false;

  constructor(
    readonly remoteAddress: string,
    readonly remotePort: number,
  ) {}

  destroy(): this {
    this.destroyed = true;
    return this;
  }
}

/** Connections without streams, for where streams do not exist. */
export const openPlain: OpenConnection = (_clock, { address, port }, _link, _ordinal, serve) => {
  if (serve) throw new Error('a server needs sockets: use rx-happy-eyeballs/testing');
  return new Plain(address, port) as unknown as Socket;
};
