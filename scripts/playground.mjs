// Builds the playground, a static page: node scripts/playground.mjs [folder]
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

const root = join(import.meta.dirname, '..');
const folder = process.argv[2] ?? join(root, 'playground', 'dist');

await mkdir(folder, { recursive: true });
const scriptsIn = async () => (await readdir(folder)).filter((file) => file.endsWith('.js'));
for (const file of await scriptsIn()) await rm(join(folder, file));
const source = (file) => join(root, 'playground', 'src', file);
await bundle({ playground: source('main.tsx') }, folder, { 'string-width': source('text-width.ts') });
for (const file of ['index.html', 'playground.css']) await copyFile(join(root, 'playground', file), join(folder, file));
for (const file of await scriptsIn()) console.log(`${file}: ${((await stat(join(folder, file))).size / 1000).toFixed(1)} kB`);
