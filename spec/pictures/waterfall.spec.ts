import fc from 'fast-check';
import { waterfall, type Endpoint, type RaceEvent } from '../../src/index.js';
import { DARK, LIGHT } from '../../src/pictures/palette.js';
import { HOSTILE, longRace, raceEvents, seed } from '../support/race-events.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, runRace } from '../support/virtual-race.js';
import { all, parseXml, textOf, type Element } from '../support/xml.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';

const rowsOf = (svg: Element) => all(svg, 'g').filter(({ attributes }) => attributes.class?.startsWith('row '));
const numbers = ({ attributes: { x, width, height } }: Element) => [Number(x), Number(width), Number(height)] as const;
const texts = (svg: Element, name: string) =>
  all(svg, 'text')
    .filter(({ attributes }) => attributes.class === name)
    .map(textOf);

describe('waterfall', () => {
  const { events } = runRace({
    lookup: answering([12, AAAA(six)], [20, A(four, five)]),
    fates: { [six]: connects(100).thenTls(hangs()), [four]: refuses(30), [five]: connects(35) },
  });
  const svg = parseXml(waterfall(events));

  it('is an image with a name, a description and rows in words', () => {
    expect(svg).toMatchObject({ name: 'svg', attributes: { role: 'img', xmlns: 'http://www.w3.org/2000/svg' } });
    const [title, desc, , ...rows] = all(svg, 'title').concat(all(svg, 'desc')).map(textOf);
    expect(title).toBe('Race of 3 connection attempts over 377 ms');
    expect(desc).toBe('AAAA: 1 address after 12 ms.');
    expect(rows.slice(0, -1)).toEqual([
      '[2001:db8::6]:443: started after 12 ms, TLS from 100 ms on, cancelled after 365 ms.',
      '192.0.2.4:443: started after 312 ms, ECONNREFUSED after 30 ms.',
      '192.0.2.5:443: started after 342 ms, connected after 35 ms.',
    ]);
    expect(rows.at(-1)).toMatch(/^192\.0\.2\.5:443 won after 377 ms\. Of the 2 others, 1 failed and 1 was cancelled\. AAAA: /);
  });

  it('has bars where and as long as things took, thinner from stage to stage', () => {
    const [aaaa, , cancelled, failed, won] = rowsOf(svg).map((row) => all(row, 'rect').map(numbers));
    const [left, width12] = aaaa![0]!;
    const scale = width12 / 12;
    const expectBar = ([x, width]: readonly [number, number, number], from: number, to: number) => {
      expect(x).toBeCloseTo(left + from * scale, 0);
      expect(width).toBeCloseTo((to - from) * scale, 0);
    };
    expectBar(cancelled![0]!, 12, 112);
    expectBar(cancelled![1]!, 112, 377);
    expect(cancelled!.map(([, , height]) => height)).toEqual([12, 7]);
    expectBar(failed![0]!, 312, 342);
    expectBar(won![0]!, 342, 377);
  });

  it('tells outcomes by words and shapes, not by colours alone', () => {
    expect(texts(svg, 'outcome')).toEqual([
      '1 address after 12 ms',
      '2 addresses after 20 ms',
      'cancelled after 365 ms',
      'ECONNREFUSED after 30 ms',
      'connected after 35 ms',
    ]);
    const marks = rowsOf(svg).map((row) => row.children.at(-1) as Element);
    const shapes = marks.map(({ name, attributes }) => `${name} ${attributes.class ?? ''} ${attributes.r ?? ''}`);
    expect(shapes[2]).toBe('circle mark 5');
    expect(new Set([shapes[2], shapes[3], shapes[4]]).size).toBe(3);
  });

  it.each([
    [1, 0],
    [377, 50],
    [10_000, 2000],
    [60_000, 10_000],
  ])('of %i ms has round ticks, of which none is too close to the next', (at, step) => {
    const race: RaceEvent[] = [{ type: 'answered', at, answer: A(four) }];
    const ticks = texts(parseXml(waterfall(race)), 'tick').map((text) => parseInt(text));
    expect(ticks[0]).toBe(0);
    if (step > 0) expect(ticks[1]).toBe(step);
    expect(ticks.at(-1)).toBeLessThanOrEqual(at);
  });

  it('stands text above the bars where it is narrow', () => {
    const narrow = parseXml(waterfall(events, { width: 320 }));
    expect(narrow.attributes.width).toBe('320');
    for (const row of rowsOf(narrow)) {
      const lowest = Math.max(...all(row, 'text').map(({ attributes }) => Number(attributes.y)));
      for (const { attributes } of all(row, 'rect')) expect(Number(attributes.y)).toBeGreaterThan(lowest);
    }
    expect(texts(narrow, 'outcome')).toEqual(texts(svg, 'outcome'));
  });

  it('keeps the text of others from being anything but text', () => {
    const said = HOSTILE.flatMap((text, port): RaceEvent[] => {
      const endpoint: Endpoint = { address: text, family: 4, port };
      return [
        { type: 'started', at: 1, endpoint },
        { type: 'failed', at: 2, endpoint, error: new Error(text) },
      ];
    });
    for (const width of [240, 880]) {
      const drawn = waterfall(said, { width });
      const names = new Set<string>();
      const visit = (element: Element) => {
        names.add(element.name);
        for (const child of element.children) if (typeof child !== 'string') visit(child);
        expect(Object.keys(element.attributes).filter((name) => /^on|href|src/.test(name))).toEqual([]);
      };
      visit(parseXml(drawn));
      expect(drawn).not.toMatch(/url\(|@import|\u202e/);
      expect([...names].toSorted()).toEqual(['circle', 'desc', 'g', 'path', 'rect', 'style', 'svg', 'text', 'title']);
    }
  });

  it('draws whatever happens as well-formed XML, within its width', () => {
    fc.assert(
      fc.property(raceEvents, fc.integer({ min: 240, max: 2000 }), (some, width) => {
        const drawn = parseXml(waterfall(some, { width }));
        expect(Number(drawn.attributes.width)).toBe(width);
        for (const bar of all(drawn, 'rect')) {
          const [x, length] = [Number(bar.attributes.x ?? 0), Number(bar.attributes.width)];
          expect(x).toBeGreaterThanOrEqual(0);
          expect(length).toBeGreaterThanOrEqual(0);
          expect(x + length).toBeLessThanOrEqual(width + 1);
        }
      }),
      { seed },
    );
  });

  it('grows with its race and no faster', () => {
    const [hundred, thousand] = [100, 1000].map((attempts) => waterfall(longRace(attempts)).length);
    expect(thousand! / hundred!).toBeLessThan(12);
    expect(thousand).toBeLessThan(1_000_000);
  });

  it('of what goes on and of nothing is drawn as well', () => {
    const { events: going } = runRace({
      lookup: answering([0, AAAA(six)]),
      fates: { [six]: hangs() },
      options: { connectTimeout: Infinity },
    });
    expect(texts(parseXml(waterfall(going)), 'outcome').at(-1)).toBe('in flight for 0 ms');
    expect(textOf(all(parseXml(waterfall([])), 'desc')[0]!)).toBe('Nothing has happened yet.');
  });

  it.each<[object, string]>([
    [{ width: '880' }, 'ERR_INVALID_ARG_TYPE'],
    [{ width: 239 }, 'ERR_OUT_OF_RANGE'],
    [{ width: Infinity }, 'ERR_OUT_OF_RANGE'],
    [{ height: 100 }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %p with %s', (options, code) => {
    expect(() => waterfall([], options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the colours', () => {
  const channels = (colour: string) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16) / 255);
  const linear = (colour: string) => channels(colour).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const luminance = ([r, g, b]: readonly number[]) => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  const contrast = (a: string, b: string) => {
    const [light, dark] = [luminance(linear(a)), luminance(linear(b))].toSorted((x, y) => y - x);
    return (light! + 0.05) / (dark! + 0.05);
  };

  describe.each([
    ['light', LIGHT],
    ['dark', DARK],
  ])('in the %s', (_, { background, ink, faint, ground, outcome }) => {
    it.each(Object.entries({ ink, faint, ...outcome }))('%s can be read on the background (WCAG AA)', (_, colour) => {
      expect(contrast(colour, background)).toBeGreaterThanOrEqual(4.5);
    });

    it('headings of tables can be read', () => {
      expect(contrast(faint, ground)).toBeGreaterThanOrEqual(4.5);
    });

    /** Machado, Oliveira and Fernandes 2009, severity 1; on linear RGB. */
    const DEFICIENCIES = {
      protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
      deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
    };

    it.each(Object.entries(DEFICIENCIES))('winner, failure, loser and look-up are told apart with %s', (_, m) => {
      const seen = ([r, g, b]: readonly number[]) => [0, 3, 6].map((i) => m[i]! * r! + m[i + 1]! * g! + m[i + 2]! * b!);
      const colours = [outcome.connected, outcome.failed, outcome.cancelled, outcome.found].map((c) => lab(seen(linear(c))));
      colours.forEach((a, i) => {
        for (const b of colours.slice(i + 1)) expect(Math.hypot(...a.map((v, k) => v - b[k]!))).toBeGreaterThan(15);
      });
    });
  });

  /** CIE L*a*b* under D65: equal distances look about equally far. */
  function lab([r, g, b]: readonly number[]): number[] {
    const xyz = [
      (0.4124 * r! + 0.3576 * g! + 0.1805 * b!) / 0.9505,
      0.2126 * r! + 0.7152 * g! + 0.0722 * b!,
      (0.0193 * r! + 0.1192 * g! + 0.9505 * b!) / 1.089,
    ];
    const [x, y, z] = xyz.map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)) as [number, number, number];
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  }
});
