import { readFileSync } from 'node:fs';
import { Counter, register as globalRegistry, Registry } from 'prom-client';
import { NEVER } from 'rxjs';
import { connect, connect$, ssrf } from '../../src/index.js';
import { attemptChannel, raceChannel } from '../../src/observe/channels.js';
import { countRaces, type CountOptions } from '../../src/observe/prometheus.js';
import { tcpServer } from '../support/fixtures.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const SIX = '2001:db8::1';
const FOUR = '192.0.2.1';
const both = answering([18, AAAA(SIX)], [25, A(FOUR)]);

const stops: (() => void)[] = [];
const counted = (options: CountOptions) => {
  const stop = countRaces(options);
  stops.push(stop);
  return stop;
};

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  expect([raceChannel.hasSubscribers, attemptChannel.hasSubscribers]).toEqual([false, false]);
});

/** The lines of the metrics that are not 0, without buckets. */
const counts = async (registry: Registry) =>
  (await registry.metrics()).split('\n').filter((line) => /^[^#]/.test(line) && !/ 0$|_bucket/.test(line));

describe('countRaces', () => {
  it('says all there is to say of a race', async () => {
    const registry = new Registry();
    counted({ registers: [registry], buckets: [0.1, 1] });
    runRace({ lookup: both, fates: { [SIX]: hangs(), [FOUR]: connects(232) } });
    expect(await registry.metrics()).toBe(`# HELP happy_eyeballs_races_total Races that have ended
# TYPE happy_eyeballs_races_total counter
happy_eyeballs_races_total{outcome="connected"} 1
happy_eyeballs_races_total{outcome="failed"} 0
happy_eyeballs_races_total{outcome="cancelled"} 0

# HELP happy_eyeballs_attempts_total Attempts of these races
# TYPE happy_eyeballs_attempts_total counter
happy_eyeballs_attempts_total{family="ipv6",outcome="connected"} 0
happy_eyeballs_attempts_total{family="ipv6",outcome="failed"} 0
happy_eyeballs_attempts_total{family="ipv6",outcome="cancelled"} 1
happy_eyeballs_attempts_total{family="ipv6",outcome="blocked"} 0
happy_eyeballs_attempts_total{family="ipv4",outcome="connected"} 1
happy_eyeballs_attempts_total{family="ipv4",outcome="failed"} 0
happy_eyeballs_attempts_total{family="ipv4",outcome="cancelled"} 0
happy_eyeballs_attempts_total{family="ipv4",outcome="blocked"} 0

# HELP happy_eyeballs_wins_total Races won, by the family of the winner
# TYPE happy_eyeballs_wins_total counter
happy_eyeballs_wins_total{family="ipv6"} 0
happy_eyeballs_wins_total{family="ipv4"} 1

# HELP happy_eyeballs_wasted_attempts_total Attempts that were under way when another one won
# TYPE happy_eyeballs_wasted_attempts_total counter
happy_eyeballs_wasted_attempts_total 1

# HELP happy_eyeballs_fallbacks_total Races won by the other family than that of the first attempt
# TYPE happy_eyeballs_fallbacks_total counter
happy_eyeballs_fallbacks_total 1

# HELP happy_eyeballs_connect_seconds Time from the start of a race to its win
# TYPE happy_eyeballs_connect_seconds histogram
happy_eyeballs_connect_seconds_bucket{le="0.1",family="ipv4"} 0
happy_eyeballs_connect_seconds_bucket{le="1",family="ipv4"} 1
happy_eyeballs_connect_seconds_bucket{le="+Inf",family="ipv4"} 1
happy_eyeballs_connect_seconds_sum{family="ipv4"} 0.5
happy_eyeballs_connect_seconds_count{family="ipv4"} 1

# HELP happy_eyeballs_lookup_seconds Time from the start of a race to an answer
# TYPE happy_eyeballs_lookup_seconds histogram
happy_eyeballs_lookup_seconds_bucket{le="0.1",type="AAAA"} 1
happy_eyeballs_lookup_seconds_bucket{le="1",type="AAAA"} 1
happy_eyeballs_lookup_seconds_bucket{le="+Inf",type="AAAA"} 1
happy_eyeballs_lookup_seconds_sum{type="AAAA"} 0.018
happy_eyeballs_lookup_seconds_count{type="AAAA"} 1
happy_eyeballs_lookup_seconds_bucket{le="0.1",type="A"} 1
happy_eyeballs_lookup_seconds_bucket{le="1",type="A"} 1
happy_eyeballs_lookup_seconds_bucket{le="+Inf",type="A"} 1
happy_eyeballs_lookup_seconds_sum{type="A"} 0.025
happy_eyeballs_lookup_seconds_count{type="A"} 1
`);
  });

  it.each<[what: string, race: () => unknown, counted: readonly string[]]>([
    [
      'a race that its first family wins, as no fallback, and an attempt that failed as not wasted',
      () =>
        runRace({
          lookup: answering([0, AAAA(SIX, '2001:db8::2')], [0, A(FOUR)]),
          fates: { [SIX]: refuses(10), [FOUR]: refuses(10), '2001:db8::2': connects(10) },
        }),
      [
        'races_total{outcome="connected"} 1',
        'attempts_total{family="ipv6",outcome="connected"} 1',
        'attempts_total{family="ipv6",outcome="failed"} 1',
        'attempts_total{family="ipv4",outcome="failed"} 1',
        'wins_total{family="ipv6"} 1',
      ],
    ],
    [
      'what the preferred family wins as no fallback, and what the other one wins as one',
      () => {
        const options = { preferFamily: 4 } as const;
        for (let i = 0; i < 2; i++) runRace({ lookup: both, fates: { [FOUR]: connects(5) }, options });
        runRace({ lookup: both, fates: { [FOUR]: refuses(5), [SIX]: connects(5) }, options });
      },
      [
        'races_total{outcome="connected"} 3',
        'attempts_total{family="ipv6",outcome="connected"} 1',
        'attempts_total{family="ipv4",outcome="connected"} 2',
        'attempts_total{family="ipv4",outcome="failed"} 1',
        'wins_total{family="ipv6"} 1',
        'wins_total{family="ipv4"} 2',
        'fallbacks_total 1',
      ],
    ],
    [
      'a race out of time as failed, and its attempts as cancelled, but not wasted',
      () => runRace({ lookup: both, fates: {}, options: { connectTimeout: 300 } }),
      [
        'races_total{outcome="failed"} 1',
        'attempts_total{family="ipv6",outcome="cancelled"} 1',
        'attempts_total{family="ipv4",outcome="cancelled"} 1',
      ],
    ],
    [
      'an attempt that gave way as cancelled, but not wasted: it was not under way any more',
      () =>
        runRace({
          lookup: answering([0, AAAA(SIX)], [0, A(FOUR)]),
          fates: { [FOUR]: connects(5) },
          options: { maxConcurrentAttempts: 1 },
        }),
      [
        'races_total{outcome="connected"} 1',
        'attempts_total{family="ipv6",outcome="cancelled"} 1',
        'attempts_total{family="ipv4",outcome="connected"} 1',
        'wins_total{family="ipv4"} 1',
        'fallbacks_total 1',
      ],
    ],
    [
      'a race that is unsubscribed as cancelled',
      () => runRace({ lookup: both, fates: {}, unsubscribeAt: 100 }),
      ['races_total{outcome="cancelled"} 1', 'attempts_total{family="ipv6",outcome="cancelled"} 1'],
    ],
    [
      'what a filter refuses as blocked',
      () => runRace({ lookup: answering([0, A('10.0.0.1')]), fates: {}, options: { filter: ssrf() } }),
      ['races_total{outcome="failed"} 1', 'attempts_total{family="ipv4",outcome="blocked"} 1'],
    ],
    [
      'a race that found nothing as failed',
      () => runRace({ lookup: answering([0, negative('A')]), fates: {} }),
      ['races_total{outcome="failed"} 1'],
    ],
  ])('counts %s', async (_what, race, expected) => {
    const registry = new Registry();
    counted({ registers: [registry], prefix: '' });
    race();
    const totals = (await counts(registry)).filter((line) => line.includes('_total'));
    expect(totals).toEqual(expected);
  });

  it('counts real races when they are over, and those under way not yet', async () => {
    const registry = new Registry();
    counted({ registers: [registry] });
    const { port } = await tcpServer('127.0.0.1', 0);
    const underWay = connect$('example.com', port, { resolver: () => NEVER }).subscribe();
    (await connect('127.0.0.1', port)).destroy();
    const total = async () => (await counts(registry)).filter((line) => line.includes('races_total'));
    expect(await total()).toEqual(['happy_eyeballs_races_total{outcome="connected"} 1']);
    underWay.unsubscribe();
    expect(await total()).toContain('happy_eyeballs_races_total{outcome="cancelled"} 1');
  });

  it('registers globally by default, in several registries if asked to, and takes its metrics out when it is ended', async () => {
    const registries = [new Registry(), new Registry()] as const;
    const stops = [counted({}), counted({ registers: registries, prefix: 'another_' })];
    const others = new Counter({ name: 'others_total', help: 'Of someone else', registers: [registries[0]] });
    runRace({ lookup: both, fates: { [SIX]: connects(1) } });
    for (const [registry, prefix] of [
      [globalRegistry, 'happy_eyeballs_'],
      ...registries.map((one) => [one, 'another_'] as const),
    ] as const)
      expect(await counts(registry)).toContain(`${prefix}wins_total{family="ipv6"} 1`);
    for (const stop of stops) stop();
    expect([globalRegistry, ...registries].map((registry) => registry.getMetricsAsArray())).toEqual([[], [others], []]);
  });

  it('has the metrics that the documentation tells of', () => {
    const registry = new Registry();
    counted({ registers: [registry] });
    const documented = readFileSync('docs/observing.md', 'utf8').matchAll(/^\| `(happy_eyeballs_\w+)` +\|/gm);
    expect([...documented].map(([, name]) => name)).toEqual(
      registry.getMetricsAsArray().map((metric) => (metric as { name?: string }).name),
    );
  });

  it('leaves nothing behind where a name is taken, and takes out nothing that is not its own', async () => {
    const [registry, taken] = [new Registry(), new Registry()];
    const theirs = new Counter({ name: 'happy_eyeballs_wins_total', help: 'Of someone else', registers: [taken] });
    expect(() => countRaces({ registers: [registry, taken] })).toThrow('happy_eyeballs_wins_total has already been registered');
    expect([registry.getMetricsAsArray(), taken.getMetricsAsArray()]).toEqual([[], [theirs]]);

    const stop = counted({ registers: [registry] });
    expect(() => countRaces({ registers: [registry] })).toThrow('has already been registered');
    runRace({ lookup: both, fates: { [SIX]: connects(1) } });
    expect(await counts(registry)).toContain('happy_eyeballs_wins_total{family="ipv6"} 1');
    stop();
    const again = new Counter({ name: 'happy_eyeballs_wins_total', help: 'Of someone else', registers: [registry] });
    stop();
    expect(registry.getMetricsAsArray()).toEqual([again]);
  });

  it.each<[options: unknown, code: string, message: RegExp]>([
    [{ registers: new Registry() }, 'ERR_INVALID_ARG_TYPE', /"options\.registers" must be an array of registries/],
    [{ registers: [] }, 'ERR_INVALID_ARG_TYPE', /"options\.registers" must be an array of registries/],
    [{ registers: [1] }, 'ERR_INVALID_ARG_TYPE', /"options\.registers" must be an array of registries/],
    [{ registers: [{}] }, 'ERR_INVALID_ARG_TYPE', /"options\.registers\.registerMetric" must be a function/],
    [{ prefix: 1 }, 'ERR_INVALID_ARG_TYPE', /"options\.prefix" must be of type string/],
    [{ prefix: 'happy-eyeballs-' }, 'ERR_INVALID_ARG_VALUE', /"options\.prefix" cannot begin the name of a metric/],
    [{ buckets: 1 }, 'ERR_INVALID_ARG_TYPE', /"options\.buckets" must be an array of numbers/],
    [{ buckets: [] }, 'ERR_INVALID_ARG_VALUE', /"options\.buckets" must be ascending numbers above 0/],
    [{ buckets: [1, 1] }, 'ERR_INVALID_ARG_VALUE', /"options\.buckets" must be ascending numbers above 0/],
    [{ buckets: ['1'] }, 'ERR_INVALID_ARG_VALUE', /"options\.buckets" must be ascending numbers above 0/],
    [{ buckets: [0.1, Infinity] }, 'ERR_INVALID_ARG_VALUE', /"options\.buckets" must be ascending numbers above 0/],
    [{ labels: ['host'] }, 'ERR_INVALID_ARG_VALUE', /"options\.labels" is not an option/],
  ])('refuses %j', (options, code, message) => {
    const call = () => countRaces(options as CountOptions);
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code }));
    expect(globalRegistry.getMetricsAsArray()).toEqual([]);
  });
});
