// Makes `packed`: the files of the package as npm packs them, with links that hold outside of the repository. Links to files which the
// package does not have become links to the repository. Pictures of README are those of the package on a CDN, so that npm's page shows
// them. Needs the built package. `npm publish ./packed`
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { heldLinks, root } from './held-links.mjs';
import { deadLinks } from './markdown-links.mjs';

const packed = join(root, 'packed');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
  cwd: root,
  encoding: 'utf8',
  shell: process.platform === 'win32',
  maxBuffer: 2 ** 26,
});
const files = JSON.parse(listed)[0].files.map(({ path }) => path);
const isPacked = (path) => files.some((file) => file === path || file.startsWith(`${path}/`));
const onCdn = (path) => `https://unpkg.com/${name}@${version}/${path}`;

rmSync(packed, { recursive: true, force: true });
for (const file of files) {
  const target = join(packed, file);
  mkdirSync(dirname(target), { recursive: true });
  if (file.endsWith('.md')) writeFileSync(target, heldLinks(file, isPacked, file === 'README.md' ? onCdn : undefined));
  else cpSync(join(root, file), target);
}

const documents = files.filter((file) => file.endsWith('.md'));
const dead = deadLinks(packed, documents);
for (const line of dead) console.error(line);
console.log(`packed: ${files.length} files, ${dead.length} dead links in ${documents.length} documents`);
process.exitCode = dead.length > 0 ? 1 : 0;
