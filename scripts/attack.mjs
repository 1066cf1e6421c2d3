/**
 * Attacks the built package with hostile inputs, and counts what holds.
 *
 *     npm run attack -- [--seconds 300] [--seed 1] [--only campaign …] [--write]
 *
 * Campaigns run one after another, each for its share of the time. `--write` puts the figures into docs/reliability.md. The exit
 * status is 1 when anything did not hold: the seed and the input are printed, and the same seed attacks in the same way again.
 */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Worker } from 'node:worker_threads';
import { parseArgs } from 'node:util';
import { clearTimeout } from 'node:timers';
import { fileURLToPath, URL } from 'node:url';
import { setImmediate as turn } from 'node:timers/promises';
import { parse } from 'parse5';
import { SaxesParser } from 'saxes';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error('--seconds must be over 0, and --seed a whole number');

const index = new URL('../dist/index.mjs', import.meta.url);
const { connect, connect$, dnsResolver, htmlReport, ssrf, staticResolver, race$, waterfall } = await import(index);

/** Numbers from 0 to 1 (mulberry32). */
function generator(from) {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(seed);
const upTo = (most) => Math.floor(random() * most);
const pick = (list) => list[upTo(list.length)];

let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});

/** What went wrong that no one was told of. */
const unhandled = [];
process.on('uncaughtException', (error) => unhandled.push(error));
process.on('unhandledRejection', (error) => unhandled.push(error));

