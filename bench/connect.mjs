// What a connection costs on loopback: a bare `net.connect`, Node's own fallback, and the race. Ratios in one process.
import net from 'node:net';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { bench, run, summary } from 'mitata';
import { connect$, staticResolver } from '../dist/index.mjs';

// The server has a thread of its own, so that its work is not measured. Listening on :: takes IPv4 as well.
const server = new Worker(
  `const { parentPort } = require('node:worker_threads');
   const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
   server.listen({ port: 0, host: '::' }, () => parentPort.postMessage(server.address().port));`,
  { eval: true },
);
const [port] = await once(server, 'message');

const addresses = ['::1', '127.0.0.1'];
const resolver = staticResolver(addresses);
const lookup = (_host, _options, callback) => {
  callback(null, addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))); // prettier-ignore
};

/** Resets, so that no port is left waiting. */
const connected = (socket, done) => {
  socket.resetAndDestroy();
  done();
};
const native = (options) => () =>
  new Promise((done) => {
    const socket = net.connect({ port, ...options }, () => connected(socket, done));
  });
const raced = (host, options) => () =>
  new Promise((done) => {
    connect$(host, port, options).subscribe((socket) => connected(socket, done));
  });

summary(() => {
  bench('net.connect to an address', native({ host: '127.0.0.1' })).baseline(true);
  bench('connect$ to an address', raced('127.0.0.1'));
  bench(
    'net.connect to a name with two addresses, autoSelectFamily',
    native({ host: 'bench.example', lookup, autoSelectFamily: true }),
  );
  bench('connect$ to a name with two addresses', raced('bench.example', { resolver }));
});
await run();
await server.terminate();
