// A proxy beside plain ones of 30 lines: they take turns of half a second, in which they make connections or pass bytes on, and the
// ratios are printed: for information, as machines differ. All are asked for the same name, find the same two addresses for it, and
// may connect to the first, which works. Like every program, a plain one looks the name up for each connection; another one is given
// the addresses, which shows what the race itself costs. Processor time says more than wall time where others load the machine.
//
// Then the proxy under load: thousands of clients at once, while the first address flaps between good, refused, silent and reset.
// Every byte has to arrive, nothing may be left, and the heap stays flat. It fails where something is lost or left.
//
//   npm run soak -- [--seconds 30] [--clients 2000] [--seed 1]
import { Buffer } from 'node:buffer';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { clearTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const HOST = 'upstream.example';
const [FIRST, SECOND] = ['::1', '127.0.0.1'];
const ADDRESSES = [FIRST, SECOND].map((address) => ({ address, family: net.isIP(address) }));

/** How a proxy finds the addresses: by a look-up of the system, of a name that it finds as fast as any, or without one. */
const LOOK_UPS = {
  system: (_, __, found) => dns.lookup('localhost', { all: true }, (error) => found(error, ADDRESSES)),
  known: (_, __, found) => found(null, ADDRESSES),
};

/** The proxies: how each is made, and what it is called. */
const PROXIES = {
  rx: { make: rxProxy, label: 'the proxy' },
  plain: { make: (states) => plainProxy(states, LOOK_UPS.system), label: 'a plain one' },
  given: { make: (states) => plainProxy(states, LOOK_UPS.known), label: 'one that is given the addresses' },
};

/** The parts of the time: until Node has compiled what is used, and under load; the rest is for the comparison. */
const SHARE_OF_WARMING = 0.3;
const SHARE_OF_LOAD = 0.35;

/** ms for one proxy, and then for the next, so that all meet the same machine. */
const TURN = 500;

const role = process.argv[2];
if (role in PROXIES) await serve(PROXIES[role].make);
else await soak();

/** A proxy in a process of its own, which tells how it fares when it is asked. */
async function serve(make) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const states = { open: 0 };
  const port = await make(states);
  const questions = {
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    // V8 forgets what it knows of the code when it is made to collect garbage, so that nothing is compared after this.
    heap: () => {
      for (let i = 0; i < 4; i++) globalThis.gc();
      return process.memoryUsage().heapUsed;
    },
    left: () => {
      const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      return { open: states.open, sockets };
    },
    delay: () => {
      const p99 = delay.percentile(99) / 1e6;
      delay.reset();
      return p99;
    },
    end: () => process.exit(),
  };
  process.on('message', (question) => process.send(questions[question]()));
  process.on('disconnect', () => process.exit()); // the soak was interrupted
  process.send({ port });
}

async function rxProxy(states) {
  const { proxy$ } = await import('rx-happy-eyeballs/proxy');
  const { systemResolver } = await import('rx-happy-eyeballs');
  return new Promise((resolve) => {
    const race = { resolver: systemResolver({ lookup: LOOK_UPS.system }) };
    proxy$({ listen: '127.0.0.1:0', race }).subscribe((event) => {
      if (event.type === 'listening') resolve(event.port);
      if (event.type === 'accepted') states.open++;
      if (event.type === 'closed') states.open--;
    });
  });
}

// A plain proxy, to compare with: Node chooses among the addresses of a name.
async function plainProxy(states, lookup) {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    states.open++;
    let head = Buffer.alloc(0);
    const read = (chunk) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      client.off('data', read).pause();
      if (head.length > end + 4) client.unshift(head.subarray(end + 4));
      const [, host, port] = /^CONNECT ([^ ]*):(\d+) /.exec(head.latin1Slice(0, end));
      const options = { host, port: Number(port), lookup, allowHalfOpen: true, noDelay: true };
      const upstream = net.connect(options, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      upstream.on('error', () => client.destroy()).on('close', () => client.destroyed || client.end());
      client.on('close', () => upstream.destroy());
    };
    client.on('data', read).on('error', () => client.destroy());
    client.on('close', () => states.open--);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  return server.address().port;
}

