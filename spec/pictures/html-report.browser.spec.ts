import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { htmlReport, waterfall, type Endpoint, type RaceEvent } from '../../src/index.js';
import { describeInChromium } from '../support/chromium.js';
import { HOSTILE, longRace } from '../support/race-events.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, runRace } from '../support/virtual-race.js';

jest.setTimeout(60_000);

const six = '2001:db8:85a3:8d3:1319:8a2e:1370:7348',
  four = '192.0.2.4',
  five = '192.0.2.5';

const { events: won } = runRace({
  lookup: answering([12, AAAA(six)], [20, A(four, five)]),
  fates: { [six]: connects(100).thenTls(hangs()), [four]: refuses(30), [five]: connects(25).thenTls(40) },
});

const { events: lost, error } = runRace({
  lookup: answering([5, AAAA(six)], [8, A(four)]),
  fates: { [six]: refuses(120), [four]: refuses(40) },
});

const { events: quick } = runRace({ lookup: answering([0, A(four)]), fates: { [four]: connects('at once') } });

const hostile = HOSTILE.flatMap((text, port): RaceEvent[] => {
  const endpoint: Endpoint = { address: text, family: 4, port };
  return [
    { type: 'queued', at: port, endpoints: [endpoint] },
    { type: 'started', at: port, endpoint },
    { type: 'failed', at: 100 + port, endpoint, error: Object.assign(new Error(text), { code: text }) },
  ];
});

const REPORTS: readonly (readonly [string, string])[] = [
  ['a race that was won', htmlReport(won, { title: 'example.com' })],
  ['a race that was lost', htmlReport(lost, { error })],
  ['a race that took no time', htmlReport(quick)],
  ['hostile text', htmlReport(hostile, { title: HOSTILE[0], error: new Error(HOSTILE[1]) })],
  ['200 attempts', htmlReport(longRace(200))],
];

const WIDE = { width: 1200, height: 900 };
const PHONE = { width: 320, height: 640 };

