import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipe } from '../../src/cli/pipe.js';
import { fakeTerminal } from '../support/terminal.js';

describe('pipe', () => {
  it('sends nothing more once the peer has ended, though its own end takes a while', async () => {
    const sent: string[] = [];
    const connection = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _, done) {
        sent.push(chunk.toString());
        done();
      },
      final: (done) => void sleep(20).then(() => done()),
    });
    const socket = Object.assign(connection, { setTimeout: () => connection }) as unknown as Socket;
    const terminal = fakeTerminal();
    const status = pipe(socket, terminal, new AbortController().signal);
    terminal.stdin.write('before');
    await sleep(1);
    connection.push(null);
    await sleep(1);
    terminal.stdin.write('after');
    expect(await status).toBe(0);
    expect({ sent, ...terminal.written }).toEqual({ sent: ['before'], stdout: '', stderr: '' });
  });
});
