// The clients, each with one small exchange. What is imported is imported by the exchange's own process alone.

import { Buffer } from 'node:buffer';

/**
 * @typedef {object} Client
 * @property {string} name as the table has it
 * @property {string} [from] the package; none: a part of Node
 * @property {'register' | 'agent' | 'option' | 'not raced: resolves by itself'} races what makes its connections race
 * @property {readonly string[]} over the servers that it is tried with, by name
 * @property {(target: Target) => Promise<unknown>} connect performs one exchange, and lets go of the connection
 *
 * @typedef {object} Target
 * @property {string} host
 * @property {number} port
 * @property {boolean} isSecure
 * @property {(scheme?: string) => string} url of the server, `http` or `https` by default
 */

const event = (emitter, good, ...bad) =>
  new Promise((resolve, reject) => {
    emitter.once(good, resolve);
    for (const name of ['error', ...bad]) emitter.on(name, reject);
  });

const called = (call) => new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

const WEB = ['http', 'https'];

/** A client of HTTP that takes a URL. */
const web = (from, connect, more = {}) => ({
  name: from,
  from,
  races: 'register',
  over: WEB,
  connect: ({ url }) => connect(url()),
  ...more,
});
/** A part of Node. */
const builtIn = (name, over, connect) => ({ name, races: 'register', over, connect });
const client = (from, over, connect, more = {}) => ({ name: from, from, races: 'register', over, connect, ...more });

