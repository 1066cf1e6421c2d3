import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxyEnv } from '../../src/cli/run.js';
import { runNode } from '../support/dist.js';
import { listen, open, tcpServer } from '../support/fixtures.js';
import { client, exchange, received } from '../support/proxy.js';
import { runMain } from '../support/terminal.js';

jest.setTimeout(30_000);

/** A proxy of the built package, and what it prints. */
const running = (...flags: readonly string[]) => runningIn([], ...flags);

/** The same with options of Node. */
async function runningIn(nodeOptions: readonly string[], ...flags: readonly string[]) {
  const { child, ended } = runNode(...nodeOptions, 'dist/cli.mjs', 'proxy', '--listen', '127.0.0.1:0', ...flags);
  await open({ port: 0, close: () => Promise.resolve(void child.kill('SIGKILL')) });
  let said = '';
  while (!said.includes('Listening')) {
    const [data] = (await once(child.stderr!, 'data')) as [Buffer];
    said += data.toString();
  }
  return { port: Number(/:(\d+)\.\n/.exec(said)![1]), child, ended };
}

function webServer() {
  return open(
    listen(
      http.createServer((request, response) => response.end(`hello ${request.url!}`)),
      '127.0.0.1',
    ),
  );
}

/** Runs with a folder that is deleted thereafter. */
async function inFolder(work: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('rx-happy-eyeballs proxy', () => {
  it('serves, prints a line for each connection, and ends with 0 when it has drained', async () => {
    const { port: web } = await webServer();
    const { port, child, ended } = await running('--address', '::1,127.0.0.1', '--auth', 'me:secret');
    const connect = `CONNECT any.example:${web} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic ${btoa('me:secret')}\r\n\r\n`;
    const asked = `${connect}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    expect(await exchange(port, asked)).toMatch(/200 Connection established.*hello \/$/s);
    expect(await exchange(port, Uint8Array.of(5, 1, 0))).toBe('\x05\xff');
    child.kill('SIGTERM');
    const { status, stdout } = await ended;
    expect(status).toBe(0);
    const [first, second] = stdout.split('\n');
    expect(first).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z #1 127\.0\.0\.1:\d+ \| connect any\.example:\d+ of me by 127\.0\.0\.1:\d+ after \d+ ms, 2 attempts \| \d+ bytes sent, \d+ received, \d+ ms/,
    );
    expect(second).toMatch(/ #2 .* \| refused \(credentials\): A user name and a password are required\. \| /);
    expect(stdout).not.toMatch(/secret/);
  });

  it('drains at the first signal, and ends at the second', async () => {
    const { port: silent } = await tcpServer('127.0.0.1', 0);
    const { port, child, ended } = await running();
    const tunnel = await client(port);
    tunnel.write(`CONNECT 127.0.0.1:${silent} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await once(tunnel, 'data');
    const draining = once(child.stderr!, 'data') as Promise<[Buffer]>;
    child.kill('SIGTERM');
    expect((await draining)[0].toString()).toBe('Draining: 1 connection is open. Send the signal again to close them.\n');
    await expect(client(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(tunnel.destroyed).toBe(false);
    child.kill('SIGTERM');
    expect((await ended).status).toBe(143);
    await received(tunnel);
  });

  it('has metrics, a table of destinations and a report of the last races', () =>
    inFolder(async (folder) => {
      const { port: web } = await webServer();
      const report = join(folder, 'races.html');
      const { port: metricsPort, close } = await tcpServer('127.0.0.1', 0);
      await close();
      const flags = ['--top', '--html', report, '--metrics', `127.0.0.1:${metricsPort}`, '--address', '::1,127.0.0.1'];
      const { port, child, ended } = await running(...flags);
      for (const path of ['/1', '/2']) {
        await exchange(port, `GET http://a..b:${web}${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        await exchange(port, `GET http://web.example:${web}${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      }
      const scraped = http.get({ port: metricsPort, host: '127.0.0.1', path: '/metrics' });
      const [answer] = (await once(scraped, 'response')) as [IncomingMessage];
      const chunks: Buffer[] = await answer.toArray();
      const metrics = Buffer.concat(chunks).toString();
      expect(metrics).toMatch(/^happy_eyeballs_proxy_requests_total\{protocol="http"\} 4$/m);
      expect(metrics).toMatch(/^happy_eyeballs_proxy_refusals_total\{reason="malformed"\} 2$/m);
      expect(metrics).toMatch(/^happy_eyeballs_races_total\{outcome="connected"\} 2$/m);
      expect(metrics).toMatch(/^happy_eyeballs_fallbacks_total [12]$/m);
      child.kill('SIGTERM');
      const { status, stderr } = await ended;
      expect(status).toBe(0);
      expect(stderr).toMatch(
        /\nDESTINATION +RACES +LOST +ATTEMPTS +IPV6 +IPV4 +FALLBACKS +P50 +P95\nweb\.example:\d+ +2 +0 +[34] +0 +2 +[12] +\d+ ms +\d+ ms\n$/,
      );
      const page = readFileSync(report, 'utf8');
      expect(page.match(/<svg/g)).toHaveLength(2);
      expect(page).toMatch(/web\.example:\d+: 127\.0\.0\.1:\d+ won/);
    }));

  it('traces its races with OpenTelemetry, by the SDK that is loaded', () =>
    inFolder(async (folder) => {
      const sdk = join(folder, 'sdk.cjs');
      writeFileSync(
        sdk,
        `const load = require('node:module').createRequire(process.cwd() + '/');
         const { trace } = load('@opentelemetry/api');
         const { BasicTracerProvider, SimpleSpanProcessor } = load('@opentelemetry/sdk-trace-base');
         const exporter = {
           export: (spans, done) => {
             for (const { name, attributes } of spans) process.stderr.write('span ' + name + ' ' + JSON.stringify(attributes) + '\\n');
             done({ code: 0 });
           },
           shutdown: async () => undefined,
         };
         trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));`,
      );
      const { port: web } = await webServer();
      const { port, child, ended } = await runningIn(['--import', sdk], '--otel', '--address', '::1,127.0.0.1');
      await exchange(port, `GET http://web.example:${web}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      child.kill('SIGTERM');
      const { status, stderr } = await ended;
      expect(status).toBe(0);
      expect(stderr.match(/^span .*$/gm)?.join('\n')).toMatch(/web\.example/);
    }));

  it.each([
    ['--listen', '0.0.0.0:0', 'is beyond loopback: say who may use the proxy with --auth or --allow'],
    ['--listen', '[::]:0', 'is beyond loopback: say who may use the proxy with --auth or --allow'],
    ['--listen', 'proxy.example:0', 'is beyond loopback: say who may use the proxy with --auth or --allow'],
    ['--listen', '127.0.0.1:99999', 'must be an address with a port, such as 127.0.0.1:8118'],
    ['--allow', 'example.com', 'must be an IP address, or address/prefix'],
    ['--max-connections', '0', 'is out of range. It must be >= 1'],
    ['--idle-timeout', 'x', 'must be a number of ms'],
    ['--metrics', 'x', 'must be an address and a port'],
    ['--connect-timeout', '0', 'is out of range'],
    ['--auth-file', '/no/such/file', 'cannot be read (ENOENT)'],
  ])('refuses %s %s with a sentence', async (flag, value, sentence) => {
    const { status, stderr, stdout } = await runMain(['proxy', flag, value]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(flag);
    expect(stderr).toContain(sentence);
  });

  it('shows nothing of a password that is refused', async () => {
    const { status, stderr } = await runMain(['proxy', '--auth', 'hunter2']);
    expect(status).toBe(2);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).toContain('"--auth" must be name:password, or several');
  });

  it('says that its port is in use', async () => {
    const { port } = await tcpServer('127.0.0.1', 0);
    expect(await runMain(['proxy', '--listen', `127.0.0.1:${port}`])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'The port is already in use. Choose another with --listen.\n',
    });
  });

  it('serves the users of a file', () =>
    inFolder(async (folder) => {
      const users = join(folder, 'users');
      writeFileSync(users, '# who may\nme:a,b:c\n\nyou:d\n');
      const { port } = await running('--auth-file', users);
      const given = (text: string) => exchange(port, Buffer.concat([Buffer.from([5, 1, 2, 1]), Buffer.from(text)]));
      expect(await given('\x02me\x05a,b:c\x05\x02')).toBe('\x05\x02\x01\0\x05\x07\0\x01\0\0\0\0\0\0');
      expect(await given('\x03you\x01x')).toBe('\x05\x02\x01\x01');
    }));
});

describe('rx-happy-eyeballs run', () => {
  const run = (...command: readonly string[]) => runNode('dist/cli.mjs', 'run', ...command).ended;

  it('ends with the status of the command, or of the signal that ended it', async () => {
    expect((await run('--', 'sh', '-c', 'exit 7')).status).toBe(7);
    expect((await run('--', 'sh', '-c', 'kill -9 $$')).status).toBe(137);
    expect(await run('--', 'no-such-command')).toEqual({
      status: 127,
      stdout: '',
      stderr: 'no-such-command: there is no such command.\n',
    });
    expect((await run('--', '/etc/passwd')).status).toBe(126);
  });

  it('gives the command its arguments as they are, and a proxy in its environment', async () => {
    const { status, stdout } = await run('--', 'sh', '-c', 'echo "$1|$2|$3"; env', 'sh', '', '--help', '-- x');
    expect(status).toBe(0);
    expect(stdout.split('\n')[0]).toBe('|--help|-- x');
    const port = /^http_proxy=http:\/\/127\.0\.0\.1:(\d+)$/m.exec(stdout)![1]!;
    for (const name of ['https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) {
      expect(stdout).toContain(`\n${name}=http://127.0.0.1:${port}\n`);
    }
    expect(stdout).toMatch(/^NODE_OPTIONS=.*--import file:\/\/\S+\/dist\/register\.mjs$/m);
  });

  it('keeps the options that Node has', () => {
    expect(proxyEnv(1, 'file:///register.mjs', { NODE_OPTIONS: '--no-warnings' }).NODE_OPTIONS).toBe(
      '--no-warnings --import file:///register.mjs',
    );
  });

  it('needs a command', async () => {
    const { status, stderr } = await runMain(['run', '--public-only']);
    expect(status).toBe(2);
    expect(stderr).toContain('must be given after --');
  });
});
