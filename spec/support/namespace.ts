import { execFileSync } from 'node:child_process';

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
