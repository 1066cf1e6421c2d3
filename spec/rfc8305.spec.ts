import { concat, EMPTY, of, throwError } from 'rxjs';
import { connect$, presets, type ConnectOptions, type Endpoint, type Resolver } from '../src/index.js';
import { monotonicScheduler } from '../src/rx/monotonic.js';
import { connects, hangs, refuses } from '../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from './support/virtual-race.js';

const six = '2001:db8::6',
  seven = '2001:db8::7';
const four = '192.0.2.4',
  five = '192.0.2.5';

describe('RFC 8305 section 3, Hostname Resolution Query Handling', () => {
  it('[R3] starts with the first AAAA answer, and never waits for A', () => {
    const lookup = { ...answering([20, AAAA(six)]), ends: 'never' } as const;
    const race = runRace({ lookup, fates: { [six]: connects(30) } });
    expect(race.starts).toEqual([[six, 20]]);
    expect(race.finish).toBe(50);
  });

  it.each([
    [50, 70],
    [0, 20],
    [200, 220],
  ])('[R4] waits for AAAA %i ms from the A answer on', (resolutionDelay, start) => {
    const lookup = { ...answering([20, A(four)]), ends: 'never' } as const;
    const race = runRace({ lookup, fates: { [four]: connects(30) }, options: { resolutionDelay } });
    expect(race.starts).toEqual([[four, start]]);
  });

  it('[R4] does not begin the wait again with a second A answer', () => {
    const lookup = { ...answering([20, A(four)], [60, A(five)]), ends: 'never' } as const;
    const race = runRace({ lookup, fates: { [four]: connects(30) } });
    expect(race.starts).toEqual([[four, 70]]);
  });

  it('[R4] takes an AAAA answer in the very instant in which the wait ends', () => {
    const race = runRace({ lookup: answering([20, A(four)], [70, AAAA(six)]), fates: { [six]: connects(30) } });
    expect(race.starts).toEqual([[six, 70]]);
  });

  it.each(['ENODATA', 'ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT'])('[R5] ends the wait with a negative AAAA answer (%s)', (code) => {
    const race = runRace({ lookup: answering([20, A(four)], [30, negative('AAAA', code)]), fates: { [four]: connects(30) } });
    expect(race.starts).toEqual([[four, 30]]);
  });

  it('[R5] does not wait at all for an AAAA answer that was negative before', () => {
    const race = runRace({ lookup: answering([10, negative('AAAA')], [20, A(four)]), fates: { [four]: connects(30) } });
    expect(race.starts).toEqual([[four, 20]]);
  });

  it('ends the wait with a resolver that completes without an AAAA answer', () => {
    const race = runRace({ lookup: { ...answering([20, A(four)]), ends: { after: 25 } }, fates: { [four]: connects(30) } });
    expect(race.starts).toEqual([[four, 25]]);
  });

  it('[R6] swaps the families where IPv4 is preferred', () => {
    const lookup = { ...answering([20, AAAA(six)]), ends: 'never' } as const;
    const race = runRace({ lookup, fates: { [six]: connects(30) }, options: { preferFamily: 4 } });
    expect(race.starts).toEqual([[six, 70]]);
    const other = runRace({
      lookup: answering([20, A(four)], [90, AAAA(six)]),
      fates: { [four]: connects(30) },
      options: { preferFamily: 4 },
    });
    expect(other.starts).toEqual([[four, 20]]);
  });

  it('[R7] sorts a late answer into the whole list, and skips what was started', () => {
    const lookup = answering([0, A(four, five)], [100, AAAA(six, seven)]);
    const race = runRace({ lookup, fates: { [four]: hangs(), [six]: hangs(), [seven]: hangs(), [five]: connects(10) } });
    expect(race.starts).toEqual([
      [four, 50],
      [six, 300],
      [seven, 550],
      [five, 800],
    ]);
  });

  it('[R7] starts a late answer at once when the delay is over', () => {
    const race = runRace({ lookup: answering([0, AAAA(six)], [400, A(four)]), fates: { [six]: hangs(), [four]: connects(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 400],
    ]);
  });

  it('[R8] fails when every answer is negative, with the code and the story of each query', () => {
    const race = runRace({ lookup: answering([10, negative('AAAA', 'ENODATA')], [20, negative('A', 'ESERVFAIL')]), fates: {} });
    expect(race.finish).toBe(20);
    expect(race.error).toMatchObject({
      reason: 'resolution',
      code: 'ESERVFAIL',
      attempts: [],
      errors: [{ code: 'ENODATA' }, { code: 'ESERVFAIL' }],
    });
    expect(race.error?.message).toBe('Could not connect to example.com:443: no addresses to try; AAAA ENODATA; A ESERVFAIL');
  });

  it('[R8] does not fail while an attempt is in flight', () => {
    const race = runRace({ lookup: answering([0, AAAA(six)], [10, negative('A')]), fates: { [six]: connects(500) } });
    expect(race.winner).toBe(six);
  });

  it('[R14] attempts an address once, over all answers and however it is written', () => {
    const lookup = answering(['at once', AAAA('2001:DB8:0::6', '::ffff:192.0.2.4')], ['at once', A(four)], [500, AAAA(six)]);
    const race = runRace({ lookup, fates: { [six]: refuses(10), [four]: refuses(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 10],
    ]);
  });
});

describe('RFC 8305 section 4, Sorting Addresses', () => {
  const lookup = answering(['at once', AAAA(six, seven)], ['at once', A(four, five)]);
  const fates = { [six]: hangs(), [seven]: hangs(), [four]: hangs(), [five]: connects(1) };
  const order = (options: object) => runRace({ lookup, fates, options }).starts.map(([address]) => address);

  it('[S6] alternates families, the first of the list leading', () => {
    expect(order({})).toEqual([six, four, seven, five]);
  });

  it('[S6] takes firstAddressFamilyCount of the leading family first', () => {
    expect(order({ firstAddressFamilyCount: 2 })).toEqual([six, seven, four, five]);
  });

  it('[S6] lets preferFamily lead', () => {
    expect(order({ preferFamily: 4, maxConcurrentAttempts: 4 })).toEqual([four, six, five]);
  });

  it('does not alternate with interleave: false', () => {
    expect(order({ interleave: false })).toEqual([six, seven, four, five]);
  });

  it("keeps the resolver's order with sort: 'none', the first received leading", () => {
    const early = answering(['at once', A(four, five)], ['at once', AAAA(six, seven)]);
    const race = runRace({
      lookup: early,
      fates: { ...fates, [five]: hangs(), [seven]: connects(1) },
      options: { sort: 'none' },
    });
    expect(race.starts.map(([address]) => address)).toEqual([four, six, five, seven]);
  });

  it('asks a sort function for all endpoints, and takes what it leaves out as not wanted', () => {
    const sort = jest.fn((all: readonly { address: string }[]) => all.filter(({ address }) => address !== six).reverse());
    expect(order({ sort })).toEqual([five]);
    expect(sort.mock.calls.at(-1)![0].map(({ address }) => address)).toEqual([six, seven, four, five]);
  });

  it('waits for a sort function that answers later, without giving up the race', () => {
    const race = runRace({ lookup, fates, options: { sort: (all) => of([...all].reverse()) } });
    expect(race.starts).toEqual([[five, 0]]);
  });

  it('takes the first order that a sort function emits, and asks for no more', () => {
    const sort = (all: readonly Endpoint[]) =>
      concat(
        of([...all].reverse()),
        throwError(() => new Error('later')),
      );
    expect(order({ sort })).toEqual([five]);
  });

  const broken: readonly (readonly [what: string, sort: ConnectOptions['sort'], code: string])[] = [
    ['no list', () => of(5) as never, 'ERR_INVALID_RETURN_VALUE'],
    ['a hole', () => [undefined] as never, 'ERR_INVALID_RETURN_VALUE'],
    ['nothing', () => EMPTY, 'ERR_INVALID_RETURN_VALUE'],
    ['an endpoint of its own', () => [{ address: '192.0.2.99', family: 4, port: 1 } as const], 'ERR_INVALID_RETURN_VALUE'],
    ['an error', () => throwError(() => Object.assign(new Error('no'), { code: 'ENO' })), 'ENO'],
  ];

  it.each(broken)('ends the race with the error of a sort function that returns %s', (_, sort, code) => {
    expect(runRace({ lookup, fates, options: { sort } }).error).toMatchObject({ code });
  });
});

describe('RFC 8305 section 5, Connection Attempts', () => {
  const lookup = answering(['at once', AAAA(six, seven)], ['at once', A(four, five)]);

  it('[A1] starts the next attempt 250 ms after the last, and lets those before go on', () => {
    const race = runRace({ lookup, fates: { [six]: connects(900), [four]: hangs(), [seven]: hangs(), [five]: hangs() } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
      [seven, 500],
      [five, 750],
    ]);
    expect(race.winner).toBe(six);
  });

  it('[A2] starts the next attempt at once when the latest fails, and counts the delay from there', () => {
    const race = runRace({ lookup, fates: { [six]: refuses(30), [four]: hangs(), [seven]: connects(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 30],
      [seven, 280],
    ]);
  });

  it('[A2] starts at once what comes when nothing is in flight', () => {
    const race = runRace({
      lookup: answering([0, AAAA(six)], [400, A(four)]),
      fates: { [six]: refuses(30), [four]: connects(10) },
    });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 400],
    ]);
  });

  it('[A2] does not wait 10 ms after a failure: it has been answered', () => {
    const race = runRace({ lookup, fates: { [six]: refuses(1), [four]: refuses(1), [seven]: refuses(1), [five]: connects(1) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 1],
      [seven, 2],
      [five, 3],
    ]);
  });

  it.each([10, 100, 2000])('[A3] accepts a delay of %i ms', (connectionAttemptDelay) => {
    const race = runRace({ lookup, fates: { [six]: hangs(), [four]: connects(1) }, options: { connectionAttemptDelay } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, connectionAttemptDelay],
    ]);
  });

  it.each([9.99, 0, -1, NaN, Infinity])('[A3] refuses a delay of %p ms', (connectionAttemptDelay) => {
    expect(() => connect$('example.com', 443, { connectionAttemptDelay })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  it('[A4] waits 250 ms where there is no history', () => {
    expect(presets.rfc8305).toMatchObject({
      connectionAttemptDelay: 250,
      minimumConnectionAttemptDelay: 100,
      maximumConnectionAttemptDelay: 2000,
    });
    const race = runRace({ lookup, fates: { [six]: hangs(), [four]: connects(1) }, options: presets.rfc8305 });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
  });

  it('[A7] hands over a winner that comes before the time is over', () => {
    const race = runRace({ lookup, fates: { [six]: connects(999) }, options: { connectTimeout: 1000 } });
    expect(race.winner).toBe(six);
  });

  it('[A7] is out of time also while it resolves', () => {
    const race = runRace({ lookup: { answers: [], ends: 'never' }, fates: {} });
    expect(race.finish).toBe(10_000);
    expect(race.error).toMatchObject({ code: 'ETIMEDOUT', reason: 'timeout', attempts: [] });
    expect(race.error?.message).toBe(
      'Could not connect to example.com:443 within 10000 ms: no addresses to try; AAAA not answered; A not answered',
    );
  });

  it('[A7] counts every attempt in flight as cancelled when the time is over', () => {
    const race = runRace({
      lookup,
      fates: { [six]: refuses(10), [four]: hangs(), [seven]: hangs() },
      options: { connectTimeout: 300 },
    });
    expect(race.error).toMatchObject({
      code: 'ETIMEDOUT',
      attempts: [
        { endpoint: { address: six }, outcome: 'failed', endedAt: 10 },
        { endpoint: { address: four }, outcome: 'cancelled', endedAt: 300 },
        { endpoint: { address: seven }, outcome: 'cancelled', startedAt: 260, endedAt: 300 },
      ],
    });
    expect(race.ends.slice(1)).toEqual([
      [four, 'cancelled', 300],
      [seven, 'cancelled', 300],
    ]);
  });

  it('[A8] ends an attempt that takes too long, and counts it as failed', () => {
    const race = runRace({ lookup, fates: { [six]: hangs(), [four]: connects(20) }, options: { attemptTimeout: 100 } });
    expect(race.ends).toEqual([
      [six, 'failed', 100],
      [four, 'connected', 120],
    ]);
  });

  it('[A9] perFamily: the preferred at 0, the other at 250, each on by 125, two at a time', () => {
    const race = runRace({
      lookup,
      fates: { [six]: refuses(300), [four]: refuses(400), [seven]: hangs(), [five]: connects(10) },
      options: presets.perFamily,
    });
    expect(race.starts).toEqual([
      [six, 0],
      [seven, 125],
      [four, 300],
      [five, 700],
    ]);
    expect(race.mostInFlight).toBe(2);
  });

  it('[A10] runs the same race over one list when family is given', () => {
    const race = runRace({ lookup, fates: { [four]: hangs(), [five]: connects(10) }, options: { family: 4 } });
    expect(race.starts).toEqual([
      [four, 0],
      [five, 250],
    ]);
  });

  it('[A10] enabled: false makes one attempt after another', () => {
    const race = runRace({
      lookup,
      fates: { [six]: refuses(600), [four]: refuses(600), [seven]: connects(600) },
      options: { enabled: false },
    });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 600],
      [seven, 1200],
    ]);
    expect(race.mostInFlight).toBe(1);
  });

  it('[A11] goes by a clock that cannot be set', () => {
    jest.useFakeTimers({ now: 1_000_000 });
    try {
      const before = monotonicScheduler.now();
      jest.setSystemTime(0);
      jest.advanceTimersByTime(3_600_000);
      expect(monotonicScheduler.now()).toBeGreaterThanOrEqual(before);
      expect(monotonicScheduler.now()).toBeLessThan(before + 600_000);
    } finally {
      jest.useRealTimers();
    }
  });

  it('[A12] fails with one error that holds all', () => {
    const race = runRace({
      lookup,
      fates: Object.fromEntries([six, seven, four, five].map((address) => [address, refuses(10)])),
    });
    expect(race.finish).toBe(40);
    expect(race.error).toMatchObject({
      host: 'example.com',
      port: 443,
      code: 'ECONNREFUSED',
      reason: 'attempts',
      preferredFamily: 6,
    });
    expect((race.error as AggregateError).errors.map(({ message }: Error) => message)).toEqual(
      [six, four, seven, five].map((address) => `connect ECONNREFUSED ${address}:443`),
    );
  });
});

