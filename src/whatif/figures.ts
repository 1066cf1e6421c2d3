import { chanceOf } from './chance.js';
import type { Sample } from './sample.js';

/** What many races come to. Times in ms; shares from 0 to 1. */
export interface Figures {
  readonly races: number;
  /** Time to connect of those that connected. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Attempts for each race. */
  readonly attempts: number;
  /** Losers that were established for nothing, for each race. */
  readonly wasted: number;
  /** Of those that connected, the share whose winner has an IPv6 address. */
  readonly ipv6: number;
  /** Of all, the share that did not connect. */
  readonly lost: number;
  /** Of those that connected, the shares that the first, the second and later attempts have won. */
  readonly first: number;
  readonly second: number;
  readonly later: number;
}

export type Measure = Exclude<keyof Figures, 'races'>;

/** In the order in which they are shown. */
export const MEASURES: readonly Measure[] = [
  'p50',
  'p95',
  'p99',
  'attempts',
  'wasted',
  'ipv6',
  'lost',
  'first',
  'second',
  'later',
];

/** The races that connected, in the order of their times. */
function order({ times, places }: Sample): Uint32Array {
  const connected: number[] = [];
  places.forEach((place, index) => {
    if (place > 0) connected.push(index);
  });
  return Uint32Array.from(connected).sort((a, b) => times[a]! - times[b]! || a - b);
}

/** Takes figures of a sample, and of others that are drawn from it. */
export class Figuring {
  private readonly order: Uint32Array;

  constructor(private readonly sample: Sample) {
    this.order = order(sample);
  }

  /** @param counts how often each race counts; default: once */
  figures(counts?: Uint32Array): Figures {
    const { sample } = this;
    const sums = { races: 0, attempts: 0, wasted: 0, six: 0, connected: 0, first: 0, second: 0 };
    for (let i = 0; i < sample.times.length; i++) {
      const count = counts ? counts[i]! : 1;
      if (count === 0) continue;
      const place = sample.places[i]!;
      sums.races += count;
      sums.attempts += count * sample.attempts[i]!;
      sums.wasted += count * sample.wasted[i]!;
      if (place === 0) continue;
      sums.connected += count;
      if (sample.families[i] === 6) sums.six += count;
      if (place === 1) sums.first += count;
      if (place === 2) sums.second += count;
    }
    const { races, connected } = sums;
    const [p50, p95, p99] = this.quantiles([0.5, 0.95, 0.99], connected, counts) as [number, number, number];
    return {
      races,
      p50,
      p95,
      p99,
      attempts: sums.attempts / races,
      wasted: sums.wasted / races,
      ipv6: sums.six / connected,
      lost: 1 - connected / races,
      first: sums.first / connected,
      second: sums.second / connected,
      later: (connected - sums.first - sums.second) / connected,
    };
  }

  private quantiles(shares: readonly number[], total: number, counts?: Uint32Array): number[] {
    const ranks = shares.map((share) => Math.max(1, Math.ceil(share * total)));
    if (!counts) return ranks.map((rank) => this.sample.times[this.order[rank - 1]!] ?? NaN);
    const found: number[] = [];
    let passed = 0;
    for (const index of this.order) {
      passed += counts[index]!;
      while (found.length < ranks.length && passed >= ranks[found.length]!) found.push(this.sample.times[index]!);
      if (found.length === ranks.length) break;
    }
    return found;
  }
}

/** Between which bounds a figure lies, with a confidence of 95 %. */
export type Interval = readonly [from: number, to: number];

export type Intervals = Readonly<Record<Measure, Interval>>;

/** How samples are drawn for confidence intervals. */
export interface Bootstrap {
  readonly seed: number;
  readonly draws: number;
  /** The group of each race: races of one group are drawn together, since they are alike. Default: each is a group. */
  readonly groups?: readonly number[];
}

/**
 * Confidence intervals of figures, by the bootstrap: races are drawn again and again from those that there are, as many as there are, and the
 * figures of each draw are taken.
 *
 * @param figures of a draw, by how often each race was drawn
 */
export function bootstrap(
  races: number,
  { seed, draws, groups }: Bootstrap,
  figures: (counts: Uint32Array, draw: number) => Readonly<Record<Measure, number>>,
): Intervals {
  const chance = chanceOf(seed, races, draws);
  const counts = new Uint32Array(races);
  const drawn = Array.from({ length: draws }, (_, draw) => {
    count(counts, chance, groups);
    return figures(counts, draw);
  });
  return Object.fromEntries(MEASURES.map((measure) => [measure, middle(drawn.map((one) => one[measure]))])) as Intervals;
}

function count(counts: Uint32Array, chance: () => number, groups: readonly number[] | undefined): void {
  if (!groups) {
    drawInto(counts, chance);
    return;
  }
  const weights = drawInto(new Uint32Array(Math.max(...groups) + 1), chance);
  groups.forEach((group, index) => (counts[index] = weights[group]!));
}

/** As many draws as there are places, each a count of one for the place that it falls on. */
function drawInto(counts: Uint32Array, chance: () => number): Uint32Array {
  const { length } = counts.fill(0);
  for (let draws = 0; draws < length; draws++) counts[Math.floor(chance() * length)]!++;
  return counts;
}

function middle(values: readonly number[]): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return [at(0.025), at(0.975)];
}
