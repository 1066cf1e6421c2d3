import type { Socket } from 'node:net';

/** Two sockets between which bytes are passed on. */
interface Pair {
  readonly sockets: readonly Socket[];
  readonly over: () => void;
  bytes: number;
  at: number;
}

/** Ends what has passed on no byte for a while. */
export interface IdleWatch {
  /** @returns ends the watch */
  readonly watch: (sockets: readonly Socket[], over: () => void) => () => void;
}

/** ms between two looks. */
const LONGEST_INTERVAL = 10_000;

/**
 * Looks at all connections now and then, instead of restarting a timer per connection with every chunk. A connection may
 * so be idle for a quarter longer than its time.
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

/** Bytes read. What is written counts once the kernel has it: one that is not read from stands still. */
function bytesOf(sockets: readonly Socket[]): number {
  return sockets.reduce((sum, { bytesRead, bytesWritten, writableLength }) => sum + bytesRead + bytesWritten - writableLength, 0);
}