async function listen(handler = () => undefined) {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    handler(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** The winner of a race, or its error. */
function outcome(stream) {
  return new Promise((resolve) => {
    stream.subscribe({ next: (value) => resolve({ value }), error: (error) => resolve({ error }), complete: () => resolve({}) });
  });
}

/** Blocks that are not public, by a reckoning of its own: numbers, and no parser of addresses. */
const PRIVATE = [
  [0, 8],
  [10, 8],
  [127, 8],
  [169 * 256 + 254, 16],
  [172 * 16 + 1, 12],
  [192 * 256 + 168, 16],
  [224 >> 4, 4],
  [240 >> 4, 4],
];
const isPrivate = (number) => PRIVATE.some(([block, bits]) => Math.floor(number / 2 ** (32 - bits)) === block);

const hex = (number) => number.toString(16);
const dotted = (number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
/** Ways to write an IPv4 address, or to reach it by an IPv6 address. */
const SPELLINGS = [
  (n) => dotted(n),
  (n) => `::ffff:${dotted(n)}`,
  (n) => `::FFFF:${hex(n >>> 16)}:${hex(n & 0xffff)}`,
  (n) => `0:0:0:0:0:ffff:${dotted(n)}`,
  (n) => `64:ff9b::${dotted(n)}`,
  (n) => `64:ff9b:0:0::${hex(n >>> 16)}:${hex(n & 0xffff)}`,
  (n) => `2002:${hex(n >>> 16)}:${hex(n & 0xffff)}::1`,
  (n) => `::${hex(n >>> 16)}:${hex(n & 0xffff)}`,
];

/** What would be markup, or a script, were it not escaped: an element, an attribute or a scheme by this name has got through. */
const MARK = 'owned';
const INJECTIONS = [
  `<${MARK}>`,
  `<${MARK} ${MARK}=1>`,
  `"><${MARK}>`,
  `'><${MARK}>`,
  `" ${MARK}="1`,
  `' ${MARK}='1`,
  `x ${MARK}=1 `,
  `</title><${MARK}>`,
  `</style><${MARK}>`,
  `</pre></svg></table><${MARK}>`,
  `--><${MARK}>`,
  `]]><${MARK}>`,
  `<![CDATA[<${MARK}>]]>`,
  `<!ENTITY ${MARK} "1">`,
  `&lt;${MARK}&gt;`,
  `&#60;${MARK}&#x3e;`,
  `<svg/${MARK}=1>`,
  `<script>${MARK}()</script>`,
  `javascript:${MARK}()`,
  `<?${MARK} ?>`,
];

/** Text of others: an injection among characters that cut, hide or turn it. */
function hostileText() {
  const odd = ['', ' ', '\0', '\n', '\r', '\t', '\u000b', '\u0085', '\u2028', '\u202e', '\ufeff', '\ufffe', '\ud800', '\udc00', '&', '<', '>', '"', "'", '`', '=', '/', '*/', '🇪🇺', 'x'.repeat(300)];
  const parts = Array.from({ length: 1 + upTo(4) }, () => (random() < 0.5 ? pick(INJECTIONS) : pick(odd)));
  return parts.join('').slice(random() < 0.2 ? upTo(8) : 0);
} // prettier-ignore

/** An error of others: what a server, a resolver, or a certificate has said. */
function hostileError() {
  const subject = { CN: hostileText(), O: hostileText() };
  return Object.assign(new Error(hostileText()), { code: hostileText(), host: hostileText(), cert: { subject, subjectaltname: hostileText() } });
} // prettier-ignore

/** A race, as a log of it might have it: any events, with text of others wherever there is text. */
function hostileEvents() {
  const endpoints = Array.from({ length: 1 + upTo(4) }, (_, index) => ({
    address: random() < 0.5 ? `2001:db8::${index + 1}` : hostileText(),
    family: random() < 0.5 ? 6 : 4,
    port: 1 + upTo(65_535),
  }));
  const kinds = {
    answered: (at) => ({ type: 'answered', at, answer: pick([
      { type: 'AAAA', addresses: endpoints.map(({ address }) => address), name: hostileText() },
      { type: 'A', addresses: [], error: hostileError() },
      { type: 'HTTPS', records: [{ priority: 1, target: hostileText(), alpn: [hostileText()] }] },
    ]) }),
    resolved: (at) => ({ type: 'resolved', at, ...(random() < 0.3 && { error: hostileError() }) }),
    queued: (at) => ({ type: 'queued', at, endpoints }),
    started: (at) => ({ type: 'started', at, endpoint: pick(endpoints) }),
    progressed: (at) => ({ type: 'progressed', at, endpoint: pick(endpoints), stage: 'tls', after: upTo(100) }),
    failed: (at) => ({ type: 'failed', at, endpoint: pick(endpoints), error: hostileError() }),
    cancelled: (at) => ({ type: 'cancelled', at, endpoint: pick(endpoints), ...(random() < 0.3 && { error: hostileError() }) }),
  }; // prettier-ignore
  const events = Array.from({ length: upTo(20) }, (_, at) => pick(Object.values(kinds))(at));
  if (random() < 0.3) events.push({ type: 'connected', at: 30, endpoint: pick(endpoints), value: hostileText() });
  return events;
}

/** Elements and attributes of a document in HTML, as a browser has them. */
function* readHtml(node) {
  yield { name: node.nodeName, attributes: Object.fromEntries((node.attrs ?? []).map(({ name, value }) => [name, value])) };
  for (const child of node.childNodes ?? []) yield* readHtml(child);
}

/** The same of a document in XML, which must be well-formed. */
function readXml(text) {
  const parser = new SaxesParser({ xmlns: true });
  const found = [];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) =>
    found.push({ name, attributes: Object.fromEntries(Object.values(attributes).map(({ name, value }) => [name, value])) }),
  );
  for (const event of ['comment', 'cdata', 'processinginstruction', 'doctype']) parser.on(event, () => found.push({ name: event, attributes: {} }));
  parser.write(text).close();
  return found;
} // prettier-ignore

const ACTIVE = [
  'script',
  'img',
  'iframe',
  'object',
  'embed',
  'foreignobject',
  'a',
  'form',
  'base',
  'cdata',
  'processinginstruction',
  'comment',
  '#comment',
];

/** What in a document is not what the package draws. */
function intruders(elements) {
  return elements.flatMap(({ name, attributes }) => [
    ...(name.includes(MARK) || ACTIVE.includes(name.toLowerCase()) ? [`<${name}>`] : []),
    ...Object.entries(attributes).flatMap(([key, value]) =>
      key.includes(MARK) || key.startsWith('on') || (/^(?:href|src|style|action)$|:href$/.test(key) && value.includes(MARK)) ? [`${key}="${value}"`] : [],
    ),
  ]);
} // prettier-ignore

const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));

