import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/** Pictures are drawn as the locale allows. */
const LOCALE = { LC_ALL: 'C.UTF-8' };

/** A child process over the built package, and what came of it. */
export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

/** Runs Node in the project's folder, where `dist` has what `npm run build` made. */
export function runNode(...args: readonly string[]): Run {
  return runCommand(process.execPath, ...args);
}

/** Runs another program in the project's folder. */
export function runCommand(command: string, ...args: readonly string[]): Run {
  if (!existsSync(join(root, 'dist', 'cli.mjs'))) throw new Error('this spec runs the built package: npm run build');
  const child = spawn(command, args, { cwd: root, stdio: 'pipe', env: { ...process.env, ...LOCALE } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
  return { child, ended: once(child, 'close').then(([status]) => ({ status: status as number | null, ...output })) };
}
