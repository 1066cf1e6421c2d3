import { firstValueFrom, Subject } from 'rxjs';
import { RACE_FLAGS } from '../../src/cli/race-flags.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { healthy } from '../../src/cli/lab.js';
import { scenarios } from '../../src/cli/scenarios.js';
import { runNode } from '../support/dist.js';
import { activeResources, leftOver, open, tcpServer } from '../support/fixtures.js';
import { runMain } from '../support/terminal.js';

describe('the command line', () => {
  it('without arguments races the lab and shows the race, the winner and every loser', async () => {
    const { status, stdout, stderr } = await runMain([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^A name with 4 addresses on port \d+ of this machine: [^]*?\n {2}::1 +never answers/);
    expect(stdout).toMatch(/\[::1\]:\d+ +├─+○ +cancelled after 5\d\d ms\n/);
    expect(stdout).toMatch(/127\.0\.0\.2:\d+ .*✗ +ECONNREFUSED after \d+ ms\n/);
    expect(stdout).toMatch(/127\.0\.0\.3:\d+ +├─+○ +cancelled after 2\d\d ms\n/);
    expect(stdout).toMatch(
      /\n127\.0\.0\.1:\d+ won after 5\d\d ms\. The others are closed\.\nNode 20 alone would [^]*; Node\s26 [^]*\.\n$/,
    );
  });

  it('with a host and a port races them', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const { status, stdout, stderr } = await runMain(['127.0.0.1', String(port)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`\n127.0.0.1:${port} won after \\d+ ms`));
  });

  it.each([
    ['example.com', 'http', 'port'],
    ['example.com', '65536', 'port'],
    ['example.com', '0', 'port'],
    ['exa mple', '443', 'host'],
    ['example.com', '443', 'more', 'more'],
    ['--verbose', 'verbose'],
    ['--constructor', "Unknown option '--constructor'"],
    ['--__proto__', 'example.com', '80', "Unknown option '--__proto__'"],
    ['example.com', '80', '--has-own-property=1', "Unknown option '--has-own-property=1'"],
    ['example.com', '80', '--tls.__proto__.polluted', 'Unknown option'],
    ['example.com', '80', '--no-constructor', "Unknown option '--no-constructor'"],
    ['user:secret@example.com', '80', "Received '***@example.com'"],
    ['user:secret@example.com:443', '80', "Received '***@example.com:443'"],
    ['check', 'user:secret@example.com', "Received '***@example.com'"],
    ['443', 'host'],
    ['connect', '"host" must be given\nSee rx-happy-eyeballs connect --help'],
    ['check', '"host" must be given\nSee rx-happy-eyeballs check --help'],
    ['whatif', '"recordings" must be given\nSee rx-happy-eyeballs whatif --help'],
    ['a\nb\x1b[2J', '80', "'a\\nb\\u001b[2J'"],
    ['demo', 'toString', 'one of: mixed, blackhole, refused, slow, late-aaaa, tls-stall, all-dead'],
  ])('refuses %s %s with status 2 and a sentence that names it', async (...args) => {
    const { status, stdout, stderr } = await runMain(args.slice(0, -1));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(args.at(-1));
    expect(stderr).toMatch(/^[^\n]+\nSee rx-happy-eyeballs (?:(?:connect|check|demo|whatif) )?--help\n$/);
  });

  it('shows stack traces with --debug alone', async () => {
    const args = ['example.com', '80', '--family', '7'];
    expect((await runMain(args)).stderr).toBe('"--family" must be one of: 0, 4, 6. Received 7\nSee rx-happy-eyeballs --help\n');
    expect((await runMain([...args, '--debug'])).stderr).toMatch(/^TypeError: .*\n +at .*\n/);
  });

  it('is installed as a program with help and a version', async () => {
    const help = await runNode('dist/cli.mjs', '--help').ended;
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: rx-happy-eyeballs \[host\] \[port\] \[options\]\n/);
    for (const { usage } of COMMANDS) expect(help.stdout).toMatch(new RegExp(`^  ${usage.split(' ')[0]} `, 'm'));
    const version = await runNode('dist/cli.mjs', '--version').ended;
    expect(version.stdout).toMatch(/^rx-happy-eyeballs\/\d+\.\d+\.\d+ /);
    await expect(runNode('dist/cli.mjs', 'example.com', 'x').ended).resolves.toMatchObject({ status: 2, stdout: '' });
  });

  it.each(['tsl', 'no-rasing', 'connect-timout', 'htm'])('suggests an option for --%s', async (misspelt) => {
    const meant = { tsl: 'tls', 'no-rasing': 'no-racing', 'connect-timout': 'connect-timeout', htm: 'html' }[misspelt];
    expect((await runMain(['connect', 'localhost', `--${misspelt}`])).stderr).toBe(
      `Unknown option '--${misspelt}'. Did you mean --${meant}?\nSee rx-happy-eyeballs connect --help\n`,
    );
  });

  it('shows the ten options of connect that people use first', async () => {
    const { stdout } = await runMain(['connect', '--help']);
    const [, common = ''] = /\nCommon options:\n([^]*?)\n\n/.exec(stdout)!;
    expect(stdout.indexOf('Common options:')).toBeLessThan(stdout.indexOf('Families and order:'));
    expect(common.match(/^ {2}-\S.*?--[\w-]+|^ {2}--[\w-]+/gm)).toHaveLength(10);
    for (const { usage } of RACE_FLAGS)
      expect(stdout.split('\n').filter((line) => `${line.trim()}  `.startsWith(`${usage}  `))).toHaveLength(1);
  });

  it.each([
    ['chekc', 'check'],
    ['conect', 'connect'],
    ['prxoy', 'proxy'],
    ['dmeo', 'demo'],
    ['evn', 'env'],
  ])('suggests a command for %s', async (misspelt, meant) => {
    expect(await runMain([misspelt, 'localhost'])).toEqual({
      status: 2,
      stdout: '',
      stderr:
        `Unknown command '${misspelt}'. Did you mean ${meant}? For a host of that name: rx-happy-eyeballs connect ${misspelt}\n` +
        'See rx-happy-eyeballs --help\n',
    });
  });

  it('takes a word for a host where a port follows, or where it is like no command', async () => {
    for (const args of [
      ['prox', '80'],
      ['localhost', '80'],
      ['connect', 'chekc'],
    ])
      expect((await runMain([...args, '--address', '::1', '--block', '::1'])).stderr).toContain('every address is blocked');
  });

  describe('help', () => {
    const help = async (...args: readonly string[]) => (await runMain([...args, '--help'], { columns: 80 })).stdout;

    it.each(COMMANDS.map(({ usage, flags }) => [usage.split(' ')[0]!, flags] as const))(
      'of %s shows its flags in groups, within the width of the terminal',
      async (name, flags) => {
        const text = await help(name);
        const shown = flags.filter(({ hidden }) => !hidden);
        expect(shown.filter(({ usage }) => !text.includes(`\n  ${usage}`))).toEqual([]);
        for (const { group = 'Options' } of shown) expect(text).toContain(`\n${group}:\n`);
        const withoutExamples = text.slice(0, text.indexOf('\nExamples:'));
        expect(withoutExamples.split('\n').filter((line) => line.length > 80)).toEqual([]);
      },
    );

    it('has defaults with their units, and choices', async () => {
      const text = (await help('connect')).replace(/\n {32}/g, ' ');
      expect(text).toMatch(/--resolution-delay <ms> .*\(default: 50 ms\)\n/);
      expect(text).toMatch(/--connect-timeout <ms> .*\(default: 10000 ms\)\n/);
      expect(text).toMatch(/--sort <order> .*\(rfc6724, none; default: rfc6724\)\n/);
      expect(text).not.toMatch(/default: (?:true|undefined)|undefined/);
    });

    it('is wrapped between words at any width', async () => {
      const { stdout } = await runMain(['connect', '--help'], { columns: 60 });
      expect(
        stdout
          .slice(0, stdout.indexOf('\nExamples:'))
          .split('\n')
          .filter((line) => line.length > 60),
      ).toEqual([]);
      expect(stdout.replace(/\s+/g, ' ')).toContain('How long the answer for one family waits for that of the preferred one');
    });

    it('leaves out what is for scripts of this package, which works all the same', async () => {
      expect(await help('connect')).not.toContain('fixed-clock');
      expect((await runMain(['demo', 'refused', '--fixed-clock'])).stdout).toContain('after 10 ms');
    });

    it('of demo lists the scenarios', async () => {
      const text = (await help('demo')).replace(/\n {13}/g, ' ');
      for (const [name, { title }] of Object.entries(scenarios)) expect(text).toMatch(new RegExp(`^  ${name} +${title}$`, 'm'));
    });

    it('is given by the command help as well', async () => {
      expect((await runMain(['help', 'demo'])).stdout).toBe((await runMain(['demo', '--help'])).stdout);
      expect((await runMain(['help'])).stdout).toBe((await runMain(['--help'])).stdout);
    });
  });

  it('ends on a real SIGINT', async () => {
    const isConnected = new Subject<void>();
    const { port } = await tcpServer('127.0.0.1', 0, () => isConnected.next());
    const racing = firstValueFrom(isConnected);
    const { child, ended } = runNode('dist/cli.mjs', '127.0.0.1', String(port), '--tls');
    await racing; // the handshake is never answered
    child.kill('SIGINT');
    await expect(ended).resolves.toMatchObject({
      status: 130,
      stderr: 'Interrupted: the race was cancelled and everything is closed.\n',
    });
  });
});

