// Within the namespace: starts the servers, runs each client plain and under register, a few at a time, and sends what came of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { WAYS } from './bystanders.mjs';
import { SERVED, SILENT } from './networks.mjs';
import { startDns, startServers } from './servers.mjs';

/** A client of which nothing has come by then has taken its process with it. In ms. */
const PATIENCE = 40_000;

const { credentials, clients, bystanders, node, jobs, env, register } = JSON.parse(process.argv[2]);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
process.on('uncaughtException', (error) => process.env.CLIENTS_DEBUG && console.error('a server:', error));

process.stdin.resume().on('end', () => process.exit());

await startDns();
const ports = await startServers(SERVED, SILENT, credentials);
const queue = [...clients.map((client) => () => exchanges(client)), ...bystanders.map((one) => () => standBy(one))];
await Promise.all(Array.from({ length: jobs }, worker));
process.exit();

async function worker() {
  for (let task; (task = queue.shift());) console.log(JSON.stringify(await task()));
}

async function exchanges(client) {
  const plain = await run('exchanges.mjs', { client });
  const raced = await run('exchanges.mjs', { client }, ['--import', register]);
  return { client, plain, raced };
}

/** Interceptors on a healthy network; those who count sockets also where there are attempts that fail. */
async function standBy(bystander) {
  const results = {};
  for (const network of ['good', 'dead']) {
    for (const way of WAYS) results[`${network}, ${way}`] = await run('bystander-exchanges.mjs', { bystander, way, network });
  }
  return { bystander, results };
}

async function run(program, task, options = []) {
  const child = spawn(node, [...options, here(program), JSON.stringify({ ...task, ports })], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', process.env.CLIENTS_DEBUG ? 'inherit' : 'ignore', 'ipc'],
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  });
  let results = {};
  child.on('message', (message) => (results = message));
  await once(child, 'close');
  return results;
}
