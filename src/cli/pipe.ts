import type { Socket } from 'node:net';
import { formatEndpoint } from '../core/endpoint.js';
import { reasonOf } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { FAILED, INTERRUPTED, OK, type Terminal } from './terminal.js';

/**
 * Sends standard input to a connection and writes what comes from it to standard output: `nc` over whichever address won.
 * The end of the input ends the sending alone; the end of what comes ends it all.
 *
 * @returns the exit status, when both sides are closed
 */
export function pipe(socket: Socket, terminal: Terminal): Promise<number> {
  const { stdin, stdout, stderr } = terminal;
  const { remoteAddress: address = '', remotePort: port = 0, remoteFamily } = socket;
  const peer = formatEndpoint({ address, port, family: remoteFamily === 'IPv4' ? 4 : 6 });
  return new Promise((resolve) => {
    let status = OK;
    const interrupt = () => {
      status = INTERRUPTED;
      socket.destroy();
    };
    const unread = (error: Error) => {
      socket.destroy(error);
    };
    terminal.once('SIGINT', interrupt);
    stdin.once('error', unread);
    socket
      .on('error', (error) => {
        status = FAILED;
        stderr.write(`The connection to ${peer} broke: ${printable(reasonOf(error))}.\n`);
      })
      .on('end', () => socket.end())
      .on('close', () => {
        terminal.off('SIGINT', interrupt);
        stdin.unpipe(socket).off('error', unread);
        // Else the program would wait for the end of an input that nobody reads any more.
        stdin.pause().destroy();
        resolve(status);
      });
    socket.pipe(stdout, { end: false });
    stdin.pipe(socket);
  });
}
