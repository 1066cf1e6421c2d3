import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..');
const run = promisify(execFile);

/** Bundles a file for browsers, and gives away the folder with what came of it. */
export async function bundled<T>(entry: string, use: (folder: string, files: readonly string[]) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    await run(process.execPath, [join(root, 'scripts', 'bundle.mjs'), join(root, entry), folder], { cwd: root });
    return await use(folder, readdirSync(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
