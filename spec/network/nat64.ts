import type { Socket } from 'node:net';
import { race$, type RaceEvent } from '../../src/index.js';
import { tcpServer } from '../support/fixtures.js';
import { zoneServer, type Zone } from '../support/zone-server.js';

// Run by nat64.spec.ts in networks of its own. In place of a translator stands a server that listens on what it would translate.

it('where the race goes', async () => {
  const dns = await zoneServer();
  dns.zone = JSON.parse(process.env.ZONE!) as Zone;
  const { port } = await tcpServer('::', 0);
  await tcpServer('0.0.0.0', port);
  const hosts = process.env.HOSTS!.split(' ');
  const outcomes = [];
  for (const host of hosts) outcomes.push(await outcomeOf(host, port));
  dns.close();
  process.stderr.write(`\noutcome: ${JSON.stringify({ outcomes, asked: dns.questions })}\n`);
});

async function outcomeOf(host: string, port: number) {
  const events: RaceEvent<Socket>[] = [];
  await new Promise<void>((resolve) =>
    race$(host, port, { connectTimeout: 5000 }).subscribe({
      next: (event) => events.push(event),
      error: () => resolve(),
      complete: () => resolve(),
    }),
  );
  const won = events.find((event) => event.type === 'connected');
  const starts = events.filter(({ type }) => type === 'started').length;
  if (!won) return { starts };
  const { remoteAddress } = won.value;
  won.value.destroy();
  return { starts, address: won.endpoint.address, dialled: remoteAddress };
}
