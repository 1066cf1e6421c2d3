// What policies cost around a service that answers at once: without sockets, timers that fire or waiting.
import { setImmediate as turn } from 'node:timers/promises';
import { bench, do_not_optimize, run } from 'mitata';
import { of } from 'rxjs';
import { breaker, bulkhead, policy, retry, service, timeout } from '../dist/policy.mjs';

const read = service((key) => of(key), 'read');
const layers = policy`${timeout(1000)} + ${retry(2)} + ${breaker(5)} + ${bulkhead(100)}`;

const services = {
  'the service alone': read,
  'timeout + read': timeout(1000).apply(read),
  'retry + read': retry(2).apply(read),
  'breaker + read': breaker(5).apply(read),
  'bulkhead + read': bulkhead(100).apply(read),
  'timeout + retry + breaker + bulkhead + read': layers.apply(read),
  'read & read': read.and(read),
  'read &50 read': read.hedge(read, 50),
  '(timeout | retry) + read': timeout(1000).or(retry(2)).apply(read),
};

// A hundred at a time, and then a turn of the event loop, as timers that are set and cleared want it: per call a hundredth.
for (const [title, ask] of Object.entries(services)) {
  bench(`100 calls: ${title}`, async () => {
    for (let i = 0; i < 100; i++) ask(i).subscribe(do_not_optimize);
    await turn();
  });
}

await run();

// The same without a harness around it: the mean of many, garbage collection included.
const CALLS = 200_000;
for (const [title, ask] of Object.entries(services)) {
  let began = performance.now();
  for (let i = -CALLS; i < CALLS; i++) {
    if (i === 0) began = performance.now();
    ask(i).subscribe();
    if (i % 500 === 0) await turn();
  }
  console.log(`a call, the mean of ${CALLS}: ${(((performance.now() - began) * 1000) / CALLS).toFixed(1)} µs  ${title}`);
}
