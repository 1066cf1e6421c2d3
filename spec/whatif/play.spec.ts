import fc from 'fast-check';
import { parseAddress } from '../../src/core/address/address.js';
import type { Answered, Resolved } from '../../src/core/race/events.js';
import { pacing } from '../../src/plan/pace.js';
import { checkOptions } from '../../src/plan/options.js';
import { play } from '../../src/whatif/play.js';
import { pacingOf, type Terms } from '../../src/whatif/terms.js';
import { gathering, HANGS, ipv6First, type Fate, type World } from '../../src/whatif/world.js';
import type { Plan, Rules } from '../support/oracle.js';
import { fate, scenario, type Scenario } from '../support/random-races.js';
import { runRace, type Lookup } from '../support/virtual-race.js';

const PORT = 443;

const instant = (after: number | 'at once') => (after === 'at once' ? 0 : after);

function lookupOf({ answers, ends }: Lookup): (Answered | Resolved)[] {
  const answered = answers.map(({ after, answer }): Answered => ({ type: 'answered', at: instant(after), answer }));
  return ends === 'never' ? answered : [...answered, { type: 'resolved', at: instant(ends.after) }];
}

function fateOf(plan: Plan): Fate {
  if (plan.outcome === 'throws') return { outcome: 'fails', after: 0 };
  if (plan.outcome === 'hangs') return plan.tcpAfter === undefined ? HANGS : { ...HANGS, tlsAfter: plan.tcpAfter };
  const outcome = plan.outcome === 'connects' ? 'connects' : 'fails';
  return { outcome, after: instant(plan.after), ...(plan.tcpAfter !== undefined && { tlsAfter: plan.tcpAfter }) };
}

function termsOf({ preferFamily, family, ...rules }: Rules): Terms {
  return { ...rules, family, preferredFamily: family || (preferFamily ?? 6), ...(preferFamily && { preferFamily }) };
}

function worldOf({ lookup, plans, rules }: Scenario): World {
  return {
    lookup: lookupOf(lookup),
    endpointsAfter: gathering(PORT, rules, rules.sort === 'none' ? (endpoints) => endpoints : ipv6First),
    fateOf: ({ address }) => fateOf(plans[address]!),
  };
}

const seed = Number(process.env.RACES_SEED ?? 8305);
const numRuns = Number(process.env.RACES ?? 1000);

describe('a race that is played', () => {
  it(
    `agrees with the race itself in ${numRuns} random worlds (seed ${seed})`,
    () => {
      fc.assert(
        fc.property(scenario, (given) => {
          const fates = Object.fromEntries(Object.entries(given.plans).map(([address, plan]) => [address, fate(plan)]));
          const race = runRace({ lookup: given.lookup, fates, options: given.rules });
          const run = play(worldOf(given), termsOf(given.rules));
          const ended = run.attempts.map(({ endpoint, outcome, endedAt }) => [endpoint.address, outcome, endedAt] as const);
          expect({
            starts: run.attempts.map(({ endpoint, startedAt }) => [endpoint.address, startedAt]),
            ends: new Set(ended),
            winner: run.winner?.endpoint.address,
            finish: run.finish,
            lost: run.lost,
          }).toEqual({
            starts: race.starts,
            ends: new Set(race.ends),
            winner: race.winner,
            finish: race.finish,
            lost: (race.error as { reason?: string } | undefined)?.reason,
          });
        }),
        { seed, numRuns },
      );
    },
    60_000 + 20 * numRuns,
  );

  it('lasts for ever where nothing happens, and nothing limits it', () => {
    const terms = termsOf({ ...checkOptions({ connectTimeout: Infinity }), attemptTimeout: Infinity } as unknown as Rules);
    const world: World = { lookup: [], endpointsAfter: () => undefined, fateOf: () => HANGS };
    expect(play(world, terms)).toMatchObject({ lost: 'timeout', finish: Infinity, attempts: [] });
  });
});

describe('the pace of a race that is played', () => {
  it.each([
    {},
    { enabled: false },
    { family: 4 },
    { preferFamily: 4 },
    { familyStaggerDelay: 250, attemptSpacingDelay: 125, maxConcurrentAttempts: 2 },
    { connectionAttemptDelay: 50, connectionAttemptDelayMultiplier: 2, maximumConnectionAttemptDelay: 500 },
  ] as const)('is that of a race with the options %j', (options) => {
    const settings = checkOptions({ preferFamily: 6, ...options });
    const { attemptDelay, ...expected } = pacing(settings, undefined)();
    const { attemptDelay: delay, ...found } = pacingOf(termsOf(settings as unknown as Rules));
    const endpoint = { ...parseAddress('192.0.2.1')!, port: PORT };
    expect({ ...found, delay: delay(endpoint), suspects: undefined }).toEqual({ ...expected, delay: attemptDelay(endpoint) });
  });
});
