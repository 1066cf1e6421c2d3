import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { blackhole } from '../../src/cli/lab.js';
import { createAuthority } from '../support/certificates.js';
import { listen, open } from '../support/fixtures.js';
import { mongoServer } from '../support/mongo-server.js';

// Run by register.spec.ts in a network of its own, where slow.example is ::1, 127.0.0.3 and 127.0.0.4.

const HOST = 'slow.example';
/** ms; Node's own patience is 250. */
const SLOWNESS = 400;
/** ms for a program, after which it has failed. */
const PATIENCE = 8000;

/** Sleeps, with a full backlog, until it is woken; then hands what comes to the port of a server. */
const LISTEN_AND_SLEEP = `
  const net = require('node:net');
  const { parentPort, workerData: { port, target, alarm } } = require('node:worker_threads');
  net.createServer((socket) => {
    const server = net.connect({ host: '127.0.0.1', port: target });
    socket.on('error', () => server.destroy()).pipe(server).on('error', () => socket.destroy()).pipe(socket);
  }).listen({ host: '127.0.0.3', port, backlog: 1 }, () => {
    parentPort.postMessage('listening');
    Atomics.wait(alarm, 0, 0);
  });
`;

/** In front of a server, what slow.example is: dead, so slow that a connection takes a second, and dead. */
async function slowly(target: number): Promise<number> {
  const { port } = await open(blackhole('::1'));
  await open(blackhole('127.0.0.4', port));
  const alarm = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true, workerData: { port, target, alarm } });
  await once(worker, 'message');
  const fillers = [1, 2].map(() => net.connect({ host: '127.0.0.3', port }).on('error', () => undefined));
  await Promise.all(fillers.map((socket) => once(socket, 'connect')));
  const watching = setInterval(() => {
    if (!knocks('127.0.0.3', port)) return;
    clearInterval(watching);
    setTimeout(() => {
      Atomics.store(alarm, 0, 1);
      Atomics.notify(alarm, 0);
    }, SLOWNESS);
  }, 20);
  await open({
    port,
    async close() {
      clearInterval(watching);
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  });
  return port;
}

/** Whether somebody waits for an answer of that address: by the system's list of connections, in which 02 is SYN_SENT. */
function knocks(address: string, port: number): boolean {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
  const remote = `${address.split('.').reverse().map((byte) => hex(Number(byte), 2)).join('')}:${hex(port, 4)} 02`; // prettier-ignore
  return ['tcp', 'tcp6'].some((table) => readFileSync(`/proc/net/${table}`, 'utf8').includes(remote));
}

const serve = async (server: net.Server) => (await open(listen(server))).port;

const REGISTERED = `--import ${join(__dirname, '..', '..', 'dist', 'register.mjs')}`;

/** Runs a program, and says what it printed and how long it took. */
async function run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<{ printed: string; ms: number }> {
  const began = performance.now();
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PATIENCE,
  });
  let printed = '';
  child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
  await once(child, 'close');
  return { printed: printed.trim(), ms: performance.now() - began };
}

const evaluate = (code: string) => [process.execPath, '--input-type=module', '--eval', code];

it('programs on a slow link', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slow-link-'));
  const authority = await createAuthority();
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  const hello: http.RequestListener = (_request, response) => response.end('hello');
  const registry: http.RequestListener = (request, response) => {
    const versions = { '1.2.3': { name: 'a-package', version: '1.2.3', dist: { tarball: 'http://slow.example/a.tgz' } } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: 'a-package', 'dist-tags': { latest: '1.2.3' }, versions }));
  };
  const web = await serve(http.createServer(hello));
  const secure = await serve(https.createServer(await authority.issue([HOST]), hello));
  const packages = await serve(http.createServer(registry));
  const mongo = await serve(mongoServer());

  const programs: readonly (readonly [name: string, server: number, expected: string, command: (port: number) => readonly string[]])[] = [
    ['fetch', web, 'hello', (port) => evaluate(`console.log(await (await fetch('http://${HOST}:${port}/')).text()); process.exit()`)],
    ['https.get', secure, 'hello', (port) => evaluate(`import https from 'node:https'; https.get('https://${HOST}:${port}/', (response) => response.pipe(process.stdout));`)],
    ['npm view', packages, '1.2.3', (port) => ['npm', 'view', 'a-package', 'version', `--registry=http://${HOST}:${port}/`, `--cache=${folder}/${port}`, '--fetch-retries=0', '--no-update-notifier']],
    ['mongodb ping', mongo, '{ ok: 1 }', (port) => evaluate(`import { MongoClient } from 'mongodb'; const client = await new MongoClient('mongodb://${HOST}:${port}/?directConnection=true').connect(); console.log(await client.db().command({ ping: 1 })); await client.close();`)],
  ]; // prettier-ignore
  const results = await Promise.all(
    programs.map(async ([name, server, expected, command]) => {
      const env = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
      const [withIt, without] = await Promise.all([
        slowly(server).then((port) => run(command(port), { ...env, NODE_OPTIONS: REGISTERED })),
        slowly(server).then((port) => run(command(port), env)),
      ]);
      return { name, expected, withIt, without };
    }),
  );
  rmSync(folder, { recursive: true });

  const told = ({ printed, ms }: { printed: string; ms: number }) => `${printed || 'nothing'} after ${(ms / 1000).toFixed(1)} s`;
  const rows = [
    ['program', 'with register', 'without'],
    ...results.map(({ name, withIt, without }) => [name, told(withIt), told(without)]),
  ];
  process.stderr.write(
    `\n${rows
      .map((row) =>
        row
          .map((cell) => cell.padEnd(26))
          .join('')
          .trimEnd(),
      )
      .join('\n')}\n\n`,
  );

  for (const { expected, withIt } of results) expect(withIt.printed).toBe(expected);
  for (const { expected, withIt, without } of results) {
    if (without.printed === expected) expect(without.ms).toBeGreaterThan(withIt.ms);
  }
  expect(results.some(({ expected, without }) => without.printed !== expected)).toBe(true);
}, 50_000);
