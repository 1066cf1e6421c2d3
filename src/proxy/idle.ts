import type { Socket } from 'node:net';

/** Two sockets that exchange bytes. */
export class Tunnel {
  /** The number of bytes when it was last checked, and when it was first found to be that. */
  private bytes = -1;
  private at = 0;

  constructor(
    readonly client: Socket,
    readonly upstream: Socket,
  ) {}

  /** Closes both sockets if no bytes have been passed on for `idleTimeout` ms. */
  endIfIdle(now: number, idleTimeout: number): void {
    const bytes = bytesOf(this.client) + bytesOf(this.upstream);
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.at = now;
    } else if (now - this.at >= idleTimeout) {
      this.client.destroy();
      this.upstream.destroy();
    }
  }
}

/** The number of bytes read, and of bytes that the kernel has accepted. If the other side does not read, this number stays the same. */
function bytesOf({ bytesRead, bytesWritten, writableLength }: Socket): number {
  return bytesRead + bytesWritten - writableLength;
}

/** The longest interval between two checks, in ms. */
const LONGEST_INTERVAL = 10_000;

/**
 * Closes tunnels that have passed on no bytes for `idleTimeout` ms.
 *
 * All are checked at intervals, which is cheaper than restarting a timer with every chunk. A tunnel may therefore be idle for a quarter
 * longer.
 *
 * @returns stops checking
 */
export function watchIdle(connections: Iterable<{ readonly tunnel?: Tunnel }>, idleTimeout: number): () => void {
  if (idleTimeout === Infinity) return () => undefined;
  const look = () => {
    const now = performance.now();
    for (const { tunnel } of connections) tunnel?.endIfIdle(now, idleTimeout);
  };
  const looking = setInterval(look, Math.min(idleTimeout / 4, LONGEST_INTERVAL));
  return () => clearInterval(looking);
}
