import fc from 'fast-check';
import { bootstrap } from '../../src/whatif/bootstrap.js';
import { Figuring, MEASURES } from '../../src/whatif/figures.js';
import { emptySample, keep, type Result, type Sample } from '../../src/whatif/sample.js';

const result = fc.record({
  time: fc.double({ min: 0, max: 500, noNaN: true }),
  attempts: fc.integer({ min: 0, max: 9 }),
  wasted: fc.integer({ min: 0, max: 9 }),
  family: fc.constantFrom(4 as const, 6 as const),
  place: fc.integer({ min: 0, max: 4 }),
});

function sampleOf(results: readonly Result[]): Sample {
  const sample = emptySample(results.length);
  results.forEach((one, index) => {
    keep(sample, index, one);
  });
  return sample;
}

describe('figures', () => {
  it('of groups that count several times are those of a sample that has their races several times', () => {
    const race = fc.tuple(result, fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(
        fc.array(race, { minLength: 1 }),
        fc.uint32Array({ min: 1, max: 3, minLength: 5, maxLength: 5 }),
        (races, counts) => {
          // Some groups are not drawn.
          const weights = counts.map((count, group) => (group === 3 && races.some(([, one]) => one !== 3) ? 0 : count));
          const sample = sampleOf(races.map(([one]) => one));
          const figuring = new Figuring(sample, { count: 5, of: (index) => races[index]![1] });
          const repeated = races.flatMap(([one, group]) => Array.from({ length: weights[group]! }, () => one));
          expect(figuring.figures(weights)).toEqual(new Figuring(sampleOf(repeated)).figures());
        },
      ),
    );
  });

  it('have intervals that hold them, of more races than a call can have arguments', () => {
    const races = 200_000;
    const sample = emptySample(races);
    for (let race = 0; race < races; race++) {
      keep(sample, race, { time: race % 997, attempts: 1, wasted: 0, family: 6, place: race % 50 === 0 ? 2 : 1 });
    }
    const groups = { count: races / 100, of: (race: number) => Math.floor(race / 100) };
    const figuring = new Figuring(sample, groups);
    const figures = figuring.figures();
    const [intervals] = bootstrap({ seed: 1, races, groups: groups.count }, (weights) => [figuring.figures(weights)]);
    for (const measure of MEASURES) {
      expect(intervals![measure][0]).toBeLessThanOrEqual(figures[measure]);
      expect(intervals![measure][1]).toBeGreaterThanOrEqual(figures[measure]);
    }
  });
});
