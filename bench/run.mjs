// Measures bench/cost.mjs on several versions of Node and writes docs/performance.md: `npm run bench:table [VERSION …]`.
// Versions other than that of this process come from the npm package `node`. Default: 20 26.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '26'];
const work = mkdtempSync(join(tmpdir(), 'bench-'));
const ROUNDS = process.env.BENCH_ROUNDS ?? '30';

function nodeOf(version) {
  if (process.version.startsWith(`v${version}.`)) return process.execPath;
  const folder = join(work, version);
  execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', `node@${version}`]);
  return join(folder, 'node_modules', 'node', 'bin', 'node');
}

const measured = versions.map((version) => {
  const node = nodeOf(version);
  process.stderr.write(`measuring on Node.js ${version} …\n`);
  const env = { ...process.env, BENCH_ROUNDS: ROUNDS };
  return JSON.parse(execFileSync(node, ['--expose-gc', 'bench/cost.mjs', '--json'], { encoding: 'utf8', env }));
});
rmSync(work, { recursive: true });

const rows = measured[0].results.map(({ row }) => row);
const cell = ({ results }, row) => {
  const { value, unit } = results.find((one) => one.row === row);
  return `${value.toFixed(2)}${unit ? ` ${unit}` : ''}`;
};
const lines = [
  `| | ${measured.map(({ node }) => `Node.js ${node.slice(1)}`).join(' | ')} |`,
  `| --- | ${measured.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row} | ${measured.map((one) => cell(one, row)).join(' | ')} |`),
];
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`;
const date = new Date().toISOString().slice(0, 10);

const path = join('docs', 'performance.md');
const text = readFileSync(path, 'utf8');
const table = `<!-- measured by bench/run.mjs -->\n\n${lines.join('\n')}\n\nrx-happy-eyeballs ${version}, ${date}: ${machine}; medians of ${ROUNDS} rounds.\n\n<!-- end -->`;
writeFileSync(
  path,
  text.replace(/<!-- measured by bench\/run\.mjs -->[^]*<!-- end -->/, () => table),
);
execFileSync('npx', ['prettier', '--write', path]);
console.log(lines.join('\n'));
