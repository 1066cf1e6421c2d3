// Checks the relative links of all Markdown files in a folder, and their anchors: node scripts/links.mjs [FOLDER]
import { readdirSync } from 'node:fs';
import { sep } from 'node:path';
import { deadLinks } from './markdown-links.mjs';

const [root = '.'] = process.argv.slice(2);
const folders = root === '.' ? ['docs', '.github'] : ['docs'];
const inFolder = (folder) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`);
const files = [...readdirSync(root), ...folders.flatMap(inFolder)].filter((file) => file.endsWith('.md'));

const dead = deadLinks(
  root,
  files.map((file) => file.split(sep).join('/')),
);
for (const line of dead) console.error(line);
console.log(`${files.length} documents in ${root}, ${dead.length} dead links`);
process.exitCode = dead.length > 0 ? 1 : 0;