async function soak() {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, clients: { type: 'string' }, seed: { type: 'string' } },
  });
  const seconds = Number(values.seconds ?? 30);
  const clients = Number(values.clients ?? 2000);
  const random = randomFrom(Number(values.seed ?? 1));
  const upstream = await serveUpstream(SECOND);
  const first = await flapping(upstream.port);
  const proxies = {};
  for (const kind of Object.keys(PROXIES)) proxies[kind] = await start(kind);
  const { rx, ...others } = proxies;

  console.log(`${clients} clients at once, ${seconds} s; Node ${process.version}`);
  await first.be('good');
  for (const { port } of Object.values(proxies)) await load(port, upstream.port, Math.min(clients, 200), 1000, random); // warms up
  await compare(proxies, upstream.port, seconds * 1000);
  for (const { child } of Object.values(others)) child.send('end');

  const problems = await underLoad(rx, first, { clients, port: upstream.port, ms: seconds * SHARE_OF_LOAD * 1000, random });
  rx.child.send('end');
  upstream.close();
  for (const problem of problems) console.error(problem);
  process.exit(problems.length > 0 ? 1 : 0);
}

/** Keeps the proxy busy while the first address flaps. Returns what went wrong, and what is left. */
async function underLoad(rx, first, { clients, port, ms, random }) {
  const before = await settled(rx);
  const heapBefore = await rx.ask('heap');
  await rx.ask('delay');
  const flap = first.flap(random);
  const done = await load(rx.port, port, clients, ms, random, first.states);
  await flap.stop();
  const delay = await rx.ask('delay');
  const after = await settled(rx);
  const heapAfter = await rx.ask('heap');
  const grown = (heapAfter - heapBefore) / 1e6;
  console.log(
    `under load: ${done.exchanges} exchanges, ${mb(done.bytes)} MB, each hashed; ${done.resets} were reset by the first address`,
  );
  console.log(
    `first address: ${Object.entries(flap.counts)
      .map(([state, times]) => `${state} ${times}×`)
      .join(', ')}`,
  );
  console.log(
    `event-loop delay of the proxy: p99 ${delay.toFixed(1)} ms; heap ${mb(heapBefore)} MB before, ${mb(heapAfter)} MB after`,
  );
  const problems = [];
  if (done.wrong > 0)
    problems.push(`${done.wrong} exchanges were not answered with what they had sent: ${done.reasons.join(', ')}`);
  if (done.exchanges === 0) problems.push('nothing was exchanged');
  if (after.open > 0) problems.push(`${after.open} connections are left`);
  if (after.sockets > before.sockets) problems.push(`${after.sockets} sockets are left, of ${before.sockets}`);
  if (grown > 10) problems.push(`the heap has grown by ${grown.toFixed(1)} MB`);
  return problems;
}

/** Prints how fast the proxies are, once all of them have been warmed up alike. */
async function compare(proxies, port, ms) {
  await Promise.all(Object.values(proxies).map((proxy) => connectionRate(proxy.port, port, ms * SHARE_OF_WARMING)));
  const kinds = Object.keys(proxies);
  const turns = Math.max(2, Math.round((ms * (1 - SHARE_OF_LOAD - SHARE_OF_WARMING)) / (TURN * kinds.length * 2)));
  for (const [unit, measure] of Object.entries({ connections: connectionRate, MB: throughput })) {
    const done = Object.fromEntries(kinds.map((kind) => [kind, []]));
    for (let turn = 0; turn < turns; turn++) {
      for (const kind of turn % 2 ? kinds.toReversed() : kinds) {
        const proxy = proxies[kind];
        const cpu = await proxy.ask('cpu');
        const { amount, ms: took } = await measure(proxy.port, port, TURN);
        done[kind].push({ perSecond: (amount / took) * 1000, cpu: ((await proxy.ask('cpu')) - cpu) / amount });
      }
    }
    for (const [what, key, digits] of [
      [`${unit} per second`, 'perSecond', 0],
      [`ms of the processor for each of ${unit}`, 'cpu', 2],
    ]) {
      const told = kinds.map((kind) => {
        const figure = median(done[kind].map((one) => one[key])).toFixed(digits);
        const ratio = median(done.rx.map((one, i) => one[key] / done[kind][i][key])).toFixed(2);
        return `${PROXIES[kind].label} ${figure}${kind === 'rx' ? '' : ` (ratio ${ratio})`}`;
      });
      console.log(`${what}: ${told.join('; ')}`);
    }
  }
}

