// What a TLS connection costs on loopback: a bare `tls.connect`, and the race, in one process, with and without resumption.
//
// Counted is the processor time of this process, in turns, and the time that passes, which is also the system's and the
// server's; the server is a process of its own. Printed are medians over the rounds: of both times, and of their ratios to
// those of the bare connections of the same round.
import 'reflect-metadata';
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { spawn } from 'node:child_process';
import { KeyObject, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import tls from 'node:tls';
import { connect$, createConnector, staticResolver } from '../dist/index.mjs';

const ROUNDS = 40;
const WARM_UP = 40; // rounds; as many as it takes until everything is compiled
const CONNECTIONS = 50;
const AIM = 1.25;
const HOST = 'bench.example';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const certificate = await X509CertificateGenerator.createSelfSigned(
  {
    name: `CN=${HOST}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true), new SubjectAlternativeNameExtension([{ type: 'dns', value: HOST }])],
  },
  webcrypto,
);
const ca = certificate.toString('pem');
const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });

const server = spawn(
  process.execPath,
  [
    '-e',
    `const { cert, key } = process.env;
     const server = require('node:tls').createServer({ cert, key }, (socket) => socket.on('error', () => {}).resume());
     server.on('tlsClientError', () => {});
     server.listen({ port: 0, host: '::' }, () => console.log(server.address().port));`,
  ],
  { env: { cert: ca, key }, stdio: ['ignore', 'pipe', 'inherit'] },
);
const port = Number(String((await once(server.stdout, 'data'))[0]));

const one = staticResolver(['127.0.0.1']);
const two = staticResolver(['::1', '127.0.0.1']);
const withoutSessions = createConnector({ resolver: one, tls: { ca }, sessions: false });
const withSessions = createConnector({ resolver: one, tls: { ca } });

/** Both sides of resumption begin with a session; a connection that is closed at once never gets another. */
const native = (options) => tls.connect({ host: '127.0.0.1', port, ca, servername: HOST, ...options });
const first = native();
const [session] = await once(first, 'session');
first.destroy();
const seed = await withSessions.connect(HOST, port);
await once(seed, 'session');
seed.destroy();

const bare = (options) => () =>
  new Promise((done) => {
    const socket = native(options).once('secureConnect', () => done(socket));
  });
const raced =
  (connect$, ...options) =>
  () =>
    new Promise((done) => {
      connect$(HOST, port, ...options).subscribe(done);
    });

const groups = [
  {
    'tls.connect, an address': bare(),
    'connect$, a name with one address': raced(connect$, { resolver: one, tls: { ca } }),
    'connect$, a name with two addresses': raced(connect$, { resolver: two, tls: { ca } }),
    'connector without sessions, a name with one address': raced(withoutSessions.connect$),
  },
  {
    'tls.connect, an address, resumed': bare({ session }),
    'connector, a name with one address, resumed': raced(withSessions.connect$),
  },
];

const measured = groups.map((contenders) =>
  Object.entries(contenders).map(([name, connect]) => ({ name, connect, cpu: [], wall: [], resumed: 0 })),
);
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const contender of measured.flat()) {
    const began = performance.now();
    const before = process.cpuUsage();
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = await contender.connect();
      if (socket.isSessionReused()) contender.resumed++;
      socket.destroy();
    }
    const { user, system } = process.cpuUsage(before);
    if (round < 0) continue;
    contender.cpu.push((user + system) / CONNECTIONS);
    contender.wall.push(((performance.now() - began) * 1000) / CONNECTIONS);
  }
}
server.kill();

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const cell = (values, references) => {
  const ratio = median(values.map((value, round) => value / references[round]));
  return `${median(values).toFixed(0).padStart(6)} µs  ${ratio.toFixed(2)}`;
};
console.log(`${''.padEnd(52)}   processor         passed   (aim: under ${AIM})`);
for (const contenders of measured) {
  const [reference] = contenders;
  for (const { name, cpu, wall, resumed } of contenders) {
    const share = Math.round((resumed / (ROUNDS + WARM_UP) / CONNECTIONS) * 100);
    console.log(`${name.padEnd(52)} ${cell(cpu, reference.cpu)}   ${cell(wall, reference.wall)}   ${share} % resumed`);
  }
}
