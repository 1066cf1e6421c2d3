import type { Chance } from './chance.js';

/** How long something was watched. */
export interface Observation<T> {
  readonly after: number;
  /** What it ended with; absent where it was watched no longer (censored): it would have lasted longer. */
  readonly end?: T;
}

/**
 * How long something lasts, estimated from observations of which some were cut short (Kaplan and Meier).
 *
 *     share that lasts longer
 *     1 ──┐
 *         └──┐            one step for each end that was seen, as high as the share of those still watched
 *            └─────┐
 *                  └────  what lies beyond the last observation is not known
 *
 * Observations that were cut short count for as long as they were watched.
 */
export class Survival<T> {
  /** In the order of time, those that ended. */
  private readonly ends: { readonly after: number; readonly end: T }[] = [];
  /** The share that lasts longer than each. */
  private readonly longer: number[] = [];
  /** How long each was watched, in order. */
  private readonly watched: readonly number[];

  constructor(observations: readonly Observation<T>[]) {
    // What ends at the instant at which another is cut short has ended before.
    const sorted = [...observations].sort(
      (a, b) => a.after - b.after || Number(b.end !== undefined) - Number(a.end !== undefined),
    );
    this.watched = sorted.map(({ after }) => after);
    let share = 1;
    sorted.forEach(({ after, end }, index) => {
      if (end === undefined) return;
      share *= 1 - 1 / (sorted.length - index);
      this.ends.push({ after, end });
      this.longer.push(share);
    });
  }

  /** How many were observed. */
  get count(): number {
    return this.watched.length;
  }

  /** How many ended while they were watched. */
  get ended(): number {
    return this.ends.length;
  }

  /** How many were watched for longer than that. */
  watchedBeyond(after: number): number {
    return this.watched.length - firstBeyond(this.watched, (one) => one > after);
  }

  /** The share that lasts longer than that. */
  share(after: number): number {
    const index = firstBeyond(this.ends, (one) => one.after > after);
    return index === 0 ? 1 : this.longer[index - 1]!;
  }

  /** When so great a share has ended; `Infinity` where that many were not seen to end. */
  quantile(share: number): number {
    const index = firstBeyond(this.longer, (longer) => longer <= 1 - share + 1e-12);
    return this.ends[index]?.after ?? Infinity;
  }

  /**
   * How something ends that has lasted for so long already.
   *
   * @returns `undefined`: not before the last observation was over
   */
  draw(chance: Chance, lasted = 0): { readonly after: number; readonly end: T } | undefined {
    const target = this.share(lasted) * (1 - chance());
    const index = firstBeyond(this.longer, (longer) => longer <= target);
    return this.ends[
      Math.max(
        index,
        firstBeyond(this.ends, ({ after }) => after > lasted),
      )
    ];
  }
}

/** The place of the first for which it holds, where it holds for all that follow. */
function firstBeyond<T>(list: readonly T[], holds: (one: T) => boolean): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(list[middle]!)) to = middle;
    else from = middle + 1;
  }
  return from;
}
