import { AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import type { Subscription } from 'rxjs';
import { lastValueFrom, NEVER, of } from 'rxjs';
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

  /** Bytes of memory that each of many things takes up. */
  function bytesOf<T>(create: () => T, remove: (one: T) => void): number {
    const first = Array.from({ length: 200 }, create);
    const all = new Array<T>(CALLS).fill(first[0]!);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) all[i] = create();
    collectGarbage();
    const after = process.memoryUsage().heapUsed;
    for (const one of new Set([...first, ...all])) remove(one);
    return (after - before) / CALLS;
  }

  /** The least of several figures: the process may use memory for something else meanwhile. */
  const leastOf = <T>(create: () => T, remove: (one: T) => void) =>
    Math.min(...Array.from({ length: 3 }, () => bytesOf(create, remove)));

  const raceBytes = (race: () => Subscription) => leastOf(race, (one) => one.unsubscribe());

  /** A race keeps its caller's context, which has a field for each AsyncLocalStorage of the process. Jest makes one for each file. */
  const contextBytes = () =>
    leastOf(
      () => new AsyncResource('CONTEXT'),
      () => undefined,
    );

  const options = { resolver: () => NEVER, transport: () => NEVER };

  it('takes up a kilobyte beside the context of its caller, and half of that more with options of its own', () => {
    const context = contextBytes();
    expect(raceBytes(() => connect$('name.test', 1, options).subscribe()) - context).toBeLessThan(1300);
    expect(raceBytes(() => connect$('name.test', 1, { ...options }).subscribe()) - context).toBeLessThan(1800);
  });
});
