import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './dist.js';

/** Why this machine cannot make a network namespace of its own, if so. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to make a network namespace with files of its own in /etc';
  try {
    execFileSync('unshare', ['--net', '--mount', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `cannot make a network namespace with unshare and ip: ${(error as Error).message}`;
  }
}

/** Describes what needs a network namespace of its own; where there can be none it is skipped, and says so. */
export function describeInNamespace(name: string, specs: () => void): void {
  const why = obstacle();
  if (why === undefined) return describe(name, specs);
  if (process.env.CI) throw new Error(`must not be skipped in CI: ${why}`);
  describe.skip(`${name} (skipped: ${why})`, specs);
}

/** A network of its own, and files of /etc that stand in place of this machine's. */
export interface Surroundings {
  /** Shell commands that make the network; `lo` is up. */
  readonly network?: readonly string[];
  /** By name in /etc. They can be written to from within. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program within a network namespace of its own; the files are gone when it has ended. */
export async function runInNamespace({ network = [], files = {}, env = {} }: Surroundings, ...command: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'etc-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const mounts = Object.keys(files).map((name) => `mount --bind ${folder}/${name} /etc/${name}`);
    const variables = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
    const enter = ['ip link set lo up', ...network, ...mounts, ...variables, 'exec "$@"'].join('; ');
    return await runCommand('unshare', '--net', '--mount', 'sh', '-ec', enter, 'sh', ...command).ended;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a file of specs within a network namespace of its own.
 *
 * @param file in spec/network
 * @returns what it printed
 */
export async function runSpecsInNamespace(file: string, surroundings: Surroundings): Promise<string> {
  const jest = [process.execPath, 'node_modules/jest/bin/jest.js', '--testMatch', `**/spec/network/${file}`];
  const { status, stderr } = await runInNamespace(surroundings, ...jest);
  if (status !== 0) throw new Error(stderr);
  return stderr;
}
