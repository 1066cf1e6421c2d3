import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { of } from 'rxjs';
import { fetch } from 'undici';
import { connect, type Resolver } from '../../src/index.js';
import { HttpsAgent } from '../../src/stand-in/agent.js';
import { register } from '../../src/stand-in/registration.js';
import { createDispatcher } from '../../src/stand-in/undici.js';
import { createAuthority } from '../support/certificates.js';
import { open } from '../support/fixtures.js';

const HOST = 'origin.example';
/** Nothing listens here: only a record leads to where the server is. */
const PORT = 8443;

/** A server whose certificate is the origin's, and which says what it was told; and a resolver whose records lead to it. */
async function origin() {
  const authority = await createAuthority();
  const { key, cert } = await authority.issue([HOST]);
  const server = https.createServer({ key, cert }, (request, response) => {
    const { servername } = request.socket as TLSSocket & { servername?: string };
    response.end(JSON.stringify({ host: request.headers.host, servername }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await open({
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  } as never);
  const { port } = server.address() as net.AddressInfo;
  const asked: string[] = [];
  const resolver: Resolver = Object.assign(
    (name: string) =>
      of(
        { type: 'AAAA' as const, addresses: [] },
        { type: 'A' as const, addresses: [name.startsWith('svc') ? '127.0.0.1' : '127.0.0.2'] },
      ),
    {
      serviceRecords: (name: string) => {
        asked.push(name);
        return of({ type: 'HTTPS' as const, records: [{ priority: 1, target: 'svc.example', port, alpn: ['h2'] }] });
      },
    },
  );
  return { ca: authority.ca, resolver, asked, race: { resolver, serviceRecords: true } };
}

const told = { host: `${HOST}:${PORT}`, servername: HOST };

async function get(options: https.RequestOptions): Promise<unknown> {
  const request = https.get({ host: HOST, port: PORT, ...options });
  const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

describe('service records where users are', () => {
  it('[V8] connect over TLS: the certificate and SNI are those of the origin, at the target of the record', async () => {
    const { ca, resolver } = await origin();
    const socket = await connect(HOST, PORT, { resolver, serviceRecords: true, tls: { ca } });
    expect({ authorized: socket.authorized, port: socket.remotePort === PORT }).toEqual({ authorized: true, port: false });
    socket.destroy();
  });

  it('[V8] HttpsAgent', async () => {
    const { ca, race, asked } = await origin();
    const agent = new HttpsAgent({ race });
    expect(await get({ agent, ca })).toEqual(told);
    expect(asked).toEqual([`_${PORT}._https.${HOST}`]);
    agent.destroy();
  });

  it('[V8] the dispatcher of fetch', async () => {
    const { ca, race } = await origin();
    const dispatcher = createDispatcher({ race, tls: { ca } });
    const response = await fetch(`https://${HOST}:${PORT}/`, { dispatcher });
    expect(await response.json()).toEqual(told);
    await dispatcher.close();
  });

  it('[V8] register, for sockets that speak HTTP over TLS and no others', async () => {
    const { ca, race, asked } = await origin();
    const unregister = register(race);
    try {
      expect(await get({ ca, agent: new https.Agent() })).toEqual(told);
      const plain = net.connect(PORT, HOST);
      await expect(once(plain, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(asked).toHaveLength(1);
    } finally {
      unregister();
    }
  });
});
