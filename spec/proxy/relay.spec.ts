import { once } from 'node:events';
import net from 'node:net';
import { SocketWithIntake, type Intake } from '../../src/proxy/intake.js';
import { relay } from '../../src/proxy/relay.js';
import { tcpServer } from '../support/fixtures.js';

/** More bytes than the system buffers for a connection that is not read. */
const MUCH = Buffer.alloc(32_000_000);

/** Connects a socket; returns the other end. */
async function connected(socket: net.Socket): Promise<net.Socket> {
  const { port, accepted } = await tcpServer('127.0.0.1', 0);
  socket.on('error', () => undefined);
  await once(socket.connect(port, '127.0.0.1'), 'connect');
  while (accepted.length === 0) await new Promise(setImmediate);
  return accepted[0]!;
}

describe.each(['Socket', 'SocketWithIntake'])('what is passed on from a client to a %s', (kind) => {
  it('arrives, even if the server ends its own direction first and reads later', async () => {
    const near = new net.Socket({ allowHalfOpen: true });
    const far = kind === 'Socket' ? new net.Socket({ allowHalfOpen: true }) : new SocketWithIntake({ allowHalfOpen: true });
    const [client, server] = [await connected(near), await connected(far)];
    far.write(MUCH);
    relay(near, far);
    client.end('the last bytes');
    await once(near, 'end');
    server.end();
    await once(near, 'close');
    expect(far.writableLength).toBeGreaterThan(0);
    const received = Buffer.concat((await server.toArray()) as Buffer[]);
    expect(received.subarray(MUCH.length).toString()).toBe('the last bytes');
  });
});

it('passes on to each client the bytes of its own server, though an intake reads one socket after another', async () => {
  const intakes = new Set<Intake>();
  for (const text of ['the first', 'the second', 'the third']) {
    const near = new net.Socket({ allowHalfOpen: true });
    const far = new SocketWithIntake({ allowHalfOpen: true });
    intakes.add(far.intake);
    const [client, server] = [await connected(near), await connected(far)];
    relay(near, far);
    client.end();
    server.resume().end(text);
    expect(Buffer.concat((await client.toArray()) as Buffer[]).toString()).toBe(text);
    if (!far.closed) await once(far, 'close');
  }
  expect(intakes.size).toBe(1);
});

it('ends a socket of another kind, also in its last direction: it may have more to send than an end', async () => {
  class Other extends net.Socket {}
  const near = new net.Socket({ allowHalfOpen: true });
  const far = new Other({ allowHalfOpen: true });
  const [client, server] = [await connected(near), await connected(far)];
  relay(near, far);
  server.end();
  await once(far, 'end');
  client.end('the last bytes');
  await once(far, 'close');
  expect(far.writableFinished).toBe(true);
  server.destroy();
});
