// Compares random sequences of socket calls under `register` with plain Node's, 5000 by default: `npm run sequences`. Seeds
// follow one another from --seed on; the first that differs ends it with status 1, told in as few calls as show it. When
// --minutes are over it ends with what has agreed by then. For CI: `npm run sequences -- --sequences 1000 --minutes 5`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '5000' },
    each: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
  },
});
const { sequences, each, seed, minutes } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
);
for (const [name, value] of Object.entries({ sequences, each, seed })) {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} must be a whole number from 1 on`);
}
if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');

/** Runs sequences from one seed on. @returns what jest says where one differs; nothing where they agree */
async function difference(count, from) {
  const env = { ...process.env, SEQUENCES: String(count), SEQUENCES_SEED: String(from) };
  const jest = spawn('npx', ['jest', 'spec/stand-in/socket-sequences.spec.ts', '--forceExit'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [jest.stdout, jest.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [status] = await once(jest, 'close');
  return status === 0 ? undefined : output;
}

const began = performance.now();
let agreed = 0;
while (agreed < sequences) {
  if (performance.now() - began >= minutes * 60_000) break;
  const count = Math.min(each, sequences - agreed);
  const output = await difference(count, seed + agreed);
  if (output !== undefined) {
    console.error(output);
    process.exit(1);
  }
  agreed += count;
  console.log(`${agreed} of ${sequences} sequences agree with Node ${process.version}`);
}
