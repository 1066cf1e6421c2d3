import { tcpServer } from '../support/fixtures.js';
import { zoneServer } from '../support/zone-server.js';
import { race$, type RaceEvent } from '../../src/index.js';
import { addressesIn } from '../../src/core/race/answers.js';

// Run by routes.spec.ts in networks of its own.

/** What DNS has for `name.example`; a server listens on all of them that are this machine's. */
const ADDRESSES = JSON.parse(process.env.ADDRESSES!) as { readonly A: readonly string[]; readonly AAAA: readonly string[] };

/** ms; so long that a wait for it shows on a busy machine as well. */
const RESOLUTION_DELAY = 1000;

it('what is asked, and where the race goes', async () => {
  const dns = await zoneServer();
  dns.zone = { 'name.example': ADDRESSES };
  const { port } = await tcpServer('::', 0);
  await tcpServer('0.0.0.0', port);
  const events: RaceEvent[] = [];
  await new Promise<void>((resolve) =>
    race$('name.example', port, { connectTimeout: 5000, resolutionDelay: RESOLUTION_DELAY }).subscribe({
      next: (event) => events.push(event),
      error: () => resolve(),
      complete: () => resolve(),
    }),
  );
  dns.close();
  const won = events.find((event) => event.type === 'connected');
  if (won) (won.value as { destroy(): void }).destroy();
  const startedAt = events.find(({ type }) => type === 'started')?.at;
  const answeredAt = events.find((event) => event.type === 'answered' && addressesIn(event.answer).length > 0)?.at;
  const outcome = {
    // The resolver may ask twice, where a thread of the system's was slow.
    asked: [
      ...new Set(
        dns.questions.filter((question) => !question.startsWith('ipv4only.arpa')).map((question) => question.split(' ')[1]!),
      ),
    ],
    assumed: events.flatMap((event) => (event.type === 'answered' && event.answer.assumed ? [event.answer.type] : [])),
    winner: won?.endpoint.address,
    waited: startedAt! - answeredAt!,
  };
  process.stderr.write(`\noutcome: ${JSON.stringify(outcome)}\n`);
});