async function start(kind) {
  const child = fork(import.meta.filename, [kind], { execArgv: ['--expose-gc'] });
  const [{ port }] = await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    return (await once(child, 'message'))[0];
  };
  return { child, port, ask };
}

/** Waits until a proxy has nothing open any more, for five seconds at most. Returns what is left. */
async function settled(proxy) {
  for (let i = 0; ; i++) {
    const left = await proxy.ask('left');
    if ((left.open === 0 && left.sockets <= 1) || i === 50) return left;
    await sleep(100);
  }
}

/** What is connected to: sends back what it gets, and then ends; or sends without an end what is asked for with a first byte of 1. */
async function serveUpstream(host, port = 0) {
  const block = Buffer.alloc(65_536);
  const sockets = new Set();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    socket.once('data', (data) => {
      if (data[0] === 1) {
        const send = () => {
          while (!socket.destroyed && socket.write(block));
        };
        socket.on('drain', send).resume();
        send();
        return;
      }
      socket.write(data);
      socket.pipe(socket);
    });
  });
  for (let tries = 0; ; tries++) {
    server.listen({ host, port, backlog: 4096, ipv6Only: true });
    const [error] = await Promise.race([once(server, 'listening').then(() => []), once(server, 'error')]);
    if (!error) break;
    if (tries === 50) throw error;
    await sleep(20);
  }
  return {
    port: server.address().port,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    /** Closes the port; what is open goes on. */
    stop: () => server.close(),
  };
}

/** The first address, which is in one state after another. */
async function flapping(port) {
  let end = async () => undefined;
  const states = {
    good: async () => {
      const server = await serveUpstream(FIRST, port);
      return async () => server.stop();
    },
    refused: async () => async () => undefined,
    reset: async () => {
      const server = net.createServer((socket) => socket.resetAndDestroy());
      server.listen({ host: FIRST, port, backlog: 4096, ipv6Only: true });
      await Promise.race([once(server, 'listening'), once(server, 'error')]);
      return async () => server.close();
    },
    // A listener whose event loop stands still, and connections that fill its queue.
    silent: async () => {
      const worker = new Worker(
        `const { parentPort, workerData } = require('node:worker_threads');
         const server = require('node:net').createServer();
         server.on('error', () => parentPort.postMessage('error'));
         server.listen({ ...workerData, backlog: 1, ipv6Only: true }, () => {
           parentPort.postMessage('listening');
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
         });`,
        { eval: true, workerData: { host: FIRST, port } },
      );
      await once(worker, 'message');
      const fillers = [1, 2].map(() => net.connect({ host: FIRST, port }).on('error', () => undefined));
      return async () => {
        for (const filler of fillers) filler.destroy();
        await worker.terminate();
      };
    },
  };
  const past = [];
  const be = async (state) => {
    await end();
    past.push({ state, since: performance.now() });
    end = await states[state]();
  };
  return {
    be,
    /** The latest states, for what went wrong. */
    states: () => past.slice(-3).map(({ state, since }) => `${state} for ${Math.round(performance.now() - since)} ms`),
    flap: (random) => {
      const counts = {};
      let stopped = false;
      const names = Object.keys(states);
      const flapped = (async () => {
        for (let i = 0; !stopped; i++) {
          const state = names[i % names.length];
          counts[state] = (counts[state] ?? 0) + 1;
          await be(state);
          await sleep(300 + random() * 400);
        }
      })();
      return {
        counts,
        stop: async () => {
          stopped = true;
          await flapped;
        },
      };
    },
  };
}

