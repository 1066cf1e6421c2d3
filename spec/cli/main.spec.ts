import { healthy, blackhole, type Fixture } from '../../src/cli/lab.js';
import { main } from '../../src/cli/main.js';
import type { Terminal } from '../../src/cli/show-race.js';
import { runNode } from '../support/dist.js';

/** Runs the command line in this process, with a terminal that is kept. */
async function run(argv: readonly string[], { isTTY = false, columns = 80, interruptAfter = Infinity } = {}) {
  const output = { stdout: '', stderr: '' };
  let interrupt: () => void = () => undefined;
  let listening = 0;
  const terminal: Terminal = {
    stdout: { write: (text) => (output.stdout += text), columns },
    stderr: { write: (text) => (output.stderr += text), isTTY },
    once: (_, listener) => {
      listening++;
      interrupt = listener;
    },
    off: () => {
      listening--;
    },
  };
  if (interruptAfter < Infinity)
    setTimeout(() => {
      interrupt();
    }, interruptAfter);
  const status = await main(argv, terminal);
  expect(listening).toBe(0);
  return { status, ...output };
}

describe('the command line', () => {
  const fixtures: Fixture[] = [];
  afterEach(async () => {
    await Promise.all(fixtures.splice(0).map((fixture) => fixture.close()));
  });
  const open = async (opening: Promise<Fixture>) => {
    const fixture = await opening;
    fixtures.push(fixture);
    return fixture;
  };

  it('without arguments races the lab and shows the race, the winner and every loser', async () => {
    const { status, stdout, stderr } = await run([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^A name with 4 addresses on port \d+ of this machine:\n {2}::1 +never answers/);
    expect(stdout).toMatch(/\[::1\]:\d+ +├─+○ +cancelled after 5\d\d ms\n/);
    expect(stdout).toMatch(/127\.0\.0\.2:\d+ .*✗ +ECONNREFUSED after \d+ ms\n/);
    expect(stdout).toMatch(/127\.0\.0\.3:\d+ +├─+○ +cancelled after 2\d\d ms\n/);
    expect(stdout).toMatch(/\n127\.0\.0\.1:\d+ won after 5\d\d ms\. The others are closed\.\n$/);
  });

  it('with a host and a port races them', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const { status, stdout, stderr } = await run(['127.0.0.1', String(port)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`\n127.0.0.1:${port} won after \\d+ ms`));
  });

  it('says in one sentence why there is no winner, with status 1', async () => {
    const { port, close } = await healthy('127.0.0.1');
    await close();
    const { status, stderr } = await run(['127.0.0.1', String(port)]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^Could not connect to 127.0.0.1:${port}: 127.0.0.1:${port} ECONNREFUSED after \\d+ ms\n$`),
    );
  });

  it.each([
    ['example.com', 'port'],
    ['example.com', 'http', 'port'],
    ['example.com', '65536', 'port'],
    ['example.com', '0', 'port'],
    ['exa mple', '443', 'host'],
    ['example.com', '443', 'more', 'more'],
    ['--verbose', 'verbose'],
  ])('refuses %s %s with status 2 and a sentence that names it', async (...args) => {
    const { status, stdout, stderr } = await run(args.slice(0, -1));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(args.at(-1));
    expect(stderr).toMatch(/--help\n$/);
  });

  it('cancels the race when it is interrupted, shows how far it came, and ends with status 130', async () => {
    const { port } = await open(blackhole('127.0.0.1'));
    const { status, stdout, stderr } = await run(['127.0.0.1', String(port)], { interruptAfter: 50 });
    expect(status).toBe(130);
    expect(stdout).toMatch(new RegExp(`127.0.0.1:${port} +.*► +in flight`));
    expect(stderr).toContain('Interrupted');
  });

  it('shows on a terminal what is going on, and wipes it away', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const { stderr } = await run(['127.0.0.1', String(port)], { isTTY: true });
    expect(stderr).toContain(`started 127.0.0.1:${port}`);
    expect(stderr.endsWith('\r\x1b[K')).toBe(true);
  });

  it('is installed as a program with help and a version', async () => {
    const help = await runNode('dist/cli.mjs', '--help').ended;
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/Usage:\n {2}\$ rx-happy-eyeballs \[host port\]/);
    const version = await runNode('dist/cli.mjs', '--version').ended;
    expect(version.stdout).toMatch(/^rx-happy-eyeballs\/\d+\.\d+\.\d+ /);
    await expect(runNode('dist/cli.mjs', 'example.com', 'x').ended).resolves.toMatchObject({ status: 2, stdout: '' });
  });

  it('ends on a real SIGINT', async () => {
    const { port } = await open(blackhole('127.0.0.1'));
    const { child, ended } = runNode('dist/cli.mjs', '127.0.0.1', String(port));
    setTimeout(() => child.kill('SIGINT'), 700);
    await expect(ended).resolves.toMatchObject({
      status: 130,
      stderr: 'Interrupted: the race was cancelled and everything is closed.\n',
    });
  });
});
