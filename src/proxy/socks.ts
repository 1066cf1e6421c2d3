import { isIP, type Socket } from 'node:net';
import { wordsOf } from '../core/address/address-bits.js';
import type { Connection } from './connection.js';
import type { ProxyRequest } from './events.js';
import type { Parsed } from './parsed.js';
import { Refusal } from './refusal.js';
import { parseSocks4, SOCKS4_REPLY, socks4Reply } from './socks4.js';
import {
  credentialsReply,
  METHOD,
  methodReply,
  parseCredentials,
  parseGreeting,
  parseRequest,
  REPLY,
  requestReply,
} from './socks5.js';
import { tunnel, type Answers } from './tunnel.js';

/** Reads one message at the start of the bytes received. */
type Step = (bytes: Buffer) => Progress;

/**
 * The result of a step: it needs more bytes, it refused the client, or it read a message. After the message follow another step, or the
 * bytes for the destination.
 */
type Progress =
  | 'more'
  | 'refused'
  | { readonly length: number; readonly next: Step }
  | { readonly length: number; readonly request: ProxyRequest };

/** Serves SOCKS 5: RFC 1928, with user name and password (RFC 1929). */
export function serveSocks5(connection: Connection, first: Buffer): void {
  const { socket, client, shared } = connection;
  const { verify } = shared.settings;

  const greeting: Step = (bytes) =>
    step(connection, parseGreeting(bytes), NO_REPLY, (methods, length) => {
      const wanted = verify ? [METHOD.password] : [METHOD.none, METHOD.password];
      const method = wanted.find((one) => methods.includes(one));
      if (method === undefined) {
        return refused(connection, new Refusal('credentials', CREDENTIALS_NEEDED), methodReply(METHOD.unacceptable));
      }
      socket.write(methodReply(method));
      return { length, next: method === METHOD.password ? credentials : request() };
    });

  const credentials: Step = (bytes) =>
    step(connection, parseCredentials(bytes), credentialsReply(false), (given, length) => {
      if (verify && !verify(given)) {
        return refused(connection, new Refusal('credentials', WRONG_CREDENTIALS), credentialsReply(false));
      }
      socket.write(credentialsReply(true));
      return { length, next: request(verify && given.username) };
    });

  const request = (user?: string): Step => {
    return (bytes) =>
      step(connection, parseRequest(bytes), requestReply(REPLY.generalFailure), (destination, length) => {
        return { length, request: { protocol: 'socks5', ...destination, client, ...(user !== undefined && { user }) } };
      });
  };

  read(connection, greeting, first, {
    granted: (upstream) => requestReply(REPLY.succeeded, localEnd(upstream)),
    denied: ({ reply }) => requestReply(reply),
  });
}

/** Serves SOCKS 4 and SOCKS 4a. */
export function serveSocks4(connection: Connection, first: Buffer): void {
  const request: Step = (bytes) =>
    step(connection, parseSocks4(bytes), socks4Reply(SOCKS4_REPLY.rejected), ({ userId, ...destination }, length) => {
      const { client, shared } = connection;
      if (shared.settings.verify) {
        return refused(connection, new Refusal('credentials', CREDENTIALS_NEEDED), socks4Reply(SOCKS4_REPLY.rejected));
      }
      return { length, request: { protocol: 'socks4', ...destination, client, ...(userId !== '' && { user: userId }) } };
    });

  read(connection, request, first, {
    granted: () => socks4Reply(SOCKS4_REPLY.granted),
    denied: () => socks4Reply(SOCKS4_REPLY.rejected),
  });
}

const CREDENTIALS_NEEDED = 'A user name and a password are required.';
const WRONG_CREDENTIALS = 'The user name or the password is wrong.';
const NO_REPLY = Buffer.alloc(0);

/** Continues with a parsed message, or refuses a malformed one. */
function step<T>(
  connection: Connection,
  parsed: Parsed<T>,
  otherwise: Buffer,
  go: (value: T, length: number) => Progress,
): Progress {
  if (parsed.state === 'complete') return go(parsed.value, parsed.length);
  if (parsed.state === 'incomplete') return 'more';
  const { why, reply } = parsed;
  const isUnsupported = reply === REPLY.commandNotSupported || reply === REPLY.addressTypeNotSupported;
  const refusal = new Refusal(
    isUnsupported ? 'unsupported' : 'malformed',
    `${isUnsupported ? 'Unsupported' : 'Invalid'} SOCKS request: ${why}.`,
  );
  return refused(connection, refusal, isUnsupported ? requestReply(reply) : otherwise);
}

function refused(connection: Connection, refusal: Refusal, reply: Buffer): 'refused' {
  connection.headIsThere();
  connection.refuse(refusal);
  connection.farewell(reply);
  return 'refused';
}

/** Reads messages until the destination is known. Bytes after them stay in the socket. */
function read(connection: Connection, beginning: Step, first: Buffer, answers: Answers): void {
  const { socket } = connection;
  let next = beginning;
  let bytes = first;
  const ended = () => socket.end();
  const advance = () => {
    for (;;) {
      const progress = next(bytes);
      if (progress === 'more') return;
      if (progress !== 'refused') bytes = bytes.subarray(progress.length);
      if (progress !== 'refused' && 'next' in progress) {
        next = progress.next;
        continue;
      }
      socket.off('data', more).off('end', ended);
      if (progress === 'refused') return;
      socket.pause();
      if (bytes.length > 0) socket.unshift(bytes);
      connection.headIsThere();
      tunnel(connection, progress.request, answers);
      return;
    }
  };
  const more = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    advance();
  };
  socket.on('data', more).once('end', ended).resume();
  advance();
}

/** The local address and port of a connection; `undefined` if they are unknown. */
function localEnd({ localAddress = '', localPort = 0 }: Socket): { address: Uint8Array; port: number } | undefined {
  const address = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  const family = isIP(address);
  if (family === 0) return undefined;
  const bytes = wordsOf(address).flatMap((word) => [word >> 8, word & 0xff]);
  return { address: Uint8Array.from(family === 4 ? bytes.slice(-4) : bytes), port: localPort };
}
