import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseAbsoluteUrl } from './absolute-url.js';
import type { Connection } from './connection.js';
import { readConnectHead } from './connect-head.js';
import { parseBasic } from './credentials.js';
import { hasCome, isChunked, valuesOf } from './headers.js';
import { refuseTunnel, serveConnect } from './http-connect.js';
import { createUpstreams, forward, refuseRequest, type Exchange, type Upstreams } from './http-forward.js';
import { Refusal } from './refusal.js';
import type { ProxySettings } from './options.js';

/** What the server knows of a connection that it serves. */
interface Served {
  readonly connection: Connection;
  readonly upstreams: Upstreams;
  /** Those that are not whole yet: several, where a client does not wait for one before it sends the next request. */
  readonly responses: Set<ServerResponse>;
  /** Begin to answer those that are not answered yet, because there are enough that are. */
  readonly waiting: (() => void)[];
}

/** Serves HTTP over connections that it is given. */
export interface HttpProxy {
  readonly serve: (connection: Connection, first: Buffer) => void;
  /** Closes connections without a request. */
  readonly drain: () => void;
  readonly close: () => void;
}

/**
 * Serves HTTP by Node's own server, which does not listen: it gets the connections that turn out to speak it.
 *
 * @param pseudonym the name of the proxy in `Via`
 */
export function httpProxy({ maxHeaderSize, headerTimeout, idleTimeout, verify }: ProxySettings, pseudonym: string): HttpProxy {
  const served = new Map<Socket, Served>();
  const server = createServer({ maxHeaderSize, keepAliveTimeout: Math.min(idleTimeout, KEPT_ALIVE), noDelay: true });
  server.timeout = idleTimeout === Infinity ? 0 : idleTimeout;
  // A client may end its direction behind its request. The property is Node's own, and in no type.
  (server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
  const heads = watchHeads(headerTimeout, served);
  let isDrained = false;

  /** @returns the user's name, `undefined` where there need be none, or a refusal */
  const userOf = (authorization: string | undefined): string | undefined | Refusal => {
    if (!verify) return undefined;
    const given = parseBasic(authorization);
    return given && verify(given) ? given.username : new Refusal('credentials', 'A user name and a password are required.');
  };

  server.on('connect', (request: IncomingMessage, socket: Socket, early: Buffer) => {
    const { connection, responses } = served.get(socket)!;
    if (responses.size > 0) {
      connection.refuse(new Refusal('malformed', 'CONNECT was sent before the previous request was answered.'));
      socket.resetAndDestroy();
      return;
    }
    served.delete(socket);
    heads.isThere(socket);
    socket.setTimeout(0);
    const user = userOf(request.headers['proxy-authorization']);
    const refusal = user instanceof Refusal ? user : problemOf(request);
    if (refusal) refuseTunnel(connection, refusal);
    else serveConnect(connection, request.url!, early, user as string | undefined);
  });

  const exchanged = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const own = served.get(socket)!;
    const { connection, upstreams, responses, waiting } = own;
    const exchange: Exchange = { connection, request, response, upstreams, pseudonym };
    responses.add(response);
    heads.isThere(socket);
    response.once('close', () => {
      responses.delete(response);
      if (socket.destroyed) return;
      waiting.shift()?.();
      if (waiting.length === 0 && socket.isPaused()) socket.resume();
      if (responses.size > 0) return;
      if (isDrained) connection.farewell('');
      else heads.nextFrom(socket);
    });
    if (responses.size - waiting.length <= MOST_AT_ONCE) {
      answer(exchange);
      return;
    }
    waiting.push(() => answer(exchange));
    socket.pause();
  };

  const answer = (exchange: Exchange) => {
    const { request, response } = exchange;
    const user = userOf(request.headers['proxy-authorization']);
    const target = parseAbsoluteUrl(request.url!, request.method!);
    const refusal = user instanceof Refusal ? user : (problemOf(request) ?? loopOf(request, pseudonym));
    if (refusal) refuseRequest(exchange, refusal);
    else if (typeof target === 'string') refuseRequest(exchange, new Refusal('malformed', target));
    else if (request.headers['max-forwards'] === '0' && FORWARDED.has(request.method!)) {
      response.writeHead(200, { 'Content-Length': 0 }).end(); // RFC 9110 section 7.6.2
    } else forward(exchange, target, user as string | undefined);
  };
  server.on('request', exchanged).on('checkContinue', exchanged);

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { connection, responses } = served.get(socket) ?? {};
    heads.isThere(socket);
    if (!connection || socket.destroyed || error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      socket.destroy();
      return;
    }
    const [first, ...others] = responses ?? [];
    const refusal = unreadable(error);
    if (others.length === 0 && !first?.headersSent) {
      refuseTunnel(connection, refusal);
      return;
    }
    // What is said now would be taken for a part of another response.
    connection.refuse(refusal);
    socket.resetAndDestroy();
  });

  return {
    serve: (connection, first) => {
      const { socket, refused } = connection;
      connection.headIsThere();
      if (refused) {
        refuseTunnel(connection, refused);
        return;
      }
      const head = readConnectHead(first, maxHeaderSize);
      if (head) {
        const user = userOf(head.authorization);
        if (user instanceof Refusal) refuseTunnel(connection, user);
        else serveConnect(connection, head.target, first.subarray(head.length), user);
        return;
      }
      served.set(socket, { connection, upstreams: createUpstreams(connection), responses: new Set(), waiting: [] });
      heads.nextFrom(socket, true);
      connection.life.add(() => {
        served.delete(socket);
        heads.isThere(socket);
      });
      socket.once('end', () => endUnanswered(connection, served.get(socket)));
      socket.unshift(first);
      server.emit('connection', socket);
      socket.resume();
    },
    drain: () => {
      isDrained = true;
      heads.endWaiting();
    },
    close: () => heads.close(),
  };
}

