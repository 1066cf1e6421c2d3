/**
 * Hedged reads: when a read takes longer than most, the same is asked of another replica. Cuts the tail of the latencies for a
 * few per cent more requests. Simulated, in virtual time.
 */
import { service, type Service } from 'rx-happy-eyeballs/policy';
import { map, timer, VirtualTimeScheduler } from 'rxjs';

const READS = 10_000;
const scheduler = new VirtualTimeScheduler();

/** Chance that is the same in each run: a linear congruential generator. */
let seed = 1;
const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

/** ms: mostly about 10, but one in fifty is stuck for some hundred. */
const latency = () => (random() < 0.02 ? 200 + 300 * random() : 5 + 10 * random());

let requests = 0;
const replica = (name: string) =>
  service((key: number) => {
    requests++;
    return timer(latency(), scheduler).pipe(map(() => `${name} ${key}`));
  }, name);

/** Reads again and again, each at its own time, and says how long it took. */
const measure = (title: string, read: Service<number, string>) => {
  const latencies: number[] = [];
  requests = 0;
  for (let key = 0; key < READS; key++) {
    const began = scheduler.now();
    read(key).subscribe(() => latencies.push(scheduler.now() - began));
    scheduler.flush();
  }
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => `${latencies[Math.floor(q * READS)]!.toFixed(0)} ms`;
  const more = `${((100 * (requests - READS)) / READS).toFixed(1)} % more requests`;
  console.log(`${title}: p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, ${more}`);
};

const [east, west] = [replica('east'), replica('west')];
measure('without', east);
measure(String(east.hedge(west, 15)), east.hedge(west, 15, { scheduler }));
