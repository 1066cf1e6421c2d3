import type { Socket } from 'node:net';

/** The progress of a client with the head of a request. */
interface Head {
  readonly tooLate: () => void;
  /** Whether a part of the head has been received. */
  begun: boolean;
  /** When that was, or when the connection was last checked. */
  at: number;
  /** The number of bytes received until then. */
  bytes: number;
}

/** The requests whose heads have not been received. */
export interface HeadWatch {
  /**
   * Waits for the next request. Unless it has `begun`, the connection may be idle before it.
   *
   * @param tooLate called if the client takes too long
   */
  readonly nextFrom: (socket: Socket, tooLate: () => void, begun?: boolean) => void;
  /** Stops waiting: the head has been received, or the connection has closed. */
  readonly isThere: (socket: Socket) => void;
  /** Closes the connections that have received no part of a next request. */
  readonly endWaiting: () => void;
  readonly close: () => void;
}

/**
 * Watches for clients that take too long for the head of a request. Node's own limits apply only to a server that listens.
 *
 * All connections are checked at intervals, which is cheaper than a timer for each. A client may take a little longer than
 * `headerTimeout`.
 */
export function watchHeads(headerTimeout: number): HeadWatch {
  const heads = new Map<Socket, Head>();
  const look = () => {
    const now = performance.now();
    for (const [socket, head] of heads) {
      if (!head.begun && socket.bytesRead > head.bytes) {
        head.begun = true;
        head.at = now;
      }
      if (!head.begun || now - head.at < headerTimeout) continue;
      heads.delete(socket);
      head.tooLate();
    }
  };
  const looking = headerTimeout === Infinity ? undefined : setInterval(look, Math.min(1000, headerTimeout / 4));
  return {
    nextFrom: (socket, tooLate, begun = false) => {
      if (!socket.destroyed) heads.set(socket, { tooLate, begun, at: performance.now(), bytes: socket.bytesRead });
    },
    isThere: (socket) => heads.delete(socket),
    endWaiting: () => {
      for (const [socket, { begun, bytes }] of heads) if (!begun && socket.bytesRead === bytes) socket.destroy();
    },
    close: () => clearInterval(looking),
  };
}
