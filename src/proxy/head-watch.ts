import type { Socket } from 'node:net';

/** The progress of a client with the head of a request. */
export interface Head {
  readonly tooLate: () => void;
  /** Whether a part of the head has been received. */
  begun: boolean;
  /** When that was, or when the connection was last checked. */
  at: number;
  /** The number of bytes received until then. */
  bytes: number;
}

/** A connection, and the request whose head it waits for. */
export interface Heading {
  readonly socket: Socket;
  head?: Head | undefined;
}

/** Watches how long the heads of requests take. */
export interface HeadWatch {
  /**
   * Waits for the next request. Unless it has `begun`, the connection may be idle before it.
   *
   * @param tooLate called if the client takes too long
   */
  readonly nextFrom: (connection: Heading, tooLate: () => void, begun?: boolean) => void;
  /** Closes the connections that have received no part of a next request. */
  readonly endWaiting: () => void;
  readonly close: () => void;
}

/**
 * Watches for clients that take too long for the head of a request. Node's own limits apply only to a server that listens.
 *
 * All connections are checked at intervals, which is cheaper than a timer for each. A client may take a little longer than
 * `headerTimeout`. To stop waiting, set its `head` to `undefined`.
 */
export function watchHeads(connections: Iterable<Heading>, headerTimeout: number): HeadWatch {
  const look = () => {
    const now = performance.now();
    for (const connection of connections) {
      const { head, socket } = connection;
      if (!head) continue;
      if (!head.begun && socket.bytesRead > head.bytes) {
        head.begun = true;
        head.at = now;
      }
      if (!head.begun || now - head.at < headerTimeout) continue;
      connection.head = undefined;
      head.tooLate();
    }
  };
  const looking = headerTimeout === Infinity ? undefined : setInterval(look, Math.min(1000, headerTimeout / 4));
  return {
    nextFrom: (connection, tooLate, begun = false) => {
      const { socket } = connection;
      if (!socket.destroyed) connection.head = { tooLate, begun, at: performance.now(), bytes: socket.bytesRead };
    },
    endWaiting: () => {
      for (const { socket, head } of connections) if (head && !head.begun && socket.bytesRead === head.bytes) socket.destroy();
    },
    close: () => clearInterval(looking),
  };
}
