import { connects, hangs, refuses } from '../src/testing/index.js';
import { A, AAAA, answering, runRace } from './support/virtual-race.js';

const six = '2001:db8::6',
  seven = '2001:db8::7';
const four = '192.0.2.4',
  five = '192.0.2.5';
const both = answering(['at once', AAAA(six)], ['at once', A(four)]);

describe('the matrix, in virtual time', () => {
  it('IPv6 healthy wins when faster', () => {
    const race = runRace({ lookup: both, fates: { [six]: connects(40), [four]: connects(60) } });
    expect(race.starts).toEqual([[six, 0]]);
    expect(race.ends).toEqual([[six, 'connected', 40]]);
  });

  it('IPv6 healthy wins when faster, also when IPv4 has been started', () => {
    const race = runRace({ lookup: both, fates: { [six]: connects(300), [four]: connects(60) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(race.ends).toEqual([
      [four, 'cancelled', 300],
      [six, 'connected', 300],
    ]);
  });

  it('IPv6 stalled falls back to IPv4', () => {
    const race = runRace({ lookup: both, fates: { [six]: hangs(), [four]: connects(60) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(race.ends).toEqual([
      [six, 'cancelled', 310],
      [four, 'connected', 310],
    ]);
  });

  it('both families fail with ordered records', () => {
    const race = runRace({ lookup: both, fates: { [six]: refuses(300), [four]: refuses(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(race.ends).toEqual([
      [four, 'failed', 260],
      [six, 'failed', 300],
    ]);
    expect(race.error).toMatchObject({
      reason: 'attempts',
      code: 'ECONNREFUSED',
      attempts: [
        { endpoint: { address: six, family: 6 }, startedAt: 0, endedAt: 300, outcome: 'failed', code: 'ECONNREFUSED' },
        { endpoint: { address: four, family: 4 }, startedAt: 250, endedAt: 260, outcome: 'failed', code: 'ECONNREFUSED' },
      ],
      errors: [{ message: `connect ECONNREFUSED ${six}:443` }, { message: `connect ECONNREFUSED ${four}:443` }],
    });
  });

  it.each([
    ['during the look-up', 10, []],
    ['during the first attempt', 100, [six]],
    ['during two attempts', 310, [six, four]],
  ])('cancellation stops everything: %s', (_, unsubscribeAt, started) => {
    const lookup = answering([50, AAAA(six)], [50, A(four)]);
    const race = runRace({ lookup, fates: { [six]: hangs(), [four]: hangs() }, unsubscribeAt });
    expect(race.starts.map(([address]) => address)).toEqual(started);
    expect(race.finish).toBe(unsubscribeAt);
    expect(race.winner ?? race.error).toBeUndefined();
  });

  it.each([
    [6, AAAA(six, seven), [six, seven]],
    [4, A(four, five), [four, five]],
  ] as const)('single family: IPv%i alone is the same race over one list', (_, answer, [first, second]) => {
    const race = runRace({ lookup: answering(['at once', answer]), fates: { [first]: hangs(), [second]: connects(20) } });
    expect(race.starts).toEqual([
      [first, 0],
      [second, 250],
    ]);
    expect(race.ends).toEqual([
      [first, 'cancelled', 270],
      [second, 'connected', 270],
    ]);
  });

  it('[A5] a large DNS set (200 + 200 addresses) is never above the cap', () => {
    const sixes = Array.from({ length: 200 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
    const fours = Array.from({ length: 200 }, (_, i) => `192.0.2.${i + 1}`);
    const fates = Object.fromEntries([...sixes, ...fours].map((address) => [address, refuses(4000)]));
    const lookup = answering(['at once', AAAA(...sixes)], ['at once', A(...fours)]);
    const race = runRace({ lookup, fates, options: { connectTimeout: Infinity, maximumConnectionAttemptDelay: 5000 } });
    const alternating = sixes.flatMap((address, i) => [address, fours[i]]);
    expect(race.mostInFlight).toBe(8);
    expect(race.starts.map(([address]) => address)).toEqual(alternating);
    // Eight start 250 apart; from then on each waits for the slot of the one eight before it.
    expect(race.starts.map(([, at]) => at)).toEqual(alternating.map((_, i) => (i % 8) * 250 + Math.floor(i / 8) * 4000));
    expect(race.ends.map(([, outcome]) => outcome)).toEqual(alternating.map(() => 'failed'));
  });

  it('a path of 400 ms is not given up', () => {
    const race = runRace({ lookup: both, fates: { [six]: connects(400), [four]: connects(400) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(race.ends).toEqual([
      [four, 'cancelled', 400],
      [six, 'connected', 400],
    ]);
  });
});
