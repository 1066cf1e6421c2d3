import { map, merge, mergeMap, NEVER, of, throwError, timer, type Observable } from 'rxjs';
import type { Socket } from 'node:net';
import { connect$, race$ } from '../../src/index.js';
import { after, connects, expectRace, hangs, lost, type RaceInput, type RaceTable } from '../../src/testing/index.js';

const six = '2001:db8::6',
  seven = '2001:db8::7',
  four = '192.0.2.4';

const rows = [
  [six, 600, 'connects'],
  [four, 40, 'connects'],
] as const;

/** What is wrong with a table, as it is told. */
const complaint = (table: RaceTable, race: Parameters<typeof expectRace>[0] = connect$) => {
  try {
    expectRace(race, table);
  } catch (error) {
    return `\n${(error as Error).message}\n`;
  }
  throw new Error('nothing is wrong');
};

describe('a race as a table', () => {
  it.each<[string, RaceTable]>([
    ['the first is slow', { rows, starts: { [six]: 0, [four]: 250 }, winner: four, finish: 290 }],
    [
      'the first is refused',
      { rows: [[six, 30, 'refuses'], rows[1]], starts: { [six]: 0, [four]: 30 }, winner: four, finish: 70 },
    ],
    ['there is no route', { rows: [[six, 0, 'unreachable'], rows[1]], starts: { [six]: 0, [four]: 0 }, finish: 40 }],
    [
      'all hang',
      {
        rows: [
          [six, Infinity, 'hangs'],
          [four, hangs()],
        ],
        starts: { [six]: 0, [four]: 250 },
        winner: null,
        finish: 10_000,
      },
    ],
    ['the first is quick', { rows: [[six, 20, 'connects'], rows[1]], starts: { '2001:DB8::6': 0 }, winner: six, finish: 20 }],
    [
      'a handshake takes its time',
      { rows: [[six, connects(180).thenTls(180)], rows[1]], starts: { [six]: 0 }, winner: six, finish: 360 },
    ],
    ['with other options', { rows, options: { connectionAttemptDelay: 100 }, starts: { [six]: 0, [four]: 100 }, finish: 140 }],
    ['with late answers', { rows, dns: { AAAA: lost(), A: after(20, four) }, starts: { [four]: 70 }, winner: four }],
    ['for a host of another name', { rows, dns: { 'other.example': [four] }, host: 'other.example', port: 80, winner: four }],
  ])('%s', (_, table) => {
    expectRace(connect$, table);
    expectRace(race$, table);
  });

  it('gives the report of the race', () => {
    expect(expectRace(connect$, { rows })).toMatchObject({ winner: four, finish: 290, leaks: [] });
    expect(expectRace((_host, _port, { scheduler }) => timer(5, scheduler), { rows: [] }).values).toEqual([0]);
  });

  it('tells what was otherwise, in a table with a mark, and draws the race', () => {
    expect(complaint({ rows, starts: { [six]: 0, [four]: 300 }, winner: four, finish: 340 })).toBe(`
the race is not as expected:

  address      after   outcome   actual     expected
  2001:db8::6  600 ms  connects  at 0 ms    at 0 ms
  192.0.2.4    40 ms   connects  at 250 ms  at 300 ms  ◄
  winner                         192.0.2.4  192.0.2.4
  finish                         290 ms     340 ms     ◄

                   0 ms                           290 ms
AAAA               ●                                      1 address after 0 ms
A                  ●                                      1 address after 0 ms
[2001:db8::6]:443  ├───────────────────────────────────○  cancelled after 290 ms
192.0.2.4:443                                     ├────●  connected after 40 ms
`);
  });

  it.each<[string, Partial<RaceTable>, RegExp]>([
    ['another winner', { winner: six }, /winner .* 192\.0\.2\.4 +2001:db8::6 +◄/],
    ['a winner where none is expected', { winner: null }, /winner .* 192\.0\.2\.4 +none +◄/],
    ['no winner', { rows: [[six, 5, 'refuses']], winner: six }, /winner .* none \(ECONNREFUSED\) +2001:db8::6 +◄/],
    ['a start that is not expected', { starts: { [six]: 0 } }, /192\.0\.2\.4 .* at 250 ms +never +◄/],
    ['what is within half a ms', { rows: [[six, 289.6, 'connects']], finish: 290 }, /finish .* 289\.6 ms +290 ms +◄/],
    ['the other half', { rows: [[six, 290.4, 'connects']], finish: 290 }, /finish .* 290\.4 ms +290 ms +◄/],
    ['none where one is', { rows: [[six, 5, 'connects'], rows[1]], starts: { [six]: 0, [four]: 5 } }, /never +at 5 ms +◄/],
  ])('tells of %s', (_, more, message) => {
    expect(complaint({ rows, ...more })).toMatch(message);
  });

  const endpoint = (address: string) => ({ address, family: address === six ? 6 : 4, port: 443 }) as const;

  it.each<[string, (host: string, port: number, options: RaceInput) => Observable<unknown>, RegExp]>([
    [
      'tries an address twice',
      (_host, _port, { transport }) => transport(endpoint(six)).pipe(mergeMap(() => transport(endpoint(six)))),
      /2001:db8::6 .* at 0 ms, at 600 ms +at 0 ms +◄/,
    ],
    [
      'holds losers when the winner comes',
      (_host, _port, { transport }) => merge(transport(endpoint(six)), transport(endpoint(four))),
      /the winner came before everything else was let go of: attempt of \[2001:db8::6\]:443, since 0 ms\n/,
    ],
    [
      'leaves a look-up',
      (_host, _port, { resolver }) => {
        resolver('example.com').subscribe();
        return of(1);
      },
      /let go of: look-up of example.com, since 0 ms/,
    ],
    [
      'leaves a timer',
      (_host, _port, { scheduler }) => {
        scheduler.schedule(() => undefined, 77);
        return of(1);
      },
      /left something behind:\n {2}a timer that is due at 77 ms/,
    ],
    ['never comes to an end', () => NEVER, /still waits/],
  ])('finds that a race %s', (_, race, message) => {
    expect(complaint({ rows, starts: undefined, winner: undefined }, race)).toMatch(message);
  });

  it.each<[string, object, string]>([
    [
      'two fates of an address',
      { rows: [...rows, ['2001:DB8::6', 5, 'connects']] },
      '"table.rows[2]" would be a second fate of its address',
    ],
    ['a negative time', { rows: [[six, -5, 'connects']] }, 'The value of "table.rows[0]" is out of range'],
    [
      'an unknown outcome',
      { rows: [[six, 5, 'wins']] },
      `"table.rows[0]" must have an outcome: connects, refuses, unreachable, hangs. Received 'wins'`,
    ],
    ['what is no address', { rows: [['example.com', 5, 'connects']] }, '"table.rows[0]" must begin with an IP address'],
    ['no rows', { rows: 5 }, '"table.rows" must be a list of rows'],
    ['an unknown address in starts', { rows, starts: { x: 5 } }, `"table.starts['x']" must be named by an IP address`],
    ['one that is in no row', { rows, starts: { [seven]: 5 } }, `"table.starts['2001:db8::7']" is in no row`],
    ['a negative start', { rows, starts: { [six]: -1 } }, `"table.starts['2001:db8::6']" is out of range`],
    ['an invalid winner', { rows, winner: 5 }, '"table.winner" must be an IP address or null'],
    ['no table', {}, '"table.rows" must be a list of rows'],
    [
      'a start twice',
      { rows, starts: { [six]: 0, '2001:DB8::6': 5 } },
      `"table.starts['2001:DB8::6']" is the same address as another`,
    ],
    ['a fate and an outcome', { rows: [[six, connects(5), 'refuses']] }, '"table.rows[0]" must be an address and a fate, or'],
    ['a row too long', { rows: [[six, 5, 'refuses', 5]] }, '"table.rows[0]" must be an address and a fate, or'],
    ['a row too short', { rows: [[six, 5]] }, '"table.rows[0]" must be an address and a fate, or'],
    ['an option that there is not', { rows, options: { connectTimeOut: 5 } }, '"options.connectTimeOut" is not an option'],
    ['an unknown part', { rows, begins: 5 }, '"table.begins" is not an option'],
  ])('refuses %s', (_, table, message) => {
    expect(() => expectRace(connect$, table as RaceTable)).toThrow(message);
  });

  it('refuses a function that gives no stream', () => {
    const promised = () => Promise.resolve(5);
    expect(() => expectRace(promised as never, { rows })).toThrow('"race" must return a stream, as connect$ does');
  });

  it('knows who won, where the first was turned down', () => {
    const setup = (socket: Socket) => (socket.remoteAddress === six ? throwError(() => new Error('not you')) : of(socket));
    const table = { rows: [[six, 10, 'connects'], rows[1]], options: { setup }, winner: four } as const;
    expectRace(connect$, table);
    expectRace(race$, table);
    const without = { rows: [[six, 10, 'connects']], options: { setup }, winner: null } as const;
    expectRace(connect$, without);
    expect(complaint({ ...without, winner: six })).toMatch(/winner .* none/);
  });

  it('takes any function like connect$', () => {
    const addresses = (host: string, port: number, options: RaceInput) =>
      connect$(host, port, options).pipe(map(({ remoteAddress }) => remoteAddress));
    expect(expectRace(addresses, { rows, winner: four }).values).toEqual([four]);
  });
});
