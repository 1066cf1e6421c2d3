import http, {
  type ClientRequest,
  type ClientRequestArgs,
  type IncomingMessage,
  type InformationEvent,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Target } from './absolute-url.js';
import type { Connection } from './connection.js';
import { formatAuthority } from './authority.js';
import { admit, dial } from './dial.js';
import type { ProxyRequest } from './events.js';
import { revealReset } from './hidden-reset.js';
import { endToEnd, isChunked, trailersOf, valuesOf, via } from './headers.js';
import { httpRefusal } from './http-refusal.js';
import { Refusal } from './refusal.js';
import type { Override } from './upstream-options.js';

/** A request of a client, and its response. */
export interface Exchange {
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstreams: Upstreams;
  /** The name of this proxy in `Via`. */
  readonly pseudonym: string;
}

/** Passes a request on to the server of its URL, and the response back. */
export function forward(exchange: Exchange, target: Target, user: string | undefined): void {
  const { connection, request, response } = exchange;
  const { host, port, path } = target;
  const { client } = connection;
  const method = request.method!;
  const asked: ProxyRequest = { protocol: 'http', host, port, client, ...(user !== undefined && { user }), method, path };
  connection.requested(asked);
  admit(connection, asked, {
    done: (override) => {
      if (response.destroyed) return;
      const upstream = send({ ...exchange, target, asked, override }, RETRIES);
      response.once('close', () => {
        if (!response.writableFinished) upstream.abort();
      });
    },
    refused: (refusal) => refuseRequest(exchange, refusal, asked),
  });
}

/** Answers a request without passing it on. */
export function refuseRequest({ connection, response }: Exchange, refusal: Refusal, asked?: ProxyRequest): void {
  connection.refuse(refusal, asked);
  if (response.headersSent || response.destroyed) {
    response.socket?.resetAndDestroy(); // a normal end would look like the end of the response
    return;
  }
  const { status, headers, body } = httpRefusal(refusal);
  response.writeHead(status, [...headers]).end(body);
}

/** An exchange whose request is passed on. */
interface Passing extends Exchange {
  readonly target: Target;
  readonly asked: ProxyRequest;
  readonly override: Override;
}

/** Safe methods, whose requests may be sent again; RFC 9110 section 9.2. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** How often a request is sent again if the server had closed its idle connection. */
const RETRIES = 3;

/** @returns a way to end it */
function send(passing: Passing, retries: number): { abort: () => void } {
  const { request, response, upstreams, target, asked } = passing;
  const hasBody = isFramed(request);
  const isSafe = SAFE.has(request.method!) && !hasBody;
  let current: { abort: () => void } = { abort: () => upstream.destroy() };
  let upstream: ClientRequest;
  const fail = (error: Error) => {
    if (response.destroyed) return;
    if (isSafe && upstream.reusedSocket && retries > 0 && !response.headersSent) current = send(passing, retries - 1);
    else refuseRequest(passing, refusalOf(error, target), asked);
  };
  try {
    upstream = upstreams.request(passing, isSafe, {
      method: request.method,
      path: target.path,
      headers: requestHeaders(passing),
    });
  } catch (cause) {
    refuseRequest(
      passing,
      new Refusal('malformed', 'The request contains characters that must not be forwarded.', { cause }),
      asked,
    );
    return { abort: () => undefined };
  }
  upstream
    .on('error', fail)
    .on('information', (interim) => passInterim(passing, interim))
    .on('upgrade', (_, socket) => {
      socket.destroy();
      refuseRequest(passing, protocolError('The server switched to a protocol that was not requested.'), asked);
    })
    .on('response', (answer) => {
      try {
        answerWith(passing, answer);
      } catch (cause) {
        upstream.destroy();
        const refusal =
          cause instanceof Refusal ? cause : protocolError('The response contains characters that must not be forwarded.', cause);
        refuseRequest(passing, refusal, asked);
      }
    });
  if (request.headers.expect !== undefined) upstream.flushHeaders();
  if (!hasBody) upstream.end();
  else {
    request.pipe(upstream, { end: false });
    request.once('end', () => {
      if (upstream.destroyed) return;
      if (request.rawTrailers.length > 0) upstream.addTrailers(trailersOf(request.rawTrailers));
      upstream.end();
    });
    // A server may respond before it has read everything. The rest must be read before the client's next request.
    upstream.once('close', () => request.unpipe(upstream).resume());
  }
  return { abort: () => current.abort() };
}

/** Passes interim responses on to a client of HTTP/1.1 or later; RFC 9110 section 15.2. */
function passInterim({ request, response }: Passing, { statusCode, headers }: InformationEvent): void {
  if (request.httpVersion === '1.0' || response.headersSent) return;
  if (statusCode === 100) response.writeContinue();
  if (statusCode === 102) response.writeProcessing();
  if (statusCode !== 103 || headers.link === undefined) return;
  try {
    response.writeEarlyHints(headers as Record<string, string>);
  } catch {
    // Interim responses are only hints, so malformed ones are left out.
  }
}

/** The refusal for a server whose answer is not HTTP, or is not a valid response to the request. */
function protocolError(message: string, cause?: unknown): Refusal {
  return new Refusal('upstream', message, { failure: 'protocol', cause });
}

