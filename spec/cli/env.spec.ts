import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { envCommand, nodeOptions } from '../../src/cli/env.js';
import { fakeTerminal, runMain } from '../support/terminal.js';

const root = join(__dirname, '..', '..');
const URL = 'file:///opt/app/dist/register.mjs';

// It starts processes, on a machine that may be busy.
jest.setTimeout(30_000);

describe('the command env', () => {
  const printed = (env: NodeJS.ProcessEnv, flags: { shell?: string } = {}, url = URL) => {
    const terminal = fakeTerminal();
    expect(envCommand(flags, terminal, url, env)).toBe(0);
    return terminal.written.stdout;
  };

  it.each([
    ['sh', `export NODE_OPTIONS='--title='\\''a b'\\'' --import ${URL}'\n`],
    ['bash', `export NODE_OPTIONS='--title='\\''a b'\\'' --import ${URL}'\n`],
    ['zsh', `export NODE_OPTIONS='--title='\\''a b'\\'' --import ${URL}'\n`],
    ['fish', `set -gx NODE_OPTIONS '--title=\\'a b\\' --import ${URL}'\n`],
    ['powershell', `$env:NODE_OPTIONS = '--title=''a b'' --import ${URL}'\n`],
    ['pwsh', `$env:NODE_OPTIONS = '--title=''a b'' --import ${URL}'\n`],
    ['cmd', `set "NODE_OPTIONS=--title='a b' --import ${URL}"\n`],
  ])('prints the line for %s, and keeps the options that are there', (shell, line) => {
    expect(printed({ NODE_OPTIONS: "--title='a b'", SHELL: '/bin/csh' }, { shell })).toBe(line);
  });

  it.each([
    [{ SHELL: '/bin/bash' }, 'export'],
    [{ SHELL: '/usr/bin/fish' }, 'set -gx'],
    [{ SHELL: '/usr/bin/pwsh' }, '$env:'],
    [{ SHELL: '/bin/unheard-of' }, 'export'],
    [{}, 'export'],
  ])('goes by the shell of the environment %j', (env, start) => {
    expect(printed(env).startsWith(start)).toBe(true);
  });

  it('prints the same in a shell that has run it', () => {
    const once = nodeOptions('--no-warnings', URL);
    expect(once).toBe(`--no-warnings --import ${URL}`);
    expect(nodeOptions(once, URL)).toBe(once);
    expect(nodeOptions(`--import ${URL} --no-warnings`, URL)).toBe(`--import ${URL} --no-warnings`);
  });

  it.each([
    '--import rx-happy-eyeballs/register',
    '--import=rx-happy-eyeballs/register',
    '--import "rx-happy-eyeballs/register"',
  ])('replaces %s, which stops Nodes in other folders', (before) => {
    expect(nodeOptions(before, URL)).toBe(`--import ${URL}`);
    expect(nodeOptions(`--no-warnings ${before} --trace-exit`, URL)).toBe(`--no-warnings --trace-exit --import ${URL}`);
  });

  it('escapes what means something to a shell or to Node', () => {
    expect(nodeOptions('', `file:///a%20b/it's/$HOME/(x)&!;register.mjs`)).toBe(
      '--import file:///a%20b/it%27s/%24HOME/%28x%29%26%21%3Bregister.mjs',
    );
  });

  it('refuses a shell that it does not know', async () => {
    const { status, stderr } = await runMain(['env', '--shell', 'command.com']);
    expect(status).toBe(2);
    expect(stderr).toContain('--shell');
  });
});

describe('the line of env, in sh', () => {
  let home: string;
  let cli: string;
  const sh = (script: string, env: NodeJS.ProcessEnv = {}) => {
    const options = {
      cwd: join(home, 'else where'),
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', SHELL: '/bin/sh', ...env },
    } as const;
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', script, process.execPath, cli], options);
    return { status, stdout, stderr };
  };

  beforeAll(() => {
    if (!existsSync(join(root, 'dist', 'cli.mjs'))) throw new Error('this spec runs the built package: npm run build');
    home = realpathSync(mkdtempSync(join(tmpdir(), 'env-')));
    const installed = join(home, `it's "my" $HOME & more`, 'node_modules', 'rx-happy-eyeballs');
    mkdirSync(installed, { recursive: true });
    cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(installed, 'package.json'));
    for (const name of ['rxjs', 'lru-cache', 'dns-packet', 'cac']) {
      symlinkSync(join(root, 'node_modules', name), join(dirname(installed), name));
    }
    cli = join(installed, 'dist', 'cli.mjs');
    mkdirSync(join(home, 'else where'));
    const tell = `.Socket.prototype.connect.name || 'ours')`;
    writeFileSync(join(home, 'else where', 'app.mjs'), `import net from 'node:net'; console.log(net${tell};`);
    writeFileSync(join(home, 'else where', 'app.cjs'), `console.log(require('net')${tell};`);
    writeFileSync(
      join(home, 'else where', 'worker.mjs'),
      `import { Worker } from 'node:worker_threads'; new Worker(new URL('./app.mjs', import.meta.url));`,
    );
    writeFileSync(
      join(home, 'else where', 'child.cjs'),
      `process.stdout.write(require('child_process').execFileSync(process.execPath, ['app.mjs']));`,
    );
  });

  afterAll(() => {
    rmSync(home, { recursive: true });
  });

  it('registers in Nodes of other folders, with their workers and children, from a path with spaces and quotes', () => {
    const native = execFileSync(process.execPath, ['-p', `net.Socket.prototype.connect.name`], { encoding: 'utf8' }).trim();
    const script = `"$0" app.mjs; eval "$("$0" "$1" env)"; for file in app.mjs app.cjs worker.mjs child.cjs; do "$0" "$file"; done`;
    const { status, stdout, stderr } = sh(script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [before, ...registered] = stdout.trim().split('\n');
    expect(before).not.toBe('patched');
    expect(native).not.toBe('patched');
    expect(registered).toEqual(['patched', 'patched', 'patched', 'patched']);
  });

  it('keeps other options, and may be run again', () => {
    const script = `eval "$("$0" "$1" env)"; first=$NODE_OPTIONS; eval "$("$0" "$1" env)"; [ "$first" = "$NODE_OPTIONS" ]; "$0" -p 'process.title'`;
    expect(sh(script, { NODE_OPTIONS: '--title="a b"' })).toEqual({ status: 0, stdout: 'a b\n', stderr: '' });
  });
});
