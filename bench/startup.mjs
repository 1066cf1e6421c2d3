// What loading the package costs a process: medians of whole processes, in turn, beside a bare one.
// Usage: node bench/startup.mjs [ROUNDS] [NODE …]; needs the built package. The machine should have nothing else to do.
import { spawnSync } from 'node:child_process';
import { fileURLToPath, URL } from 'node:url';

const [rounds = 20, ...nodes] = process.argv.slice(2);
const dist = (file) => fileURLToPath(new URL(`../dist/${file}`, import.meta.url));

const cases = {
  'node -e 0': [],
  'require net': ['-r', 'net'],
  // What Node's loader of ES modules costs, whatever it loads.
  'an empty module, --import': ['--import', 'data:text/javascript,'],
  'register, --import': ['--import', new URL('../dist/register.mjs', import.meta.url).href],
  'register, -r': ['-r', dist('register.cjs')],
  'the main entry, -r': ['-r', dist('index.cjs')],
  'the races, -r': ['-r', dist('races.cjs')],
};

for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, flags] of Object.entries(cases)) {
      const started = performance.now();
      const { status, stderr } = spawnSync(node, [...flags, '-e', '0'], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      times[name].push(performance.now() - started);
    }
  }
  const bare = times['node -e 0'];
  console.log(`\n${node}\n${'ms'.padEnd(26)}  median   least   more than bare: median of differences, of least`);
  for (const [name, own] of Object.entries(times)) {
    const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
    const more = [median(own.map((time, i) => time - bare[i])), Math.min(...own) - Math.min(...bare)];
    const columns = [median(own), Math.min(...own), ...more].map((value) => value.toFixed(1).padStart(8));
    console.log(name.padEnd(26), ...columns);
  }
}
