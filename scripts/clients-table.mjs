// Writes the table of clients on the model of the internet into docs/performance.md: `npm run clients-table`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const cli = fileURLToPath(new URL('../dist/cli.mjs', import.meta.url));
const file = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const [BEGIN, END] = ['<!-- simulated by scripts/clients-table.mjs -->', '<!-- end of what is simulated -->'];

const table = execFileSync(process.execPath, [cli, 'simulate', '--clients', '--markdown'], {
  encoding: 'utf8',
});
const text = readFileSync(file, 'utf8');
const [before, rest] = text.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error(`${file} has no ${BEGIN} … ${END}`);
const named = table.replace('| defaults |', '| rx-happy-eyeballs |');
const whole = `${before}${BEGIN}\n\n${named}\n${END}${after}`;
writeFileSync(file, await format(whole, { ...(await resolveConfig(file)), parser: 'markdown' }));
