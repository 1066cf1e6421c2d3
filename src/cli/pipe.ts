import type { Socket } from 'node:net';
import { formatEndpoint } from '../core/race/endpoint.js';
import { reasonOf } from '../core/error-tools.js';
import { printable } from '../core/input/printable.js';
import { onAbort } from '../rx/abort.js';
import { FAILED, INTERRUPTED, OK, type Terminal } from './terminal.js';

/** How long a peer that has ended may take to read the rest, in ms. */
const LAST_READING = 1000;

/**
 * Connects standard input and output to a connection, like `nc`. The end of the input ends only the direction to the peer. The end of
 * the connection ends everything.
 *
 * @returns the exit status when both sides are closed
 */
export function pipe(socket: Socket, { stdin, stdout, stderr }: Terminal, interrupted: AbortSignal): Promise<number> {
  const { remoteAddress: address = '', remotePort: port = 0, remoteFamily } = socket;
  const peer = formatEndpoint({ address, port, family: remoteFamily === 'IPv4' ? 4 : 6 });
  return new Promise((resolve) => {
    let status = OK;
    const stop = onAbort(interrupted, () => {
      status = INTERRUPTED;
      stderr.write(`Interrupted: the connection to ${peer} is closed.\n`);
      socket.destroy();
    });
    const unread = (error: Error) => {
      status = FAILED;
      stderr.write(`Standard input cannot be read: ${printable(reasonOf(error))}.\n`);
      socket.destroy();
    };
    stdin.once('error', unread);
    socket
      .on('error', (error) => {
        status = FAILED;
        stderr.write(`The connection to ${peer} broke: ${printable(reasonOf(error))}.\n`);
      })
      .on('end', () => {
        stdin.unpipe(socket);
        socket.end().setTimeout(LAST_READING, () => socket.destroy());
      })
      .on('close', () => {
        stop();
        stdin.unpipe(socket).off('error', unread);
        // Otherwise the program would wait for an input that it no longer reads.
        stdin.pause().destroy();
        resolve(status);
      });
    socket.pipe(stdout, { end: false });
    stdin.pipe(socket);
  });
}