/** ms that a connection without a request is kept. */
const KEPT_ALIVE = 60_000;

/** Methods that `Max-Forwards` is for. */
const FORWARDED = new Set(['OPTIONS', 'TRACE']);

/** ms for the response to a client that has ended its direction. */
const LAST_WAITING = 2000;

/** A client that has ended its direction may be gone: that it is not shows only when it is sent something. */
function endUnanswered({ socket, life }: Connection, { responses }: Partial<Served> = {}): void {
  if (!responses || responses.size === 0) return;
  const timer = setTimeout(() => {
    if (![...responses].some(({ headersSent }) => headersSent)) socket.destroy();
  }, LAST_WAITING);
  life.add(() => clearTimeout(timer));
}

/** Requests of a connection that are answered at the same time. While others wait, it is not read from. */
const MOST_AT_ONCE = 16;

/** What is wrong with a request that Node's parser lets pass. */
function problemOf({ rawHeaders, headers, httpVersion }: IncomingMessage): Refusal | undefined {
  const coding = headers['transfer-encoding'];
  // RFC 9112 section 3.2
  if (valuesOf(rawHeaders, 'host').length > 1) return new Refusal('malformed', 'The request has more than one Host field.');
  if (coding === undefined) return undefined;
  // RFC 9112 section 6.1
  if (httpVersion === '1.0') return new Refusal('malformed', 'An HTTP/1.0 request must not have a transfer coding.');
  return isChunked(coding) ? undefined : new Refusal('unsupported', 'The only supported transfer coding is chunked.');
}

function loopOf({ rawHeaders }: IncomingMessage, pseudonym: string): Refusal | undefined {
  return hasCome(rawHeaders, pseudonym) ? new Refusal('loop', 'The request has already passed through this proxy.') : undefined;
}

function unreadable({ code }: NodeJS.ErrnoException): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal('size', 'The request head is too large.');
  return new Refusal('malformed', 'This is not a valid HTTP request.');
}

/** How far a client has come with the head of a request. */
interface Head {
  /** Whether something of it has been received. */
  begun: boolean;
  /** When, or when its connection was last looked at. */
  at: number;
  /** Bytes received until then. */
  bytes: number;
}

/**
 * Ends connections whose clients take too long for the head of a request. Node's own limits hold for servers that listen alone.
 *
 * It looks at all connections now and then, so that a client may have a little more than its time.
 */
function watchHeads(headerTimeout: number, served: ReadonlyMap<Socket, Served>) {
  const heads = new Map<Socket, Head>();
  const look = () => {
    const now = performance.now();
    for (const [socket, head] of heads) {
      if (!head.begun && socket.bytesRead > head.bytes) {
        head.begun = true;
        head.at = now;
      }
      if (!head.begun || now - head.at < headerTimeout) continue;
      heads.delete(socket);
      const { connection } = served.get(socket) ?? {};
      if (connection) refuseTunnel(connection, new Refusal('time', 'The request head was not received in time.'));
    }
  };
  const looking = headerTimeout === Infinity ? undefined : setInterval(look, Math.min(1000, headerTimeout / 4));
  return {
    /** The next request is to come; the connection may be idle before. */
    nextFrom: (socket: Socket, begun = false) => {
      if (!socket.destroyed) heads.set(socket, { begun, at: performance.now(), bytes: socket.bytesRead });
    },
    isThere: (socket: Socket) => heads.delete(socket),
    /** Ends the connections from which nothing of a next request has been received. */
    endWaiting: () => {
      for (const [socket, { begun, bytes }] of heads) if (!begun && socket.bytesRead === bytes) socket.destroy();
    },
    close: () => clearInterval(looking),
  };
}
