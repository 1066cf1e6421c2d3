import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';
import type { Connector, RaceEvent } from '../index.js';
import type { Client, ProxyEvent, ProxyRequest } from './events.js';
import type { Member } from './crowd.js';
import type { Head, Heading, HeadWatch } from './head-watch.js';
import { Tunnel } from './idle.js';
import type { ProxySettings } from './options.js';
import { protocolOf } from './protocol.js';
import type { Rate } from './rate.js';
import { Refusal } from './refusal.js';
import { relay } from './relay.js';

/** What the connections of a proxy share. */
export interface Shared {
  readonly settings: ProxySettings;
  readonly connector: Connector;
  readonly rate: Rate;
  readonly heads: HeadWatch;
  readonly see: (event: ProxyEvent) => void;
  /** Called when a connection has closed and its destination has read everything. */
  readonly over: (connection: Connection) => void;
  /** How many connections of clients are open. */
  open: number;
}

/** The connection of a client. */
export class Connection implements Heading, Member {
  readonly client: Client;
  place = -1;
  /** Set while the head of a request is awaited. */
  head: Head | undefined = undefined;
  /** Set if every request of this client is refused. */
  refused?: Refusal;
  /** Set when the client has been connected to its destination. */
  tunnel?: Tunnel;
  /** Races, timers and requests to upstream servers, which end with the client's connection. */
  readonly life = new Subscription();
  private readonly startedAt = performance.now();
  private code?: string;

  constructor(
    readonly id: number,
    readonly socket: Socket,
    readonly shared: Shared,
  ) {
    const { remoteAddress = '', remotePort: port = 0 } = socket;
    const address = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
    this.client = { address, family: address.includes(':') ? 6 : 4, port };
  }

  /** Emits that the client has connected, and later that it has gone. */
  begin(): void {
    const { socket, shared, id: connection, client } = this;
    shared.open++;
    shared.see({ type: 'accepted', time: Date.now(), connection, client });
    socket.on('error', this.broke).on('close', () => this.hasClosed());
  }

  private hasClosed(): void {
    const { id: connection, client, socket, shared, tunnel, code } = this;
    shared.open--;
    this.headIsThere();
    this.life.unsubscribe();
    const { bytesRead: sent, bytesWritten: received } = socket;
    const duration = performance.now() - this.startedAt;
    const optional = code !== undefined && { code };
    shared.see({ type: 'closed', time: Date.now(), connection, client, sent, received, duration, ...optional });
    // The destination may still have something to read.
    if (tunnel && !tunnel.upstream.closed) tunnel.upstream.on('close', () => shared.over(this));
    else shared.over(this);
  }

  /** Closes both sides and ends everything that the connection has begun. */
  close(): void {
    this.socket.destroy();
    this.life.unsubscribe();
    this.tunnel?.upstream.destroy();
  }

  /** Emits an event of the race for a request, without its socket. */
  raced(event: RaceEvent<Socket>, request: ProxyRequest): void {
    // V8 copies events of several shapes faster by this function than by spreading them.
    const seen = Object.assign({ time: Date.now(), connection: this.id, request }, event);
    this.shared.see(seen.type === 'connected' ? Object.assign(seen, { value: undefined }) : seen);
  }

  /** Waits for the head of the client's first request. */
  awaitHead(tooLate: () => void): void {
    this.shared.heads.nextFrom(this, tooLate, true);
  }

  /** Stops waiting: the head of the request has been received. */
  headIsThere(): void {
    this.head = undefined;
  }

  /** Emits that the client has sent a request. */
  requested(request: ProxyRequest): void {
    this.shared.see({ type: 'requested', time: Date.now(), connection: this.id, request });
  }

  /** Emits that the client is refused. The response is written elsewhere, in the client's protocol. */
  refuse({ reason, message, cause }: Refusal, request?: ProxyRequest): void {
    const optional = { ...(request && { request }), ...(cause !== undefined && { error: cause }) };
    this.shared.see({ type: 'refused', time: Date.now(), connection: this.id, reason, message, ...optional });
  }

  /** Passes bytes on between the client and `upstream`. */
  connectTo(upstream: Socket): void {
    this.tunnel = new Tunnel(this.socket, upstream);
    upstream.on('error', this.broke);
    relay(this.socket, upstream);
  }

  /** Writes a last response, and closes the connection when the client has read it, at the latest after {@link LAST_READING}. */
  farewell(text: string | Uint8Array): void {
    const { socket } = this;
    if (socket.destroyed) return;
    // The system resets a socket that is closed with unread data in it, and the client may then lose the response.
    socket.end(text).resume();
    const timer = setTimeout(() => socket.destroy(), LAST_READING);
    socket.once('close', () => clearTimeout(timer));
  }

  private readonly broke = (error: NodeJS.ErrnoException) => {
    this.code ??= error.code;
  };
}

/** How long a client may take to read a last response, in ms. */
const LAST_READING = 2000;

/** Serves a connection in one protocol. `first` are the bytes by which the protocol was recognized. */
export type Serve = (connection: Connection, first: Buffer) => void;

/** A function for each protocol. */
export type Servers = Readonly<Record<NonNullable<ReturnType<typeof protocolOf>>, Serve>>;

/**
 * Serves a client from the time it is accepted until it has gone. This is not an Observable because one would add a tenth to the
 * cost of a connection.
 */
export function serveClient(connection: Connection, servers: Servers): void {
  const { socket, shared } = connection;
  connection.begin();
  const turnedAway = refusalOf(connection);
  if (turnedAway) {
    connection.refuse(turnedAway);
    socket.destroy();
    return;
  }
  const { maxConnections } = shared.settings;
  if (shared.open > maxConnections) connection.refused = new Refusal('connections', 'The proxy has too many connections.');
  connection.awaitHead(() => {
    connection.refuse(new Refusal('time', 'No request was received in time.'));
    socket.destroy();
  });
  sniff(connection, (first) => {
    const protocol = protocolOf(first[0]!);
    if (protocol) {
      servers[protocol](connection, first);
      return;
    }
    connection.headIsThere();
    connection.refuse(new Refusal('malformed', 'The first byte belongs to none of the supported protocols.'));
    connection.farewell('');
  });
}

/** How many connections beyond the limit receive a response at the same time. Further ones are closed at once. */
const TURNED_AWAY = 1000;

/** The reason for closing a connection before anything is read; `undefined` if the client may send a request. */
function refusalOf({ client, shared: { settings, open } }: Connection): Refusal | undefined {
  const { allow, maxConnections } = settings;
  if (allow && !allow.check(client.address.replace(/%.*$/, ''), `ipv${client.family}`)) {
    return new Refusal('client', 'This client is not allowed.');
  }
  return open > maxConnections + TURNED_AWAY ? new Refusal('connections', 'The proxy has too many connections.') : undefined;
}

/** Waits for the first bytes and pauses the socket. */
function sniff({ socket }: Connection, heard: (first: Buffer) => void): void {
  const ended = () => socket.end();
  const read = (first: Buffer) => {
    socket.off('end', ended).off('data', read).pause();
    heard(first);
  };
  socket.on('end', ended).on('data', read);
}
