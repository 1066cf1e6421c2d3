// What Node loads for each entry: bytes of the package's own files, compared with the limits of etc/sizes.json. Usage:
//   node scripts/sizes.mjs [FOLDER WHERE THE PACKAGE IS INSTALLED] [--local]
// Without a folder it measures `dist`. --local writes limits with room for a tenth more.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const limitsFile = join(root, 'etc', 'sizes.json');
const isLocal = process.argv.includes('--local');
const [installed] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const folder = installed ? join(resolve(installed), 'node_modules', 'rx-happy-eyeballs') : root;
const { exports } = createRequire(import.meta.url)(join(folder, 'package.json'));
const limits = isLocal ? {} : JSON.parse(readFileSync(limitsFile, 'utf8'));

/** Run in a Node of its own. Files that are loaded later, as the races of `register`, do not count. */
const MEASURE = `
  const { sep } = require('node:path');
  const [file, folder] = process.argv.slice(1);
  require(file);
  const own = Object.keys(require.cache).filter((path) => path.startsWith(folder + sep + 'dist'));
  const { statSync } = require('node:fs');
  const others = Object.keys(require.cache).length - own.length;
  console.log(JSON.stringify([own.reduce((sum, path) => sum + statSync(path).size, 0), own.length, others]));`;

let isInOrder = true;
for (const [name, conditions] of Object.entries(exports)) {
  const file = conditions.require?.default;
  if (!file) continue;
  const output = execFileSync(process.execPath, ['-e', MEASURE, join(folder, file), folder], { encoding: 'utf8' });
  const [bytes, own, others] = JSON.parse(output);
  if (isLocal) limits[name] = Math.ceil((bytes * 1.1) / 1000);
  const most = limits[name] ?? 0;
  const isSmall = own > 0 && bytes / 1000 <= most;
  if (!isSmall) isInOrder = false;
  const kilobytes = (bytes / 1000).toFixed(1).padStart(6);
  console.log(`${name.padEnd(14)} ${kilobytes} of ${most} kB, ${own} files; ${others} of others${isSmall ? '' : '   TOO LARGE'}`);
}
if (isLocal)
  writeFileSync(limitsFile, `${JSON.stringify({ '//': 'kB that Node loads for each entry, at most', ...limits }, null, 2)}\n`);
if (!isInOrder) {
  console.error('\nAn entry loads more than its limit in etc/sizes.json. If that is intended: npm run sizes -- --local');
  process.exitCode = 1;
}
