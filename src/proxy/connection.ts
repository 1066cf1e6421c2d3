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

/** What all connections of a proxy share. */
export interface Shared {
  readonly settings: ProxySettings;
  readonly connector: Connector;
  readonly rate: Rate;
  readonly idle: IdleWatch;
  /** Connections that are open. */
  readonly open: Set<Connection>;
}

type Without<Event, Name extends PropertyKey> = Event extends unknown ? Omit<Event, Name> : never;

/** An event without what every event of a connection has. */
export type OfConnection = Without<Extract<ProxyEvent, { readonly connection: number }>, 'time' | 'connection'>;

/** A client's connection, while it lasts. */
export class Connection {
  readonly client: Client;
  /** Why it is refused, whatever it asks for. */
  refused?: Refusal;
  /** What ends with the client: races, timers, requests to upstream servers. */
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

  /** Something has happened in the race for a request. Sockets are in no event. */
  raced(event: RaceEvent<Socket>, request: ProxyRequest): void {
    const common = { time: Date.now(), connection: this.id, ...event, request };
    this.see(common.type === 'connected' ? { ...common, value: undefined } : common);
  }

  /** Begins to count the time that the client has for the head of its request. */
  awaitHead(tooLate: () => void): void {
    const { headerTimeout } = this.shared.settings;
    if (headerTimeout !== Infinity) this.headTimer = setTimeout(tooLate, headerTimeout);
  }

  /** The head of the request is there. */
  headIsThere(): void {
    clearTimeout(this.headTimer);
  }

  /** The client asks for something. */
  requested(asked: Omit<ProxyRequest, 'client'>): ProxyRequest {
    const request = { ...asked, client: this.client };
    this.emit({ type: 'requested', request });
    return request;
  }

  /** Tells of a refusal; what the client is told is written elsewhere, in its own protocol. */
  refuse({ reason, message, cause }: Refusal, request?: ProxyRequest): void {
    this.emit({ type: 'refused', reason, message, ...(request && { request }), ...(cause !== undefined && { error: cause }) });
  }

  /** Passes bytes on from now on. */
  relay(upstream: Socket): void {
    this.relaying = relay(this.socket, upstream, this.shared.idle, this.broke);
  }

  /** Writes the last that the client is told, and closes the connection when that has been read, or after a while. */
  farewell(text: string | Uint8Array): void {
    const { socket } = this;
    if (socket.destroyed) return;
    // A socket that is closed while something waits in it to be read is reset, and the client may lose what it was told.
    socket.end(text).resume();
    const timer = setTimeout(() => socket.destroy(), LAST_READING);
    socket.once('close', () => clearTimeout(timer));
  }

  /**
   * @param over called when it is over, and upstream has read everything
   * @returns ends it
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
      // Upstream may not have read everything yet.
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

/** ms that a client is given to read why it is refused. */
const LAST_READING = 2000;

/** Serves a protocol, beginning with the bytes that told which. */
export type Serve = (connection: Connection, first: Buffer) => void;

/** Who hears of a connection. */
export interface Witness {
  readonly see: (event: ProxyEvent) => void;
  readonly over: () => void;
}

/**
 * Serves a client from its acceptance to its end. Not an Observable of its own: that would cost a tenth of every connection.
 *
 * @param serve by protocol
 * @returns closes the connection, and ends what it has begun
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

/** The most connections that are refused with an answer at the same time. Others are closed. */
const TURNED_AWAY = 1000;

/** Why a client is not even listened to. */
function refusalOf({ client, shared: { settings, open } }: Connection): Refusal | undefined {
  const { allow, maxConnections } = settings;
  if (allow && !allow.check(client.address.replace(/%.*$/, ''), `ipv${client.family}`)) {
    return new Refusal('client', 'This client is not allowed.');
  }
  return open.size > maxConnections + TURNED_AWAY ? new Refusal('connections', 'The proxy has too many connections.') : undefined;
}

/** Waits for the first bytes, and stops reading. */
function sniff({ socket }: Connection, heard: (first: Buffer) => void): void {
  const ended = () => socket.end();
  socket.once('end', ended).once('data', (first: Buffer) => {
    socket.off('end', ended).pause();
    heard(first);
  });
}
