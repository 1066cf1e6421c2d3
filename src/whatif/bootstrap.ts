import { chanceOf } from './chance.js';
import { MEASURES, type Measure } from './figures.js';

/** Between which bounds a figure lies, with a confidence of 95 %. */
export type Interval = readonly [from: number, to: number];

export type Intervals = Readonly<Record<Measure, Interval>>;

export type Measured = Readonly<Record<Measure, number>>;

/** How samples are drawn for confidence intervals. */
export interface Bootstrap {
  readonly seed: number;
  readonly races: number;
  /** Groups of races. Those of one group are drawn together, since they are alike. */
  readonly groups: number;
}

/** Draws of the bootstrap. */
const DRAWS = 400;

/** Where there are fewer groups, they say too little of how groups differ, and each race is drawn by itself. */
export const LEAST_GROUPS = 20;

/**
 * Confidence intervals of figures, by the bootstrap: groups of races are drawn again and again from those that there are, as many
 * as there are, and the figures of each draw are taken.
 *
 * @param figures of a draw, by how often each group was drawn: as many as intervals are asked for
 */
export function bootstrap(
  { seed, races, groups }: Bootstrap,
  figures: (weights: Uint32Array, draw: number) => readonly Measured[],
): readonly Intervals[] {
  const chance = chanceOf(seed, races, DRAWS);
  const weights = new Uint32Array(groups);
  const drawn = Array.from({ length: DRAWS }, (_, draw) => {
    drawInto(weights, chance);
    return figures(weights, draw);
  });
  return drawn[0]!.map((_, which) => intervalsOf(drawn.map((all) => all[which]!)));
}

/** What one has more than the other, of the same draw. */
export function difference(one: Measured, other: Measured): Measured {
  return Object.fromEntries(MEASURES.map((measure) => [measure, one[measure] - other[measure]])) as Measured;
}

/** As many draws as there are places, each a count of one for the place that it falls on. */
function drawInto(counts: Uint32Array, chance: () => number): void {
  const { length } = counts.fill(0);
  for (let draws = 0; draws < length; draws++) counts[Math.floor(chance() * length)]!++;
}

function intervalsOf(drawn: readonly Measured[]): Intervals {
  return Object.fromEntries(MEASURES.map((measure) => [measure, middle(drawn.map((one) => one[measure]))])) as Intervals;
}

function middle(values: readonly number[]): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return [at(0.025), at(0.975)];
}
