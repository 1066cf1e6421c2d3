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

/** Races that are alike, as those of one client, and so count together. */
export interface Groups {
  readonly count: number;
  readonly of: (race: number) => number;
}

/** What is counted in each group. */
const COUNTED = ['races', 'attempts', 'wasted', 'connected', 'six', 'first', 'second'] as const;

type Counts<T> = Readonly<Record<(typeof COUNTED)[number], T>>;

/** Takes figures of a sample, and of others that are drawn from its groups. */
export class Figuring {
  private readonly counts: Counts<Uint32Array>;
  /** Of the races that connected, in ascending order; and the group of each. */
  private readonly times: Float64Array;
  private readonly groups: Uint32Array;

  /** @param groups default: each race is a group */
  constructor(sample: Sample, { count, of }: Groups = { count: sample.times.length, of: (race) => race }) {
    this.counts = countsOf(sample, count, of);
    const order = inOrder(sample);
    this.times = Float64Array.from(order, (race) => sample.times[race]!);
    this.groups = Uint32Array.from(order, of);
  }

  /** @param weights how often each group counts; default: once */
  figures(weights?: Uint32Array): Figures {
    const totals = Object.fromEntries(COUNTED.map((name) => [name, total(this.counts[name], weights)])) as Counts<number>;
    const { races, attempts, wasted, connected, six, first, second } = totals;
    const [p50, p95, p99] = this.quantiles([0.5, 0.95, 0.99], connected, weights) as [number, number, number];
    return {
      races,
      p50,
      p95,
      p99,
      attempts: attempts / races,
      wasted: wasted / races,
      ipv6: six / connected,
      lost: 1 - connected / races,
      first: first / connected,
      second: second / connected,
      later: (connected - first - second) / connected,
    };
  }

  /** @returns `NaN` where nothing has connected */
  private quantiles(shares: readonly number[], connected: number, weights: Uint32Array | undefined): number[] {
    const { times, groups } = this;
    const ranks = shares.map((share) => Math.max(1, Math.ceil(share * connected)));
    if (!weights) return ranks.map((rank) => times[rank - 1] ?? NaN);
    let passed = 0;
    let place = 0;
    return ranks.map((rank) => {
      while (passed < rank && place < times.length) passed += weights[groups[place++]!]!;
      return passed < rank ? NaN : times[place - 1]!;
    });
  }
}

/** The races that connected, in the order of their times. */
function inOrder({ times, places }: Sample): Uint32Array {
  const connected: number[] = [];
  places.forEach((place, race) => {
    if (place > 0) connected.push(race);
  });
  return Uint32Array.from(connected).sort((a, b) => times[a]! - times[b]! || a - b);
}

function countsOf(sample: Sample, count: number, groupOf: Groups['of']): Counts<Uint32Array> {
  const counts = Object.fromEntries(COUNTED.map((name) => [name, new Uint32Array(count)])) as Counts<Uint32Array>;
  for (let race = 0; race < sample.times.length; race++) {
    const group = groupOf(race);
    const place = sample.places[race]!;
    counts.races[group]!++;
    counts.attempts[group]! += sample.attempts[race]!;
    counts.wasted[group]! += sample.wasted[race]!;
    if (place === 0) continue;
    counts.connected[group]!++;
    if (sample.families[race] === 6) counts.six[group]!++;
    if (place === 1) counts.first[group]!++;
    if (place === 2) counts.second[group]!++;
  }
  return counts;
}

function total(counts: Uint32Array, weights: Uint32Array | undefined): number {
  let sum = 0;
  for (let group = 0; group < counts.length; group++) sum += counts[group]! * (weights ? weights[group]! : 1);
  return sum;
}
