import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseAbsoluteUrl } from './absolute-url.js';
import type { Connection } from './connection.js';
import { readConnectHead } from './connect-head.js';
import { parseBasic } from './credentials.js';
import type { HeadWatch } from './head-watch.js';
import { hasCome, isChunked, valuesOf } from './headers.js';
import { refuseTunnel, serveConnect } from './http-connect.js';
import { createUpstreams, forward, refuseRequest, type Exchange, type Upstreams } from './http-forward.js';
import { Refusal } from './refusal.js';
import type { ProxySettings } from './options.js';

/** A connection that is served over HTTP. */
interface Served {
  readonly connection: Connection;
  readonly upstreams: Upstreams;
  /** Unfinished responses. There are several if the client pipelines its requests. */
  readonly responses: Set<ServerResponse>;
  /** Requests that wait because {@link MOST_AT_ONCE} are being answered. */
  readonly waiting: (() => void)[];
}

/** Serves HTTP over the connections passed to `serve`. */
export interface HttpProxy {
  readonly serve: (connection: Connection, first: Buffer) => void;
  /** Closes connections that have no request. */
  readonly drain: () => void;
}

/**
 * Serves HTTP with Node's own server. The server does not listen: connections that speak HTTP are handed to it.
 *
 * @param pseudonym the name of the proxy in `Via`
 */
export function httpProxy(settings: ProxySettings, heads: HeadWatch, pseudonym: string): HttpProxy {
  return new HttpServer(settings, heads, pseudonym);
}

class HttpServer implements HttpProxy {
  private readonly served = new Map<Socket, Served>();
  private readonly server: Server;
  private isDrained = false;

