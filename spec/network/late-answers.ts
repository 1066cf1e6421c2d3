import { decode, encode, type Question } from 'dns-packet';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../support/certificates.js';

// Run by register-dns.spec.ts in a network of its own. There 2001:db8::254 and 192.0.2.254 are this machine, 2001:db8::1
// and 192.0.2.1 nobody.

const GOOD = { AAAA: '2001:db8::254', A: '192.0.2.254' };
const SILENT = { AAAA: '2001:db8::1', A: '192.0.2.1' };

/** Of each name: what is answered, and after how many ms; what is not there is lost. */
const ZONE: Readonly<Record<string, Partial<Record<'AAAA' | 'A', readonly [after: number, address: string]>>>> = {
  'a-lost.example': { AAAA: [0, GOOD.AAAA] },
  'aaaa-lost.example': { A: [0, GOOD.A] },
  'aaaa-late.example': { A: [0, SILENT.A], AAAA: [150, GOOD.AAAA] },
  'aaaa-silent.example': { AAAA: [0, SILENT.AAAA], A: [0, GOOD.A] },
};

/** Prints when which address was attempted, since the first answer or attempt, and where from the server saw it come. */
const watched = `
  const since = [];
  const watch = (socket) => socket
    .on('lookup', (_error, address) => since.push(['lookup', address, performance.now()]))
    .on('connectionAttempt', (address) => since.push(['attempt', address, performance.now()]));
  const began = performance.now();
  let body = '', ended;
  const done = () => (ended = performance.now());
  process.on('exit', () => console.log(JSON.stringify({ began, ended, left: performance.now() - ended, since, body })));
`;

const CLIENTS: readonly (readonly [name: string, port: 'plain' | 'secure', code: (host: string, port: number) => string])[] = [
  [
    'net.connect',
    'plain',
    (host, port) => `
      import net from 'node:net';
      ${watched}
      watch(net.connect(port(), '${host}')).on('data', (data) => (body += data)).on('end', done).end('GET / HTTP/1.0\\r\\n\\r\\n');
      function port() { return ${port}; }`,
  ],
  [
    'https.get',
    'secure',
    (host, port) => `
      import https from 'node:https';
      ${watched}
      https.get({ host: '${host}', port: ${port}, agent: false }, (response) => response.on('data', (data) => (body += data)).on('end', done))
        .on('socket', watch);`,
  ],
  [
    'fetch',
    'plain',
    (host, port) => `
      ${watched}
      body = await (await fetch('http://${host}:${port}/', { headers: { connection: 'close' } })).text();
      done();`,
  ],
];

interface Story {
  /** Instants in ms since the program's own code began. */
  readonly attempts: readonly (readonly [address: string, at: number])[];
  readonly connectedTo: string;
  /** Until it had its answer. */
  readonly took: number;
  /** From then on until it ended by itself. */
  readonly left: number;
}

let ports: Record<'plain' | 'secure', number>;
let folder: string;
const closing: (() => void)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'late-answers-'));
  const authority = await createAuthority();
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  const dns = dgram.createSocket('udp4').bind(53, '127.0.0.1');
  dns.on('message', (message, peer) => {
    const { id, questions = [] } = decode(message);
    const [question] = questions as [Question];
    const [after, data] = ZONE[question.name]?.[question.type as 'A' | 'AAAA'] ?? [Infinity, ''];
    if (after === Infinity) return;
    const answers = [{ name: question.name, type: question.type as 'A', ttl: 60, data }];
    setTimeout(() => dns.send(encode({ type: 'response', id, flags: 0x80, questions, answers }), peer.port, peer.address), after);
  });
  const answer: http.RequestListener = (request, response) => response.end(`served by ${request.socket.localAddress}`);
  const serve = async (server: net.Server) => {
    server.listen(0, '::');
    await once(server, 'listening');
    closing.push(() => server.close());
    return (server.address() as net.AddressInfo).port;
  };
  const credentials = await authority.issue(Object.keys(ZONE));
  ports = { plain: await serve(http.createServer(answer)), secure: await serve(https.createServer(credentials, answer)) };
  closing.push(() => dns.close(), () => rmSync(folder, { recursive: true })); // prettier-ignore
});

afterAll(() => {
  for (const close of closing) close();
});

const REGISTERED = `--import ${join(__dirname, '..', '..', 'dist', 'register.mjs')}`;

async function tell(host: string, port: number, code: (host: string, port: number) => string, options: string): Promise<Story> {
  const env = { ...process.env, NODE_OPTIONS: options, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code(host, port)], { env, timeout: 15_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child, 'close');
  expect(stderr).toBe('');
  const { began, ended, left, since, body } = JSON.parse(stdout) as {
    began: number;
    ended: number;
    left: number;
    since: [string, string, number][];
    body: string;
  };
  const attempts = since.filter(([what]) => what === 'attempt').map(([, address, at]) => [address, at - began] as const);
  return { attempts, connectedTo: /served by (?:::ffff:)?(\S+)/.exec(body)?.[1] ?? body, took: ended - began, left };
}

describe.each(CLIENTS)('%s', (name, kind, code) => {
  const race = (host: string, options = REGISTERED) => tell(host, ports[kind], code, options);
  /** Of fetch nothing but the time is to be seen. */
  const seesAttempts = name !== 'fetch';

  it('does not wait for A', async () => {
    const { connectedTo, took } = await race('a-lost.example');
    expect(connectedTo).toBe(GOOD.AAAA);
    expect(took).toBeLessThan(800); // the system gives up A after a second
  });

  it('waits the Resolution Delay for AAAA, and no longer', async () => {
    const { connectedTo, took, attempts } = await race('aaaa-lost.example');
    expect(connectedTo).toBe(GOOD.A);
    expect(took).toBeGreaterThanOrEqual(50);
    expect(took).toBeLessThan(800);
    if (seesAttempts) expect(attempts.map(([address]) => address)).toEqual([GOOD.A]);
  });

  it('takes a late answer in, 250 ms after the attempt that is silent, and leaves nothing of that', async () => {
    const { connectedTo, took, attempts } = await race('aaaa-late.example');
    expect(connectedTo).toBe(GOOD.AAAA);
    expect(took).toBeGreaterThanOrEqual(300);
    expect(took).toBeLessThan(1500);
    if (!seesAttempts) return;
    expect(attempts.map(([address]) => address)).toEqual([SILENT.A, GOOD.AAAA]);
    expect(attempts[1]![1] - attempts[0]![1]).toBeGreaterThanOrEqual(249);
  });

  it('begins with IPv6, goes on with IPv4 after 250 ms, and ends by itself at once when it is done', async () => {
    const { connectedTo, took, left, attempts } = await race('aaaa-silent.example');
    expect(connectedTo).toBe(GOOD.A);
    expect(left).toBeLessThan(1000);
    expect(took).toBeGreaterThanOrEqual(249);
    expect(took).toBeLessThan(1500);
    if (!seesAttempts) return;
    expect(attempts.map(([address]) => address)).toEqual([SILENT.AAAA, GOOD.A]);
    expect(attempts[1]![1] - attempts[0]![1]).toBeGreaterThanOrEqual(249);
  });

  it('waits, without register, until the system has given up', async () => {
    expect((await race('aaaa-lost.example', '')).took).toBeGreaterThan(900);
  }, 15_000);
});