/** Keeps a number of clients busy for a while. */
async function load(proxyPort, port, clients, ms, random, circumstances = () => []) {
  const until = performance.now() + ms;
  const total = { exchanges: 0, bytes: 0, wrong: 0, resets: 0, reasons: [] };
  const one = async () => {
    await sleep(random() * 500); // not all in one instant
    while (performance.now() < until) {
      const size = Math.floor(1 + random() ** 4 * 200_000);
      const result = await exchange(proxyPort, port, size, random);
      if (result === 'whole') {
        total.exchanges++;
        total.bytes += 2 * size;
      } else if (result === 'reset') total.resets++;
      else {
        total.wrong++;
        if (total.reasons.length < 5) total.reasons.push(`${result} (first address: ${circumstances().join(', ')})`);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  return total;
}

/** Sends bytes, and sees whether the same come back. */
function exchange(proxyPort, port, size, random) {
  const sent = Buffer.alloc(size, Math.floor(2 + random() * 200));
  sent.writeUInt8(0, 0);
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connectBy(proxyPort, port);
    const hash = createHash('sha256');
    const over = (result) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => over('nothing came for 30 s'), 30_000);
    socket.on('error', ({ code }) => over(code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : code));
    granted(socket, (answer) => {
      if (!answer.startsWith('HTTP/1.1 200 ')) {
        over(answer.split('\r\n', 1)[0] || 'no answer');
        return;
      }
      let length = 0;
      socket.on('data', (data) => {
        length += data.length;
        hash.update(data);
      });
      socket.on('end', () => {
        const isSame = hash.digest('hex') === createHash('sha256').update(sent).digest('hex');
        if (isSame) over('whole');
        // Node 20 and 22 report a reset that comes right behind bytes as an end, but the next write still fails by it.
        else setTimeout(() => over(`${length} of ${size} bytes after ${Math.round(performance.now() - began)} ms`), 500);
      });
      socket.end(sent);
    });
  });
}

function connectBy(proxyPort, port) {
  const socket = net.connect({ host: '127.0.0.1', port: proxyPort, allowHalfOpen: true, noDelay: true });
  socket.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`);
  return socket;
}

/** Waits for the head of the answer. */
function granted(socket, then) {
  let head = '';
  const read = (data) => {
    head += data.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    socket.off('data', read);
    if (head.length > end + 4) socket.unshift(Buffer.from(head.slice(end + 4), 'latin1'));
    then(head);
  };
  socket.on('data', read);
}

/** MB over a few connections, once all of them flow. */
async function throughput(proxyPort, port, ms) {
  let bytes = 0;
  const sockets = [];
  await Promise.all(
    Array.from({ length: 8 }, () => {
      const socket = connectBy(proxyPort, port).on('error', () => undefined);
      sockets.push(socket);
      return new Promise((resolve) => {
        socket.once('close', resolve);
        granted(socket, () => {
          socket.on('data', (data) => {
            bytes += data.length;
            resolve();
          });
          socket.write(Buffer.from([1]));
        });
      });
    }),
  );
  const [before, at] = [bytes, performance.now()];
  await sleep(ms);
  const measured = { amount: (bytes - before) / 1e6, ms: performance.now() - at };
  for (const socket of sockets) socket.destroy();
  return measured;
}

/** Connections, some at a time: each asks, is granted, exchanges a byte and ends. */
async function connectionRate(proxyPort, port, ms) {
  let connections = 0;
  const began = performance.now();
  const one = async () => {
    while (performance.now() - began < ms) {
      await new Promise((resolve) => {
        const socket = connectBy(proxyPort, port).on('error', resolve).on('close', resolve);
        granted(socket, () => {
          socket.on('data', () => connections++).on('end', () => socket.destroy());
          socket.end(Buffer.from([0]));
        });
      });
    }
  };
  await Promise.all(Array.from({ length: 50 }, one));
  return { amount: connections, ms: performance.now() - began };
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(0);
}

/** Chance that comes again with the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
