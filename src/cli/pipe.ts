import type { Socket } from 'node:net';
import { formatEndpoint } from '../core/race/endpoint.js';
import { reasonOf } from '../core/error-tools.js';
import { printable } from '../core/input/printable.js';
import { onAbort } from '../rx/abort.js';
import { FAILED, INTERRUPTED, OK, type Terminal } from './terminal.js';

/** ms that a peer who has ended is given to read what is still to be sent to it. */
const LAST_READING = 1000;

/**
 * Sends standard input to a connection and writes what comes from it to standard output: `nc` over whichever address won.
 * The end of the input ends the sending alone; the end of what comes ends it all.
 *
 * @returns the exit status, when both sides are closed
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
        // Otherwise the program would wait for the end of an input that it no longer reads.
        stdin.pause().destroy();
        resolve(status);
      });
    socket.pipe(stdout, { end: false });
    stdin.pipe(socket);
  });
}
