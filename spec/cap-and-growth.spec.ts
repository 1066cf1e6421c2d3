import type { AttemptRecord, ConnectionError, RaceOptions } from '../src/index.js';
import { presets } from '../src/index.js';
import { connects, hangs, refuses, type Fate } from '../src/testing/index.js';
import { A, AAAA, answering, runRace } from './support/virtual-race.js';

const sixes = (count: number) => Array.from({ length: count }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
const [one, two, three, four5, five6] = sixes(5) as [string, string, string, string, string];
const four = '192.0.2.4';

/** A race to IPv6 addresses of which each behaves as its fate has it; those without one are silent. */
const raceTo = (addresses: readonly string[], fates: Record<string, Fate>, options: RaceOptions = {}) =>
  runRace({ lookup: answering(['at once', AAAA(...addresses)]), fates, options });

describe('at the cap', () => {
  it('[A15] a good address behind eight silent ones is reached: the oldest gives way after its 2 s', () => {
    const addresses = sixes(9);
    const race = raceTo(addresses, { [addresses[8]!]: connects(20) });
    expect(race.starts).toEqual(addresses.map((address, i) => [address, 250 * i]));
    expect(race.ends[0]).toEqual([one, 'cancelled', 2000]);
    expect(race).toMatchObject({ winner: addresses[8], finish: 2020, mostInFlight: 8 });
  });

  it('[A15] with `presets.perFamily` two silent addresses of one family do not keep the other from starting', () => {
    const race = runRace({
      lookup: answering(['at once', AAAA(one, two)], ['at once', A(four)]),
      fates: { [four]: connects(20) },
      options: presets.perFamily,
    });
    expect(race.starts).toEqual([
      [one, 0],
      [two, 125],
      [four, 2000],
    ]);
    expect(race).toMatchObject({ winner: four, finish: 2020 });
  });

  it('[A15] who gives way is cancelled, and gone, before the next is started; its record says why', () => {
    const options = { maxConcurrentAttempts: 1, connectTimeout: 5000 };
    const { events, error } = raceTo([one, two, three], { [two]: refuses(100) }, options);
    const told = events.flatMap((event) => ('endpoint' in event ? [`${event.type} ${event.endpoint.address} ${event.at}`] : []));
    expect(told).toEqual([
      `started ${one} 0`,
      `cancelled ${one} 2000`,
      `started ${two} 2000`,
      `failed ${two} 2100`,
      `started ${three} 2100`,
      `cancelled ${three} 5000`,
    ]);
    const { attempts, message, errors } = error as ConnectionError;
    expect(attempts[0]).toEqual<AttemptRecord>({
      endpoint: { address: one, family: 6, port: 443 },
      startedAt: 0,
      endedAt: 2000,
      outcome: 'cancelled',
      code: 'ETIMEDOUT',
      error: expect.objectContaining({ message: 'gave way to the next attempt after 2000 ms' }) as Error,
    });
    expect(attempts[2]).not.toHaveProperty('error');
    expect(errors.map(({ message }) => message)).toEqual([
      'gave way to the next attempt after 2000 ms',
      `connect ECONNREFUSED ${two}:443`,
    ]);
    expect(message).toBe(
      `Could not connect to example.com:443 within 5000 ms: [${one}]:443 gave way after 2000 ms; ` +
        `[${two}]:443 ECONNREFUSED after 100 ms; [${three}]:443 cancelled after 2900 ms`,
    );
  });

  it('[A15] has the code of what failed, not of what gave way', () => {
    const { error } = raceTo([one, two], { [two]: refuses(100) }, { maxConcurrentAttempts: 1 });
    expect(error).toMatchObject({ reason: 'attempts', code: 'ECONNREFUSED', cause: { code: 'ECONNREFUSED' } });
  });

  it.each<[string, RaceOptions, number]>([
    ['the oldest has had its time only later', { maximumConnectionAttemptDelay: 1000 }, 1000],
    ['the oldest has had its time for long', { connectionAttemptDelay: 900, maximumConnectionAttemptDelay: 500 }, 1800],
  ])('[A15] the next starts when it is due and %s', (_, options, at) => {
    expect(raceTo([one, two, three], {}, { maxConcurrentAttempts: 2, ...options }).starts[2]).toEqual([three, at]);
  });

  it('[A15] each gives way in its turn, and the pace is kept', () => {
    const options = { maxConcurrentAttempts: 2, maximumConnectionAttemptDelay: 1000, connectTimeout: 3000 };
    const race = raceTo([one, two, three, four5, five6], {}, options);
    expect(race.starts.map(([, at]) => at)).toEqual([0, 250, 1000, 1250, 2000]);
    expect(race.mostInFlight).toBe(2);
  });

  it('[A15] an attempt whose handshake is under way gives way as well: its start counts', () => {
    const options = { maxConcurrentAttempts: 1 };
    const race = raceTo([one, two], { [one]: connects(1900).thenTls(hangs()), [two]: connects(10) }, options);
    expect(race.ends[0]).toEqual([one, 'cancelled', 2000]);
    expect(race.winner).toBe(two);
  });

  it('[A15] nothing gives way while no other address waits, and the last may take its time', () => {
    expect(raceTo([one], { [one]: connects(9000) }, { maxConcurrentAttempts: 1 }).winner).toBe(one);
    const late = runRace({
      lookup: answering(['at once', AAAA(one)], [4000, A(four)]),
      fates: { [four]: connects(10) },
      options: { maxConcurrentAttempts: 1 },
    });
    expect(late.ends).toEqual([
      [one, 'cancelled', 4000],
      [four, 'connected', 4010],
    ]);
  });

  it.each<[string, RaceOptions]>([
    ['with `enabled: false`, where an attempt has all the time that it takes', { enabled: false }],
    ['without a cap', { maxConcurrentAttempts: Infinity }],
  ])('[A15] nothing gives way %s', (_, options) => {
    const race = raceTo(sixes(12), {}, options);
    expect(new Set(race.ends.map(([, , at]) => at))).toEqual(new Set([10_000]));
  });

  it('[A15] what connects in the very instant in which it would give way has won', () => {
    const race = raceTo([one, two], { [one]: connects(2000) }, { maxConcurrentAttempts: 1 });
    expect(race.starts).toEqual([[one, 0]]);
    expect(race.winner).toBe(one);
  });

  it('[A15] what is timed out in the very instant in which it would give way has failed', () => {
    const options = { maxConcurrentAttempts: 1, attemptTimeout: 2000 };
    expect(raceTo([one, two], { [two]: connects(10) }, options).ends[0]).toEqual([one, 'failed', 2000]);
  });
});

describe('the delay with a multiplier', () => {
  const growing = { connectionAttemptDelay: 50, connectionAttemptDelayMultiplier: 2 };
  const starts = (fates: Record<string, Fate>, options: RaceOptions) =>
    raceTo([one, two, three, four5, five6], fates, options).starts.map(([, at]) => at);

  it('[A16] grows with each attempt in flight', () => {
    expect(starts({}, growing)).toEqual([0, 50, 150, 350, 750]);
  });

  it('[A16] stays what it is by default', () => {
    expect(starts({}, { connectionAttemptDelay: 50 })).toEqual([0, 50, 100, 150, 200]);
  });

  it('[A16] does not count what has failed, from the moment on in which it has', () => {
    // The first fails at 100, so that the third is due 50 after the second already.
    expect(starts({ [one]: refuses(100) }, growing)).toEqual([0, 50, 100, 200, 400]);
    expect(starts({ [one]: refuses(120) }, growing)).toEqual([0, 50, 120, 220, 420]);
    expect(starts({ [one]: refuses(10), [two]: refuses(10) }, growing)).toEqual([0, 10, 20, 70, 170]);
  });

  it('[A16] never exceeds `maximumConnectionAttemptDelay`, unless the delay itself does', () => {
    expect(starts({}, { ...growing, maximumConnectionAttemptDelay: 120 })).toEqual([0, 50, 150, 270, 390]);
    const slow = { ...growing, connectionAttemptDelay: 200, maximumConnectionAttemptDelay: 120 };
    expect(starts({}, slow)).toEqual([0, 200, 400, 600, 800]);
  });

  it('[A16] with per-family pacing the spacing grows with the attempts of its own family', () => {
    const options = { familyStaggerDelay: 60, attemptSpacingDelay: 50, connectionAttemptDelayMultiplier: 2 };
    const lookup = answering(['at once', AAAA(one, two, three)], ['at once', A(four, '192.0.2.5', '192.0.2.6')]);
    expect(runRace({ lookup, fates: {}, options }).starts).toEqual([
      [one, 0],
      [two, 50],
      [four, 60],
      ['192.0.2.5', 110],
      [three, 150],
      ['192.0.2.6', 210],
    ]);
  });

  it('[A16] and at the cap: who gives way is counted no longer', () => {
    const options = { ...growing, maxConcurrentAttempts: 2, maximumConnectionAttemptDelay: 120 };
    expect(starts({}, options)).toEqual([0, 50, 150, 250, 350]);
  });
});

describe('what falls into one instant', () => {
  const told = (options: RaceOptions) =>
    runRace({ lookup: answering(['at once', AAAA(one, two)], ['at once', A(four)]), fates: {}, options })
      .events.filter(({ type }) => type === 'started' || type === 'failed')
      .slice(0, 4)
      .map((event) => ('endpoint' in event ? `${event.type} ${event.endpoint.address} ${event.at}` : ''));

  it('[A8] an attempt is timed out before another, due in the same instant, is started', () => {
    expect(told({ connectionAttemptDelay: 250, attemptTimeout: 250 }).slice(0, 3)).toEqual([
      `started ${one} 0`,
      `failed ${one} 250`,
      `started ${four} 250`,
    ]);
  });

  it('[A9] so with per-family pacing the preferred family comes first where both are due by that', () => {
    expect(told({ familyStaggerDelay: 150, attemptSpacingDelay: 200, attemptTimeout: 150 })).toEqual([
      `started ${one} 0`,
      `failed ${one} 150`,
      `started ${two} 150`,
      `started ${four} 150`,
    ]);
  });
});
