import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';
import type { Connector } from '../index.js';
import type { RaceEvent } from '../index.js';
import type { Client, ProxyEvent, ProxyRequest } from './events.js';
import type { IdleWatch } from './idle.js';
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
  readonly idle: IdleWatch;
  /** The open connections. */
  readonly open: Set<Connection>;
}

type Without<Event, Name extends PropertyKey> = Event extends unknown ? Omit<Event, Name> : never;

/** An event without the fields that all events of a connection have. */
export type OfConnection = Without<Extract<ProxyEvent, { readonly connection: number }>, 'time' | 'connection'>;

/** The connection of a client. */
export class Connection {
  readonly client: Client;
  /** Set if every request of this client is refused. */
  refused?: Refusal;
  /** Races, timers and requests to upstream servers, which end with the client's connection. */
  readonly life = new Subscription();
  private readonly startedAt = performance.now();
  private headTimer?: NodeJS.Timeout;
  private relaying?: Subscription;
  private code?: string;

  constructor(
    readonly id: number,
    readonly socket: Socket,
    readonly shared: Shared,
    private readonly see: (event: ProxyEvent) => void,
  ) {
    const { remoteAddress = '', remotePort: port = 0 } = socket;
    const address = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
    this.client = { address, family: address.includes(':') ? 6 : 4, port };
    this.life.add(() => clearTimeout(this.headTimer));
  }

  emit(event: OfConnection): void {
    this.see({ time: Date.now(), connection: this.id, ...event });
  }

  /** Emits an event of the race for a request, without its socket. */
  raced(event: RaceEvent<Socket>, request: ProxyRequest): void {
    const common = { time: Date.now(), connection: this.id, ...event, request };
    this.see(common.type === 'connected' ? { ...common, value: undefined } : common);
  }

  /** Starts the timer for the head of the client's request. */
  awaitHead(tooLate: () => void): void {
    const { headerTimeout } = this.shared.settings;
    if (headerTimeout !== Infinity) this.headTimer = setTimeout(tooLate, headerTimeout);
  }

  /** Stops the timer: the head of the request has been received. */
  headIsThere(): void {
    clearTimeout(this.headTimer);
  }

  /** Emits that the client has sent a request. */
  requested(asked: Omit<ProxyRequest, 'client'>): ProxyRequest {
    const request = { ...asked, client: this.client };
    this.emit({ type: 'requested', request });
    return request;
  }

  /** Emits that the client is refused. The response is written elsewhere, in the client's protocol. */
  refuse({ reason, message, cause }: Refusal, request?: ProxyRequest): void {
    this.emit({ type: 'refused', reason, message, ...(request && { request }), ...(cause !== undefined && { error: cause }) });
  }

  /** Passes bytes on between the client and `upstream`. */
  relay(upstream: Socket): void {
    this.relaying = relay(this.socket, upstream, this.shared.idle, this.broke);
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

  /**
   * Serves the connection until it closes.
   *
   * @param over called after it has closed and upstream has read everything
   * @returns closes it
   */
  begin(serve: () => void, over: () => void): () => void {
    const { socket, life, client, shared } = this;
    shared.open.add(this);
    this.emit({ type: 'accepted', client });
    socket.on('error', this.broke).once('close', () => {
      shared.open.delete(this);
      life.unsubscribe();
      const { bytesRead: sent, bytesWritten: received } = socket;
      const duration = performance.now() - this.startedAt;
      this.emit({ type: 'closed', client, sent, received, duration, ...(this.code !== undefined && { code: this.code }) });
      // Upstream may still have something to read.
      if (this.relaying) this.relaying.add(over);
      else over();
    });
    serve();
    return () => {
      socket.destroy();
      life.unsubscribe();
      this.relaying?.unsubscribe();
      shared.open.delete(this);
    };
  }

  private readonly broke = (error: NodeJS.ErrnoException) => {
    this.code ??= error.code;
  };
}

/** How long a client may take to read a last response, in ms. */
const LAST_READING = 2000;

/** Serves a connection in one protocol. `first` are the bytes by which the protocol was recognized. */
export type Serve = (connection: Connection, first: Buffer) => void;

/** Callbacks of a connection. */
export interface Witness {
  readonly see: (event: ProxyEvent) => void;
  readonly over: () => void;
}

/**
 * Serves a client from the time it is accepted until it has gone. This is not an Observable because one would add a tenth to the
 * cost of a connection.
 *
 * @param serve one function for each protocol
 * @returns closes the connection and ends everything that it has begun
 */
export function serveClient(
  id: number,
  socket: Socket,
  shared: Shared,
  serve: Readonly<Record<NonNullable<ReturnType<typeof protocolOf>>, Serve>>,
  { see, over }: Witness,
): () => void {
  const connection = new Connection(id, socket, shared, see);
  return connection.begin(() => {
    const turnedAway = refusalOf(connection);
    if (turnedAway) {
      connection.refuse(turnedAway);
      socket.destroy();
      return;
    }
    const { maxConnections } = shared.settings;
    if (shared.open.size > maxConnections) connection.refused = new Refusal('connections', 'The proxy has too many connections.');
    connection.awaitHead(() => {
      connection.refuse(new Refusal('time', 'No request was received in time.'));
      socket.destroy();
    });
    sniff(connection, (first) => {
      const protocol = protocolOf(first[0]!);
      if (protocol) {
        serve[protocol](connection, first);
        return;
      }
      connection.headIsThere();
      connection.refuse(new Refusal('malformed', 'The first byte belongs to none of the supported protocols.'));
      connection.farewell('');
    });
  }, over);
}

/** How many connections beyond the limit receive a response at the same time. Further ones are closed at once. */
const TURNED_AWAY = 1000;

/** The reason for closing a connection before anything is read; `undefined` if the client may send a request. */
function refusalOf({ client, shared: { settings, open } }: Connection): Refusal | undefined {
  const { allow, maxConnections } = settings;
  if (allow && !allow.check(client.address.replace(/%.*$/, ''), `ipv${client.family}`)) {
    return new Refusal('client', 'This client is not allowed.');
  }
  return open.size > maxConnections + TURNED_AWAY ? new Refusal('connections', 'The proxy has too many connections.') : undefined;
}

/** Waits for the first bytes and pauses the socket. */
function sniff({ socket }: Connection, heard: (first: Buffer) => void): void {
  const ended = () => socket.end();
  socket.once('end', ended).once('data', (first: Buffer) => {
    socket.off('end', ended).pause();
    heard(first);
  });
}