describe('the demo', () => {
  const outcomes: Record<string, RegExp> = {
    mixed: /127\.0\.0\.1:\d+ won after 5\d\d ms/,
    blackhole: /\[::1\]:\d+ .*cancelled after 2\d\d ms\n127\.0\.0\.1:\d+ .*connected/,
    refused: /\[::1\]:\d+ .*ECONNREFUSED after \d+ ms\n127\.0\.0\.1:\d+ .*connected/,
    slow: /127\.0\.0\.1:\d+ .*connected after 1\d\d\d ms/,
    'late-aaaa': /A .*1 address after [2-9]\d ms\nAAAA .*1 address after 2\d\d ms\n127\.0\.0\.1:\d+ .*\n\[::1\]:\d+ .*connected/,
    'tls-stall': /\[::1\]:\d+ .*cancelled.*\n127\.0\.0\.1:\d+ .*connected[^]*won after \d+ ms \(TLSv1\.2\)/,
    'all-dead': /\[::1\]:\d+ .*cancelled after 1[45]\d\d ms/,
  };

  it('has an outcome for each scenario', () => {
    expect(Object.keys(outcomes)).toEqual(Object.keys(scenarios));
  });

  it.each(Object.keys(scenarios))('%s', async (name) => {
    const before = activeResources();
    const { status, stdout, stderr } = await runMain(['demo', name]);
    expect(stdout).toMatch(outcomes[name]!);
    if (name === 'all-dead')
      expect({ status, stderr }).toEqual({ status: 1, stderr: 'No address connected, as this scenario is meant to show.\n' });
    else expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await leftOver(before)).toEqual({});
  });
});
