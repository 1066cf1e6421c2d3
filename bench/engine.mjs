// What the race itself costs, without sockets: resolving from a table, ordering, pacing and the winner's way out.
import { setImmediate as turn } from 'node:timers/promises';
import { bench, do_not_optimize, run } from 'mitata';
import { of, throwError } from 'rxjs';
import { connect$, staticResolver } from '../dist/index.mjs';

const list = (length) => Array.from({ length }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
const refused = new Error('refused');

const race = { resolver: staticResolver([...list(2), '192.0.2.1', '192.0.2.2']), transport: () => of('connected') };
// A hundred at a time, and then a turn of the event loop, as timers that are set and cleared want it: per race a hundredth.
bench('100 races of 2 + 2 addresses, the first connects', async () => {
  for (let i = 0; i < 100; i++) connect$('example.com', 443, race).subscribe(do_not_optimize);
  await turn();
});

const lost = { resolver: staticResolver(list(5000)), transport: () => throwError(() => refused) };
bench('5,000 addresses that all fail in one tick', () => {
  connect$('example.com', 443, lost).subscribe({ error: do_not_optimize });
});

await run();

// The same without a harness around it: the mean of many, garbage collection included.
const RACES = 50_000;
let began = performance.now();
for (let i = -RACES; i < RACES; i++) {
  if (i === 0) began = performance.now();
  connect$('example.com', 443, race).subscribe();
  if (i % 500 === 0) await turn();
}
console.log(`a race of 2 + 2 addresses, the mean of ${RACES}: ${(((performance.now() - began) * 1000) / RACES).toFixed(1)} µs`);
