import { setImmediate as endOfTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { joined, type Sample } from '../../whatif/sample.js';
import { simulate, type Part, type Way } from '../../whatif/simulation.js';

/** A simulation. */
export interface Simulation extends Omit<Part, 'from' | 'to'> {
  readonly races: number;
  readonly ways: readonly Way[];
}

/** How a simulation is run. */
export interface Running {
  readonly workers: number;
  /** The URL of the program of a worker. */
  readonly program: string;
  readonly signal: AbortSignal;
  /** Called with the number of finished races. */
  readonly progress: (done: number) => void;
}

/** The number of races in one part: enough to make distribution cheap, and few enough to show progress. */
const PART = 10_000;

type Bounds = Pick<Part, 'from' | 'to'>;

/**
 * Runs the parts of a simulation on several workers, or on this thread if there is only one.
 *
 * @returns a sample for each way to race, which does not depend on the number of workers
 * @throws the reason of the signal
 */
export async function simulateAll(simulation: Simulation, running: Running): Promise<readonly Sample[]> {
  const { races, ways } = simulation;
  const bounds = Array.from({ length: Math.ceil(races / PART) }, (_, index): Bounds => {
    return { from: index * PART, to: Math.min(races, (index + 1) * PART) };
  });
  const run = running.workers > 1 && bounds.length > 1 ? inWorkers : inThisThread;
  const parts = await run(simulation, bounds, running);
  return ways.map((_, way) => joined(parts.map((samples) => samples[way]!)));
}

type Samples = readonly Sample[];

async function inThisThread(
  simulation: Simulation,
  bounds: readonly Bounds[],
  { signal, progress }: Running,
): Promise<Samples[]> {
  const parts: Samples[] = [];
  for (const one of bounds) {
    signal.throwIfAborted();
    parts.push(simulate({ ...simulation, ...one }, simulation.ways));
    progress(one.to);
    // Lets Ctrl-C in.
    await endOfTurn();
  }
  signal.throwIfAborted();
  return parts;
}

async function inWorkers(
  { internet, seed, ways }: Simulation,
  bounds: readonly Bounds[],
  { workers: count, program, signal, progress }: Running,
): Promise<Samples[]> {
  const parts: Samples[] = [];
  const workers = Array.from({ length: Math.min(count, bounds.length) }, () => {
    return new Worker(new URL(program), { workerData: { internet, seed, ways } });
  });
  let next = 0;
  let done = 0;
  const work = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const hand = () => {
        if (next === bounds.length) {
          resolve();
          return;
        }
        const part = next++;
        worker.once('message', (samples: Samples) => {
          parts[part] = samples;
          done += bounds[part]!.to - bounds[part]!.from;
          progress(done);
          hand();
        });
        worker.postMessage(bounds[part]);
      };
      worker.once('error', reject);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      hand();
    });
  try {
    signal.throwIfAborted();
    await Promise.all(workers.map(work));
    return parts;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
