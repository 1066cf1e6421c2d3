import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, Subject } from 'rxjs';
import { RACE_FLAGS, raceOptions } from '../../src/cli/race-flags.js';
import { blackhole, healthy } from '../../src/cli/lab.js';
import { checkOptions, optionNames } from '../../src/plan/options.js';
import { createAuthority } from '../support/certificates.js';
import { runCommand, runNode } from '../support/dist.js';
import { dnsServer, records, type Reply } from '../support/dns-server.js';
import { activeResources, leftOver, open, tcpServer, tlsServer } from '../support/fixtures.js';
import { schema } from '../support/schema.js';
import { fakeTerminal, runMain } from '../support/terminal.js';
import { main } from '../../src/cli/main.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-happy-eyeballs-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the installed program to its end. */
const connect = (...args: readonly (string | number)[]) => runNode('dist/cli.mjs', 'connect', ...args.map(String)).ended;

/** A DNS server that knows `dual.test`, with both loopback addresses, and nothing else. */
const knowing = (reply: Partial<Record<string, Reply>> = {}) =>
  open(
    dnsServer(({ name, type }) => {
      if (name !== 'dual.test') return { rcode: 'NXDOMAIN' };
      return reply[type] ?? { records: type === 'AAAA' ? records(name, 'AAAA', ['::1']) : records(name, 'A', ['127.0.0.1']) };
    }).then((server) => ({ ...server, port: 0 })),
  );

/** A port on which IPv4 is in order, and IPv6 refuses. */
const refusingOverIPv6 = () => open(healthy('127.0.0.1'));

const valid = schema('connect');

