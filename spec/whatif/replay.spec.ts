import fc from 'fast-check';
import { Figuring } from '../../src/whatif/figures.js';
import { INTERNET } from '../../src/whatif/internet.js';
import { attemptsOf } from '../../src/whatif/recorded-attempts.js';
import type { RecordedRace } from '../../src/whatif/recorded-race.js';
import { Recording } from '../../src/whatif/recording.js';
import { asRecorded, replayAll } from '../../src/whatif/replayed.js';
import { record } from '../../src/whatif/simulated-recording.js';
import { simulate, type Part } from '../../src/whatif/simulation.js';
import { defaultTerms } from '../../src/cli/whatif/terms.js';
import { fate, scenario } from '../support/random-races.js';
import { recorded, recordingOf } from '../support/recorded.js';
import { runRace } from '../support/virtual-race.js';

jest.setTimeout(120_000);

const TERMS = defaultTerms();

describe('whatif with unchanged options', () => {
  it('gives what was recorded, of 500 random races: attempts, winner and time', () => {
    let compared = 0;
    fc.assert(
      fc.property(scenario, ({ lookup, plans, rules }) => {
        const fates = Object.fromEntries(Object.entries(plans).map(([address, plan]) => [address, fate(plan)]));
        const [race] = recorded(() => {
          runRace({ lookup, fates, options: rules });
        });
        const recording = new Recording([race!], TERMS);
        const run = recording.replay(0, recording.termsOf(0), 1);
        // Instants are recorded to a microsecond, and durations of these races have finer parts.
        const near = (ms: number) => Math.round(ms / 4) * 4;
        const attempts = attemptsOf(race!);
        expect({
          attempts: run.attempts.map(({ endpoint, startedAt, endedAt }) => [endpoint.address, near(endedAt - startedAt)]),
          winner: run.winner?.endpoint.address,
          duration: near(run.finish),
        }).toEqual({
          attempts: attempts.map(({ endpoint, after }) => [endpoint.address, near(after)]),
          winner: attempts.find(({ fate }) => fate?.outcome === 'connects')?.endpoint.address,
          duration: near(race!.duration),
        });
        compared++;
      }),
      { seed: 20, numRuns: 500 },
    );
    expect(compared).toBe(500);
  }, 60_000);

  it('gives what was recorded, of races of a simulation', () => {
    const races = recordingOfSimulation(2000);
    recordingOf(
      races
        .map((race) => JSON.stringify(race))
        .slice(0, 50)
        .join('\n'),
    );
    const recording = new Recording(races, TERMS);
    const sample = replayAll(recording, (terms) => terms, 1);
    const expected = asRecorded(races);
    for (const name of ['attempts', 'families', 'places'] as const) expect(sample[name]).toEqual(expected[name]);
    races.forEach(({ duration }, index) => expect(Math.abs(sample.times[index]! - duration)).toBeLessThan(0.001));
  });
});

const part = (races: number, seed = 7): Part => ({ internet: INTERNET, seed, from: 0, to: races });

function recordingOfSimulation(races: number, seed = 7): RecordedRace[] {
  const lines: RecordedRace[] = [];
  record(part(races, seed), { terms: TERMS }, (race) => lines.push(race));
  return lines;
}

describe('whatif of a recording that a simulation has made at 250 ms', () => {
  const races = 8000;

  it.each([50, 100, 400])('predicts at %i ms what simulating it gives: times within 5 %%', (connectionAttemptDelay) => {
    const recording = new Recording(recordingOfSimulation(races), TERMS);
    const predicted = new Figuring(replayAll(recording, (terms) => ({ ...terms, connectionAttemptDelay }), 1)).figures();
    const [sample] = simulate(part(races), [{ terms: { ...TERMS, connectionAttemptDelay } }]);
    const simulated = new Figuring(sample!).figures();
    for (const measure of ['p50', 'p95', 'p99'] as const) {
      expect(Math.abs(predicted[measure] / simulated[measure] - 1)).toBeLessThan(0.05);
    }
    expect(Math.abs(predicted.attempts / simulated.attempts - 1)).toBeLessThan(0.02);
    expect(Math.abs(predicted.wasted - simulated.wasted)).toBeLessThan(0.02);
    expect(Math.abs(predicted.ipv6 - simulated.ipv6)).toBeLessThan(0.01);
  });
});
