// What each spec needs of its surroundings, read off its text and that of the support files which it imports. There is no list to
// keep: a spec that opens a socket is no longer among the quick ones.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const root = join(import.meta.dirname, '..');

/** By what stands in a file. */
const SIGNS = {
  'a network namespace': /\b(?:describeInNamespace|runInNamespace|runSpecsInNamespace)\b/,
  'server programs': /support\/server-program/,
  'a browser': /support\/chromium/,
  'the built package': /['"`./]dist\/[\w.]|'dist',|support\/(?:dist|program)\b/,
  'a compiler': /^import ts from 'typescript'/m,
  'other programs': /\b(?:spawn|spawnSync|execFile|execFileSync|fork|runCommand)\(/,
  'a POSIX shell': /'(?:ba)?sh', '-e?c'|\/dev\/(?:null|full|stdout|zero)/,
  'a silent listener': /\bblackhole\(|\bopenLab\(|scenarios\b/,
  sockets: /'node:(?:net|tls|dgram|http2?|https)'|from 'undici'|cli\/lab\.js|\bfetch\(/,
  'a heap to measure': /--expose-gc/,
  'the file system': /\b(?:mkdtemp|mkfifo|chmod|symlink)(?:Sync)?\(/,
};

/** Types and mocks name a module and do not use it. */
const withoutTypes = (text) => text.replace(/^import type [^;]*;/gm, '');

/** Files of `spec` that one imports, with those which they import, and so on. */
function withSupport(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = withoutTypes(readFileSync(file, 'utf8'));
  for (const [, path] of text.matchAll(/from '(\.[^']+)'/g)) {
    const imported = resolve(dirname(file), path.replace(/\.js$/, '.ts'));
    if (!relative(join(root, 'spec'), imported).startsWith('..') && existsSync(imported)) withSupport(imported, seen);
  }
  return seen;
}

/** @param {string} file path of a spec @returns {string[]} names of {@link SIGNS} */
export function needsOf(file) {
  const text = [...withSupport(resolve(root, file))].map((one) => withoutTypes(readFileSync(one, 'utf8'))).join('\n');
  return Object.keys(SIGNS).filter((need) => SIGNS[need].test(text));
}

/** Paths of all specs, from the root, with slashes. */
export const specs = readdirSync(join(root, 'spec'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => ['spec', ...file.split(sep)].join('/'))
  .sort();
