import type { Address, RaceEvent } from '../index.js';
import type { Authority } from './authority.js';
import type { RefusalReason } from './refusal.js';

/** The address and port of a client. */
export type Client = Address & { readonly port: number };

/** A request of a client. */
export interface ProxyRequest extends Authority {
  /** `connect`: the method of HTTP; `http`: a request with an absolute URL. */
  readonly protocol: 'connect' | 'http' | 'socks5' | 'socks4';
  readonly client: Client;
  /** The authenticated user; for SOCKS 4, the unverified name that the client sent. */
  readonly user?: string;
  /** Of `http`. */
  readonly method?: string;
  /** Of `http`: path and query, which may hold secrets. */
  readonly path?: string;
}

/** Fields of every event. */
interface Seen {
  /** ms since 1970. */
  readonly time: number;
}

/** Fields of every event of a connection. Connections are numbered from 1. */
interface OfConnection extends Seen {
  readonly connection: number;
}

/** The proxy has begun to accept connections. */
export interface Listening extends Seen {
  readonly type: 'listening';
  readonly address: string;
  readonly port: number;
}

/** A client has connected. */
export interface Accepted extends OfConnection {
  readonly type: 'accepted';
  readonly client: Client;
}

/** A client has sent a request. An HTTP connection may have several. */
export interface Requested extends OfConnection {
  readonly type: 'requested';
  readonly request: ProxyRequest;
}

/**
 * An event of the race for a request, as `race$` emits it; `at` is in ms since the race began. `connected` has no socket. A request
 * that reuses an open connection to its destination has no race.
 */
export type Raced = OfConnection & { readonly request: ProxyRequest } & RaceEvent<undefined>;

/** A client was refused. */
export interface Refused extends OfConnection {
  readonly type: 'refused';
  readonly reason: RefusalReason;
  /** The message that the client receives. */
  readonly message: string;
  /** Absent if the client was refused before its request was complete. */
  readonly request?: ProxyRequest;
  /** A `ConnectionError` if the race failed, or the error that `route` threw. */
  readonly error?: unknown;
}

/** A client's connection has closed. */
export interface Closed extends OfConnection {
  readonly type: 'closed';
  readonly client: Client;
  /** The number of bytes that the client sent, including its request. */
  readonly sent: number;
  /** The number of bytes sent to the client. */
  readonly received: number;
  /** Since it was accepted, in ms. */
  readonly duration: number;
  /** The code of the error that ended it, such as `ECONNRESET`. */
  readonly code?: string;
}

/** The events of a proxy. */
export type ProxyEvent = Listening | Accepted | Requested | Raced | Refused | Closed;