  constructor(
    private readonly settings: ProxySettings,
    private readonly heads: HeadWatch,
    private readonly pseudonym: string,
  ) {
    this.server = silentServer(settings)
      .on('connect', (request: IncomingMessage, socket: Socket, early: Buffer) => this.connect(request, socket, early))
      .on('request', (request, response) => this.exchange(request, response))
      .on('checkContinue', (request, response) => this.exchange(request, response))
      .on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.fail(error, socket));
  }

  readonly serve = (connection: Connection, first: Buffer): void => {
    const { refused } = connection;
    connection.headIsThere();
    if (refused) {
      refuseTunnel(connection, refused);
      return;
    }
    const head = readConnectHead(first, this.settings.maxHeaderSize);
    if (!head) {
      this.handOver(connection, first);
      return;
    }
    const user = this.userOf(head.authorization);
    if (user instanceof Refusal) refuseTunnel(connection, user);
    else serveConnect(connection, head.target, first.subarray(head.length), user);
  };

  readonly drain = (): void => {
    this.isDrained = true;
    this.heads.endWaiting();
  };

  /** Hands a connection to Node's server. */
  private handOver(connection: Connection, first: Buffer): void {
    const { served } = this;
    const { socket } = connection;
    served.set(socket, { connection, upstreams: createUpstreams(connection), responses: new Set(), waiting: [] });
    this.awaitHead(connection, true);
    connection.life.add(() => served.delete(socket));
    socket.once('end', () => endUnanswered(connection, served.get(socket)));
    socket.unshift(first);
    this.server.emit('connection', socket);
    socket.resume();
  }

  /** @returns the user's name, `undefined` if none is required, or a refusal */
  private userOf(authorization: string | undefined): string | undefined | Refusal {
    const { verify } = this.settings;
    if (!verify) return undefined;
    const given = parseBasic(authorization);
    return given && verify(given) ? given.username : new Refusal('credentials', 'A user name and a password are required.');
  }

  private connect(request: IncomingMessage, socket: Socket, early: Buffer): void {
    const { connection, responses } = this.served.get(socket)!;
    if (responses.size > 0) {
      connection.refuse(new Refusal('malformed', 'CONNECT was sent before the previous request was answered.'));
      socket.resetAndDestroy();
      return;
    }
    this.served.delete(socket);
    connection.headIsThere();
    socket.setTimeout(0);
    const user = this.userOf(request.headers['proxy-authorization']);
    const refusal = user instanceof Refusal ? user : problemOf(request);
    if (refusal) refuseTunnel(connection, refusal);
    else serveConnect(connection, request.url!, early, user as string | undefined);
  }

  private exchange(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const own = this.served.get(socket)!;
    const { connection, upstreams, responses, waiting } = own;
    const exchange: Exchange = { connection, request, response, upstreams, pseudonym: this.pseudonym };
    responses.add(response);
    connection.headIsThere();
    response.once('close', () => this.hasClosed(response, own));
    if (responses.size - waiting.length <= MOST_AT_ONCE) {
      this.answer(exchange);
      return;
    }
    waiting.push(() => this.answer(exchange));
    socket.pause();
  }

  private hasClosed(response: ServerResponse, { connection, responses, waiting }: Served): void {
    const { socket } = connection;
    responses.delete(response);
    if (socket.destroyed) return;
    waiting.shift()?.();
    if (waiting.length === 0 && socket.isPaused()) socket.resume();
    if (responses.size > 0) return;
    if (this.isDrained) connection.farewell('');
    else this.awaitHead(connection);
  }

  private answer(exchange: Exchange): void {
    const { request, response } = exchange;
    const user = this.userOf(request.headers['proxy-authorization']);
    const target = parseAbsoluteUrl(request.url!, request.method!);
    const refusal = user instanceof Refusal ? user : (problemOf(request) ?? loopOf(request, this.pseudonym));
    if (refusal) refuseRequest(exchange, refusal);
    else if (typeof target === 'string') refuseRequest(exchange, new Refusal('malformed', target));
    else if (request.headers['max-forwards'] === '0' && FORWARDED.has(request.method!)) {
      response.writeHead(200, { 'Content-Length': 0 }).end(); // RFC 9110 section 7.6.2
    } else forward(exchange, target, user as string | undefined);
  }

  /** The client has sent something that is not HTTP, or its connection has failed. */
  private fail(error: NodeJS.ErrnoException, socket: Socket): void {
    const { connection, responses } = this.served.get(socket) ?? {};
    connection?.headIsThere();
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
    // The client would take this response for part of another.
    connection.refuse(refusal);
    socket.resetAndDestroy();
  }

  private awaitHead(connection: Connection, begun = false): void {
    const tooLate = () => refuseTunnel(connection, new Refusal('time', 'The request head was not received in time.'));
    this.heads.nextFrom(connection, tooLate, begun);
  }
}

/** Node's server for connections that are handed to it. */
function silentServer({ maxHeaderSize, idleTimeout }: ProxySettings): Server {
  const server = createServer({ maxHeaderSize, keepAliveTimeout: Math.min(idleTimeout, KEPT_ALIVE), noDelay: true });
  server.timeout = idleTimeout === Infinity ? 0 : idleTimeout;
  // A client may end its direction after its request. Node has this property, but its types do not.
  (server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
  return server;
}

/** How long a connection without a request is kept, in ms. */
const KEPT_ALIVE = 60_000;

/** The methods to which `Max-Forwards` applies. */
const FORWARDED = new Set(['OPTIONS', 'TRACE']);

/** How long a response to a client that has ended its direction may take to begin, in ms. */
const LAST_WAITING = 2000;

/** Closes a connection whose client has ended its direction, unless a response begins in time: the client may have left. */
function endUnanswered({ socket, life }: Connection, { responses }: Partial<Served> = {}): void {
  if (!responses || responses.size === 0) return;
  const timer = setTimeout(() => {
    if (![...responses].some(({ headersSent }) => headersSent)) socket.destroy();
  }, LAST_WAITING);
  life.add(() => clearTimeout(timer));
}

/** The most requests of a connection that are answered at the same time. It is not read while others wait. */
const MOST_AT_ONCE = 16;

/** Errors in a request that Node's parser accepts. */
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
