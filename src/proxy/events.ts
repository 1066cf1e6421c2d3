import type { Address, RaceEvent } from '../index.js';
import type { Authority } from './authority.js';
import type { RefusalReason } from './refusal.js';

/** Where a client connects from. */
export type Client = Address & { readonly port: number };

/** What a client asks for. */
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

/** Fields of everything that happens to a connection. Connections are numbered from 1. */
interface OfConnection extends Seen {
  readonly connection: number;
}

/** The proxy accepts connections. */
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

/** A client has asked for something. A connection of HTTP may do so several times. */
export interface Requested extends OfConnection {
  readonly type: 'requested';
  readonly request: ProxyRequest;
}

/**
 * What happens in the race for a request: the events of `race$`, whose `at` is in ms since the race began. `connected` is
 * without its socket. A request over a connection that an earlier one has left open has no race.
 */
export type Raced = OfConnection & { readonly request: ProxyRequest } & RaceEvent<undefined>;

/** A client was refused. */
export interface Refused extends OfConnection {
  readonly type: 'refused';
  readonly reason: RefusalReason;
  /** What it is told. */
  readonly message: string;
  /** What it asked for, where it came as far as that. */
  readonly request?: ProxyRequest;
  /** A `ConnectionError` if the race was lost, or what `route` has thrown. */
  readonly error?: unknown;
}

/** A client's connection is over. */
export interface Closed extends OfConnection {
  readonly type: 'closed';
  readonly client: Client;
  /** Bytes that the client has sent, the request included. */
  readonly sent: number;
  /** Bytes that the client was sent. */
  readonly received: number;
  /** ms since it was accepted. */
  readonly duration: number;
  /** The code of the error that ended it, as `ECONNRESET`. */
  readonly code?: string;
}

/** Everything that happens in a proxy. */
export type ProxyEvent = Listening | Accepted | Requested | Raced | Refused | Closed;
