import fc from 'fast-check';
import { marbleDiagram, type MarbleDiagramOptions, type RaceEvent } from '../../src/index.js';
import { columnsOf } from '../../src/pictures/text-columns.js';
import { outcomeOf, raceRows } from '../../src/pictures/race-rows.js';
import { longRace, raceEvents, seed } from '../support/race-events.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';

const draw = (events: readonly RaceEvent[], options?: MarbleDiagramOptions) => `\n${marbleDiagram(events, options)}\n`;

/** What a diagram says of a line: letters by the column that they stand in, and the column that it goes up to. */
interface Track {
  readonly label: string;
  readonly letters: readonly (readonly [column: number, letter: string])[];
  readonly last: number;
}

/** Reads a diagram whose labels stand beside their tracks. */
function read(diagram: string): { frame: number; tracks: Track[] } {
  const [lines, legend] = diagram.split('\n\n') as [string, string];
  const frame = Number(/^frame = (\d+) ms/.exec(legend)![1]);
  const tracks = lines.split('\n').map((line): Track => {
    const [, label, space, track] = /^(\S+)( +)(\S+)$/.exec(line)!;
    const first = label!.length + space!.length - labelColumns(lines);
    const letters = Array.from(track!, (letter, index) => [first + index, letter] as const);
    return { label: label!, letters: letters.filter(([, letter]) => letter !== '-'), last: first + track!.length - 1 };
  });
  return { frame, tracks };
}

/** Tracks begin two columns after the longest label. */
function labelColumns(lines: string): number {
  return Math.max(...lines.split('\n').map((line) => line.split(' ')[0]!.length)) + 2;
}

describe('marbleDiagram', () => {
  it('draws queries and attempts, a column a frame', () => {
    const { events } = runRace({
      lookup: answering([12, AAAA(six)], [20, A(four, five)]),
      fates: { [six]: hangs(), [four]: refuses(30), [five]: connects(35) },
    });
    expect(draw(events)).toBe(`
AAAA               -a
A                  --a
[2001:db8::6]:443   ^------------------------------!
192.0.2.4:443                                ^--#
192.0.2.5:443                                   ^--c

frame = 10 ms, a = addresses, ^ = started, # = failed, ! = cancelled,
c = connected
`);
  });

  it('draws where TLS and setup begin, what brought nothing, and what goes on', () => {
    const { events } = runRace({
      lookup: answering([0, negative('AAAA')], [10, A(four, five)]),
      fates: { [four]: connects(100).thenTls(hangs()), [five]: hangs() },
      options: { connectTimeout: Infinity, connectionAttemptDelay: 50 },
    });
    const [attempt] = events.flatMap((event) => (event.type === 'started' ? [event.endpoint] : []));
    const later: RaceEvent = { type: 'progressed', at: 200, endpoint: attempt!, stage: 'setup', after: 190 };
    expect(draw([...events, later], { frame: 10 })).toBe(`
AAAA           #
A              -a
192.0.2.4:443   ^---------t--------s
192.0.2.5:443        ^--------------

frame = 10 ms, a = addresses, ^ = started, t = TLS begins, s = setup begins,
# = failed
`);
  });

  it('draws several answers to one query on one line, and of one frame the last thing', () => {
    const answered = (at: number, addresses: readonly string[]): RaceEvent => ({
      type: 'answered',
      at,
      answer: { type: 'AAAA', addresses },
    });
    const events: RaceEvent[] = [answered(0, [six]), answered(30, []), answered(31, [six])];
    expect(marbleDiagram(events, { frame: 10 })).toMatch(/^AAAA {2}a--a\n/);
    expect(marbleDiagram(events, { frame: 1 })).toMatch(/^AAAA {2}a-{29}#a\n/);
  });

  it('puts tracks below their labels where the terminal is narrow', () => {
    const { events } = runRace({
      lookup: answering([12, AAAA('2001:db8:85a3:8d3:1319:8a2e:1370:7348')]),
      fates: { '2001:db8:85a3:8d3:1319:8a2e:1370:7348': connects(60) },
    });
    expect(draw(events, { width: 40 })).toBe(`
AAAA
------a
[2001:db8:85a3:8d3:1319:8a2e:1370:7348]:
  443
      ^-----------------------------c

frame = 2 ms, a = addresses,
^ = started, c = connected
`);
  });

  it('says nothing of nothing', () => {
    expect(marbleDiagram([])).toBe('frame = 1 ms');
  });

  it.each([
    [0, 1],
    [59, 1],
    [60, 2],
    [120, 5],
    [599, 10],
    [600, 20],
  ])('of a race of %i ms, and 60 columns for it, has frames of %i ms', (at, frame) => {
    const events: RaceEvent[] = [{ type: 'answered', at, answer: A(four) }];
    expect(marbleDiagram(events, { width: 63 })).toContain(`frame = ${frame} ms`);
  });

  it('can be read again: every letter stands in the frame of what it stands for', () => {
    fc.assert(
      fc.property(raceEvents, fc.constantFrom(undefined, 1, 7, 50), (events, frame) => {
        const harmless = events.filter((event) => !('endpoint' in event) || /^[\w.:]{1,45}$/.test(event.endpoint.address));
        const { rows } = raceRows(harmless);
        fc.pre(rows.length > 0);
        const picture = read(marbleDiagram(harmless, { width: 200, frame }));
        const column = (at: number) => Math.floor(at / picture.frame);
        const lookUps = [...new Set(rows.filter(({ kind }) => kind === 'look-up').map(({ label }) => label))];
        const attempts = rows.filter(({ kind }) => kind === 'attempt');
        expect(picture.tracks.map(({ label }) => label)).toEqual([...lookUps, ...attempts.map(({ label }) => label)]);

        attempts.forEach(({ from, to, stages, outcome }, index) => {
          const { letters, last } = picture.tracks[lookUps.length + index]!;
          const end = { connected: 'c', failed: '#', blocked: '#', cancelled: '!' }[outcome as string];
          const expected = new Map([
            [column(from), '^'],
            ...stages.map(({ stage, at }) => [column(at), stage === 'tls' ? 't' : 's'] as const),
            ...(end === undefined ? [] : [[column(to), end] as const]),
          ]);
          expect([letters, last]).toEqual([[...expected], column(to)]);
        });
        lookUps.forEach((label, index) => {
          const answers = rows.filter((row) => row.label === label);
          const expected = new Map(answers.map((row) => [column(row.to), row.outcome === 'found' ? 'a' : '#'] as const));
          expect(picture.tracks[index]!.letters).toEqual([...expected].toSorted(([a], [b]) => a - b));
        });
      }),
      { seed },
    );
  });

  it('draws whatever happens, within the width', () => {
    fc.assert(
      fc.property(raceEvents, fc.integer({ min: 20, max: 200 }), (events, width) => {
        const lines = marbleDiagram(events, { width }).split('\n');
        expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
      }),
      { seed },
    );
  });

  it('is as long as its race: a line an attempt, and of any frame no more than 1000 columns', () => {
    const events = longRace(1000);
    const lines = marbleDiagram(events, { frame: 1 }).split('\n');
    expect(lines).toHaveLength(1002);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(1030);
    expect(outcomeOf(raceRows(events).winner!)).toBe('connected after 8 ms');
  });

  it.each<[object, string]>([
    [{ width: '80' }, 'ERR_INVALID_ARG_TYPE'],
    [{ width: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ frame: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ frame: 2.5 }, 'ERR_OUT_OF_RANGE'],
    [{ frames: 10 }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %p with %s', (options, code) => {
    expect(() => marbleDiagram([], options)).toThrow(expect.objectContaining({ code }));
  });
});
