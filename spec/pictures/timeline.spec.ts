import { timeline, type RaceEvent } from '../../src/index.js';
import { A, AAAA, answering, connects, fails, hangs, negative, runRace, securesAfter } from '../support/virtual-race.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';

const draw = (events: readonly RaceEvent[], width?: number) => `\n${timeline(events, { width })}\n`;

describe('timeline', () => {
  it('draws answers and attempts on one axis, with what became of each', () => {
    const { events } = runRace({
      lookup: answering([12, AAAA(six)], [20, A(four, five)]),
      fates: { [six]: hangs, [four]: fails(30), [five]: connects(35) },
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
      fates: { [six]: hangs },
      options: { connectTimeout: Infinity },
    });
    const later: RaceEvent = { type: 'answered', at: 100, answer: A(four) };
    expect(timeline([...events, later]).split('\n')[3]).toMatch(/├─+► {2}in flight for 100 ms$/);
  });

  it('marks where TCP was up and a handshake began', () => {
    const { events } = runRace({
      lookup: answering([0, AAAA(six)], [0, A(four)]),
      fates: { [six]: securesAfter(200, Infinity), [four]: securesAfter(20, 30) },
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

  it('draws nothing of nothing', () => {
    expect(timeline([])).toMatch(/^ +0 ms +1 ms$/);
  });
});
