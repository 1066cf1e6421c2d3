import { writeFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blackhole, healthy } from '../../../src/cli/lab.js';
import { createAuthority } from '../../support/certificates.js';
import { named, reversed, zone } from '../../support/check.js';
import { runCommand, runNode } from '../../support/dist.js';
import { open, tlsServer } from '../../support/fixtures.js';
import { schema } from '../../support/schema.js';
import { runMain } from '../../support/terminal.js';

const NAME = 'www.example';
const folder = mkdtempSync(join(tmpdir(), 'rx-'));
writeFileSync(join(folder, 'garbage.pem'), '-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the installed program against a DNS server that knows the name, with both loopback addresses. */
async function program(...args: readonly (string | number)[]) {
  const { address, questions } = await open(
    zone({ ...named(NAME, '::1', '127.0.0.1'), ...reversed(NAME) }).then((server) => ({ ...server, port: 0 })),
  );
  const run = runNode('dist/cli.mjs', 'check', ...args.map(String), '--dns-server', address, '--fixed-clock', '--no-ping');
  return { ...run, questions };
}

const check = async (...args: readonly (string | number)[]) => (await program(...args)).ended;

/** Both addresses in order, on one port. */
async function inOrder(): Promise<number> {
  const { port } = await open(healthy('127.0.0.1'));
  await open(healthy('::1', port));
  return port;
}

describe('rx-happy-eyeballs check', () => {
  it('says of a host that it is ready, line by line', async () => {
    const port = await inOrder();
    const { status, stdout, stderr } = await check(NAME, port);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^This machine\n/);
    expect(stdout.slice(stdout.indexOf('\n\nwww')).replaceAll(String(port), '54321')).toBe(`

www.example, port 54321

Records
  ✓ ok         AAAA: ::1 for 60 s; after 10 ms
  ✓ ok         A: 127.0.0.1 for 60 s; after 10 ms

Reverse names
  ✓ ok         ::1: www.example, which leads back; after 10 ms
  ✓ ok         127.0.0.1: www.example, which leads back; after 10 ms

Order (RFC 6724)
  ✓ ok         1. ::1, from ::1; before 127.0.0.1: rule 6, prefer higher
               precedence
  ✓ ok         2. 127.0.0.1, from 127.0.0.1

Reachability
  ✓ ok         ::1 TCP: connected; after 10 ms
  ✓ ok         127.0.0.1 TCP: connected; after 10 ms

Families
  ✓ ok         IPv6: 1 of 1 address works; best TCP 10 ms
  ✓ ok         IPv4: 1 of 1 address works; best TCP 10 ms

Fallback
  ✓ ok         now: connected over IPv6 to ::1; after 10 ms
  ✓ ok         if IPv6 was dropped: connected over IPv4 to 127.0.0.1; after
               10 ms

✓ www.example is ready for IPv6.
`);
  });

  it('says that a host is not ready, and what to do, with status 1', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    await open(blackhole('::1', port));
    const { status, stdout } = await check(NAME, port, '--probe-timeout', 400);
    expect(stdout).toMatch(/\n✗ www\.example is not ready for IPv6: [^]*no answer in time[^]*firewalls[^]*\.\n$/);
    expect(status).toBe(1);
  });

  it('prints JSON that keeps to its schema', async () => {
    const authority = await createAuthority();
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, authority.ca);
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tlsServer('::1', port, credentials);
    const { status, stdout, stderr } = await check(`${NAME}:${port}`, '[::1]', port, '--tls', '--ca', ca, '--json');
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' }); // the certificate is for no address
    expect(schema('check')(stdout)).toMatchObject({
      version: 1,
      hosts: [
        { host: NAME, port, verdict: 'ready' },
        { host: '::1', port, verdict: 'not ready' },
      ],
    });
  });

  it('fits a real terminal of 40 columns, in colour', async () => {
    const port = await inOrder();
    const { address } = await open(zone(named(NAME, '::1', '127.0.0.1')).then((server) => ({ ...server, port: 0 })));
    const command = [process.execPath, 'dist/cli.mjs', 'check', NAME, port, '--dns-server', address, '2>/dev/null'].join(' ');
    const { stdout } = await runCommand(
      'script',
      '-qec',
      `stty cols 40; env -u CI -u NO_COLOR TERM=xterm-256color ${command}`,
      '/dev/null',
    ).ended;
    expect(stdout).toContain('\x1b[32m✓ ok\x1b[39m: AAAA: ::1');
    const lines = stdout.replace(/\x1b\[\d*m/g, '').split('\r\n');
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
    expect(lines).toContain('✓ www.example is ready for IPv6.');
  });

  it('comes to an end without file descriptors', async () => {
    // In a process group of its own, which a signal to process 0 would end.
    const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`).join(' ');
    // Enough for Node to load the program.
    const script = `ulimit -n 24; exec setsid -w "$0" dist/cli.mjs check ${hosts} 9 --json`;
    const { status, stdout, stderr } = await runCommand('sh', '-c', script, process.execPath).ended;
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(schema('check')(stdout)).toMatchObject({ hosts: { length: 8 } });
    expect(stdout).toContain('"reason": "spawn ping EMFILE"');
  });

  it('takes URLs, and goes by their scheme', async () => {
    const port = await inOrder();
    const { stdout } = await check(
      `http://user@${NAME}:${port}/path`,
      `https://${NAME}:${port}`,
      '--json',
      '--probe-timeout',
      200,
    );
    const { program, options, hosts } = schema('check')(stdout) as Record<string, object>;
    expect(hosts).toMatchObject([
      { host: NAME, port, tls: false, verdict: 'ready' },
      { host: NAME, port, tls: true, verdict: 'not ready' },
    ]);
    expect(program).toMatchObject({ name: 'rx-happy-eyeballs', node: process.versions.node, arch: process.arch });
    expect(options).toMatchObject({ json: true, probeTimeout: 200, ping: false });
  });

  it('writes a report, and with --strict has status 1 for warnings as well', async () => {
    const port = await inOrder();
    const html = join(folder, 'check.html');
    const { status } = await check(NAME, port, '--html', html, '--strict');
    expect(status).toBe(0);
    const page = readFileSync(html, 'utf8');
    expect(page).toMatch(/^<!doctype html>[^]*<h1>Is www\.example ready for IPv6\?<\/h1>[^]*<\/html>\s*$/);
    expect(page).toContain('<p class="conclusion ok">www.example is ready for IPv6.</p>');
    expect(page).toContain('<td>::1 TCP: connected; after 10 ms</td>');
    expect(await check(NAME, port, '--html', '/nowhere/check.html')).toMatchObject({ status: 2, stdout: '' });
    const { port: refusing } = await open(healthy('::1'));
    expect((await check(NAME, refusing)).status).toBe(0);
    const strict = await check(NAME, refusing, '--strict');
    expect(strict).toMatchObject({ status: 1, stderr: '' });
    expect(strict.stdout).toMatch(/✓ www\.example is ready for IPv6, but its IPv4 address is dead\.\n$/);
  });

  it('ends on a real SIGINT', async () => {
    const { port } = await open(blackhole('127.0.0.1'));
    await open(blackhole('::1', port));
    const { child, ended, questions } = await program(NAME, port, '--probe-timeout', 60_000);
    while (questions.length === 0) await sleep(10); // until the check is under way
    child.kill('SIGINT');
    await expect(ended).resolves.toMatchObject({
      status: 130,
      stderr: 'Interrupted: the check was cancelled and everything is closed.\n',
    });
  });

  it.each([
    [[], '"host" must be given'],
    [['443'], '"host" must be given'],
    [['a..b'], '"host" has an empty label'],
    [['a', '0'], '"port" is out of range'],
    [['a:http'], '"port" must be a whole number from 1 to 65535'],
    [['a', '443', '--port', '443'], '"port" is given twice'],
    [['a', '--probe-timeout', 'x'], '"--probe-timeout" must be'],
    [['a', '--dns-timeout', '0'], '"--dns-timeout" is out of range'],
    [['a', '--dns-server', 'x'], '"--dns-server" '],
    [['a', '--ca', '/nowhere.pem'], '"--ca" cannot be read (ENOENT)'],
    [['a', '--ca', 'package.json'], `"--ca" must be a certificate in PEM. Received 'package.json'`],
    [['a', '--ca', join(folder, 'garbage.pem')], '"--ca" must be a certificate in PEM'],
    [['a', '--ca', folder], '"--ca" cannot be read (EISDIR)'],
    [['a', '--tls', '--tcp-only'], "Option '--tls' cannot be used with option '--tcp-only'"],
    [['a', '--family', '6'], 'Unknown option'],
  ])('refuses %j', async (args, reason) => {
    const { status, stdout, stderr } = await runMain(['check', ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('BEGIN');
    expect(stderr).toMatch(/^[^\n]+\nSee rx-happy-eyeballs check --help\n$/);
  });
});
