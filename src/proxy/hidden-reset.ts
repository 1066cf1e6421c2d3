import type { Socket } from 'node:net';

/** Whether Node reports a reset right behind bytes as an end. Node 20 and 22 do, by their libuv. */
const HIDES_RESETS = /^1\.(?:[0-4]?\d|5[01])\./.test(process.versions.uv);

/**
 * Tells whether a socket that has just ended was in fact reset. The next write fails by a hidden reset, even if it is empty, and then
 * the socket is destroyed.
 */
export function revealReset(socket: Socket, revealed: (wasReset: boolean) => void): void {
  if (!HIDES_RESETS || !socket.writable || socket.writableLength > 0) revealed(false);
  else socket.write('', (error) => revealed(Boolean(error)));
}
