import { register } from '../../src/stand-in/register.js';
import { createAuthority } from '../support/certificates.js';
import { tcpServer, tlsServer } from '../support/fixtures.js';
import { firstDifference, SERVERS, serving, type Lab } from '../support/socket-sequences.js';

/** How many sequences, from which seed on; how many run side by side. */
const [COUNT, SEED, BATCH] = [process.env.SEQUENCES ?? 200, process.env.SEQUENCES_SEED ?? 1, 20].map(Number) as [
  number,
  number,
  number,
];

/** How often sequences that differ are run. */
const RUNS = 3;

register()(); // importing it has registered already

const HOST = 'raced.example';
const [GOOD, DEAD] = ['127.0.0.1', '127.0.0.2'];

async function registered<T>(work: () => Promise<T>): Promise<T> {
  const stop = register();
  try {
    return await work();
  } finally {
    stop();
  }
}

async function openLab(): Promise<Lab> {
  const authority = await createAuthority();
  const credentials = await authority.issue([HOST]);
  const received: Lab['received'] = new Map();
  const ports: Record<string, number> = {};
  for (const name of Object.keys(SERVERS) as (keyof typeof SERVERS)[]) {
    const serve = serving(name, received);
    ports[`tcp ${name}`] = (await tcpServer(GOOD, 0, serve)).port;
    ports[`tls ${name}`] = (await tlsServer(GOOD, 0, { ...credentials, allowHalfOpen: true }, serve)).port;
  }
  return { ports, ca: authority.ca, host: HOST, good: GOOD, dead: DEAD, received };
}

/** Sequences have timeouts of a few ms, which a busy machine may bring in another order: what differs once only is an accident. */
async function repeatedDifference(seeds: readonly number[], lab: Lab): Promise<string | undefined> {
  let difference: string | undefined;
  for (let run = 0; run < RUNS; run++) {
    difference = await firstDifference(seeds, lab, registered);
    if (difference === undefined) return undefined;
    lab.received.clear();
  }
  return difference;
}

it(
  `a registered socket is Node’s to ${COUNT} sequences of calls, over TCP and TLS, before, during and after its race`,
  async () => {
    const lab = await openLab();
    for (let next = SEED; next < SEED + COUNT; next += BATCH) {
      const seeds = Array.from({ length: Math.min(BATCH, SEED + COUNT - next) }, (_, index) => next + index);
      const difference = await repeatedDifference(seeds, lab);
      if (difference !== undefined) throw new Error(difference);
      lab.received.clear();
    }
  },
  60_000 + COUNT * 500,
);
