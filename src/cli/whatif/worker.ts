import { parentPort, workerData } from 'node:worker_threads';
import { simulate, type Part, type Way } from '../../whatif/simulation.js';

// A thread of `simulate`: it is sent the bounds of parts, and sends their samples back.

const { ways, ...common } = workerData as Omit<Part, 'from' | 'to'> & { readonly ways: readonly Way[] };
const port = parentPort!;

port.on('message', ({ from, to }: Pick<Part, 'from' | 'to'>) => {
  port.postMessage(simulate({ ...common, from, to }, ways));
});
