import { firstValueFrom, Subject } from 'rxjs';
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
    expect(stdout).toMatch(/\n127\.0\.0\.1:\d+ won after 5\d\d ms\. The others are closed\.\n$/);
  });

  it('with a host and a port races them', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const { status, stdout, stderr } = await runMain(['127.0.0.1', String(port)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`\n127.0.0.1:${port} won after \\d+ ms`));
  });

  it.each([
    ['example.com', 'port'],
    ['example.com', 'http', 'port'],
    ['example.com', '65536', 'port'],
    ['example.com', '0', 'port'],
    ['exa mple', '443', 'host'],
    ['example.com', '443', 'more', 'more'],
    ['--verbose', 'verbose'],
    ['--constructor', 'Unknown option `--constructor`'],
    ['--__proto__', 'example.com', '80', 'Unknown option `--__proto__`'],
    ['example.com', '80', '--has-own-property=1', 'Unknown option `--has-own-property`'],
    ['example.com', '80', '--tls.__proto__.polluted', 'Unknown option'],
    ['example.com', '80', '--no-constructor', 'Unknown option `--no-constructor`'],
    ['user:secret@example.com', '80', "Received '***@example.com'"],
    ['user:secret@example.com:443', '80', "Received '***@example.com:443'"],
    ['check', 'user:secret@example.com', "Received '***@example.com'"],
    ['connect', 'example.com', 'port'],
    ['connect', '<host>'],
    ['a\nb\x1b[2J', '80', "'a\\nb\\u001b[2J'"],
    ['demo', 'toString', 'one of: mixed, blackhole, refused, slow, late-aaaa, tls-stall, all-dead'],
  ])('refuses %s %s with status 2 and a sentence that names it', async (...args) => {
    const { status, stdout, stderr } = await runMain(args.slice(0, -1));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(args.at(-1));
    expect(stderr).toMatch(/^[^\n]+\nSee rx-happy-eyeballs --help\n$/);
  });

  it('shows stack traces with --debug alone', async () => {
    const args = ['example.com', '80', '--family', '7'];
    expect((await runMain(args)).stderr).toBe('"--family" must be one of: 0, 4, 6. Received 7\nSee rx-happy-eyeballs --help\n');
    expect((await runMain([...args, '--debug'])).stderr).toMatch(/^TypeError: .*\n +at .*\n/);
  });

  it('is installed as a program with help and a version', async () => {
    const help = await runNode('dist/cli.mjs', '--help').ended;
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/Usage:\n {2}\$ rx-happy-eyeballs \[host port\]/);
    expect(help.stdout).toMatch(/--resolution-delay <ms> .*\(default: 50\)\n/);
    expect(help.stdout).not.toContain('(default: true)');
    const version = await runNode('dist/cli.mjs', '--version').ended;
    expect(version.stdout).toMatch(/^rx-happy-eyeballs\/\d+\.\d+\.\d+ /);
    await expect(runNode('dist/cli.mjs', 'example.com', 'x').ended).resolves.toMatchObject({ status: 2, stdout: '' });
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
    if (name === 'all-dead') expect({ status, stderr }).toEqual({ status: 1, stderr: 'Nobody won, as was to be shown.\n' });
    else expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await leftOver(before)).toEqual({});
  });
});