describe('rx-happy-eyeballs connect', () => {
  it('asks a DNS server, races, and draws the race', async () => {
    // The first answer waits for the other's, or they might come in either order.
    const { address } = await knowing({ A: { records: records('dual.test', 'A', ['127.0.0.1']), after: 30 } });
    const { port } = await open(blackhole('::1'));
    await open(healthy('127.0.0.1', port));
    const { status, stdout, stderr } = await connect('dual.test', port, '--dns-server', address, '--fixed-clock');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(`\n${stdout.replaceAll(String(port), '54321')}`).toBe(`
                 0 ms                               80 ms
AAAA             ●                                         1 address after 0 ms
A                ───────────────●                          1 address after 30 ms
[::1]:54321                ├───────────────────────○       cancelled after 50 ms
127.0.0.1:54321                               ├─────────●  connected after 20 ms

127.0.0.1:54321 won after 80 ms. The others are closed.
Node 20 alone would have connected to 127.0.0.1:54321 after at most 300 ms; Node 26 after at most 550 ms.
`);
  });

  it('prints JSON that keeps to its schema', async () => {
    const { address } = await knowing();
    const { port } = await refusingOverIPv6();
    const { status, stdout } = await connect('dual.test', port, '--dns-server', address, '--json', '--fixed-clock');
    expect(status).toBe(0);
    const endpoint = { address: '127.0.0.1', family: 4, port };
    expect(valid(stdout)).toMatchObject({
      version: 1,
      host: 'dual.test',
      port,
      program: { name: 'rx-happy-eyeballs', node: process.versions.node, platform: process.platform },
      options: { dnsServer: [address], json: true, fixedClock: true },
      races: [
        {
          outcome: 'connected',
          winner: { endpoint, localAddress: '127.0.0.1' },
          nodeAlone: { text: 'Node alone would have connected as fast.', models: [{ name: 'Node 20', winner: '127.0.0.1' }, {}] },
        },
      ],
    });
    expect(stdout).toContain('"ttl": 60');
    expect(stdout).toContain('"code": "ECONNREFUSED"');
  });

  it('prints JSON of races without a winner, of answers without an address, and of several races', async () => {
    const { address } = await knowing();
    const unknown = await connect('nowhere.test', 80, '--dns-server', address, '--json');
    expect(unknown.status).toBe(1);
    expect(valid(unknown.stdout)).toMatchObject({
      races: [{ outcome: 'failed', error: { reason: 'resolution', code: 'ENOTFOUND' } }],
    });
    expect(unknown.stderr).toBe('');

    const { port } = await refusingOverIPv6();
    const several = await connect('dual.test', port, '--dns-server', address, '--json', '--repeat', 3);
    expect(several.status).toBe(0);
    const summary = { races: 3, won: 3, winners: [{ wins: 3, endpoint: { address: '127.0.0.1' } }] };
    expect(valid(several.stdout)).toMatchObject({ races: [{}, {}, {}], summary });
  });

  it('shows how often who won, and after what time', async () => {
    const { port } = await refusingOverIPv6();
    const { status, stdout, stderr } = await connect('localhost', port, '--repeat', 5, '--fixed-clock');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(`\n${stdout.replaceAll(String(port), '54321')}`).toBe(`
5 races, 5 won

127.0.0.1:54321  5 wins
  80 ms to 80 ms
  half within 80 ms, 95 % within 80 ms
    50 to 100 ms  ████████████████████████████████████████  5
`);
  });

  it('races for TLS, and says what was agreed on', async () => {
    const authority = await createAuthority();
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, authority.ca);
    const { port } = await tlsServer('127.0.0.1', 0, { ...(await authority.issue(['localhost'])), ALPNProtocols: ['h2'] });
    const flags = ['--tls', '--alpn', 'h2', '--alpn', 'http/1.1'];
    const trusted = await connect('localhost', port, ...flags, '--ca', ca);
    expect(trusted.stdout).toMatch(/won after \d+ ms \(TLSv1\.3, h2\)\. The others are closed\.\n/);
    const json = await connect('localhost', port, ...flags, '--ca', ca, '--json');
    expect(valid(json.stdout)).toMatchObject({ races: [{ winner: { tls: { protocol: 'TLSv1.3', alpn: 'h2' } } }] });
    const insecure = await connect('localhost', port, ...flags, '--insecure');
    expect(insecure.status).toBe(0);

    const { status, stderr } = await connect('dual.test', port, ...flags, '--address', '127.0.0.1');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Could not connect to dual\.test:\d+: .*certificate.* trust its authority with --ca, or [^\n]*\.\n$/);
    const { stderr: named } = await connect(
      'dual.test',
      port,
      '--tls',
      '--ca',
      ca,
      '--servername',
      'other.test',
      '--address',
      '127.0.0.1',
    );
    expect(named).toMatch(/other\.test/);
  });

  it('writes a report and a waterfall', async () => {
    const { port } = await refusingOverIPv6();
    const [html, svg] = [join(folder, 'race.html'), join(folder, 'race.svg')];
    writeFileSync(svg, 'x'.repeat(100_000)); // what is there is written over
    const { status } = await connect('localhost', port, '--html', html, '--svg', svg);
    expect(status).toBe(0);
    const page = readFileSync(html, 'utf8');
    expect(page).toMatch(new RegExp(`^<!doctype html>[^]*localhost:${port}[^]*</html>\\s*$`, 'i'));
    expect(page).toContain('Node alone would have connected as fast.');
    expect(readFileSync(svg, 'utf8')).toMatch(new RegExp(`^<svg [^]*127\\.0\\.0\\.1:${port}[^]*</svg>\\s*$`));
  });

  describe('with --pipe', () => {
    /** What came of a run that was given this input. */
    const piped = async (input: string, ...args: readonly (string | number)[]) => {
      const { child, ended } = runNode('dist/cli.mjs', 'connect', ...args.map(String), '--pipe');
      child.stdin!.end(input);
      return ended;
    };

    it('sends what is read, goes on receiving after its end, and prints nothing of its own', async () => {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => {
        socket.write('hello\n');
        let received = 0;
        socket.on('data', (data) => (received += data.length)).on('end', () => socket.end(`${received} bytes\n`));
      });
      expect(await piped('x'.repeat(1_000_000), 'localhost', port)).toEqual({
        status: 0,
        stdout: 'hello\n1000000 bytes\n',
        stderr: '',
      });
    });

    it('ends with the connection, though there is more to read', async () => {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end('bye\n'));
      const { child, ended } = runNode('dist/cli.mjs', '127.0.0.1', String(port), '--pipe');
      expect(await ended).toEqual({ status: 0, stdout: 'bye\n', stderr: '' });
      expect(child.stdin!.writableEnded).toBe(false);
    });

    it('ends with a peer that says goodbye and reads no more', async () => {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.pause().end('bye\n'));
      const command = `${process.execPath} dist/cli.mjs 127.0.0.1 ${port} --pipe < /dev/zero`;
      expect(await runCommand('sh', '-c', command).ended).toEqual({ status: 0, stdout: 'bye\n', stderr: '' });
    });

    it('says in a sentence that the connection broke', async () => {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.once('data', () => socket.resetAndDestroy()));
      expect(await piped('x', 'localhost', port)).toEqual({
        status: 1,
        stdout: '',
        stderr: `The connection to 127.0.0.1:${port} broke: ECONNRESET.\n`,
      });
    });

    it('is interrupted, with nothing left open', async () => {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.resume().on('end', () => socket.end()));
      const before = activeResources();
      const terminal = fakeTerminal();
      const running = main(['127.0.0.1', String(port), '--pipe'], terminal);
      while (terminal.listening() === 0 || !terminal.stdin.listenerCount('data')) await new Promise(setImmediate);
      terminal.interrupt();
      expect(await running).toBe(130);
      expect(terminal.listening()).toBe(0);
      expect(await leftOver(before)).toEqual({});
    });
  });

  describe('on a terminal', () => {
    it('draws the race while it runs, and wipes it away before the last picture', async () => {
      const { port } = await open(blackhole('127.0.0.1'));
      const args = ['127.0.0.1', String(port), '--connect-timeout', '600'];
      const { stdout, stderr } = await runMain(args, { isTTY: true, columns: 80 });
      const running = stderr.split('\x1b[J').filter((picture) => /├─+► +in flight for [1-6]\d\d ms/.test(picture));
      expect(running.length).toBeGreaterThan(1);
      expect(stderr.slice(stderr.lastIndexOf('\x1b[J') + 3)).toMatch(/^Could not connect/);
      expect(stdout).toMatch(
        /├─+○ +cancelled after [56]\d\d ms\n\nNode alone would still have been trying 127\.0\.0\.1:\d+\.\n$/,
      );
    });

    it('has colours where the terminal has, unless they are not wanted', async () => {
      const { port } = await refusingOverIPv6();
      const tty = { isTTY: true, columns: 80, colors: true };
      expect((await runMain(['localhost', String(port)], tty)).stdout).toContain('\x1b[32m');
      expect((await runMain(['localhost', String(port), '--no-color'], tty)).stdout).not.toContain('\x1b[3');
      expect((await runMain(['localhost', String(port)], { ...tty, colors: false })).stdout).not.toContain('\x1b[3');
      expect((await runMain(['localhost', String(port)], { ...tty, isTTY: false })).stdout).not.toContain('\x1b[3');
    });

    it('has colours without a terminal where FORCE_COLOR asks for them, and where NO_COLOR forbids them none', async () => {
      const { port } = await refusingOverIPv6();
      const draw = async (env: NodeJS.ProcessEnv, look: object) => {
        Object.assign(process.env, env);
        try {
          return (await runMain(['localhost', String(port)], { columns: 80, ...look })).stdout;
        } finally {
          for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
        }
      };
      const tty = { isTTY: true, colors: true };
      expect(await draw({ FORCE_COLOR: '1' }, {})).toContain('\x1b[32m');
      expect(await draw({ FORCE_COLOR: '1', NO_COLOR: '1' }, {})).toContain('\x1b[32m');
      expect(await draw({ FORCE_COLOR: '0' }, tty)).not.toContain('\x1b[3');
      expect(await draw({ NO_COLOR: '1' }, tty)).not.toContain('\x1b[3');
      expect(await draw({}, tty)).toContain('\x1b[32m');
    });

    it('follows a resize while the race runs', async () => {
      const { port } = await open(blackhole('127.0.0.1'));
      const terminal = fakeTerminal({ isTTY: true, columns: 100 });
      const running = main(['127.0.0.1', String(port), '--connect-timeout', '700'], terminal);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const before = terminal.written.stderr.length;
      terminal.resize(50);
      const redrawn = terminal.written.stderr.slice(before);
      expect(redrawn).not.toBe(''); // at once
      expect(await running).toBe(1);
      const lines = terminal.written.stderr.slice(before).split(/\n|\x1b\[J/);
      expect(lines.filter((line) => line.length > 50 && !line.startsWith('Could not'))).toEqual([]);
      expect(terminal.stderr.listenerCount('resize')).toBe(0);
    });

    it.each([
      [[], /\x1b\[32m/],
      [['NO_COLOR=1'], /^[^\x1b]+\r?\n[^\x1b]*$/],
    ])('that is a real one of 40 columns, with %j', async (prefix, colour) => {
      const { port } = await refusingOverIPv6();
      const program = [...prefix, process.execPath, 'dist/cli.mjs', 'localhost', String(port), '2>/dev/null'].join(' ');
      const { stdout } = await runCommand(
        'script',
        '-qec',
        `stty cols 40 rows 20; env -u CI -u NO_COLOR TERM=xterm-256color ${program}`,
        '/dev/null',
      ).ended;
      expect(stdout).toMatch(colour);
      const lines = stdout.replace(/\x1b\[\d*m/g, '').split('\r\n');
      const [won, ...others] = [
        ...lines.filter((line) => line.includes('won after')),
        ...lines.filter((line) => !line.includes('won after')),
      ];
      expect(won).toMatch(/won after/);
      expect(others.filter((line) => line.length > 40)).toEqual([]);
    });

    it('draws what the locale and the terminal can show, and as wide as they are', async () => {
      const { port } = await refusingOverIPv6();
      const draw = async (...env: readonly string[]) =>
        (await runCommand('env', ...env, process.execPath, 'dist/cli.mjs', 'localhost', String(port)).ended).stdout;
      expect(await draw('LC_ALL=C')).toMatch(/^[\n -~]+$/);
      expect(await draw('LC_ALL=', 'LANG=de_DE.UTF-8')).toContain('●');
      for (const columns of ['-5', 'x', '1e9', '2.5']) {
        const [axis] = (await draw(`COLUMNS=${columns}`)).split('\n');
        expect(axis!.length).toBeLessThanOrEqual(columns === '1e9' ? 1000 : 80);
      }
      const dumb = ['script', '-qec', `TERM=dumb ${process.execPath} dist/cli.mjs localhost ${port}`, '/dev/null'] as const;
      expect((await runCommand(...dumb).ended).stdout).not.toContain('\x1b');
    });

    it('draws with ASCII alone', async () => {
      const { port } = await refusingOverIPv6();
      const { stdout } = await runMain(['localhost', String(port), '--ascii']);
      expect(stdout).toMatch(/^[\n -~]+$/);
      const { stdout: several } = await runMain(['localhost', String(port), '--ascii', '--repeat', '2']);
      expect(several).toMatch(/^[\n -~]+$/);
    });
  });

  it('cancels the race when it is interrupted, shows how far it came, and ends with status 130', async () => {
    const { port } = await open(blackhole('127.0.0.1'));
    const html = join(folder, 'interrupted.html');
    const { status, stdout, stderr } = await runMain(['127.0.0.1', String(port), '--html', html], { interruptAfter: 50 });
    expect(status).toBe(130);
    expect(stdout).toMatch(new RegExp(`127.0.0.1:${port} +├─+○ +cancelled after \\d\\d+ ms`));
    expect(stderr).toBe('Interrupted: the race was cancelled and everything is closed.\n');
    expect(readFileSync(html, 'utf8')).toContain('The race was interrupted.');
    const several = await runMain(['127.0.0.1', String(port), '--repeat', '10'], { interruptAfter: 50 });
    expect(several).toMatchObject({
      status: 130,
      stdout: '0 races, 0 won\n',
      stderr: 'Interrupted after 0 of 10 races: everything is closed.\n',
    });
  });

  it.each([
    ['that win', 'healthy'],
    ['that fail', 'refused'],
  ])('ends many quick races %s at a real SIGINT, and shows what was so far', async (_, kind) => {
    const { port, close } = await open(healthy('127.0.0.1'));
    if (kind === 'refused') await close();
    const asked = new Subject<void>();
    const { address } = await open(
      dnsServer(({ name, type }) => {
        asked.next();
        return { records: type === 'A' ? records(name, 'A', ['127.0.0.1']) : [] };
      }).then((server) => ({ ...server, port: 0 })),
    );
    const racing = firstValueFrom(asked);
    const args = ['dual.test', String(port), '--dns-server', address, '--repeat', '1000000'];
    const { child, ended } = runNode('dist/cli.mjs', ...args);
    await racing; // from here on a SIGINT is expected
    setTimeout(() => child.kill('SIGINT'), 100);
    const { status, stdout, stderr } = await ended;
    expect(status).toBe(130);
    expect(stdout).toMatch(/^\d+ races?, \d+ won\n/);
    expect(stderr).toMatch(/Interrupted after \d+ of 1000000 races: everything is closed\.\n$/);
  });

  describe('with outputs that fail', () => {
    const shell = async (command: string) => {
      const { port } = await refusingOverIPv6();
      return runCommand('bash', '-c', `set -o pipefail; node dist/cli.mjs localhost ${port} ${command}`).ended;
    };

    it('says that a report cannot be written, and which', async () => {
      const { status, stderr } = await shell('--html /dev/full');
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: `"--html" cannot be written (ENOSPC). Received '/dev/full'\nSee rx-happy-eyeballs --help\n`,
      });
    });

    it('writes reports to pipes and devices', async () => {
      const { status, stdout } = await shell('--svg /dev/stdout --html /dev/null | cat');
      expect(status).toBe(0);
      expect(stdout).toMatch(/^<svg [^]*<\/svg>/);
    });

    it('says that nothing can be printed, and is quiet when its output is no longer read', async () => {
      expect(await shell('> /dev/full')).toMatchObject({ status: 1, stderr: 'Standard output cannot be written (ENOSPC).\n' });
      expect((await shell('--json --repeat 200 | head -1')).stderr).toBe('');
    });

    it('closes the connection when a report cannot be written beside --pipe', async () => {
      const { status, stderr } = await shell('--pipe --svg /dev/full < /dev/zero > /dev/null');
      expect(status).toBe(2);
      expect(stderr).toContain('"--svg" cannot be written (ENOSPC)');
    });
  });

  it('takes the last of flags that say yes or no, and refuses others that are given twice', async () => {
    const { port } = await refusingOverIPv6();
    expect((await connect('127.0.0.1', port, '--public-only', '--public-only')).stderr).toContain('every address is blocked');
    expect((await connect('127.0.0.1', port, '--html', 'a', '--html', 'b')).stderr).toContain('"--html" must be given once');
    expect((await connect('127.0.0.1', port, '--pipe', '--no-pipe', '--json')).status).toBe(0);
  });

  it('dials the addresses that it is given, whatever the host', async () => {
    const { port } = await open(healthy('127.0.0.5'));
    for (const host of ['127.0.0.1', 'localhost', 'nowhere.test']) {
      const { stdout } = await connect(host, port, '--address', '127.0.0.5');
      expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.5:${port} won`, 'm'));
      expect(stdout).not.toContain('AAAA');
    }
  });

  it('takes URLs apart, and goes by their scheme', async () => {
    const { port } = await refusingOverIPv6();
    const plain = await connect(`http://user:secret@localhost:${port}/path?query#fragment`);
    expect(plain.stdout).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} won after \\d+ ms\\. `));
    const authority = await createAuthority();
    const secure = await tlsServer('127.0.0.1', 0, await authority.issue(['localhost']));
    const tls = await connect(`https://localhost:${secure.port}`, '-k');
    expect(tls.stdout).toMatch(/won after \d+ ms \(TLSv1\.3\)\. /);
    expect((await connect(`HTTPS://localhost:${secure.port}`, '--no-tls')).stdout).toMatch(/won after \d+ ms\. /);
  });

  it.each([
    [['localhost'], 443],
    [['http://localhost/'], 80],
    [['ws://localhost'], 80],
    [['redis://localhost'], 6379],
    [['http://localhost', '8080'], 8080],
  ])('goes by default from %j to port %i', async (args, port) => {
    const { stderr } = await runMain([...args, '--block', '::/0,0.0.0.0/0']);
    expect(stderr).toBe(`Could not connect to localhost:${port}: every address is blocked; see --block and --public-only.\n`);
  });

  it('has -4 and -6 for one family', async () => {
    const { port } = await refusingOverIPv6();
    expect((await runMain(['-4', 'localhost', String(port)])).stdout).not.toContain('[::1]');
    const { stderr } = await runMain(['localhost', String(port), '-6']);
    expect(stderr).toContain(`Could not connect to localhost:${port}: ECONNREFUSED; `);
  });

  it('takes a port with the host', async () => {
    const { port } = await refusingOverIPv6();
    expect((await connect(`127.0.0.1:${port}`)).status).toBe(0);
    expect((await runNode('dist/cli.mjs', `localhost:${port}`).ended).status).toBe(0);
  });

  it('takes a port as a flag', async () => {
    const { port } = await refusingOverIPv6();
    expect((await runMain(['connect', '127.0.0.1', '--port', String(port)])).stdout).toContain(`127.0.0.1:${port} won`);
  });

  describe('says in one sentence', () => {
    const sentence = async (...args: readonly (string | number)[]) => {
      const { stderr } = await connect(...args);
      expect(stderr).toMatch(/^[^\n]+[.?]\n$/);
      return stderr;
    };

    it('that the name is not known', async () => {
      const { address } = await knowing();
      expect(await sentence('nowhere.test', 80, '--dns-server', address)).toBe(
        'Could not connect to nowhere.test:80: the name has no address (ENOTFOUND); check how it is spelt, and which DNS server knows it.\n',
      );
    });

    it('that no DNS server answers', async () => {
      const { port } = await refusingOverIPv6(); // over TCP alone
      expect(await sentence('dual.test', 80, '--dns-server', `127.0.0.1:${port}`, '--dns-tries', 1, '--dns-timeout', 50)).toBe(
        'Could not connect to dual.test:80: the name could not be looked up (ECONNREFUSED); is there a network, and does its DNS server answer?\n',
      );
    });

    it('that nothing listens', async () => {
      const { port, close } = await healthy('127.0.0.1');
      await close();
      expect(await sentence('localhost', port)).toBe(
        `Could not connect to localhost:${port}: ECONNREFUSED; nothing listens there: is the service running, and is this its port?\n`,
      );
    });

    it('that nothing answers', async () => {
      const { port } = await open(blackhole('::1'));
      expect(await sentence('::1', port, '--connect-timeout', 100)).toBe(
        `Could not connect to [::1]:${port}: no address answered in time; a firewall may drop the packets (see rx-happy-eyeballs check [::1]:${port}). Allow more time with --connect-timeout.\n`,
      );
    });

    it('that everything is blocked', async () => {
      expect(await sentence('localhost', 80, '--block', '127.0.0.0/8,::1')).toBe(
        'Could not connect to localhost:80: every address is blocked; see --block and --public-only.\n',
      );
      expect(await sentence('10.0.0.1', 80, '--public-only')).toContain('every address is blocked');
    });

    it('that a handshake is never finished', async () => {
      const { port } = await open(healthy('127.0.0.1'));
      expect(await sentence('127.0.0.1', port, '--tls', '--connect-timeout', 200)).toBe(
        `Could not connect to 127.0.0.1:${port}: TCP connected, but no TLS handshake completed in time; does this port speak TLS?\n`,
      );
    });

    it('what is wrong with a certificate, or with the protocols', async () => {
      const authority = await createAuthority();
      const ca = join(folder, 'authority.pem');
      writeFileSync(ca, authority.ca);
      const expired = await tlsServer('127.0.0.1', 0, await authority.issue(['localhost'], { expired: true }));
      expect(await sentence('127.0.0.1', expired.port, '--tls', '--ca', ca)).toMatch(/: certificate has expired; .* renewed; /);
      const credentials = await authority.issue(['127.0.0.1']);
      const { port } = await tlsServer('127.0.0.1', 0, { ...credentials, ALPNProtocols: ['h2'] });
      expect(await sentence('127.0.0.1', port, '--tls', '--ca', ca, '--alpn', 'foo')).toMatch(/see --alpn\.\n$/);
      expect(await sentence('127.0.0.1', port, '--tls', '--ca', ca, '--servername', 'x.test')).toMatch(/see --servername\.\n$/);
    });

    it('that there is no such interface', async () => {
      expect(await sentence('fe80::1%nope', 80)).toMatch(/is there a network interface nope here\?\n$/);
    });

    it('that no TLS is spoken', async () => {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end('220 mail.example\r\n'));
      expect(await sentence('127.0.0.1', port, '--tls')).toMatch(/TLS: .*; does this port speak TLS\?\n$/);
    });
  });

  it.each([
    [['localhost', 'http'], '"port" must be a whole number from 1 to 65535. Received \'http\''],
    [['localhost', '80', '--html', '/nowhere/race.html'], '"--html" cannot be written (ENOENT). Received \'/nowhere/race.html\''],
    [['localhost', '80', '--svg', '/'], '"--svg" cannot be written (EISDIR). Received \'/\''],
    [['localhost', '80', '--connection-attempt-delay', '5'], 'It must be >= 10'],
    [['localhost', '80', '--connection-attempt-delay', 'fast'], '"--connection-attempt-delay" must be a number of ms'],
    [['localhost', '80', '--max-concurrent-attempts', 'two'], '"--max-concurrent-attempts" must be a whole number'],
    [['localhost', '80', '--family', '5'], '"--family" must be one of: 0, 4, 6'],
    [
      ['localhost', '80', '--sort', 'random'],
      "Option '--sort <order>' argument 'random' is invalid. Allowed choices are rfc6724, none.",
    ],
    [['localhost', '80', '--preset', 'rfc1'], 'Allowed choices are rfc8305, per-family.'],
    [
      ['localhost', '80', '--attempt-spacing-delay', '100'],
      '"--family-stagger-delay" must be given together with --attempt-spacing-delay',
    ],
    [['localhost', '80', '--resolver', 'hosts'], 'Allowed choices are system, dns.'],
    [['localhost', '80', '--resolver', 'system', '--dns-server', '::1'], '"--resolver" must be dns where'],
    [['localhost', '80', '--dns-server', 'nine'], '"--dns-server'],
    [['localhost', '80', '--dns-tries', '0'], '"--dns-tries" is out of range'],
    [['localhost', '80', '--address', 'one'], '"--address" must be an IP address'],
    [['localhost', '80', '--address', '::1', '--dns-tries', '2'], '"--address" leaves nothing to look up'],
    [['localhost', '80', '--local-address', 'here'], '"--local-address" must be an IP address'],
    [['localhost', '80', '--block', '10.0.0.0/33'], '"--block" must be an IP address, or address/prefix'],
    [['localhost', '80', '--alpn', 'h2'], '"--alpn" has no effect without --tls'],
    [['localhost', '80', '--tls', '--ca', '/nowhere.pem'], '"--ca" cannot be read (ENOENT)'],
    [['localhost', '80', '--tls', '--cert', 'package.json'], '"--cert" must be a certificate in PEM'],
    [['localhost', '80', '--tcp-high-water-mark', 'x'], '"--tcp-high-water-mark" must be'],
    [['localhost', '80', '--repeat', '0'], '"--repeat" must be a whole number from 1'],
    [
      ['localhost', '80', '--repeat', '2', '--html', join(folder, 'x')],
      "Option '--repeat <n>' cannot be used with option '--html <file>'",
    ],
    [['localhost', '80', '--pipe', '--json'], "Option '--pipe' cannot be used with option '--json'"],
    [['localhost', '80', '--family'], "Option '--family <4|6>' needs a value"],
    [
      ['localhost', '80', '--nat64-prefix', '64:ff9b::/95'],
      '"--nat64-prefix" must hold IPv6 prefixes of 32, 40, 48, 56, 64 or 96 bits',
    ],
    [
      ['localhost', '80', '--nat64-prefix', '64:ff9b::/96', '--no-nat64'],
      '"--nat64-prefix" does not go together with --no-nat64',
    ],
    [['localhost', '80', '--service-scheme', 'https'], '"--service-scheme" has no effect without --service-records'],
    [['localhost', '80', '--service-records', '--service-scheme', 'ftp'], 'Allowed choices are https, wss, http, ws.'],
    [['localhost', '80', '--service-records', '--service-hints', 'x'], 'Allowed choices are last-resort.'],
    [['localhost:80', '81'], '"port" is given twice, as 80 and here'],
    [['http://localhost:80/', '81'], '"port" is given twice, as 80 and here'],
    [['localhost:80', '--port', '81'], '"port" is given twice, as 80 and here. Received \'81\''],
    [['localhost', '80', '--port', '81'], '"port" is given twice, as 80 and here. Received \'81\''],
    [['localhost', '--port', 'http'], '"port" must be a whole number from 1 to 65535'],
    [['nonsense://localhost/'], '"port" must be given: the port of nonsense:// is not known'],
    [['-4', '-6', 'localhost'], "Option '-4, --ipv4' cannot be used with option '-6, --ipv6'"],
    [['', '80'], '"argument" must not be empty'],
    [['localhost', '80', '--connect-timeout', '-5'], '"--connect-timeout" is out of range'],
    [['localhost', '80', '--tls', '--ca', 'package.json'], '"--ca" must be a certificate in PEM'],
    [['localhost', '80', '--html', join(folder, 'x'), '--svg', join(folder, 'x')], '"--svg" must be another file'],
  ])('refuses %j', async (args, reason) => {
    const { status, stdout, stderr } = await runMain(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).toMatch(/^[^\n]+\nSee rx-happy-eyeballs --help\n$/);
  });

  it('has a flag for each option of the library that can be said in words', () => {
    const NOT_IN_WORDS = ['transport', 'socketFactory', 'setup', 'isTerminal', 'signal', 'scheduler', 'random'];
    const flags: Record<string, string> = {
      enabled: 'no-racing',
      interleave: 'no-interleave',
      blockList: 'block',
      filter: 'public-only',
      tcp: 'tcp-no-delay',
      nat64: 'nat64-prefix',
    };
    const usages = RACE_FLAGS.map(({ usage }) => usage.split(' ')[0]);
    const flagged = optionNames.filter((name) => !NOT_IN_WORDS.includes(name));
    const missing = flagged
      .map((name) => `--${flags[name] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
      .filter((flag) => !usages.includes(flag));
    expect(missing).toEqual([]);
    // With their own default, or any value, they make options that the library takes.
    const all = {
      family: 6,
      preferFamily: 6,
      sort: 'none',
      interleave: false,
      firstAddressFamilyCount: 2,
      connectionAttemptDelay: 'adaptive',
      minimumConnectionAttemptDelay: 20,
      maximumConnectionAttemptDelay: 30,
      connectionAttemptDelayMultiplier: 2,
      resolutionDelay: 1,
      maxConcurrentAttempts: 'infinity',
      familyStaggerDelay: 20,
      attemptSpacingDelay: 30,
      racing: false,
      connectTimeout: 'Infinity',
      attemptTimeout: 5,
      preset: 'per-family',
      dnsServer: ['127.0.0.1', '[::1]:53'],
      dnsTimeout: 1,
      dnsTries: 1,
      serviceRecords: true,
      serviceScheme: 'wss',
      serviceHints: 'last-resort',
      nat64Prefix: '64:ff9b::/96,2001:db8:64::/64',
      localAddress: '::1,127.0.0.1',
      localPort: [1, 2],
      block: '10.0.0.0/8',
      publicOnly: true,
      tcpNoDelay: true,
      tcpKeepAlive: true,
      tcpKeepAliveInitialDelay: 1,
      tcpAllowHalfOpen: true,
      tcpHighWaterMark: 1,
      tls: true,
      servername: 'a',
      alpn: 'h2',
      insecure: true,
    };
    expect(checkOptions(raceOptions(all))).toMatchObject({
      connectionAttemptDelay: 'adaptive',
      maxConcurrentAttempts: Infinity,
      connectTimeout: Infinity,
      enabled: false,
      serviceRecords: { scheme: 'wss', alpn: ['h2'], hints: 'lastResort' },
      nat64: { prefixes: ['64:ff9b::/96', '2001:db8:64::/64'] },
      localAddress: ['::1', '127.0.0.1'],
      tcp: { noDelay: true, allowHalfOpen: true },
      tls: { servername: 'a', ALPNProtocols: ['h2'], rejectUnauthorized: false },
    });
    expect(checkOptions(raceOptions({ preset: 'per-family' }))).toMatchObject({
      familyStaggerDelay: 250,
      maxConcurrentAttempts: 2,
    });
  });
});
