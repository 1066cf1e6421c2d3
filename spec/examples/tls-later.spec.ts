import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../support/certificates.js';
import { tlsServer } from '../support/fixtures.js';
import { runProgram } from '../support/program.js';

/**
 * TLS over a socket that is still connecting, as some libraries do it. Where the first address connects this works in Node. In
 * a program of its own, for where it does not work Node may crash.
 */
const program = (port: number, made: string) => `
  import net from 'node:net';
  import tls from 'node:tls';
  import { RaceSocket } from 'rx-happy-eyeballs';

  ${made.includes('net.') && made.includes('register') ? "await import('rx-happy-eyeballs/register');" : ''}
  const lookup = (_name, _options, found) => found(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]);
  const socket = ${made.replace('register: ', '')};
  socket.connect({ port: ${port}, host: 'server.example', lookup });
  const secure = tls.connect({ socket, servername: 'server.example' }, () => console.log('secure'));
  secure.on('data', (data) => console.log(data.toString())).on('end', () => process.exit());
`;

it.each(['new net.Socket()', 'register: new net.Socket()', 'new RaceSocket()'])(
  'TLS begins when the socket beneath has connected: %s',
  async (made) => {
    const authority = await createAuthority();
    const { port } = await tlsServer('127.0.0.1', 0, await authority.issue(['server.example']), (socket) =>
      socket.end('welcome'),
    );
    const folder = await mkdtemp(join(tmpdir(), 'rx-happy-eyeballs-ca-'));
    writeFileSync(join(folder, 'ca.pem'), authority.ca);
    const ended = await runProgram('tls-later.mjs', program(port, made), [], { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
    await rm(folder, { recursive: true });
    expect(ended).toEqual({ status: 0, stdout: 'secure\nwelcome\n', stderr: '' });
  },
);