describeInChromium('a report in Chromium', (browser) => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Opens a document as a file; what went wrong in it, and what it asked for, is kept. */
  const open = async (content: string, options: BrowserContextOptions = {}, name = 'report.html') => {
    const file = join(folder, name);
    writeFileSync(file, content);
    const url = pathToFileURL(file).href;
    const page = await browser().newPage({ viewport: WIDE, ...options });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (thrown) => complaints.push(thrown.message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(url);
    return { page, complaints };
  };

  afterEach(async () => {
    for (const context of browser().contexts()) await context.close();
  });

  const boxes = async (locators: Locator) => Promise.all((await locators.all()).map(async (one) => (await one.boundingBox())!));

  describe.each(REPORTS)('of %s', (_, report) => {
    it('has nothing to complain of, asks for nothing and runs nothing', async () => {
      const { page, complaints } = await open(report);
      await page.locator('summary').first().click();
      expect(await page.locator('script, img, iframe, object').count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    it.each([
      ['on a desk', WIDE],
      ['on a phone', PHONE],
    ])('%s has no text that overlaps or is cut, and no page that scrolls sideways', async (_, viewport) => {
      const { page } = await open(report, { viewport });
      expect(await page.evaluate<number>('document.scrollingElement.scrollWidth')).toBe(viewport.width);
      expect(await page.evaluate<string[]>(CLASHES)).toEqual([]);
    });

    it.each(['light', 'dark'] as const)('in the %s can be read: contrasts of 4.5 and more', async (colorScheme) => {
      const { page } = await open(report, { colorScheme });
      for (const summary of await page.locator('summary').all()) await summary.click();
      const { background, texts, poor } = await page.evaluate<{ background: number; texts: number; poor: string[] }>(CONTRASTS);
      expect(poor).toEqual([]);
      expect(texts).toBeGreaterThan(15);
      expect(background > 0.5).toBe(colorScheme === 'light');
    });
  });

  it('shows each bar where its time is on the axis, and as long as it took', async () => {
    const { page } = await open(REPORTS[0]![1]);
    const svg = page.locator('.wide svg');
    const [zero, hundred] = await boxes(svg.locator('text.tick').filter({ hasText: /^(0|100) ms$/ }));
    const instant = (x: number) =>
      ((x - (zero!.x + zero!.width / 2)) / (hundred!.x + hundred!.width / 2 - zero!.x - zero!.width / 2)) * 100;
    const shown = async (row: number) =>
      (await boxes(svg.locator('g.row').nth(row).locator('rect'))).map(({ x, width, height }) => ({
        from: instant(x),
        to: instant(x + width),
        height,
      }));
    const expectShown = async (row: number, ...parts: readonly (readonly [from: number, to: number])[]) => {
      const bars = await shown(row);
      expect(bars).toHaveLength(parts.length);
      parts.forEach(([from, to], index) => {
        expect(Math.abs(bars[index]!.from - from)).toBeLessThan(2);
        expect(Math.abs(bars[index]!.to - to)).toBeLessThan(2);
      });
      if (bars.length > 1) expect(bars[1]!.height).toBeLessThan(bars[0]!.height);
    };
    await expectShown(0, [0, 12]);
    await expectShown(1, [0, 20]);
    await expectShown(2, [12, 112], [112, 407]);
    await expectShown(3, [312, 342]);
    await expectShown(4, [342, 367], [367, 407]);
  });

  it('shows the waterfall that there is room for', async () => {
    const { page } = await open(REPORTS[0]![1]);
    const seen = async () => [await page.locator('.wide svg').isVisible(), await page.locator('.narrow svg').isVisible()];
    expect(await seen()).toEqual([true, false]);
    await page.setViewportSize(PHONE);
    expect(await seen()).toEqual([false, true]);
  });

  it('can be used with a keyboard alone, and shows where one is', async () => {
    const { page } = await open(REPORTS[0]![1], { viewport: PHONE });
    const stops: string[] = [];
    for (let i = 0; i < 6; i++) stops.push(await tab(page));
    expect(stops).toEqual(['waterfall', 'look-ups', 'attempts', 'order', 'marbles', 'timeline'].map((id) => `${id} outlined`));

    await page.keyboard.press('Enter');
    expect(await tab(page)).toBe('timeline outlined');
    const scrolled = () => page.evaluate<number>('document.activeElement.scrollLeft');
    expect(await scrolled()).toBe(0);
    await page.keyboard.press('ArrowRight');
    // Asked again and again from outside: the page's policy forbids a function of ours within it.
    while ((await scrolled()) === 0) await sleep(10);
  });

  it('has names for those who hear it', async () => {
    const { page } = await open(REPORTS[0]![1]);
    const one = async (locator: Locator) => {
      expect(await locator.count()).toBe(1);
    };
    await one(page.getByRole('heading', { level: 1, name: 'example.com' }));
    await one(page.getByRole('img', { name: 'Race of 3 connection attempts over 407 ms' }));
    await one(page.getByRole('table', { name: /^Answers to DNS queries/ }));
    await one(page.getByRole('table', { name: /^Attempts in the order/ }));
    await one(page.getByRole('table', { name: /^What was still to be tried/ }));
    await one(page.getByRole('rowheader', { name: `[${six}]:443` }));
    await one(page.getByRole('columnheader', { name: 'TCP up' }));
    for (const name of ['Waterfall', 'Look-ups', 'Attempts', 'Order']) await one(page.getByRole('region', { name }));
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  it('prints in black on white, whole, with what is folded away, on the width of a page', async () => {
    const { page } = await open(REPORTS[0]![1], { colorScheme: 'dark', viewport: { width: 718, height: 1000 } });
    await page.emulateMedia({ media: 'print' });
    const { background, poor } = await page.evaluate<{ background: number; poor: string[] }>(CONTRASTS);
    expect([background, poor]).toEqual([1, []]);
    expect(await page.evaluate<number>('document.scrollingElement.scrollWidth')).toBe(718);
    const heights = (await boxes(page.locator('pre'))).map(({ height }) => height);
    expect(Math.min(...heights)).toBeGreaterThan(40);
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
    expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeLessThanOrEqual(2);
  });

  it('has a policy that would stop what got in all the same', async () => {
    const { page, complaints } = await open(REPORTS[0]![1]);
    const refused = page.waitForEvent('requestfailed');
    await page.evaluate(`
      const add = (tag, of) => document.body.append(Object.assign(document.createElement(tag), of));
      add('script', { textContent: 'globalThis.owned = true' });
      add('img', { src: 'http://127.0.0.1:9/' });
    `);
    expect((await refused).failure()?.errorText).toBe('csp');
    expect(await page.evaluate('globalThis.owned')).toBeUndefined();
    expect(complaints.filter((complaint) => complaint.includes('Content Security Policy'))).toHaveLength(2);
  });

  it.each([
    ['won', won],
    ['hostile', hostile],
    ['empty', []],
  ])('an SVG of its own is a document: %s', async (_, events) => {
    const { page, complaints } = await open(waterfall(events), {}, 'race.svg');
    expect(await page.evaluate('[document.documentElement.nodeName, document.querySelector("parsererror")]')).toEqual([
      'svg',
      null,
    ]);
    expect(await page.evaluate<string[]>(CLASHES)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

/** Presses Tab; what has the focus then, and whether that can be seen. */
async function tab(page: Page): Promise<string> {
  await page.keyboard.press('Tab');
  return page.evaluate<string>(`(() => {
    const { activeElement } = document;
    const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
    const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    return (activeElement.id || activeElement.getAttribute('aria-labelledby')) + (seen ? ' outlined' : '');
  })()`);
}

/** Texts that lie on each other, go beyond their image, or do not fit their cell. */
const CLASHES = `(() => {
  const clashes = [];
  const seen = (element) => element.checkVisibility() && element.textContent.trim() !== '';
  for (const svg of document.querySelectorAll('svg')) {
    if (!svg.checkVisibility()) continue;
    const frame = svg.getBoundingClientRect();
    // In the order of the document, which is from top to bottom: only neighbours can touch.
    const texts = [...svg.querySelectorAll('text')].filter(seen).map((text) => [text.textContent, text.getBoundingClientRect()]);
    texts.forEach(([text, box], index) => {
      if (box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom) clashes.push(text + ' leaves the image');
      for (const [other, its] of texts.slice(index + 1, index + 20)) {
        const apart = box.right <= its.left || its.right <= box.left || box.bottom <= its.top + 1 || its.bottom <= box.top + 1;
        if (!apart) clashes.push(text + ' lies on ' + other);
      }
    });
  }
  for (const element of document.querySelectorAll('h1, h2, p, th, td, li, summary, caption span')) {
    if (seen(element) && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
      clashes.push(element.textContent + ' does not fit');
  }
  return clashes;
})()`;

/** Contrasts of all texts with what is behind them: how many, which are under 4.5, and how light the page is. */
const CONTRASTS = `(() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = rgb(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const behind = (element) => {
    const svg = element.closest('svg');
    if (svg) return getComputedStyle(svg.querySelector('.back')).fill;
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if ((rgb(backgroundColor)[3] ?? 1) > 0) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const poor = [];
  let texts = 0;
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!own || !element.checkVisibility() || element.matches('style, title, desc')) continue;
    const { fill, color } = getComputedStyle(element);
    const ratio = contrast(luminance(element.closest('svg') ? fill : color), luminance(behind(element)));
    texts++;
    if (ratio < 4.5) poor.push(ratio.toFixed(2) + ' ' + element.textContent.slice(0, 40));
  }
  return { background: luminance(behind(document.body)), texts, poor };
})()`;