/** @type {readonly Client[]} */
export const CLIENTS = [
  builtIn('fetch', WEB, async ({ url }) => (await globalThis.fetch(url())).text()),
  builtIn('node:http, node:https', WEB, async ({ url, isSecure }) => {
    const { default: http } = await import(isSecure ? 'node:https' : 'node:http');
    const response = await event(http.get(url()), 'response');
    await response.resume().toArray();
  }),
  builtIn('node:net, node:tls', WEB, async ({ host, port, isSecure }) => {
    const { connect } = await import(isSecure ? 'node:tls' : 'node:net');
    const socket = connect({ host, port, ...(isSecure && { servername: host }) });
    await event(socket, isSecure ? 'secureConnect' : 'connect');
    socket.end('GET / HTTP/1.0\r\n\r\n');
    await event(socket, 'data');
  }),
  builtIn('node:http2', ['h2c', 'h2'], async ({ url }) => {
    const { connect } = await import('node:http2');
    const session = connect(url());
    await Promise.race([event(session.request({ ':path': '/' }), 'response'), event(session, 'never')]);
    session.destroy();
  }),

  web('axios', async (url) => (await import('axios')).default.get(url)),
  web('got', async (url) => (await import('got')).got(url, { retry: { limit: 0 } })),
  web('node-fetch', async (url) => (await (await import('node-fetch')).default(url)).text()),
  web('undici', async (url) => (await (await import('undici')).request(url)).body.text()),
  web('superagent', async (url) => (await import('superagent')).default.get(url)),
  web('needle', async (url) => (await import('needle')).default('get', url)),
  web('ky', async (url) => (await import('ky')).default(url, { retry: 0 }).text()),
  web('cross-fetch', async (url) => (await (await import('cross-fetch')).default(url)).text()),
  web('make-fetch-happen', async (url) => (await (await import('make-fetch-happen')).default(url, { retry: false })).text()),
  web('minipass-fetch', async (url) => (await (await import('minipass-fetch')).default(url)).text()),
  web('ofetch', async (url) => (await import('ofetch')).ofetch(url, { retry: 0 })),
  web('wretch', async (url) => (await import('wretch')).default(url).get().text()),
  web('phin', async (url) => (await import('phin')).default(url)),
  web('simple-get', async (url) => {
    const { default: get } = await import('simple-get');
    await called((done) => get.concat(url, done));
  }),
  web('follow-redirects', async (url) => {
    const { default: redirecting } = await import('follow-redirects');
    const { http, https } = redirecting;
    await (await event((url.startsWith('https') ? https : http).get(url), 'response')).resume().toArray();
  }),
  web('gaxios', async (url) => (await import('gaxios')).request({ url, retry: false })),
  web('teeny-request', async (url) => {
    const { teenyRequest } = await import('teeny-request');
    await called((done) => teenyRequest({ uri: url }, done));
  }),
  web('urllib', async (url) => (await import('urllib')).request(url)),
  web('@hapi/wreck', async (url) => (await import('@hapi/wreck')).default.get(url)),
  web('request', async (url) => {
    const { default: request } = await import('request');
    await called((done) => request(url, done));
  }),
  web('bent', async (url) => (await import('bent')).default('json')(url)),
  web('typed-rest-client', async (url) => new (await import('typed-rest-client')).RestClient('hello').get(url)),
  web('@octokit/request', async (url) => (await import('@octokit/request')).request({ method: 'GET', baseUrl: url, url: '/' })),
  web('telegraf', async (url) =>
    new (await import('telegraf')).Telegraf('1:hello', { telegram: { apiRoot: url } }).telegram.getMe(),
  ),
  web(
    'http2-wrapper',
    async (url) => {
      const { default: http2 } = await import('http2-wrapper');
      const request = await http2.auto(url);
      const response = event(request, 'response');
      request.end();
      (await response).resume();
    },
    { over: ['h2'] },
  ),
  web('eventsource', async (url) => {
    const { EventSource } = await import('eventsource');
    const source = new EventSource(`${url}events`);
    await new Promise((resolve, reject) => Object.assign(source, { onmessage: resolve, onerror: reject }));
    source.close();
  }),

  client('ws', WEB, async ({ url, isSecure }) => {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(url(isSecure ? 'wss' : 'ws'));
    await event(socket, 'open');
    socket.send('hello');
    await event(socket, 'message');
    socket.terminate();
  }),
  client('websocket', WEB, async ({ url, isSecure }) => {
    const { default: websocket } = await import('websocket');
    const socket = new websocket.client();
    socket.connect(url(isSecure ? 'wss' : 'ws'));
    (await event(socket, 'connect', 'connectFailed')).drop();
  }),
  client('faye-websocket', WEB, async ({ url, isSecure }) => {
    const { default: faye } = await import('faye-websocket');
    const socket = new faye.Client(url(isSecure ? 'wss' : 'ws'));
    await event(socket, 'open');
    socket.close();
  }),
  client('socket.io-client', WEB, async ({ url }) => {
    const { io } = await import('socket.io-client');
    const socket = io(url(), { reconnection: false, transports: ['websocket'] });
    await event(socket, 'connect', 'connect_error');
    socket.close();
  }),
  client('engine.io-client', WEB, async ({ url }) => {
    const { Socket } = await import('engine.io-client');
    const socket = new Socket(url(), { path: '/socket.io/', transports: ['polling'] });
    await event(socket, 'open');
    socket.close();
  }),

  client('ioredis', ['redis', 'rediss'], async ({ host, port, isSecure }) => {
    const { Redis } = await import('ioredis');
    const redis = new Redis({
      host,
      port,
      enableReadyCheck: false,
      retryStrategy: null,
      ...(isSecure && { tls: { servername: host } }),
    });
    redis.on('error', () => undefined);
    await redis.ping();
    redis.disconnect();
  }),
  client('redis', ['redis', 'rediss'], async ({ host, port, isSecure }) => {
    const { createClient } = await import('redis');
    const redis = createClient({
      socket: { host, port, tls: isSecure, reconnectStrategy: false, ...(isSecure && { servername: host }) },
    });
    redis.on('error', () => undefined);
    await redis.connect();
    await redis.ping();
    redis.destroy();
  }),
  client('memjs', ['memcached'], async ({ host, port }) => {
    const { default: memjs } = await import('memjs');
    const cache = memjs.Client.create(`${host}:${port}`, { retries: 0, timeout: 5, conntimeout: 5 });
    await cache.get('hello');
    cache.close();
  }),
  client('pg', ['postgres'], async ({ host, port }) => {
    const { default: pg } = await import('pg');
    const database = new pg.Client({ host, port, user: 'hello' });
    await database.connect();
    await database.query('SELECT 1');
    await database.end();
  }),
  client('mysql2', ['mysql'], async ({ host, port }) => {
    const { createConnection } = await import('mysql2/promise');
    const database = await createConnection({ host, port, user: 'hello' });
    await database.ping();
    database.destroy();
  }),
  client('mqtt', ['mqtt', 'mqtts'], async ({ host, port, isSecure }) => {
    const { default: mqtt } = await import('mqtt');
    const connection = mqtt.connect({ host, port, protocol: isSecure ? 'mqtts' : 'mqtt', reconnectPeriod: 0 });
    await event(connection, 'connect');
    connection.end(true);
  }),
  client('stompit', ['stomp'], async ({ host, port }) => {
    const { default: stompit } = await import('stompit');
    const connection = await called((done) => stompit.connect({ host, port, connectHeaders: { host } }, done));
    connection.destroy();
  }),
  client('amqplib', ['amqp', 'amqps'], async ({ url, isSecure }) => {
    const { default: amqp } = await import('amqplib');
    const connection = await amqp.connect(url(isSecure ? 'amqps' : 'amqp'));
    await connection.close();
  }),
  client('rhea', ['amqp10'], async ({ host, port }) => {
    const { default: rhea } = await import('rhea');
    const connection = rhea.create_container().connect({ host, port, reconnect: false });
    await event(connection, 'connection_open', 'connection_error', 'disconnected');
    connection.close();
  }),
  client('kafkajs', ['kafka'], async ({ host, port }) => {
    const { Kafka, logLevel } = (await import('kafkajs')).default;
    const kafka = new Kafka({
      brokers: [`${host}:${port}`],
      retry: { retries: 0 },
      connectionTimeout: 5000,
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    void admin.disconnect();
  }),
  client('nodemailer', ['smtp', 'smtps'], async ({ host, port, isSecure }) => {
    const { createTransport } = await import('nodemailer');
    await createTransport({ host, port, secure: isSecure, ignoreTLS: true }).verify();
  }),
  client('imapflow', ['imap', 'imaps'], async ({ host, port, isSecure }) => {
    const { ImapFlow } = await import('imapflow');
    const mail = new ImapFlow({
      host,
      port,
      secure: isSecure,
      doSTARTTLS: false,
      logger: false,
      verifyOnly: true,
      auth: { user: 'hello', pass: 'hello' },
    });
    mail.on('error', () => undefined);
    await mail.connect();
    mail.close();
  }),
  client('basic-ftp', ['ftp', 'ftps'], async ({ host, port, isSecure }) => {
    const { Client } = await import('basic-ftp');
    const files = new Client();
    await (isSecure ? files.connectImplicitTLS(host, port, { servername: host }) : files.connect(host, port));
    await files.send('NOOP');
    files.close();
  }),
  client('ssh2', ['ssh'], async ({ host, port }) => {
    const { default: ssh2 } = await import('ssh2');
    const connection = new ssh2.Client();
    const ready = event(connection, 'ready');
    connection.connect({ host, port, username: 'hello', password: 'hello' });
    await ready;
    connection.destroy();
  }),
  client('ldapts', ['ldap', 'ldaps'], async ({ url, isSecure }) => {
    const { Client } = await import('ldapts');
    const directory = new Client({ url: url(isSecure ? 'ldaps' : 'ldap') });
    await directory.bind('cn=hello', 'hello');
    void directory.unbind().catch(() => undefined);
  }),
  client('irc-framework', ['irc', 'ircs'], async ({ host, port, isSecure }) => {
    const { default: irc } = await import('irc-framework');
    const chat = new irc.Client();
    chat.connect({ host, port, tls: isSecure, nick: 'hello', auto_reconnect: false });
    await event(chat, 'registered', 'socket close');
    chat.connection.end();
  }),

  client('nats', ['nats'], natsWith({ resolve: false }), { name: 'nats, `resolve: false`', races: 'option' }),
  client('nats', ['nats'], natsWith({}), { races: 'not raced: resolves by itself' }),
  client('tedious', ['tds'], tediousWith({ own: true }), { name: 'tedious, `connector`', races: 'option' }),
  client('tedious', ['tds'], tediousWith({ own: false }), { races: 'not raced: resolves by itself' }),
  client(
    'cassandra-driver',
    ['cassandra'],
    async ({ host, port }) => {
      const { default: cassandra } = await import('cassandra-driver');
      const database = new cassandra.Client({ contactPoints: [`${host}:${port}`], localDataCenter: 'hello' });
      const error = await database.connect().then(
        () => undefined,
        (reason) => reason,
      );
      void database.shutdown();
      // A refused login is an answer.
      if (!JSON.stringify(Object.values(error?.innerErrors ?? {}).map(({ message }) => message)).includes('hello')) throw error;
    },
    { races: 'not raced: resolves by itself' },
  ),
  client(
    '@grpc/grpc-js',
    ['grpc'],
    async ({ host, port }) => {
      const { default: grpc } = await import('@grpc/grpc-js');
      const Client = grpc.makeGenericClientConstructor({});
      const service = new Client(`${host}:${port}`, grpc.credentials.createInsecure());
      const same = (value) => value;
      await called((done) => service.makeUnaryRequest('/hello/echo', same, same, Buffer.from('hello'), done));
      service.close();
    },
    { races: 'not raced: resolves by itself' },
  ),
];

function natsWith(options) {
  return async ({ host, port }) => {
    const { default: nats } = await import('nats');
    const connection = await nats.connect({
      servers: `${host}:${port}`,
      noRandomize: true,
      reconnect: false,
      timeout: 5000,
      ...options,
    });
    await connection.flush();
    void connection.close();
  };
}

/** Its own `connector` makes the socket, and looks nothing up before. */
function tediousWith({ own }) {
  return async ({ host, port }) => {
    const [{ default: tedious }, { connect }] = await Promise.all([import('tedious'), import('node:net')]);
    const socketOf = async () => {
      const socket = connect({ host, port });
      await event(socket, 'connect');
      return socket;
    };
    const database = new tedious.Connection({
      server: host,
      authentication: { type: 'default', options: { userName: 'hello', password: 'hello' } },
      options: { encrypt: false, ...(own ? { connector: socketOf } : { port }) },
    });
    await called((done) => database.connect(done));
    database.close();
  };
}
