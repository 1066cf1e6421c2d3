import fc from 'fast-check';
import { predict } from './support/oracle.js';
import { fate, scenario } from './support/random-races.js';
import { runRace } from './support/virtual-race.js';

/** Fixed, so that a run can be repeated; another seed and count come from the environment. */
const seed = Number(process.env.RACES_SEED ?? 8305);
const numRuns = Number(process.env.RACES ?? 5000);

it(
  `${numRuns} random races agree with an oracle in plain time (seed ${seed})`,
  () => {
    fc.assert(
      fc.property(scenario, ({ lookup, plans, rules }) => {
        const expected = predict(lookup, plans, rules);
        const fates = Object.fromEntries(Object.entries(plans).map(([address, plan]) => [address, fate(plan)]));
        const race = runRace({ lookup, fates, options: rules });
        expect({ starts: race.starts, ends: race.ends, winner: race.winner, finish: race.finish }).toEqual({
          starts: expected.starts,
          ends: expected.ends,
          winner: expected.winner,
          finish: expected.finish,
        });
        expect((race.error as { reason?: string } | undefined)?.reason).toBe(expected.lost);
        expect(race.mostInFlight).toBeLessThanOrEqual(rules.enabled ? rules.maxConcurrentAttempts : 1);
      }),
      { seed, numRuns },
    );
  },
  60_000 + 20 * numRuns,
);
