import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulate } from '../../playground/src/simulate.js';
import { decodeState, encodeState } from '../../playground/src/url.js';
import { race$ } from '../../src/index.js';
import * as testing from '../../src/testing/index.js';
import { bundled } from '../support/bundle.js';
import { describeInChromium } from '../support/chromium.js';
import { randomState, told } from '../support/playground.js';

jest.setTimeout(600_000);

/** States that are compared; CI compares 1,000. */
const STATES = Number(process.env.PLAYGROUND_STATES ?? 100);

/** The package itself, with its own testing kit and its sockets. */
const PACKAGE = { race: race$, kit: testing } as unknown as Parameters<typeof simulate>[1];

/** As `told` has it in Node. */
const TOLD = `(text) => JSON.stringify((({ events, error, finish, marbles }) => ({ events, error, finish, marbles }))(simulated(text)), (name, value) =>
  name === 'value' ? undefined : value instanceof Error ? { code: value.code, message: value.message } : value)`;

describeInChromium('the playground and the package', (browser) => {
  it(`agree about every event of ${STATES} random states`, async () => {
    await bundled('spec/playground/agreement-page.ts', async (folder, files) => {
      const code = readFileSync(
        join(
          folder,
          files.find((file) => file.endsWith('.js'))!,
        ),
        'utf8',
      );
      const page = await browser().newPage();
      try {
        await page.addScriptTag({ content: code, type: 'module' });
        await page.waitForFunction('globalThis.simulated');
        const texts = Array.from({ length: STATES }, (_, seed) => encodeState(randomState(seed)));
        const seen = await page.evaluate<string[]>(`${JSON.stringify(texts)}.map(${TOLD})`);
        const differing = texts.filter((text, index) => told(simulate(decodeState(text), PACKAGE)) !== seen[index]);
        expect(differing).toEqual([]);
        // They are worth comparing: most have a winner, some have none.
        const won = seen.filter((text) => text.includes('"type":"connected"')).length;
        expect(won).toBeGreaterThan(STATES / 4);
        expect(won).toBeLessThan(STATES);
      } finally {
        await page.close();
      }
    });
  });
});
