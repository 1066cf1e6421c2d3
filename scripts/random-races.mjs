// Compares random races with the oracle of spec/races.spec.ts, a million by default: `npm run races`. Seeds follow one another
// from --seed on, each for --each races; the first that disagrees ends it with status 1, and says how to repeat it. When
// --minutes are over it ends with what has agreed by then. For CI: `npm run races -- --races 50000 --minutes 10`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    races: { type: 'string', default: '1000000' },
    each: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
  },
});
const { races, each, seed, minutes } = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
for (const [name, value] of Object.entries({ races, each, seed })) {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} must be a whole number from 1 on`);
}
if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');

/** Runs races of one seed. @returns what jest says where they disagree; nothing where they agree */
async function disagreement(count, itsSeed) {
  const env = { ...process.env, RACES: String(count), RACES_SEED: String(itsSeed) };
  const jest = spawn('npx', ['jest', 'spec/races.spec.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [jest.stdout, jest.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [status] = await once(jest, 'close');
  return status === 0 ? undefined : output;
}

const inMinutes = (ms) => `${Math.round(ms / 6000) / 10} min`;
const began = performance.now();
const elapsed = () => performance.now() - began;

let agreed = 0;
for (let next = seed; agreed < races; next++) {
  if (elapsed() >= minutes * 60_000) {
    console.log(`The time is over: ${agreed} of ${races} races were run, and agree.`);
    process.exit();
  }
  const count = Math.min(each, races - agreed);
  const output = await disagreement(count, next);
  if (output !== undefined) {
    console.error(`${output}\nRepeat it with: RACES=${count} RACES_SEED=${next} npx jest spec/races.spec.ts`);
    process.exit(1);
  }
  agreed += count;
  const toGo = (elapsed() / agreed) * (races - agreed);
  console.log(`${agreed} of ${races} races agree, up to seed ${next}; ${inMinutes(elapsed())}, about ${inMinutes(toGo)} to go`);
}
