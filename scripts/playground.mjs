// Builds the playground, a static page: node scripts/playground.mjs [folder]
import { copyFile, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

const root = join(import.meta.dirname, '..');
const folder = process.argv[2] ?? join(root, 'playground', 'dist');

await mkdir(folder, { recursive: true });
await bundle([join(root, 'playground', 'src', 'main.tsx')], folder);
await rename(join(folder, 'main.js'), join(folder, 'playground.js'));
for (const file of ['index.html', 'playground.css']) await copyFile(join(root, 'playground', file), join(folder, file));
const { size } = await stat(join(folder, 'playground.js'));
console.log(`${folder}: ${(size / 1000).toFixed(1)} kB of script`);
