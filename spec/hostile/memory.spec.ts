import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { lastValueFrom, NEVER, of, Subscription } from 'rxjs';
import { parseAddress } from '../../src/core/address/address.js';
import { show } from '../../src/core/input/argument-errors.js';
import { connect$ } from '../../src/connect.js';
import { createConnector } from '../../src/connector/connector.js';
import { cached } from '../../src/node/cached.js';
import { checkHost } from '../../src/plan/options.js';
import { RaceSocket } from '../../src/stand-in/race-socket.js';

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

describe('a race that waits for its turn', () => {
  const CALLS = 5000;

  /** Bytes of memory that each of many races takes up while they wait. */
  function bytesOf(race: () => Subscription): number {
    const first = Array.from({ length: 200 }, race);
    const races = new Array<Subscription>(CALLS).fill(Subscription.EMPTY);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) races[i] = race();
    collectGarbage();
    const after = process.memoryUsage().heapUsed;
    for (const one of [...first, ...races]) one.unsubscribe();
    return (after - before) / CALLS;
  }

  /** What else the process has begun before may take up memory meanwhile: the least counts. */
  const leastOf = (race: () => Subscription) => Math.min(...Array.from({ length: 3 }, () => bytesOf(race)));

  const options = { resolver: () => NEVER, transport: () => NEVER };

  it('takes up a kilobyte, and half of that more with options of its own', () => {
    expect(leastOf(() => connect$('name.test', 1, options).subscribe())).toBeLessThan(1300);
    expect(leastOf(() => connect$('name.test', 1, { ...options }).subscribe())).toBeLessThan(1800);
  });
});