/** Runs a spec for a campaign, and returns how many of its tests passed. */
async function spec(file, failed, limit, ...options) {
  const child = spawn(process.execPath, [jest, file, '--json', '--forceExit', ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  const timer = setTimeout(() => child.kill('SIGTERM'), limit);
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  // It was ended because its time was over, which says nothing of it.
  if (status === null || stdout === '') return 0;
  const { numPassedTests, testResults } = JSON.parse(stdout);
  for (const { assertionResults, message } of testResults) {
    const bad = assertionResults.filter((one) => one.status === 'failed');
    for (const one of bad) failed(`${one.fullName}: ${one.failureMessages[0]}`);
    if (bad.length === 0 && message) failed(message);
  }
  return numPassedTests;
}

const campaigns = {
  /** Addresses that lead to private ones, in all spellings, against `ssrf()`: none may be dialled. */
  'filter walk': async ({ failed }) => {
    const number = Math.floor([0, 10, 127, 169, 172, 192, 224, 240][upTo(8)] * 2 ** 24 + random() * 2 ** 24);
    if (!isPrivate(number)) return;
    const address = pick(SPELLINGS)(number >>> 0);
    let dialled = false;
    const { error } = await outcome(
      connect$('name.test', 443, {
        resolver: staticResolver({ 'name.test': [address] }),
        filter: ssrf(),
        socketFactory: () => {
          dialled = true;
          return new net.Socket();
        },
      }),
    );
    if (dialled || error?.code !== 'ERR_IP_BLOCKED') failed(`${address}: ${error?.code}`);
  },

  /** Mutated answers of a DNS server: an answer, or an error with a code. */
  'DNS messages': async ({ failed, shared }) => {
    shared.server ??= await new Promise((resolve) => {
      const socket = createSocket('udp4');
      socket.on('message', (query, { port }) => {
        const message = Buffer.concat([
          query.subarray(0, 12),
          query.subarray(12, 29),
          Buffer.from('c00c000100010000003c0004c0000201', 'hex'),
        ]);
        message.writeUInt16BE(0x8180, 2);
        message.writeUInt16BE(1, 6);
        message.writeUInt32BE(0, 8);
        for (let i = upTo(6); i > 0; i--) message[2 + upTo(message.length - 2)] = upTo(256);
        socket.send(message.subarray(0, random() < 0.2 ? upTo(message.length) : message.length), port, '127.0.0.1');
      });
      socket.bind(0, '127.0.0.1', () => resolve(socket));
    });
    const servers = [`127.0.0.1:${shared.server.address().port}`];
    const { value, error } = await outcome(
      dnsResolver({ servers, timeout: 20, tries: 1, hostsFile: false })('example.com', { family: 4 }),
    );
    const code = value?.error?.code;
    if (!value || (value.addresses.length === 0 && !/^E[A-Z]+$/.test(code))) failed(`${error ?? code}`);
    return () => shared.server.close();
  },

  /** Names, addresses, errors and certificates that are markup: the report and the picture must show them as text. */
  'hostile logs': async ({ failed }) => {
    const events = hostileEvents();
    const report = htmlReport(events, {
      title: hostileText(),
      note: hostileText(),
      ...(random() < 0.3 && { error: hostileError() }),
    });
    const inHtml = intruders([...readHtml(parse(report))]);
    if (inHtml.length > 0) failed(`in the report: ${inHtml.join(', ')}`);
    const drawn = waterfall(events);
    for (const svg of [drawn, ...(report.match(/<svg[^]*?<\/svg>/g) ?? [])]) {
      const inXml = intruders(readXml(svg));
      if (inXml.length > 0) failed(`in the picture: ${inXml.join(', ')}`);
    }
    const inPicture = intruders([...readHtml(parse(drawn))]);
    if (inPicture.length > 0) failed(`in the picture, read as HTML: ${inPicture.join(', ')}`);
  },

  /** TLS sessions: lax and strict, CAs, names, client certificates, each after each other, in both versions of TLS. */
  'session matrix': async ({ failed, limit }) => spec('spec/connector/tls-sessions.spec.ts', failed, limit),

  /** 20,000 races that are started in one go leave the event loop to others. */
  'many races': async ({ failed }) => {
    const resolver = staticResolver({ 'name.test': ['192.0.2.1', '192.0.2.2'] });
    let begun = 0;
    let most = 0;
    let seen = 0;
    const options = {
      resolver: (host, query) => {
        begun++;
        return resolver(host, query);
      },
      transport: () => [1],
    };
    const all = Array.from({ length: 20_000 }, () => connect('name.test', 1, options));
    while (begun < all.length) {
      most = Math.max(most, begun - seen);
      seen = begun;
      await turn();
    }
    await Promise.all(all);
    if (most > 64) failed(`${most} races began in one turn`);
  },

  /** A race that is unsubscribed after any of its events, or after some microtasks: nothing is left open. */
  unsubscribing: async ({ failed, shared }) => {
    shared.server ??= await listen();
    const sockets = [];
    const after = upTo(8);
    const ticks = upTo(6);
    let seen = 0;
    const subscription = race$('name.test', shared.server.address().port, {
      resolver: staticResolver({ 'name.test': ['127.0.0.1', '127.0.0.2', '127.0.0.3'] }),
      socketFactory: () => sockets[sockets.push(new net.Socket()) - 1],
      connectionAttemptDelay: 10,
    }).subscribe({
      next: (event) => {
        if (event.type === 'connected') event.value.destroy();
        if (++seen === after) queueMicrotask(() => subscription.unsubscribe());
      },
      error: () => undefined,
    });
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    if (random() < 0.5) await turn();
    subscription.unsubscribe();
    await turn();
    const open = sockets.filter((socket) => !socket.destroyed).length;
    if (open > 0) failed(`${open} sockets are open after ${after} events and ${ticks} microtasks`);
    return () => shared.server.close();
  },

  /** A worker that is ended in the midst of its races takes no one with it. */
  'workers ended': async ({ failed }) => {
    const code = `import(${JSON.stringify(index.href)}).then(({ connect }) => {
      for (let i = 0; i < 50; i++) connect('localhost', 9 + i).catch(() => undefined);
      require('node:worker_threads').parentPort.postMessage('racing');
    });`;
    const worker = new Worker(code, { eval: true });
    await once(worker, 'message');
    if (random() < 0.5) await turn();
    const status = await worker.terminate();
    if (status !== 1) failed(`the worker ended with ${status}`);
  },

  /** One local port is wanted, and taken: an error that says so, and no socket is left. */
  'port taken': async ({ failed, shared }) => {
    shared.server ??= await listen();
    shared.taken ??= await listen();
    const { port } = shared.server.address();
    const { value, error } = await outcome(
      connect$('127.0.0.1', port, { localAddress: '127.0.0.1', localPort: shared.taken.address().port }),
    );
    value?.destroy();
    if (!['EADDRINUSE', 'EADDRNOTAVAIL'].includes(error?.code)) failed(`${error?.code}`);
    return () => {
      shared.server.close();
      shared.taken.close();
    };
  },

  /**
   * No local port is free, in a network of its own with 16 of them: attempts fail with EADDRNOTAVAIL, races go on with addresses
   * to which there are ports, no socket stays open, and there are winners again once ports are free.
   */
  'ports exhausted': async ({ failed, skipped }) => {
    const code = `
      import net from 'node:net';
      import { once } from 'node:events';
      import { connect, staticResolver } from ${JSON.stringify(index.href)};
      const server = net.createServer((socket) => socket.on('error', () => {})).listen(50000, '0.0.0.0');
      await once(server, 'listening');
      const made = [];
      const socketFactory = () => made[made.push(new net.Socket()) - 1];
      const to = (...addresses) => connect('name.test', 50000, { resolver: staticResolver({ 'name.test': addresses }), socketFactory, connectTimeout: 5000 });
      const end = async (socket) => { const closed = once(socket, 'close'); socket.resetAndDestroy(); await closed; };
      const codes = {};
      const count = (code) => (codes[code] = (codes[code] ?? 0) + 1);
      const all = await Promise.allSettled(Array.from({ length: ${40 + upTo(100)} }, () => to('127.0.0.1')));
      for (const { value, reason } of all) count(value ? 'connected' : reason.attempts?.[0]?.error?.code ?? String(reason));
      const other = await to('127.0.0.1', '127.0.0.2');
      const open = made.filter((socket) => !socket.destroyed).length;
      const second = other.remoteAddress;
      await Promise.all([other, ...all.flatMap(({ value }) => value ?? [])].map(end));
      const again = await to('127.0.0.1');
      console.log(JSON.stringify({ codes: Object.keys(codes).sort(), connected: codes.connected, open, second, again: again.remoteAddress }));
      process.exit();`;
    const enter =
      'ip link set lo up && echo "40000 40015" > /proc/sys/net/ipv4/ip_local_port_range || exit 9; exec "$0" --input-type=module -e "$1"';
    const child = spawn('unshare', ['--net', 'sh', '-c', enter, process.execPath, code], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', () => undefined);
    const [status] = await once(child, 'close');
    // Namespaces are root's to make, and not everywhere.
    if (status === 9 || /^unshare:/.test(stderr) || status === -2)
      return skipped('there can be no network namespace with few ports');
    const expected = { codes: ['EADDRNOTAVAIL', 'connected'], connected: 16, open: 17, second: '127.0.0.2', again: '127.0.0.1' };
    if (stdout.trim() !== JSON.stringify(expected)) failed(`it ended with ${stdout.trim() || stderr.trim() || 'nothing'}`);
  },

  /** No file descriptor is free: races fail with EMFILE, and go on once there is one again. */
  EMFILE: async ({ failed }) => {
    const code = `
      import net from 'node:net';
      import { connect } from ${JSON.stringify(index.href)};
      const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', async () => {
        const { port } = server.address();
        const all = await Promise.allSettled(Array.from({ length: 200 }, () => connect('127.0.0.1', port, { connectTimeout: 5000 })));
        const codes = new Set(all.flatMap(({ reason }) => reason?.code ?? []));
        for (const { value } of all) value?.destroy();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const again = await connect('127.0.0.1', port).then(() => 'connected', ({ code }) => code);
        console.log(JSON.stringify([...codes, again]));
        process.exit();
      });`;
    const child = spawn('sh', ['-c', 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, code], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.on('data', (data) => (stdout += data));
    await once(child, 'close');
    if (!/"connected"\]\s*$/.test(stdout)) failed(`it ended with ${stdout.trim() || 'nothing'}`);
  },

  /** A process that is stopped for longer than its time-out still takes the connection that the kernel has had for long. */
  'stopped process': async ({ failed, shared }) => {
    shared.server ??= await listen();
    const code = `
      import { connect } from ${JSON.stringify(index.href)};
      const race = connect('127.0.0.1', ${shared.server.address().port}, { connectTimeout: 300 });
      console.log('racing');
      race.then((socket) => { console.log('connected'); socket.destroy(); }, (error) => console.log(error.code));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
      if (stdout === 'racing\n') {
        child.kill('SIGSTOP');
        setTimeout(() => child.kill('SIGCONT'), 600);
      }
    });
    await once(child, 'close');
    if (!stdout.includes('connected')) failed(`it ended with ${stdout.trim()}`);
    return () => shared.server.close();
  },
};

const results = [];
const names = values.only ?? [...Object.keys(campaigns), 'socket sequences'];
const share = (seconds * 1000) / names.length;
console.log(`seed ${seed}, ${seconds} s`);
// A failure of this script itself must not look like the end of the attack.
process.exitCode = 1;
for (const [name, campaign] of Object.entries(campaigns)) {
  if (!names.includes(name)) continue;
  const shared = {};
  const failures = [];
  const result = { name, runs: 0, failures };
  results.push(result);
  const end = performance.now() + share;
  let shown = performance.now();
  let close;
  do {
    try {
      const limit = Math.max(end - performance.now(), 180_000);
      const skipped = (why) => {
        result.skipped = why;
      };
      const done = await campaign({ failed: (what) => failures.push(what), skipped, shared, limit });
      if (typeof done === 'function') close = done;
      // A spec counts its tests.
      if (!result.skipped) result.runs += typeof done === 'number' ? done : 1;
    } catch (error) {
      failures.push(`thrown: ${error?.stack ?? error}`);
    }
    failures.push(...unhandled.splice(0).map((error) => `unhandled: ${error?.stack ?? error}`));
    if (performance.now() - shown > 10_000) {
      shown = performance.now();
      console.log(`  ${name}: ${result.runs} so far, ${failures.length} failures`);
    }
  } while (performance.now() < end && !interrupted && !result.skipped && failures.length < 10);
  close?.();
  console.log(`${name}: ${result.skipped ? `skipped: ${result.skipped}` : `${result.runs} runs, ${failures.length} failures`}`);
  for (const what of failures) console.log(`  ${what}`);
  if (interrupted) break;
}

// The differential sequences of sockets are a script of their own.
const sequences = new URL('./socket-sequences.mjs', import.meta.url);
if (!interrupted && names.includes('socket sequences') && existsSync(sequences)) {
  const child = spawn(process.execPath, [sequences.pathname, '--seed', String(seed), '--each', '100'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let runs = 0;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text);
    runs = Number(/^(\d+) of/m.exec(text)?.[1] ?? runs);
  });
  const limit = setTimeout(() => child.kill('SIGINT'), Math.max(share, 180_000));
  const [status] = await once(child, 'close');
  clearTimeout(limit);
  const failures = status === 0 || status === null || status === 130 ? [] : [`status ${status}`];
  // Without a result there is none: the machine was too busy for it.
  results.push({
    name: 'socket sequences',
    runs,
    failures,
    ...(runs === 0 && failures.length === 0 && { skipped: 'not run to the end' }),
  });
}

if (values.write) {
  const rows = results.map(
    ({ name, runs, failures, skipped }) => `| ${name} | ${skipped ? '–' : runs} | ${skipped ?? failures.length} |`,
  );
  const table = ['| campaign | runs | failures |', '| --- | --- | --- |', ...rows].join('\n');
  const page = new URL('../docs/reliability.md', import.meta.url);
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, text.replace(/(<!-- figures -->)[^]*?(<!-- \/figures -->)/, `$1\n\n${table}\n\n$2`));
}
process.exit(interrupted ? 130 : results.some(({ failures }) => failures.length > 0) ? 1 : 0);
