import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { race$ } from '../../src/index.js';
import { after, connects, hangs, refuses, virtualNetwork } from '../../src/testing/index.js';
import { timeline } from '../../src/pictures/index.js';
import { bundled } from '../support/bundle.js';
import { describeInChromium } from '../support/chromium.js';

jest.setTimeout(120_000);

/** Runs in the page, where `core` is what the bundle exports. */
const PROGRAM = `(async () => {
  const { after, connects, hangs, race, refuses, timeline, virtualNetwork, waterfall, staticResolver, ConnectionError } = core;
  const network = virtualNetwork({
    dns: { AAAA: after(12, ['2001:db8::1']), A: after(20, ['192.0.2.1', '192.0.2.2']) },
    endpoints: { '2001:db8::1': hangs(), '192.0.2.1': refuses(30), '192.0.2.2': connects(25).thenTls(40) },
  });
  const { values } = network.run(race('example.com', 443, network));
  // In real time, over a transport of the page's own.
  const real = await new Promise((resolve) => {
    const resolver = staticResolver(['192.0.2.7']);
    const transport = () => Promise.resolve('connected');
    race('example.com', 443, { resolver, transport: () => stream(transport()), connectTimeout: 5000 })
      .subscribe({ next: (event) => event.type === 'connected' && resolve(event.value), error: (error) => resolve(String(error)) });
  });
  const lost = virtualNetwork({ dns: [], endpoints: {} }).run((one) => race('example.com', 443, one)).error;
  return { picture: timeline(values), svg: waterfall(values).startsWith('<svg'), real, lost: lost instanceof ConnectionError && lost.message };
})()`;

describeInChromium('rx-happy-eyeballs/core in Chromium', (browser) => {
  it('races, in virtual time and in real time, and draws what Node draws', async () => {
    await bundled('spec/portable/page.ts', async (folder, files) => {
      const code = readFileSync(
        join(
          folder,
          files.find((file) => file.endsWith('.js'))!,
        ),
        'utf8',
      );
      expect(code).not.toMatch(/\bfrom\s*["']|\brequire\(/);
      const page = await browser().newPage();
      try {
        await page.addScriptTag({ content: code, type: 'module' });
        await page.waitForFunction('globalThis.core');
        const seen = await page.evaluate<{ picture: string; svg: boolean; real: string; lost: string }>(PROGRAM);
        const network = virtualNetwork({
          dns: { AAAA: after(12, ['2001:db8::1']), A: after(20, ['192.0.2.1', '192.0.2.2']) },
          endpoints: { '2001:db8::1': hangs(), '192.0.2.1': refuses(30), '192.0.2.2': connects(25).thenTls(40) },
        });
        expect(seen).toEqual({
          picture: timeline(network.run(race$('example.com', 443, network)).values),
          svg: true,
          real: 'connected',
          lost: expect.stringContaining('no addresses to try'),
        });
      } finally {
        await page.close();
      }
    });
  });
});
