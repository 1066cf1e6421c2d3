// Runs the programs of README.md and docs, in a network namespace of its own in which every name leads to this machine:
// node documents.mjs <folder> <command line>. Prints what became of each as JSON. spec/docs/examples.spec.ts starts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import http2 from 'node:http2';

const [folder, commandLine] = process.argv.slice(2);
const programs = JSON.parse(readFileSync(join(folder, 'programs.json'), 'utf8'));

/** How long a program may take that ends by itself, and how long one runs that does not, in ms. */
const LONGEST = 60_000;
const LONG_ENOUGH = 4_000;

const answer = (request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end('hello\n');
};
const credentials = { cert: readFileSync(join(folder, 'cert.pem')), key: readFileSync(join(folder, 'key.pem')) };
const silent = (socket) => socket.on('error', () => socket.destroy());
const servers = [
  [80, http.createServer(answer)],
  [443, http2.createSecureServer({ ...credentials, allowHTTP1: true }, answer)],
  [25, net.createServer((socket) => silent(socket).write('220 mail.example\r\n'))],
  [5432, net.createServer(silent)],
  // An ordinary HTTP server under a port of its own; the proxy of an example connects to it.
  [8081, http.createServer(answer)],
];
for (const [port, server] of servers) {
  server.listen(port, '::');
  await once(server, 'listening');
}
const redis = spawn('redis-server', ['--save', '', '--bind', '127.0.0.1', '::1'], {
  stdio: ['ignore', 'pipe', 'ignore'],
  cwd: folder,
});
redis.on('error', () => undefined); // Examples that need one are marked.
for await (const data of redis.stdout) if (String(data).includes('Ready to accept')) break;

const env = {
  ...process.env,
  NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  CURL_CA_BUNDLE: join(folder, 'ca.pem'),
  RX_HAPPY_EYEBALLS: '',
  NODE_OPTIONS: '',
};

/** Runs one program, and says what became of it. */
async function run({ place, file, args, keepsRunning }) {
  const child = spawn(process.execPath, file ? [file] : [commandLine, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: keepsRunning ? LONG_ENOUGH : LONGEST,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  const [code, signal] = await once(child, 'close');
  // One that keeps running is stopped, and has failed if it ends before.
  const status = keepsRunning ? (signal === 'SIGKILL' ? 0 : code || -1) : code;
  return { place, status, stderr };
}

/** Runs programs, `atOnce` of them at a time. */
async function runAll(list, atOnce) {
  const waiting = [...list];
  const outcomes = [];
  const runInTurn = async () => {
    for (let program = waiting.shift(); program; program = waiting.shift()) outcomes.push(await run(program));
  };
  await Promise.all(Array.from({ length: atOnce }, runInTurn));
  return outcomes;
}

// Those that keep running listen, some of them at the same port.
const [endless, others] = [
  programs.filter((program) => program.keepsRunning),
  programs.filter((program) => !program.keepsRunning),
];
const outcomes = [...(await runAll(others, 3)), ...(await runAll(endless, 1))];
writeFileSync(1, JSON.stringify(outcomes));
redis.kill();
process.exit();
