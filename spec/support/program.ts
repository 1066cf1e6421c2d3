import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

/**
 * The name that programs connect to: the package knows that its addresses are ::1 and 127.0.0.1, in this order. The specs let
 * the first one never answer, and a server listen on the second.
 */
export const HOST = 'server.localhost';

/**
 * Node may not know {@link HOST}, and where it does, would wait so long for the address that does not answer, in ms. What
 * connects before that does so by a race.
 */
const NODES_PATIENCE = 60_000;
const ATTEMPT_TIMEOUT = `--network-family-autoselection-attempt-timeout=${NODES_PATIENCE}`;

/** ms for a program. */
const PATIENCE = 20_000;

/** What came of a program. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let home: string | undefined;

afterAll(() => {
  if (home !== undefined) rmSync(home, { recursive: true });
  home = undefined;
});

/**
 * Runs a program of `examples` as one who has copied it would: beside a `node_modules` that has the libraries and the built
 * package, as an ES module.
 *
 * @param path as in `examples`, without `.ts`
 */
export async function runExample(path: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const source = readFileSync(join(root, 'examples', `${path}.ts`), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return runProgram(`${basename(path)}.mjs`, outputText, args, env);
}

/** Runs what is no example in the same way. */
export async function runProgram(
  name: string,
  code: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  if (!existsSync(join(root, 'dist', 'index.mjs'))) throw new Error('this spec runs the built package: npm run build');
  home ??= makeHome();
  const file = join(home, 'app', name);
  writeFileSync(file, code);
  const child = spawn(process.execPath, [ATTEMPT_TIMEOUT, file, ...args], {
    cwd: join(home, 'app'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}

/** Two folders of packages, of which one finds what the other does not have: the libraries, and this package. */
function makeHome(): string {
  const made = mkdtempSync(join(tmpdir(), 'rx-happy-eyeballs-'));
  mkdirSync(join(made, 'app'));
  mkdirSync(join(made, 'node_modules'));
  // A junction needs no privileges on Windows; elsewhere the type means nothing.
  symlinkSync(join(root, 'node_modules'), join(made, 'app', 'node_modules'), 'junction');
  symlinkSync(root, join(made, 'node_modules', 'rx-happy-eyeballs'), 'junction');
  return made;
}
