/** Ms that work may take whatever the size of its input: less is lost in the noise of a busy machine. */
const NOISE = 60;

/** Inputs are made this much longer. Linear work takes as much longer, quadratic work the square of it. */
const LONGER = 16;

/** How much more than linear the growth may seem to be, on a machine that others use as well. */
const TOLERANCE = 6;

/** Processor time of this process in ms, which what else runs on the machine does not count towards. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The least time of several runs, in ms: what disturbs one only ever makes it longer. */
function leastTime(work: () => unknown, runs: number): number {
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const began = processorTime();
    work();
    least = Math.min(least, processorTime() - began);
  }
  return least;
}

/** How often it is measured anew: a pause of the machine may fall into all runs of one measurement. */
const ROUNDS = 3;

/**
 * Expects that work grows no faster than its input: an input that is 16 times as long takes about 16 times as long.
 *
 * @param work called with the size of the input; must not throw
 * @param size of the longer input
 */
export function expectLinear(work: (size: number) => unknown, size: number): void {
  const measured: string[] = [];
  while (measured.length < ROUNDS) {
    const short = leastTime(() => work(size / LONGER), 5);
    const long = leastTime(() => work(size), 3);
    if (long <= Math.max(short * LONGER * TOLERANCE, NOISE)) return;
    measured.push(`${long.toFixed(1)} ms, and a sixteenth of it ${short.toFixed(1)} ms`);
  }
  throw new Error(`an input of ${size} takes ${measured.join('; ')}`);
}
