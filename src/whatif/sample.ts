import type { Run } from './play.js';
import type { Fate } from './world.js';

/** What came of many races, a number of each for each race. */
export interface Sample {
  /** ms until it was connected; of one that was lost, until it was. */
  readonly times: Float64Array;
  readonly attempts: Uint16Array;
  /** Losers whose server had answered by the time they were cancelled. */
  readonly wasted: Uint16Array;
  /** The family of the winner; 0 without one. */
  readonly families: Uint8Array;
  /** Which attempt won: 1 is the first. 0 without a winner. */
  readonly places: Uint16Array;
}

export function emptySample(races: number): Sample {
  return {
    times: new Float64Array(races),
    attempts: new Uint16Array(races),
    wasted: new Uint16Array(races),
    families: new Uint8Array(races),
    places: new Uint16Array(races),
  };
}

/** What came of one race. */
export interface Result {
  readonly time: number;
  readonly attempts: number;
  readonly wasted: number;
  readonly family: 0 | 4 | 6;
  readonly place: number;
}

export function keep(sample: Sample, index: number, { time, attempts, wasted, family, place }: Result): void {
  sample.times[index] = time;
  sample.attempts[index] = attempts;
  sample.wasted[index] = wasted;
  sample.families[index] = family;
  sample.places[index] = place;
}

export function resultOf({ winner, attempts, finish }: Run): Result {
  let wasted = 0;
  for (const { outcome, fate, startedAt, endedAt } of attempts) {
    if (outcome === 'cancelled' && isAnswered(fate, endedAt - startedAt)) wasted++;
  }
  const place = winner ? attempts.indexOf(winner) + 1 : 0;
  return { time: finish, attempts: attempts.length, wasted, family: winner?.endpoint.family ?? 0, place };
}

/** A server has answered when half of the time has passed that TCP takes: its connection is there, for nothing. */
export function isAnswered({ outcome, after, tlsAfter }: Fate, watched: number): boolean {
  if (tlsAfter !== undefined) return watched >= tlsAfter / 2;
  return outcome === 'connects' && watched >= after / 2;
}

/** The samples as one, in their order. */
export function joined(samples: readonly Sample[]): Sample {
  const all = emptySample(samples.reduce((sum, { times }) => sum + times.length, 0));
  let from = 0;
  for (const sample of samples) {
    for (const name of ['times', 'attempts', 'wasted', 'families', 'places'] as const) all[name].set(sample[name], from);
    from += sample.times.length;
  }
  return all;
}
