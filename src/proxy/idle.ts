import type { Socket } from 'node:net';

/** Two sockets that exchange bytes. */
interface Pair {
  readonly sockets: readonly Socket[];
  readonly over: () => void;
  bytes: number;
  at: number;
}

/** Ends connections that have passed on no bytes for a while. */
export interface IdleWatch {
  /** @returns ends the watch */
  readonly watch: (sockets: readonly Socket[], over: () => void) => () => void;
}

/** The longest interval between two checks, in ms. */
const LONGEST_INTERVAL = 10_000;

/**
 * Checks all connections at intervals, which is cheaper than restarting a timer with every chunk. A connection may therefore be idle
 * for a quarter longer than `idleTimeout`.
 *
 * @param idleTimeout ms
 */
export function watchIdle(idleTimeout: number): IdleWatch {
  if (idleTimeout === Infinity) return { watch: () => () => undefined };
  const pairs = new Set<Pair>();
  let looking: NodeJS.Timeout | undefined;
  const look = () => {
    const now = performance.now();
    for (const pair of pairs) {
      const bytes = bytesOf(pair.sockets);
      if (bytes !== pair.bytes) {
        pair.bytes = bytes;
        pair.at = now;
      } else if (now - pair.at >= idleTimeout) pair.over();
    }
  };
  return {
    watch: (sockets, over) => {
      const pair = { sockets, over, bytes: bytesOf(sockets), at: performance.now() };
      pairs.add(pair);
      looking ??= setInterval(look, Math.min(idleTimeout / 4, LONGEST_INTERVAL));
      return () => {
        pairs.delete(pair);
        if (pairs.size > 0) return;
        clearInterval(looking);
        looking = undefined;
      };
    },
  };
}

/** The number of bytes read, and of bytes that the kernel has accepted. If the other side does not read, this number stays the same. */
function bytesOf(sockets: readonly Socket[]): number {
  return sockets.reduce((sum, { bytesRead, bytesWritten, writableLength }) => sum + bytesRead + bytesWritten - writableLength, 0);
}
