// Spelling and style of what people read: documentation, comments and messages in src, titles of specs. `npm run lint:prose`.
//   --quick  style alone
//   --all    shows each phrase of the rooms that prose.json lists as unfinished, where it otherwise counts them
// Words of the field that are spelt right go into words.txt.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { phrasesIn } from './prose-rules.mjs';

const root = join(import.meta.dirname, '..');
const isQuick = process.argv.includes('--quick');
const showsAll = process.argv.includes('--all');
const { unfinished } = JSON.parse(readFileSync(join(root, 'prose.json'), 'utf8'));

const filesOf = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && !file.includes('node_modules'))
    .map((file) => [folder, ...file.split(sep)].join('/'));

const files = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...filesOf('docs', '.md'),
  ...filesOf('.github', '.md'),
  ...filesOf('.github', '.yml'),
  ...filesOf('src', '.ts'),
  ...filesOf('examples', '.ts'),
  // The spec of the rules has what they find.
  ...filesOf('spec', '.spec.ts').filter((file) => !file.endsWith('/prose-rules.spec.ts')),
];

/** The room of prose.json that a file is in: its path, or a folder of it. */
const roomOf = (file) => unfinished.find((room) => file === room || file.startsWith(`${room}/`));

const counts = new Map();
let errors = 0;
for (const file of files) {
  const room = roomOf(file);
  for (const { line, phrase, advice } of phrasesIn(readFileSync(join(root, file), 'utf8'), file.endsWith('.md'))) {
    if (room === undefined) errors++;
    else counts.set(room, (counts.get(room) ?? 0) + 1);
    if (room === undefined || showsAll) console.log(`${file}:${line}: "${phrase}": ${advice}`);
  }
}

const counted = [...counts.values()].reduce((sum, count) => sum + count, 0);
const rooms = [...counts].map(([room, count]) => `${room} ${count}`).join(', ');
if (counted > 0) console.log(`${counted} phrases in rooms that prose.json lists as unfinished (--all shows them): ${rooms}`);
const finished = unfinished.filter((room) => !counts.has(room));
if (finished.length > 0) console.log(`No phrase is left in ${finished.join(', ')}: prose.json need not list them any more.`);

if (errors > 0) process.exitCode = 1;
if (!isQuick) {
  const cspell = join(root, 'node_modules', 'cspell', 'bin.mjs');
  const { status } = spawnSync(process.execPath, [cspell, 'lint', '--no-progress', '--no-summary', '--cache'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
