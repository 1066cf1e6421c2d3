// Types, lint, format and the specs that need no network and no build, side by side: `npm run quick`. With --watch it goes on: types and specs
// are checked again when a file changes, and that file is linted.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';

const CACHE = join('node_modules', '.cache');
const bin = (name, path) => [process.execPath, join('node_modules', name, path)];
const TSC = [...bin('typescript', 'bin/tsc'), '-p', '.', '--incremental', '--tsBuildInfoFile', join(CACHE, 'quick.tsbuildinfo')];
const ESLINT = [...bin('eslint', 'bin/eslint.js'), '--cache', '--cache-location', join(CACHE, 'eslint-quick')];
ESLINT.push('--cache-strategy', 'content');
const PRETTIER = [...bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level', 'warn', '--cache', '--cache-location'];
PRETTIER.push(join(CACHE, 'prettier-quick'));
const SPECS = [process.execPath, 'scripts/specs.mjs', 'quick'];

const checks = {
  types: TSC,
  lint: [...ESLINT, '.'],
  format: [...PRETTIER, '.'],
  prose: [process.execPath, 'scripts/prose.mjs', '--quick'],
  specs: [...SPECS, '--silent'],
};

function start([command, ...args], stdio) {
  return spawn(command, args, { stdio, env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' } });
}

/** Runs one check, and shows what it says when it is over. @returns {Promise<boolean>} whether it passed */
function run(name, command) {
  const began = performance.now();
  return new Promise((resolve) => {
    const child = start(command, ['ignore', 'pipe', 'pipe']);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('close', (status) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${name}, ${seconds} s`);
      if (status !== 0 || (name === 'lint' && /warning/i.test(output))) console.log(output.trim());
      resolve(status === 0);
    });
  });
}

async function once() {
  const passed = await Promise.all(Object.entries(checks).map(([name, command]) => run(name, command)));
  process.exitCode = passed.every(Boolean) ? 0 : 1;
}

/** ms within which changes of several files are one. */
const TOGETHER = 200;

function forever() {
  const children = [start([...TSC, '--watch', '--preserveWatchOutput'], ['ignore', 'inherit', 'inherit'])];
  children.push(start([...SPECS, '--watch'], 'inherit'));
  const changed = new Set();
  let timer;
  for (const folder of ['src', 'spec']) {
    watch(folder, { recursive: true }, (_, name) => {
      if (!name?.endsWith('.ts')) return;
      changed.add(join(folder, name));
      clearTimeout(timer);
      timer = setTimeout(() => {
        start([...ESLINT, '--no-error-on-unmatched-pattern', ...changed], ['ignore', 'inherit', 'inherit']);
        changed.clear();
      }, TOGETHER);
    });
  }
  children[1].on('exit', (status) => {
    children[0].kill();
    process.exit(status ?? 1);
  });
}

if (process.argv.includes('--watch')) forever();
else await once();
