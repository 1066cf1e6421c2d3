// What it costs to watch races: ratios to races that nobody listens to, and of those to races of the same package that nobody
// could watch, built for the purpose; in one process, in turns.
//
// Counted is the processor time of this process; printed are medians over the rounds, of µs per race and of the ratio within a
// round.
import { channel } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { resolve } from 'node:path';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Registry } from 'prom-client';
import { of } from 'rxjs';
import { build } from 'tsdown';
import * as here from '../dist/index.mjs';
import { traceRaces } from '../dist/otel.mjs';
import { countRaces } from '../dist/prometheus.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 60);
const RACES = 1000;

const addresses = ['2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.2'];
const transport = () => of('connected');
const racing = ({ connect$, staticResolver }) => {
  const options = { resolver: staticResolver(addresses), transport };
  return () => connect$('example.com', 443, options).subscribe();
};
const race = racing(here);

/** The same sources, but that nobody can watch: where rxjs is found as by the others. */
const UNWATCHED = resolve('node_modules/.cache/unwatched');
await build({
  config: false,
  entry: 'src/index.ts',
  outDir: UNWATCHED,
  target: 'node20',
  dts: false,
  logLevel: 'error',
  deps: { onlyBundle: [] },
  plugins: [
    {
      name: 'unwatched',
      load: (id) => (id.endsWith('observed.ts') ? "export { race as observed } from '../rx/race.js';" : undefined),
    },
  ],
});

/** Subscribed to everything there is. */
const listen = () => {
  const names = ['race', 'attempt'].flatMap((what) =>
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((when) => `tracing:rx-happy-eyeballs:${what}:${when}`),
  );
  const listener = () => {};
  for (const name of names) channel(name).subscribe(listener);
  return () => names.forEach((name) => channel(name).unsubscribe(listener));
};
const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

const nothing = () => () => {};
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs contenders in turns, and prints what each costs beside the first. */
async function compare(contenders) {
  const names = Object.keys(contenders);
  const costs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -20; round < ROUNDS; round++) {
    // Every other round the other way round: whoever comes later has a warmer machine, and more garbage.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const [watch, run] = contenders[name];
      const stop = watch();
      await turn();
      const before = process.cpuUsage();
      for (let i = 0; i < RACES; i++) {
        run();
        if (i % 100 === 99) await turn();
      }
      const { user, system } = process.cpuUsage(before);
      stop();
      exporter.reset();
      if (round >= 0) costs[name].push((user + system) / RACES); // the first rounds warm up
    }
  }
  for (const name of names) {
    const ratio = median(costs[name].map((cost, round) => cost / costs[names[0]][round]));
    console.log(`${name.padEnd(34)} ${median(costs[name]).toFixed(1).padStart(6)} µs  ${ratio.toFixed(3)}`);
  }
}

// By themselves, before the others: code that is run for five contenders is optimised otherwise than code for one.
await compare({
  'nobody could listen': [nothing, racing(await import(`${UNWATCHED}/index.mjs`))],
  'nobody listens': [nothing, race],
});
console.log();
await compare({
  'nobody listens': [nothing, race],
  channels: [listen, race],
  'Prometheus, counters': [() => countRaces({ registers: [new Registry()] }), race],
  'OpenTelemetry, attempts as events': [() => traceRaces({ tracerProvider, attempts: 'events' }), race],
  'OpenTelemetry, attempts as spans': [() => traceRaces({ tracerProvider }), race],
});
