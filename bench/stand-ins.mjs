// What it costs that sockets of other people's code are raced for: connections per second through an agent and by registration,
// to a name with one address; requests to a name with two, one by one and many at once, and the processor's time that one takes;
// and what a socket carries whose connection was another's. Ratios to Node's own, in one process, in turns; medians over the
// rounds. The server is a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { HttpAgent } from '../dist/agent.mjs';
import { RaceSocket } from '../dist/index.mjs';
import { register } from '../dist/register.mjs';

const ROUNDS = 15;
const CONNECTIONS = 200;
const AT_ONCE = 500;
const MEGABYTES = 256;

register()(); // importing it has registered already
const server = spawn(
  process.execPath,
  [
    '-e',
    `const http = require('node:http'), net = require('node:net');
     const web = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
       const block = Buffer.alloc(1 << 20);
       const source = net.createServer((socket) => {
         let left = ${MEGABYTES};
         const more = () => { while (left-- > 0 && socket.write(block)); if (left < 0) socket.end(); };
         socket.on('error', () => {}).on('drain', more);
         more();
       }).listen(0, '127.0.0.1', () => console.log(web.address().port, source.address().port));
     });`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [webPort, sourcePort] = String((await once(server.stdout, 'data'))[0])
  .split(' ')
  .map(Number);

const giving = (...addresses) => {
  const found = addresses.map((address) => ({ address, family: 4 }));
  return (_host, options, callback) => {
    if (options.all) callback(null, found);
    else callback(null, addresses[0], 4);
  };
};
const lookup = giving('127.0.0.1');

const request = (agent, find = lookup) =>
  new Promise((resolve, reject) => {
    // On a busy machine, the first address is to be the one that connects.
    const options = { lookup: find, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 5000 };
    http
      .get({ host: 'bench.example', port: webPort, agent, ...options }, (response) => response.resume().on('end', resolve))
      .on('error', reject);
  });
const requestOfTwo = () => request(false, giving('127.0.0.1', '127.0.0.2'));
const connect = () =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host: 'bench.example', port: webPort, lookup }, () => resolve(socket.resetAndDestroy()));
    socket.on('error', reject);
  });
const received = async (socket) => {
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  await once(socket, 'close');
  if (bytes !== MEGABYTES << 20) throw new Error(`${bytes} bytes came`);
};

const many = (one) => async () => {
  for (let i = 0; i < CONNECTIONS; i++) await one();
  return CONNECTIONS;
};
const atOnce = (one) => async () => {
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return AT_ONCE;
};
/** Counts the processor's time in place of the time that goes by. */
const processorTime = (work) => Object.assign(work, { isOfProcessor: true });
const registered = (work) => async () => {
  const unregister = register();
  try {
    return await work();
  } finally {
    unregister();
  }
};
const native = new http.Agent();
const raced = new HttpAgent();
const suites = {
  'connections/s': {
    'http.Agent': many(() => request(native)),
    HttpAgent: many(() => request(raced)),
    'http.Agent, registered': registered(many(() => request(native))),
  },
  'sockets/s': { 'net.connect': many(connect), 'net.connect, registered': registered(many(connect)) },
  'requests/s': { 'two addresses': many(requestOfTwo), 'two addresses, registered': registered(many(requestOfTwo)) },
  'at once/s': { 'two addresses': atOnce(requestOfTwo), 'two addresses, registered': registered(atOnce(requestOfTwo)) },
  'per CPU s': {
    'two addresses': processorTime(many(requestOfTwo)),
    'two addresses, registered': processorTime(registered(many(requestOfTwo))),
  },
  'MB/s': {
    'net.Socket': async () => {
      await received(new net.Socket().connect({ host: 'bench.example', port: sourcePort, lookup }));
      return MEGABYTES;
    },
    RaceSocket: async () => {
      await received(new RaceSocket().connect({ host: 'bench.example', port: sourcePort, lookup }));
      return MEGABYTES;
    },
  },
};

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
for (const [unit, contenders] of Object.entries(suites)) {
  const rates = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(contenders)) {
      const [began, used] = [performance.now(), process.cpuUsage()];
      const done = await work();
      const { user, system } = process.cpuUsage(used);
      const milliseconds = work.isOfProcessor ? (user + system) / 1000 : performance.now() - began;
      if (round >= 0) rates[name].push((done / milliseconds) * 1000); // the first rounds warm up
    }
  }
  const [first] = Object.values(rates).map(median);
  for (const [name, values] of Object.entries(rates)) {
    console.log(
      `${name.padEnd(28)} ${median(values).toFixed(0).padStart(6)} ${unit.padEnd(14)} ${(median(values) / first).toFixed(2)}`,
    );
  }
}
server.kill();
