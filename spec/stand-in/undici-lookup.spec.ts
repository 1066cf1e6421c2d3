import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');

// It starts processes, on a machine that may be busy.
jest.setTimeout(30_000);

let home: string;
const at = (...path: readonly string[]) => join(home, ...path);

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** An undici that tells where it is from. */
function undici(folder: string, name: string, version = '7.0.0'): void {
  const path = at(folder, 'node_modules', 'undici');
  write(join(path, 'package.json'), JSON.stringify({ name: 'undici', version, main: 'index.js' }));
  write(join(path, 'index.js'), `exports.Agent = class { whose = '${name}'; dispatch() {} };`);
}

/** This package as npm installs it, and what it depends on. */
function install(folder: string): void {
  const path = at(folder, 'node_modules', 'rx-happy-eyeballs');
  cpSync(join(root, 'dist'), join(path, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(path, 'package.json'));
  for (const name of ['rxjs', 'lru-cache', 'dns-packet']) {
    symlinkSync(join(root, 'node_modules', name), at(folder, 'node_modules', name));
  }
}

const TELL = `console.log(createDispatcher().whose ?? 'of Node')`;
const asScript = (from: string) => `const { createDispatcher } = require(${JSON.stringify(from)}); ${TELL}`;
const asModule = (from: string) => `import { createDispatcher } from ${JSON.stringify(from)}; ${TELL}`;

beforeAll(() => {
  if (!existsSync(join(root, 'dist', 'undici.cjs'))) throw new Error('this spec runs the built package: npm run build');
  home = realpathSync(mkdtempSync(join(tmpdir(), 'undici-')));
  undici('app', 'of the app');
  install('app');
  undici('other', 'of another app');
  undici('hostile', 'of the working directory');
  undici('old', 'too old for Node 26', '6.21.0');
  install('old');
  install('bare');
  write(at('app', 'package.json'), '{ "main": "main.cjs" }');
  write(at('app', 'main.cjs'), asScript('rx-happy-eyeballs/undici'));
  write(at('app', 'script.js'), asScript('rx-happy-eyeballs/undici'));
  write(at('app', 'main.mjs'), asModule('rx-happy-eyeballs/undici'));
  write(at('app', 'bundle.mjs'), asModule('./node_modules/rx-happy-eyeballs/dist/module/undici.mjs'));
  write(at('old', 'main.cjs'), asScript('rx-happy-eyeballs/undici'));
  write(at('bare', 'main.mjs'), asModule('rx-happy-eyeballs/undici'));
  write(at('other', 'main.cjs'), '');
  write(
    at('app', 'worker.cjs'),
    `const { Worker } = require('node:worker_threads'); new Worker(${JSON.stringify(at('app', 'main.cjs'))});`,
  );
  symlinkSync(at('app', 'main.cjs'), at('hostile', 'link.cjs'));
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

/** Runs Node in a folder that has an undici of its own. */
async function run(args: readonly string[], { cwd = 'hostile', input = '' } = {}): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: at(cwd), stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  child.stdin.end(input);
  await once(child, 'close');
  return output.trim();
}

describe('the undici of a dispatcher', () => {
  const installed = () => at('app', 'node_modules', 'rx-happy-eyeballs', 'dist', 'undici.cjs');

  it.each<[string, () => readonly string[], string]>([
    ['CommonJS', () => [at('app', 'main.cjs')], 'of the app'],
    ['an ES module', () => [at('app', 'main.mjs')], 'of the app'],
    ['a file without its extension', () => [at('app', 'script')], 'of the app'],
    ['a folder', () => [at('app')], 'of the app'],
    ['a symbolic link in another folder', () => ['link.cjs'], 'of the app'],
    ['a bundle', () => [at('app', 'bundle.mjs')], 'of the app'],
    ['a worker', () => [at('app', 'worker.cjs')], 'of the app'],
    [
      '--import, before another main module',
      () => ['--import', at('app', 'main.mjs'), at('other', 'main.cjs')],
      'of another app',
    ],
    ['--require, before another main module', () => ['-r', at('app', 'main.cjs'), at('other', 'main.cjs')], 'of another app'],
    ['an app that has none', () => [at('bare', 'main.mjs')], 'of Node'],
  ])('is that of the program, never of the working directory: %s', async (_how, args, expected) => {
    expect(await run(args())).toBe(expected);
  });

  it.each<[string, () => readonly string[], string]>([
    ['-e', () => ['-e', asScript(installed())], ''],
    ['-p', () => ['-p', `${asScript(installed())}, ''`], ''],
    ['-e of an ES module', () => ['--input-type=module', '-e', asModule(installed())], ''],
    ['-e with an argument that is a path', () => ['-e', asScript(installed()), at('hostile', 'link.cjs')], ''],
    ['-e with --import', () => ['--import', at('app', 'main.mjs'), '-e', ''], ''],
    ['standard input', () => ['-'], asScript('INSTALLED')],
  ])('without a main module is that beside this package: %s', async (_how, args, input) => {
    expect(await run(args(), { input: input.replace('INSTALLED', installed()) })).toBe('of the app');
  });

  it('at a prompt is that beside this package', async () => {
    expect(await run(['-i'], { input: `${asScript(installed())}\n` })).toContain('of the app');
  });

  it('is Node’s own where the program has one that Node’s fetch does not work with', async () => {
    const isOld = Number.parseInt(process.versions.undici ?? '', 10) < 8;
    expect(await run([at('old', 'main.cjs')])).toBe(isOld ? 'too old for Node 26' : 'of Node');
  });

  it('is the app’s when the app is started from its own folder, too', async () => {
    expect(await run(['.'], { cwd: 'app' })).toBe('of the app');
  });
});
