// What a connection costs on loopback: a bare `net.connect`, Node's own fallback, and the race, in one process.
//
// Counted is the processor time of this process, in turns, because the time that passes is mostly the system's and the
// server's; the server is a process of its own. Printed are medians over the rounds, and their ratio to a bare connect.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { connect$, staticResolver } from '../dist/index.mjs';

const ROUNDS = 30;
const CONNECTIONS = 200;

const server = spawn(
  process.execPath,
  [
    '-e',
    `const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
     server.listen({ port: 0, host: '::' }, () => console.log(server.address().port));`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const port = Number(String((await once(server.stdout, 'data'))[0]));

const addresses = ['::1', '127.0.0.1'];
const resolver = staticResolver(addresses);
const lookup = (_host, _options, callback) => {
  callback(
    null,
    addresses.map((address) => ({ address, family: net.isIP(address) })),
  );
};

/** Resets, so that no port is left waiting. */
const native = (options) => () =>
  new Promise((done) => {
    const socket = net.connect({ port, ...options }, () => done(socket.resetAndDestroy()));
  });
const raced = (host, options) => () =>
  new Promise((done) => {
    connect$(host, port, options).subscribe((socket) => done(socket.resetAndDestroy()));
  });

const contenders = {
  'net.connect, an address': native({ host: '127.0.0.1' }),
  'connect$, an address': raced('127.0.0.1'),
  'net.connect with autoSelectFamily, a name with two addresses': native({
    host: 'bench.example',
    lookup,
    autoSelectFamily: true,
  }),
  'connect$, a name with two addresses': raced('bench.example', { resolver }),
  "connect$ with sort: 'none', a name with two addresses": raced('bench.example', { resolver, sort: 'none' }),
};

const costs = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = -3; round < ROUNDS; round++) {
  for (const [name, connect] of Object.entries(contenders)) {
    const before = process.cpuUsage();
    for (let i = 0; i < CONNECTIONS; i++) await connect();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) costs[name].push((user + system) / CONNECTIONS); // the first rounds warm up
  }
}
server.kill();

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const bare = median(costs['net.connect, an address']);
for (const [name, values] of Object.entries(costs)) {
  const cost = median(values);
  console.log(`${name.padEnd(62)} ${cost.toFixed(0).padStart(5)} µs  ${(cost / bare).toFixed(2)}`);
}
