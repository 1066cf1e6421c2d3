import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseAbsoluteUrl } from './absolute-url.js';
import type { Connection } from './connection.js';
import { readConnectHead } from './connect-head.js';
import { parseBasic } from './credentials.js';
import { hasCome, valuesOf } from './headers.js';
import { refuseTunnel, serveConnect } from './http-connect.js';
import { createUpstreams, forward, refuseRequest, type Exchange, type Upstreams } from './http-forward.js';
import { Refusal } from './refusal.js';
import type { ProxySettings } from './options.js';

/** What the server knows of a connection that it serves. */
interface Served {
  readonly connection: Connection;
  readonly upstreams: Upstreams;
  /** Requests that have no whole response yet: several, where a client does not wait for one before it sends the next. */
  requests: number;
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
  const heads = watchHeads(headerTimeout, served);

  /** @returns the user's name, `undefined` where there need be none, or a refusal */
  const userOf = (authorization: string | undefined): string | undefined | Refusal => {
    if (!verify) return undefined;
    const given = parseBasic(authorization);
    return given && verify(given) ? given.username : new Refusal('credentials', 'A user name and a password are needed.');
  };

  server.on('connect', (request: IncomingMessage, socket: Socket, early: Buffer) => {
    const { connection } = served.get(socket)!;
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
    const { connection, upstreams } = own;
    own.requests++;
    heads.isThere(socket);
    response.once('close', () => {
      if (--own.requests === 0) heads.nextFrom(socket);
    });
    const exchange: Exchange = { connection, request, response, upstreams, pseudonym };
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
    const { connection } = served.get(socket) ?? {};
    heads.isThere(socket);
    if (!connection || socket.destroyed || error.code === 'ECONNRESET' || error.code === 'EPIPE') socket.destroy();
    else refuseTunnel(connection, unreadable(error));
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
      served.set(socket, { connection, upstreams: createUpstreams(connection), requests: 0 });
      heads.nextFrom(socket, true);
      connection.life.add(() => {
        served.delete(socket);
        heads.isThere(socket);
      });
      socket.unshift(first);
      server.emit('connection', socket);
      socket.resume();
    },
    drain: () => heads.endWaiting(),
    close: () => heads.close(),
  };
}

/** ms that a connection without a request is kept. */
const KEPT_ALIVE = 60_000;

/** Methods that `Max-Forwards` is for. */
const FORWARDED = new Set(['OPTIONS', 'TRACE']);

/** What is wrong with a request that Node's parser lets pass. */
function problemOf({ rawHeaders }: IncomingMessage): Refusal | undefined {
  // RFC 9112 section 3.2
  return valuesOf(rawHeaders, 'host').length > 1 ? new Refusal('malformed', 'The request has several hosts.') : undefined;
}

function loopOf({ rawHeaders }: IncomingMessage, pseudonym: string): Refusal | undefined {
  return hasCome(rawHeaders, pseudonym) ? new Refusal('loop', 'The request has come through this proxy before.') : undefined;
}

function unreadable({ code }: NodeJS.ErrnoException): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal('size', 'The head of the request is too long.');
  return new Refusal('malformed', 'This is not a request of HTTP.');
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
      if (connection) refuseTunnel(connection, new Refusal('time', 'The head of the request was not sent in time.'));
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
