import fc from 'fast-check';
import { stripVTControlCharacters, styleText } from 'node:util';
import { timeline, type RaceEvent, type TimelineColour } from '../../src/index.js';
import { columnsOf } from '../../src/pictures/text-columns.js';
import { longRace, raceEvents, seed } from '../support/race-events.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';

const draw = (events: readonly RaceEvent[], width?: number) => `\n${timeline(events, { width })}\n`;

/** A race in which one address has a certificate for another name. */
function refused(): RaceEvent[] {
  const { events } = runRace({ lookup: answering([2, A(four, five)]), fates: { [four]: refuses(70), [five]: connects(30) } });
  const error = new Error("Hostname/IP does not match certificate's altnames: DNS:y");
  return events.map((event) => (event.type === 'failed' ? { ...event, error } : event));
}

describe('timeline', () => {
  it('draws answers and attempts on one axis, with what became of each', () => {
    const { events } = runRace({
      lookup: answering([12, AAAA(six)], [20, A(four, five)]),
      fates: { [six]: hangs(), [four]: refuses(30), [five]: connects(35) },
    });
    expect(draw(events)).toBe(`
                   0 ms                         327 ms
AAAA               ─●                                   1 address after 12 ms
A                  ──●                                  2 addresses after 20 ms
[2001:db8::6]:443   ├────────────────────────────────○  cancelled after 315 ms
192.0.2.4:443                                 ├──✗      ECONNREFUSED after 30 ms
192.0.2.5:443                                    ├───●  connected after 35 ms
`);
  });

  it('draws negative answers with their reason', () => {
    const { events } = runRace({
      lookup: answering([5, negative('AAAA', 'ESERVFAIL')], [10, { type: 'A', addresses: [] }]),
      fates: {},
    });
    expect(draw(events, 60)).toBe(`
      0 ms                    10 ms
AAAA  ──────────────✗                ESERVFAIL after 5 ms
A     ────────────────────────────✗  0 addresses after 10 ms
`);
  });

  it('draws a race that is still going on', () => {
    const { events } = runRace({
      lookup: answering([0, AAAA(six)]),
      fates: { [six]: hangs() },
      options: { connectTimeout: Infinity },
    });
    const later: RaceEvent = { type: 'answered', at: 100, answer: A(four) };
    expect(timeline([...events, later]).split('\n')[3]).toMatch(/├─+► {2}in flight for 100 ms$/);
  });

  it('marks where TCP was up and a handshake began', () => {
    const { events } = runRace({
      lookup: answering([0, AAAA(six)], [0, A(four)]),
      fates: { [six]: connects(200).thenTls(hangs()), [four]: connects(20).thenTls(30) },
    });
    expect(draw(events)).toBe(`
                   0 ms                           650 ms
AAAA               ●                                      1 address after 0 ms
A                  ●                                      1 address after 0 ms
[2001:db8::6]:443  ├──────────┼────────────────────────○  cancelled after 650 ms
192.0.2.4:443                                       ├┼─●  connected after 50 ms
`);
  });

  it.each([20, 40, 60, 80, 120])('keeps to %i columns', (width) => {
    const { events } = runRace({ lookup: answering([0, AAAA('::6')]), fates: { '::6': connects(40) } });
    expect(
      Math.max(
        ...timeline(events, { width })
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBe(width);
  });

  it('goes on below with an outcome that is too long to stand beside its bar', () => {
    expect(draw(refused(), 80)).toBe(`
               0 ms                         102 ms
A              ─●                                   2 addresses after 2 ms
192.0.2.4:443   ├──────────────────────✗            Hostname/IP does not match
                                                    certificate's altnames:
                                                    DNS:y after 70 ms
192.0.2.5:443                          ├─────────●  connected after 30 ms
`);
  });

  it('stacks label, outcome and bar where they do not fit side by side', () => {
    expect(draw(refused(), 40)).toBe(`
0 ms                              102 ms
A                 2 addresses after 2 ms
─●
192.0.2.4:443
  Hostname/IP does not match
  certificate's altnames: DNS:y after
  70 ms
 ├──────────────────────────✗
192.0.2.5:443      connected after 30 ms
                            ├──────────●
`);
  });

  it('keeps the longest addresses whole on the narrowest terminal', () => {
    const address = '2001:db8:85a3:8d3:1319:8a2e:1370:7348';
    const { events } = runRace({ lookup: answering([12, AAAA(address)]), fates: { [address]: connects(60) } });
    expect(draw(events, 20)).toBe(`
0 ms           72 ms
AAAA
  1 address after
  12 ms
───●
[2001:db8:85a3:8d3:
  1319:8a2e:1370:
  7348]:443
  connected after
  60 ms
   ├───────────────●
`);
    expect(timeline(events, { width: 1 })).toBe(timeline(events, { width: 20 }));
  });

  it('draws in ASCII, whatever others say', () => {
    const { events } = runRace({
      lookup: answering([0, AAAA(six)], [0, A(four, five)]),
      fates: { [six]: connects(200).thenTls(hangs()), [four]: refuses(20), [five]: connects(300) },
    });
    const spoken = events.map((event) => (event.type === 'failed' ? { ...event, error: new Error('Größe…') } : event));
    expect(`\n${timeline(spoken, { ascii: true })}\n`).toBe(`
                   0 ms                           920 ms
AAAA               *                                      1 address after 0 ms
A                  *                                      2 addresses after 0 ms
[2001:db8::6]:443  |-------+---------------------------o  cancelled after 920 ms
192.0.2.4:443                             |x              Gr??e... after 20 ms
192.0.2.5:443                              |-----------*  connected after 300 ms
`);
  });

  it('has colours of Node, and is the same without them', () => {
    const { events } = runRace({
      lookup: answering([12, AAAA(six)], [12, negative('A')]),
      fates: { [six]: connects(60) },
    });
    for (const width of [40, 80]) {
      const coloured = timeline(events, { width, style: (format, text) => styleText(format, text, { validateStream: false }) });
      expect(coloured).toContain('\u001b[32mconnected after 60 ms\u001b[39m');
      expect(stripVTControlCharacters(coloured)).toBe(timeline(events, { width }));
    }
  });

  it('has a colour for each outcome', () => {
    const { events } = runRace({
      lookup: answering([0, negative('AAAA')], [0, A(four, five, '192.0.2.6')]),
      fates: { [four]: refuses(5), '192.0.2.6': connects(9) },
    });
    const colours = new Map<string, TimelineColour>();
    timeline(events, { style: (format, text) => (colours.set(text.replace(/ after.*/, ''), format), text) });
    expect(Object.fromEntries(colours)).toMatchObject({
      ENOTFOUND: 'yellow',
      '3 addresses': 'cyan',
      ECONNREFUSED: 'red',
      cancelled: 'dim',
      connected: 'green',
    });
  });

  it('draws whatever happens, within the width and without control characters', () => {
    expect(
      timeline([{ type: 'cancelled', at: Infinity, endpoint: { address: '::1', family: 6, port: 443 } }], { width: 20 }),
    ).toHaveLength(20);
    fc.assert(
      fc.property(raceEvents, fc.integer({ min: 20, max: 200 }), fc.boolean(), (events, width, ascii) => {
        const lines = timeline(events, { width, ascii }).split('\n');
        expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
        expect(lines.filter((line) => (ascii ? /[^\x20-\x7e]/u : /\p{C}/u).test(line))).toEqual([]);
      }),
      { seed },
    );
  });

  it('is as long as its race', () => {
    expect(timeline(longRace(5000)).split('\n')).toHaveLength(5001);
  });

  it.each<[object, string]>([
    [{ width: '80' }, 'ERR_INVALID_ARG_TYPE'],
    [{ width: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ width: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ ascii: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ style: 'green' }, 'ERR_INVALID_ARG_TYPE'],
    [{ colour: true }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %p with %s', (options, code) => {
    expect(() => timeline([], options)).toThrow(expect.objectContaining({ code }));
  });

  it('draws nothing of nothing', () => {
    expect(timeline([])).toMatch(/^ +0 ms +1 ms$/);
  });
});
