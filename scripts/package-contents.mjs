// Checks what is in the package: node scripts/package-contents.mjs [FOLDER]. The folder is `packed`, as scripts/stage-package.mjs makes it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

const [root = 'packed'] = process.argv.slice(2);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => statSync(join(root, file)).isFile())
  .map((file) => file.split(sep).join('/'));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const textOf = (file) => readFileSync(join(root, file), 'utf8');

/** What may be in it, and nothing else. */
const ALLOWED = [
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^dist\/[\w-]+\.(?:cjs|mjs)$/,
  /^dist\/licences\.txt$/,
  /^dist\/module\/[\w-]+\.(?:mjs|d\.mts|d\.cts)$/,
  /^docs\/[\w-]+\.(?:md|schema\.json)$/,
  /^docs\/pictures\/[\w-]+\.svg$/,
  /^examples\/[\w-]+\/[\w-]+\.ts$/,
];

/** Run by `simulate` in worker threads, by its URL. */
const WORKER = 'dist/simulation-worker.mjs';

/** kB, unpacked. */
const MOST = 3600;

const problems = files
  .filter((file) => !ALLOWED.some((pattern) => pattern.test(file)))
  .map((file) => `${file} is none of the files that belong into the package`);

/** Paths in package.json: of `exports`, `main`, `types`, `bin`. */
function* pathsOf(value) {
  if (typeof value === 'string') yield value.replace(/^\.\//, '');
  else for (const inner of Object.values(value ?? {})) yield* pathsOf(inner);
}
const { exports, main, types, bin } = manifest;
const entries = [...new Set(pathsOf({ exports, main, types, bin }))];
problems.push(...entries.filter((path) => !files.includes(path)).map((path) => `package.json names ${path}, which is missing`));

// What no entry leads to is left over from another build.
const reached = new Set([...entries, WORKER]);
for (const file of reached) {
  if (!/^dist\/.*\.[cm]?[jt]s$/.test(file) || !files.includes(file)) continue;
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  for (const [, name] of textOf(file).matchAll(/["'`]\.\/([\w-]+(?:\.[a-z]+)+)["'`]/g)) {
    for (const path of [folder + name, folder + name.replace(/\.([cm])js$/, '.d.$1ts')])
      if (files.includes(path)) reached.add(path);
  }
}
const leftOver = files.filter((file) => /^dist\/.*\.[cm]?[jt]s$/.test(file) && !reached.has(file));
problems.push(...leftOver.map((file) => `no entry leads to ${file}`));

for (const file of files.filter((name) => /\.[cm]?[jt]s$|\.md$/.test(name))) {
  const found = /(?:\/home\/|\/Users\/|\/root\/|\/work\/|\/tmp\/)[\w.-]+\/|sourceMappingURL=(?!data:)/.exec(textOf(file));
  if (found && !file.startsWith('docs/')) problems.push(`${file} has "${found[0]}", a path of the machine that built it`);
}

const size = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0) / 1000;
if (size > MOST) problems.push(`the package has ${size.toFixed(0)} kB, more than ${MOST}`);

for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${size.toFixed(0)} kB, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
