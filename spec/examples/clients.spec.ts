import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type tls from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { WebSocketServer } from 'ws';
import { blackhole } from '../../src/cli/lab.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { listen, open, tlsServer } from '../support/fixtures.js';
import { mongoServer } from '../support/mongo-server.js';
import { HOST, runExample, runProgram, type Ended } from '../support/program.js';

/** Certificates for the server, and the environment of a program that trusts them. */
let credentials: Credentials;
let trusting: NodeJS.ProcessEnv;
let folder: string;

beforeAll(async () => {
  const authority = await createAuthority();
  credentials = await authority.issue([HOST]);
  folder = await mkdtemp(join(tmpdir(), 'rx-happy-eyeballs-ca-'));
  trusting = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
});

afterAll(() => rm(folder, { recursive: true }));

/** A port on which ::1 never answers, and 127.0.0.1 is free. */
const halfDeadPort = async () => (await open(blackhole('::1'))).port;

/** Lets a server listen on 127.0.0.1, where ::1 never answers. */
async function listening<S extends net.Server>(server: S): Promise<S & { readonly port: number }> {
  const { port } = await open(listen(server, '127.0.0.1', await halfDeadPort()));
  return Object.assign(server, { port });
}

const answer = (request: http.IncomingMessage, response: http.ServerResponse) => response.end(`${request.method} ${request.url}`);

/** Runs one of the programs, which trusts the certificates of this spec. */
async function run(name: string, ...args: readonly string[]): Promise<Ended> {
  const { stdout, ...others } = await runExample(`clients/${name}`, args, trusting);
  return { stdout: stdout.trim(), ...others };
}

const succeeded = (stdout: string): Ended => ({ status: 0, stdout, stderr: '' });

it('would not come about without a race', async () => {
  const { port } = await listening(http.createServer(answer));
  const code = `
    import http from 'node:http';
    const give = (outcome) => { console.log(outcome); process.exit(); };
    http.get('http://${HOST}:${port}/', () => give('connected')).on('error', () => give('failed'));
    setTimeout(give, 3000, 'still waiting');
  `;
  const { stdout } = await runProgram('without.mjs', code);
  expect(stdout).toMatch(/failed|still waiting/);
});

describe.each(['http', 'axios', 'fetch', 'fetch-everywhere'])('%s', (name) => {
  it('reaches an HTTP server', async () => {
    const { port } = await listening(http.createServer(answer));
    expect(await run(name, `http://${HOST}:${port}/there`)).toEqual(succeeded('GET /there'));
  });
});

describe.each(['https', 'axios', 'fetch', 'fetch-everywhere'])('%s', (name) => {
  it('reaches an HTTPS server', async () => {
    const { port } = await listening(https.createServer(credentials, answer));
    expect(await run(name, `https://${HOST}:${port}/there`)).toEqual(succeeded('GET /there'));
  });
});

describe.each(['https', 'fetch', 'http2'])('%s', (name) => {
  it('fails where the certificate is not to be trusted', async () => {
    const unknown = await createAuthority('Another');
    const { port } = await tlsServer('127.0.0.1', 0, { ...(await unknown.issue([HOST])), ALPNProtocols: ['h2', 'http/1.1'] });
    const { status, stderr } = await run(name, `https://${HOST}:${port}/there`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/unable to verify|UNABLE_TO_VERIFY/);
  });
});

describe('http2', () => {
  it('reaches an HTTP/2 server', async () => {
    const server = http2.createSecureServer(credentials, (request, response) =>
      response.end(`${request.httpVersion} ${request.url}`),
    );
    const { port } = await listening(server as unknown as tls.Server);
    expect(await run('http2', `https://${HOST}:${port}/there`)).toEqual(succeeded('200 2.0 /there'));
  });
});

describe('ws', () => {
  it.each(['ws', 'wss'])('reaches a server by %s', async (protocol) => {
    const server = await listening(protocol === 'ws' ? http.createServer() : https.createServer(credentials));
    new WebSocketServer({ server, path: '/there' }).on('connection', (socket) => {
      socket.on('message', (message: Buffer) => socket.send(`you said ${message.toString()}`));
    });
    expect(await run('ws', `${protocol}://${HOST}:${server.port}/there`)).toEqual(succeeded('you said hello'));
  });
});

describe('nodemailer', () => {
  /** Sends a mail to a server; what came of it, and the mail. */
  async function send(secure: boolean): Promise<{ readonly ended: Ended; readonly mails: readonly string[] }> {
    const mails: string[] = [];
    const smtp = new SMTPServer({
      ...(secure ? credentials : { disabledCommands: ['STARTTLS'] }),
      authOptional: true,
      onData(stream, session, done) {
        void text(stream).then((mail) => {
          mails.push(`${session.secure ? 'secret' : 'open'}: ${mail}`);
          done();
        });
      },
    });
    const { port } = await listening(smtp.server);
    return { ended: await run('nodemailer', HOST, String(port), 'me@spec.example', 'you@spec.example'), mails };
  }

  it.each([
    ['open', false],
    ['secret', true],
  ])('sends a mail, %s', async (secrecy, secure) => {
    const { ended, mails } = await send(secure);
    expect(ended).toEqual(succeeded('250 OK: message queued'));
    expect(mails).toEqual([expect.stringMatching(new RegExp(`^${secrecy}: .*by the first address that works`, 's'))]);
  });
});

describe('mongodb', () => {
  it('pings a server', async () => {
    const { port } = await listening(mongoServer());
    expect(await run('mongodb', `mongodb://${HOST}:${port}/?directConnection=true`)).toEqual(succeeded('{ ok: 1 }'));
  });
});

class Sums {
  sum(numbers: readonly number[]): number {
    return numbers.reduce((sum, number) => sum + number, 0);
  }
}

// Decorators by hand: this project is compiled without.
MessagePattern('sum')(Sums.prototype, 'sum', Object.getOwnPropertyDescriptor(Sums.prototype, 'sum')!);
Controller()(Sums);

describe('nestjs', () => {
  it('asks a microservice', async () => {
    const port = await halfDeadPort();
    const options: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
    const service = await NestFactory.createMicroservice({ module: Sums, controllers: [Sums] }, { ...options, logger: false });
    await service.listen();
    await open({ port, close: () => service.close() });
    expect(await run('nestjs', HOST, String(port))).toEqual(succeeded('42'));
  });
});
