// What a race costs beside Node's own connections: the table of docs/performance.md.
//
//     node --expose-gc bench/cost.mjs [--json]
//
// Everything is measured in one process, in turns: each round measures every contender once, and a ratio is the median over the
// rounds of the ratio within each round. The server is a process of its own. The clock's time counts, unless a row says otherwise.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { NEVER, of, throwError } from 'rxjs';
import { connect, connect$, createConnector, staticResolver } from '../dist/index.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 30);
const WARM_UP = 10;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** A name of the hosts file that is 127.0.0.1 alone, so that one look-up and one connection are compared. */
function nameOfHostsFile() {
  const lines = readFileSync('/etc/hosts', 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
  const names = lines.flatMap(([address, ...names]) => (address === '127.0.0.1' ? names : []));
  const others = new Set(lines.flatMap(([address, ...names]) => (address === '127.0.0.1' ? [] : names)));
  return names.find((name) => !/localhost/.test(name) && !others.has(name));
}

const server = spawn(
  process.execPath,
  [
    '-e',
    `const serve = (host, port, then) => require('node:net').createServer((socket) => socket.on('error', () => {}).resume())
       .listen({ port, host, backlog: 1024 }, function () { then(this.address().port); });
     serve('::1', 0, (port) => serve('127.0.0.1', port, () => console.log(port)));`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const port = Number(String((await once(server.stdout, 'data'))[0]));

const end = (socket) => socket.resetAndDestroy(); // so that no port is left waiting
const native = (options) => () =>
  new Promise((done, failed) => {
    const socket = net.connect({ port, ...options }, () => done(end(socket))).on('error', failed);
  });
const raced = (host, options) => async () => end(await connect(host, port, options));

const both = staticResolver(['::1', '127.0.0.1']);
const name = nameOfHostsFile();
const connector = createConnector();

/** µs for each of so many connections, of which so many are under way at once. */
const connections = (count, atOnce, one) => async () => {
  const began = performance.now();
  for (let i = 0; i < count; i += atOnce) await Promise.all(Array.from({ length: atOnce }, one));
  return ((performance.now() - began) * 1000) / count;
};

const RATIOS = [
  { row: "connect('::1'), of net.connect", goal: [1.2, 1.25], ours: connections(200, 1, raced('::1')), nodes: connections(200, 1, native({ host: '::1' })) },
  { row: 'two addresses, of net.connect to the first', goal: [1.3, 1.35], ours: connections(200, 1, raced('bench.example', { resolver: both })), nodes: connections(200, 1, native({ host: '::1' })) },
  { row: 'the same, 64 at once', goal: [1.3, 1.4], ours: connections(256, 64, raced('bench.example', { resolver: both })), nodes: connections(256, 64, native({ host: '::1' })) },
  ...(name === undefined
    ? []
    : [
        { row: 'connect(name), of net.connect(name)', goal: [1.45, 1.2], ours: connections(100, 1, raced(name)), nodes: connections(100, 1, native({ host: name })) },
        { row: 'a connector that knows the name, of net.connect(name)', goal: [0.6, 0.6], ours: connections(100, 1, async () => end(await connector.connect(name, port))), nodes: connections(100, 1, native({ host: name })) },
      ]),
]; // prettier-ignore

async function ratio({ row, goal, ours, nodes }) {
  const ratios = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? [ours, nodes] : [nodes, ours];
    const [a, b] = [await first(), await second()];
    if (round >= 0) ratios.push(first === ours ? a / b : b / a);
  }
  return { row, value: median(ratios), unit: '', goal };
}

// The engine without sockets: how long one race takes.
const list = (length) => Array.from({ length }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
const refused = new Error('refused');
const connected = () => of('connected');
const four = { resolver: staticResolver([...list(2), '192.0.2.1', '192.0.2.2']), transport: connected };
const failing = {
  resolver: staticResolver([...list(2), '192.0.2.1', '192.0.2.2']),
  transport: ({ address }) => (address === '192.0.2.2' ? of('connected') : throwError(() => refused)),
};
const ENGINE = [
  { row: 'engine: 4 addresses, the first connects', goal: [8, 8], race: () => connect$('example.com', 443, four) },
  { row: 'engine: 4 addresses, 3 fail', goal: [13, 13], race: () => connect$('example.com', 443, failing) },
  { row: 'engine: a literal', goal: [6, 6], race: () => connect$('192.0.2.1', 443, { transport: connected }) },
];

async function engine({ row, goal, race }) {
  const values = [];
  const RACES = 1000;
  const ignore = { error: () => undefined };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const began = performance.now();
    for (let i = 1; i <= RACES; i++) {
      race().subscribe(ignore);
      if (i % 100 === 0) await turn(); // timers that were set and cleared want a turn of the event loop
    }
    if (round >= 0) values.push(((performance.now() - began) * 1000) / RACES);
  }
  return { row, value: median(values), unit: 'µs', goal };
}

/** Bytes that a race holds while it is in flight, over silent transports, which hold nothing. */
async function memory() {
  const RACES = 10_000;
  const silent = { resolver: both, transport: () => NEVER, connectTimeout: Infinity };
  const collected = async () => {
    await new Promise((done) => setTimeout(done, 400)); // until both attempts of each have begun
    for (let i = 0; i < 3; i++) globalThis.gc();
    return process.memoryUsage().heapUsed;
  };
  const before = await collected();
  const races = Array.from({ length: RACES }, () => connect$('bench.example', port, silent).subscribe());
  const bytes = ((await collected()) - before) / RACES;
  for (const race of races) race.unsubscribe();
  return { row: 'kB a race in flight, of 10,000 silent ones', value: bytes / 1000, unit: 'kB', goal: [8, 8] };
}

const results = [];
for (const one of RATIOS) results.push(await ratio(one));
server.kill();
for (const one of ENGINE) results.push(await engine(one));
if (globalThis.gc) results.push(await memory());

const isNew = Number(process.versions.node.split('.')[0]) >= 26;
if (process.argv.includes('--json')) console.log(JSON.stringify({ node: process.version, results }));
else {
  const version = execFileSync(process.execPath, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`Node.js ${version}, medians of ${ROUNDS} rounds${name === undefined ? '; no name in /etc/hosts to look up' : ''}`);
  for (const { row, value, unit, goal } of results)
    console.log(`${row.padEnd(56)} ${`${value.toFixed(2)} ${unit}`.padEnd(10)} goal ${goal[isNew ? 1 : 0]}`);
}
process.exit();
