import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { lastValueFrom, of } from 'rxjs';
import { parseAddress } from '../../src/core/address/address.js';
import { show } from '../../src/core/input/argument-errors.js';
import { connect$ } from '../../src/connect.js';
import { createConnector } from '../../src/connector/connector.js';
import { cached } from '../../src/node/cached.js';
import { checkHost } from '../../src/plan/options.js';
import { RaceSocket } from '../../src/stand-in/race-socket.js';
import { runNode } from '../support/dist.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MEBI = 2 ** 20;
/** How many texts there are: all of them would be 300 MiB. */
const TEXTS = 300;

/** MiB that are in use after texts of 1 MiB each have been given to something, and its results and errors are kept. */
async function memoryOf(use: (text: string) => unknown, texts = TEXTS): Promise<number> {
  const kept: unknown[] = [];
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < texts; i++) {
    try {
      kept.push(await use(`${i}${'x'.repeat(MEBI)}`));
    } catch (error) {
      kept.push(error);
    }
  }
  await sleep(20);
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  expect(kept).toHaveLength(texts);
  return (after - before) / MEBI;
}

const { connect$: connectorConnect$ } = createConnector();
const resolver = cached(() => of({ type: 'A', addresses: ['192.0.2.1'] }));

describe('hosts of 1 MiB are not kept', () => {
  it.each<[string, (text: string) => unknown]>([
    ['by connect$', (text) => connect$(text, 443)],
    ['by a connector', (text) => connectorConnect$(text, 443)],
    // Its error is like Node's, which has the host as its `hostname`.
    [
      'by a socket',
      (text) => once(new RaceSocket().connect({ host: text, port: 443 }), 'error').then(([{ code }]) => code as string),
    ],
    ['by what reads addresses', parseAddress],
    ['by a cache', async (text) => (await lastValueFrom(resolver(text))).addresses],
    ['by messages', show],
  ])(
    '%s',
    async (_, use) => {
      await expect(memoryOf(use)).resolves.toBeLessThan(40);
    },
    60_000,
  );

  // A part of a text keeps all of it in memory: V8 copies nothing.
  it.each<[string, (text: string) => unknown]>([
    ['hosts', (text) => checkHost(text.slice(0, 30)).length],
    ['addresses', (text) => parseAddress(text.slice(0, 30))],
    ['hosts in a cache', async (text) => (await lastValueFrom(resolver(text.slice(0, 30)))).addresses],
  ])(
    'by what remembers %s that were cut out of them',
    async (_, use) => {
      await expect(memoryOf(use)).resolves.toBeLessThan(40);
    },
    60_000,
  );
});

/**
 * A program that prints how many bytes a waiting race takes up, with options that others share and with its own. It is a process by
 * itself because a race keeps its caller's context. That has a field for each AsyncLocalStorage, of which Jest makes one for each
 * spec file, and V8 stores objects with many fields in another way.
 */
const WAITING_RACES = `
  import { NEVER } from 'rxjs';
  import { connect$ } from './dist/index.mjs';
  const CALLS = 5000;
  const options = { resolver: () => NEVER, transport: () => NEVER };
  function bytesOf(create) {
    const first = Array.from({ length: 200 }, create);
    const all = new Array(CALLS).fill(first[0]);
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) all[i] = create();
    gc();
    const after = process.memoryUsage().heapUsed;
    for (const one of new Set([...first, ...all])) one.unsubscribe();
    return (after - before) / CALLS;
  }
  // The process may use memory for something else meanwhile.
  const leastOf = (create) => Math.min(...Array.from({ length: 3 }, () => bytesOf(create)));
  const shared = leastOf(() => connect$('name.test', 1, options).subscribe());
  const own = leastOf(() => connect$('name.test', 1, { ...options }).subscribe());
  console.log(JSON.stringify({ shared, own }));`;

describe('a race that waits for its turn', () => {
  it('takes up a kilobyte, and half of that more with options of its own', async () => {
    const { ended } = runNode('--expose-gc', '--input-type=module', '--eval', WAITING_RACES);
    const { stdout, stderr } = await ended;
    expect(stderr).toBe('');
    const { shared, own } = JSON.parse(stdout) as { shared: number; own: number };
    expect(shared).toBeLessThan(1300);
    expect(own).toBeLessThan(1800);
  });
});