function refusalOf(error: NodeJS.ErrnoException, target: Target): Refusal {
  if (error instanceof Refusal) return error;
  if (error.code?.startsWith('HPE_')) return protocolError(`${formatAuthority(target)} did not answer with HTTP.`, error);
  return new Refusal('upstream', `${formatAuthority(target)} closed the connection without a response.`, { cause: error });
}

/** Whether the fields of a request announce a body. */
function isFramed({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Fields that the proxy replaces with its own. */
const SAID_ANEW = new Set(['host', 'via', 'max-forwards']);

/** The fields of the request as it is passed on; RFC 9110 section 7.6. The host is that of the URL; section 7.2. */
function requestHeaders({ request, target, pseudonym }: Passing): string[] {
  const { rawHeaders, headers, httpVersion } = request;
  const forwards = Number(headers['max-forwards']);
  const before = valuesOf(rawHeaders, 'via');
  const isEmpty = !isFramed(request) && headers['content-length'] === undefined && !SAFE.has(request.method!);
  return [
    ...['Host', formatAuthority(target, 80)],
    ...endToEnd(rawHeaders, SAID_ANEW),
    ...(headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked']),
    ...(isEmpty ? ['Content-Length', '0'] : []),
    ...(headers['max-forwards'] === undefined || !/^\d+$/.test(headers['max-forwards'] as string)
      ? []
      : ['Max-Forwards', String(forwards - 1)]),
    ...['Via', [...before, via(httpVersion, pseudonym)].join(', ')],
  ];
}

/**
 * Passes the response on.
 *
 * @throws Refusal, or Node's own error, for a response that cannot be passed on
 */
function answerWith({ connection, response, pseudonym }: Passing, answer: IncomingMessage): void {
  const { rawHeaders, httpVersion, statusCode = 502, statusMessage = '' } = answer;
  const coding = answer.headers['transfer-encoding'];
  if (coding !== undefined && !isChunked(coding))
    throw protocolError('The response has a transfer coding that was not requested.');
  const before = valuesOf(rawHeaders, 'via');
  const headers = [
    ...endToEnd(rawHeaders, new Set(['via'])),
    ...['Via', [...before, via(httpVersion, pseudonym)].join(', ')],
    ...(connection.shared.settings.drain?.aborted ? ['Connection', 'close'] : []),
  ];
  response.writeHead(statusCode, statusMessage, headers);
  response.flushHeaders();
  answer.pipe(response, { end: false });
  const isWhole = watchEnd(answer);
  answer.once('end', () => {
    if (!isWhole()) return;
    if (answer.rawTrailers.length > 0) response.addTrailers(trailersOf(answer.rawTrailers));
    response.end();
  });
  // The client must not take a partial response for a complete one.
  answer.once('close', () => {
    if (!isWhole()) response.socket?.resetAndDestroy();
  });
}

/** Returns whether a response that has ended is complete. One without a length ends with its connection, unless that was reset. */
function watchEnd(answer: IncomingMessage): () => boolean {
  const { socket, headers } = answer;
  const hasLength = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  let isBroken = false;
  if (!hasLength) {
    const look = () => {
      if (!answer.complete) revealReset(socket, (wasReset) => (isBroken = wasReset));
    };
    // Before Node's own listener, which ends the socket.
    socket.prependListener('end', look);
    answer.once('close', () => socket.off('end', look));
  }
  return () => answer.complete && !isBroken;
}

/** Connections to servers that the requests of one client reuse. Different users share none. */
export interface Upstreams {
  request(passing: Passing, isSafe: boolean, options: ClientRequestArgs): ClientRequest;
}

/** How many idle connections to one server are kept. */
const MOST_FREE = 2;

/**
 * Creates the connections of one client, which close with it.
 *
 * A request that must not be sent twice has a connection of its own, because the server may be closing an idle one at that moment.
 */
export function createUpstreams(connection: Connection): Upstreams {
  const { maxHeaderSize } = connection.shared.settings;
  const agents = new Map<string, RaceAgent>();
  connection.life.add(() => {
    for (const agent of agents.values()) agent.destroy();
  });
  const agentFor = (key: string, keepAlive: boolean) => {
    const agent = agents.get(key) ?? new RaceAgent({ keepAlive, maxFreeSockets: MOST_FREE });
    agents.set(key, agent);
    return agent;
  };
  return {
    request: (passing, isSafe, options) => {
      const { host, port, user = '' } = passing.asked;
      const agent = agentFor(isSafe ? `user ${user}` : 'unsafe', isSafe);
      return http.request({ ...options, host, port, agent, maxHeaderSize, ...({ [PASSING]: passing } as object) });
    },
  };
}

/** The key of the exchange for which the agent creates a connection. */
const PASSING = Symbol('passing');

type Created = (error: Error | null, stream: Duplex) => void;

/** An agent that creates its connections by races, whose events the proxy emits. */
class RaceAgent extends http.Agent {
  override createConnection(options: ClientRequestArgs, created?: Created): undefined {
    const { connection, asked, override } = (options as { readonly [PASSING]: Passing })[PASSING];
    dial(connection, asked, override, {
      done: (socket) => {
        socket.on('error', () => undefined); // until the connection has a request
        created?.(null, socket);
      },
      refused: (refusal) => created?.(refusal, undefined as unknown as Duplex),
    });
  }
}
