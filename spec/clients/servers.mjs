// Small servers, each just enough for one exchange. A server is a function that is handed connections: one for every address that
// is served, and for TLS after the handshake.
import grpc from '@grpc/grpc-js';
import dnsPacket from 'dns-packet';
import dgram from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import mysql from 'mysql2';
import rhea from 'rhea';
import { Server as SocketIo } from 'socket.io';
import ssh2 from 'ssh2';
import { WebSocketServer } from 'ws';
import { hostOf, NETWORKS, SECURE } from './networks.mjs';
import {
  amqp,
  cassandra,
  imap,
  irc,
  kafka,
  ldap,
  memcached,
  mqtt,
  nats,
  postgres,
  redis,
  smtp,
  ftp,
  stomp,
  tds,
} from './protocols.mjs';

/** Answers every request with JSON, or as a stream of events, and what wants to be a WebSocket with an echo. */
function web() {
  const server = http.createServer((request, response) => {
    if (request.url.startsWith('/events')) response.setHeader('content-type', 'text/event-stream').end('data: hello\n\n');
    else if (!request.url.startsWith('/socket.io')) {
      response
        .setHeader('content-type', 'application/json')
        .end('{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"hello"}}');
    }
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url.startsWith('/socket.io')) return;
    sockets.handleUpgrade(request, socket, head, (connection) => connection.on('message', (data) => connection.send(`${data}`)));
  });
  new SocketIo(server, { destroyUpgrade: false });
  return (socket) => server.emit('connection', socket);
}

function http2Server(options) {
  const hello = (_request, response) => response.end('hello');
  const server = options ? http2.createSecureServer(options, hello) : http2.createServer(hello);
  server.on('sessionError', () => undefined).on('clientError', () => undefined);
  return (socket) => server.emit('connection', socket);
}

const echo = { echo: { path: '/hello/echo', requestStream: false, responseStream: false, ...codec() } };
function codec() {
  const same = (value) => value;
  return { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
}

function grpcServer() {
  const server = new grpc.Server();
  server.addService(echo, { echo: (call, answer) => answer(null, call.request) });
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  return (socket) => injector.injectConnection(socket);
}

function mysqlServer() {
  const server = mysql.createServer();
  server.on('connection', (connection) => {
    connection
      .on('error', () => undefined)
      .on('ping', () => connection.writeOk())
      .on('quit', () => connection.end());
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.0',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xf7ff, // without TLS
      authCallback: (_parameters, done) => done(null),
    });
  });
  return (socket) => server._server.emit('connection', socket);
}

function sshServer() {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) =>
    client.on('error', () => undefined).on('authentication', (context) => context.accept()),
  );
  return (socket) => server.injectSocket(socket);
}

function amqp10() {
  const container = rhea.create_container();
  container.on('disconnected', () => undefined);
  // rhea hands out the server that it makes, and takes connections from it.
  const server = container.listen({ port: 0, host: '127.0.0.1' });
  return (socket) => server.emit('connection', socket);
}

const text = (serve) => () => serve;

/** By name; `networks.mjs` says which want TLS. */
const SERVERS = {
  http: { make: web },
  https: { make: web },
  h2c: { make: http2Server },
  h2: { make: http2Server, isSecureItself: true },
  grpc: { make: grpcServer },
  redis: { make: text(redis) },
  rediss: { make: text(redis) },
  memcached: { make: text(memcached) },
  mqtt: { make: text(mqtt) },
  mqtts: { make: text(mqtt) },
  nats: { make: text(nats) },
  stomp: { make: text(stomp) },
  amqp: { make: text(amqp) },
  amqps: { make: text(amqp) },
  amqp10: { make: amqp10 },
  kafka: { make: text(kafka) },
  smtp: { make: text(smtp) },
  smtps: { make: text(smtp) },
  imap: { make: text(imap) },
  imaps: { make: text(imap) },
  ftp: { make: text(ftp) },
  ftps: { make: text(ftp) },
  ldap: { make: text(ldap) },
  ldaps: { make: text(ldap) },
  irc: { make: text(irc) },
  ircs: { make: text(irc) },
  ssh: { make: sshServer },
  postgres: { make: text(postgres) },
  mysql: { make: mysqlServer },
  tds: { make: text(tds) },
  cassandra: { make: text(cassandra) },
};

/** @returns what serves each connection, after the handshake where there is one */
function serving(name, { make, isSecureItself }, credentials) {
  if (isSecureItself) return make({ ...credentials, allowHTTP1: false });
  const serve = make();
  if (!SECURE.has(name)) return serve;
  const server = tls.createServer({ ...credentials, ALPNProtocols: ['http/1.1'] }, (socket) =>
    serve(socket.on('error', () => socket.destroy())),
  );
  server.on('tlsClientError', () => undefined);
  return (socket) => server.emit('connection', socket);
}

/**
 * Starts every server on each of the addresses, and on the silent one what accepts and says nothing.
 *
 * @returns the port of each, by name
 */
export async function startServers(addresses, silent, credentials) {
  const ports = {};
  let port = 7000;
  for (const [name, server] of Object.entries(SERVERS)) {
    ports[name] = ++port;
    const serve = serving(name, server, credentials);
    const listeners = [...addresses.map((address) => [address, serve]), [silent, (socket) => socket.resume()]];
    for (const [host, accept] of listeners) {
      const listener = net.createServer((socket) => accept(socket.on('error', () => socket.destroy())));
      await once(listener.listen({ host, port }), 'listening');
    }
  }
  return ports;
}

/** Answers for the names of the networks. */
export async function startDns() {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions } = dnsPacket.decode(message);
    const [{ name, type }] = questions;
    const network = Object.keys(NETWORKS).find((one) => hostOf(one) === name.toLowerCase());
    const own = (network ? NETWORKS[network].addresses : []).filter((one) => type === (one.includes(':') ? 'AAAA' : 'A'));
    const answers = own.map((data) => ({ name, type, ttl: 60, data }));
    const flags = dnsPacket.AUTHORITATIVE_ANSWER | (network ? 0 : NO_SUCH_NAME);
    socket.send(dnsPacket.encode({ type: 'response', id, flags, questions, answers }), port, address);
  });
  await once(socket.bind(53, '127.0.0.1'), 'listening');
}

/** The response code NXDOMAIN. */
const NO_SUCH_NAME = 3;
