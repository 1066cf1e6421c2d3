// What a race costs in this build against another one: `npm run build && node scripts/against.mjs ../other/dist [rounds]`.
//
// Both builds run in one process, in turns of a few milliseconds. The build that is loaded second is at a disadvantage there,
// since the code that both share has been optimised for the first; so each process has a twin in which they change places, and
// what counts is the geometric mean of the two.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { of } from 'rxjs';

const RACES = 50;
const OWN = fileURLToPath(new URL('../dist', import.meta.url));

const [other, rounds = '1500', second] = process.argv.slice(2);
if (other === undefined) throw new Error('usage: node scripts/against.mjs <dist of another build> [rounds]');
if (second === undefined) compare();
else console.log(JSON.stringify(await medians([other, second])));

function compare() {
  const builds = [resolve(other), OWN];
  const [before, after] = [builds, builds.toReversed()].map(([first, last]) => {
    const { stdout } = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), first, rounds, last], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return JSON.parse(stdout);
  });
  const ratio = Math.sqrt((before[1] / before[0]) * (after[0] / after[1]));
  console.log(`other first: ${show(before[0])}, this one ${show(before[1])}`);
  console.log(`this one first: ${show(after[0])}, other ${show(after[1])}`);
  console.log(`a race of 2 + 2 addresses costs ${ratio.toFixed(3)} times what it costs in the other build`);
}

function show(us) {
  return `${us.toFixed(1)} µs`;
}

/** µs a race, for each of two builds. */
async function medians(builds) {
  const runs = [];
  for (const build of builds) runs.push(racesOf(await import(pathToFileURL(resolve(build, 'index.mjs')))));
  const times = builds.map(() => []);
  for (let round = -Number(rounds) / 4; round < Number(rounds); round++) {
    // Who is first in a round changes too.
    for (const place of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const time = runs[place]();
      if (round >= 0) times[place].push(time);
      await turn();
    }
  }
  return times.map((all) => all.sort((a, b) => a - b)[all.length >> 1]);
}

function racesOf({ connect$, staticResolver }) {
  const addresses = ['2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.2'];
  const race = { resolver: staticResolver(addresses), transport: () => of('connected') };
  return () => {
    const began = performance.now();
    for (let i = 0; i < RACES; i++) connect$('example.com', 443, race).subscribe();
    return ((performance.now() - began) * 1000) / RACES;
  };
}
