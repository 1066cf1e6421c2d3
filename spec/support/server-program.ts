import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { blackhole } from '../../src/cli/lab.js';
import { createAuthority } from './certificates.js';
import { HOST } from './program.js';

/** Where Debian keeps servers that are not in everybody's path. */
const FOLDERS = [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/sbin',
  ...entries('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
];

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Where a program is, if it is installed. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Describes what needs server programs; where one of them is missing it is skipped, and says so. */
export function describeWith(programs: readonly string[], name: string, specs: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) return describe(name, specs);
  const why = `${missing.join(' and ')} not installed`;
  if (process.env.CI) throw new Error(`must not be skipped in CI: ${why}`);
  describe.skip(`${name} (skipped: ${why})`, specs);
}

/** What a server is started in, and with. */
export interface Surroundings {
  /** A folder of its own. */
  readonly folder: string;
  /** A certificate for {@link HOST} and its key, as files. */
  readonly cert: string;
  readonly key: string;
  /** Ports on which ::1 never answers, and 127.0.0.1 is free. */
  readonly ports: readonly [number, number];
  /** Runs a program to its end. */
  run(program: string, ...args: readonly string[]): void;
}

/** A server program that runs. */
export interface ServerProgram {
  readonly ports: readonly [number, number];
  /** The environment of a program that trusts its certificate. */
  readonly trusting: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** How a server program is started. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** What it says when it is ready. */
  readonly ready: RegExp;
  /** What ends it at once, but properly. */
  readonly signal: NodeJS.Signals;
}

/** ms that a server has to start, and to end. */
const PATIENCE = 30_000;

/**
 * Starts a server program, with its data in a folder that is deleted in the end.
 *
 * @param user as whom it runs where this is root, which no server should be
 */
export async function startServer(user: string, prepare: (surroundings: Surroundings) => Launch): Promise<ServerProgram> {
  const folder = mkdtempSync(join(tmpdir(), `rx-happy-eyeballs-${user}-`));
  const dead = [await blackhole('::1'), await blackhole('::1')] as const;
  const ports = [dead[0].port, dead[1].port] as const;
  let child: ChildProcess | undefined;
  let signal: NodeJS.Signals;
  const close = async () => {
    if (child) await end(child, signal);
    await Promise.all(dead.map((fixture) => fixture.close()));
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    const identity = identityOf(user);
    const authority = await createAuthority();
    const files = { ...(await authority.issue([HOST])), ca: authority.ca };
    for (const [name, pem] of Object.entries(files)) {
      writeFileSync(join(folder, name), pem, { mode: 0o600 });
      chownSync(join(folder, name), identity.uid, identity.gid);
    }
    chmodSync(folder, 0o700);
    chownSync(folder, identity.uid, identity.gid);
    const options: SpawnOptions = { ...identity, cwd: folder, env: { PATH: FOLDERS.join(delimiter), HOME: folder, LC_ALL: 'C' } };

    const launch = prepare({
      folder,
      cert: join(folder, 'cert'),
      key: join(folder, 'key'),
      ports,
      run: (program, ...args) => execFileSync(findProgram(program)!, args, { ...options, stdio: 'pipe' } as object),
    });
    signal = launch.signal;
    child = spawn(findProgram(launch.program)!, launch.args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    await said(child, launch.ready);
    return { ports, trusting: { NODE_EXTRA_CA_CERTS: join(folder, 'ca') }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** That of a user, where this is root; else our own. */
function identityOf(user: string): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  if (uid !== 0) return { uid, gid };
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Waits until a program has said something. */
async function said(child: ChildProcess, ready: RegExp): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      reject(new Error(`${child.spawnfile} ${why}: ${output}`));
    };
    const timer = setTimeout(fail, PATIENCE, 'is not ready');
    const listen = (data: Buffer) => {
      output += data.toString();
      if (!ready.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout!.on('data', listen);
    child.stderr!.on('data', listen);
    child.once('error', (error) => fail(error.message)).once('exit', () => fail('has ended'));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(timer);
}
