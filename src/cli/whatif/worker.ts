import { parentPort, workerData } from 'node:worker_threads';
import { simulate, type Part, type Way } from '../../whatif/simulation.js';

// A worker thread of `simulate`. It receives the bounds of parts and sends back their samples.

const { ways, ...common } = workerData as Omit<Part, 'from' | 'to'> & { readonly ways: readonly Way[] };
const port = parentPort!;

port.on('message', ({ from, to }: Pick<Part, 'from' | 'to'>) => {
  port.postMessage(simulate({ ...common, from, to }, ways));
});