describe('RFC 6761 section 6.3 and literals', () => {
  const never: Resolver = () => throwError(() => new Error('the resolver was asked'));

  it.each([
    ['192.0.2.1', ['192.0.2.1']],
    ['2001:DB8::1', ['2001:db8::1']],
    ['[2001:db8::1]', ['2001:db8::1']],
    ['fe80::1%eth0', ['fe80::1%eth0']],
    ['[fe80::1%eth0]', ['fe80::1%eth0']],
    ['::ffff:192.0.2.1', ['192.0.2.1']],
    ['localhost', ['::1', '127.0.0.1']],
    ['LocalHost.', ['::1', '127.0.0.1']],
    ['db.localhost', ['::1', '127.0.0.1']],
  ])('[R12] does not ask the resolver for %s', (host, expected) => {
    const fates = Object.fromEntries(expected.map((address) => [address, refuses(1)]));
    const race = runRace({ host, lookup: answering(), fates, options: { resolver: never } });
    expect(race.starts.map(([address]) => address)).toEqual(expected);
  });

  it.each(['localhost.example.com', 'notlocalhost'])('[R12] asks the resolver for %s', (host) => {
    expect(runRace({ host, lookup: answering(), fates: {}, options: { resolver: never } }).error?.message).toContain(
      'the resolver was asked',
    );
  });

  it('has no address for a literal of the family that is excluded', () => {
    const race = runRace({ host: '192.0.2.1', lookup: answering(), fates: {}, options: { family: 6 } });
    expect(race.error).toMatchObject({ reason: 'resolution', code: 'ENOTFOUND' });
  });
});
