import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';

/** ms for what is still to be written to a side whose other side was reset. */
const LAST_WRITES = 1000;

/**
 * Passes bytes on between two sockets that are half open where they must be.
 *
 * - Neither side is read faster than the other is written to.
 * - The end of one direction ends that direction alone.
 * - A side that is reset resets the other, when what was received before has been written.
 *
 * @returns destroys `upstream` when it is unsubscribed; it is closed when `upstream` is
 */
export function relay(client: Socket, upstream: Socket, idleTimeout: number, broke: (error: Error) => void): Subscription {
  const relaying = new Subscription(() => upstream.destroy());
  const over = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', broke).on('close', (hadError) => {
      if (hadError) reset(to);
      else if (!from.readableEnded || !from.writableFinished) to.destroy();
    });
    from.pipe(to);
  }
  upstream.once('close', () => relaying.unsubscribe());
  // What is read from one side is written to the other, so that either tells of both; and the other may be left alone.
  if (idleTimeout !== Infinity) for (const socket of [client, upstream]) socket.setTimeout(idleTimeout, over);
  return relaying;
}

/** Ends a connection as a broken one. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableLength === 0) {
    socket.resetAndDestroy();
    return;
  }
  const timer = setTimeout(() => socket.resetAndDestroy(), LAST_WRITES);
  socket.once('drain', () => socket.resetAndDestroy()).once('close', () => clearTimeout(timer));
}
