import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Subscription } from 'rxjs';
import type { Address } from '../core/address/address.js';
import { number } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Clock } from './clock.js';
import { streamError } from './system-errors.js';

/** What lies between the two ends of a connection. Times in ms. */
export interface Link {
  /** How long what is sent is under way, in each direction. */
  readonly latency: number;
  /** Bytes of both directions after which everything is lost. */
  readonly losesAfter: number;
  /** When the connection is reset, from its being connected on. */
  readonly resetsAfter: number;
  readonly encrypted: boolean;
}

/** Bytes that may be under way or unread before a writer has to wait, as in a kernel's buffers. */
const WINDOW = 65_536;

type Callback = (error?: Error | null) => void;

/** Our address by family, from the ranges for documentation. */
export const LOCAL = { 6: '2001:db8:ffff::1', 4: '203.0.113.1' } as const;

/** Where clients of ours come from. */
const OUTSIDE = '2001:db8:ffff::2';

/** What an end knows of the options of a socket. */
export interface EndOptions {
  readonly allowHalfOpen?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
}

/** The first of the ports that systems give to clients. */
const FIRST_PORT = 49_152;
const PORTS = 16_384;

/** What stands at the other end of a connection. */
interface End {
  arrived(chunk: Buffer): void;
  /** Called when `bytes` of the sent data have been taken. */
  acknowledged(bytes: number): void;
  finished(): void;
  reset(): void;
}

/**
 * Makes a connection over a network in virtual time.
 *
 * @param ordinal which of the network's connections it is: tells apart their local ports
 * @param serve is given the server's end; without it, the server is silent
 * @returns the client's end
 */
export type OpenConnection = (
  clock: Clock,
  endpoint: Endpoint,
  link: Link,
  ordinal: number,
  serve: ((socket: Socket) => void) | undefined,
  options?: EndOptions,
) => Socket;

/** Connections whose ends are streams, with the surface of a `net.Socket`. */
export const openConnection: OpenConnection = (clock, endpoint, link, ordinal, serve, options) => {
  const local = { address: LOCAL[endpoint.family], family: endpoint.family, port: FIRST_PORT + (ordinal % PORTS) };
  const wire = new Wire(clock, link);
  const client = new VirtualSocket(wire, local, endpoint, options);
  let other: End = new SilentEnd(wire, client);
  if (serve) {
    const server = new VirtualSocket(wire, endpoint, local);
    server.joinTo(client);
    // What becomes of the client is not its affair.
    server.on('error', () => undefined);
    other = server;
    serve(server as unknown as Socket);
  }
  client.joinTo(other);
  if (link.resetsAfter < Infinity) {
    const reset = clock.schedule(() => {
      for (const end of [client, other]) end.reset();
    }, link.resetsAfter);
    client.once('close', () => {
      reset.unsubscribe();
    });
  }
  return client as unknown as Socket;
};

/**
 * A connection from outside to a port of ours.
 *
 * @returns the client's end, and ours
 */
export function openFromOutside(
  clock: Clock,
  link: Link,
  { port, ordinal }: { readonly port: number; readonly ordinal: number },
  options: { readonly client?: EndOptions; readonly server?: EndOptions },
): readonly [client: Socket, server: Socket] {
  const wire = new Wire(clock, link);
  const from = { address: OUTSIDE, family: 6, port: FIRST_PORT + (ordinal % PORTS) } as const;
  const to = { address: LOCAL[6], family: 6, port } as const;
  const [client, server] = [new VirtualSocket(wire, from, to, options.client), new VirtualSocket(wire, to, from, options.server)];
  client.joinTo(server);
  server.joinTo(client);
  // What becomes of the server is not its affair.
  client.on('error', () => undefined);
  return [client as unknown as Socket, server as unknown as Socket];
}

/** A server that takes whatever comes, says nothing, and ends when the client does. */
class SilentEnd implements End {
  readonly #wire: Wire;
  readonly #client: End;

  constructor(wire: Wire, client: End) {
    this.#wire = wire;
    this.#client = client;
  }

  arrived({ length }: Buffer): void {
    this.#client.acknowledged(length);
  }

  acknowledged(): void {
    // it sends nothing
  }

  finished(): void {
    this.#wire.carry(() => {
      this.#client.finished();
    });
  }

  reset(): void {
    // it has nothing to lose
  }
}

/** Carries what is sent, in order, until it loses everything. */
class Wire {
  #left: number;

  constructor(
    readonly clock: Clock,
    readonly link: Link,
  ) {
    this.#left = link.losesAfter;
  }

  /** What arrives of some bytes. */
  taken(chunk: Buffer): Buffer {
    const arriving = chunk.length <= this.#left ? chunk : chunk.subarray(0, this.#left);
    this.#left -= arriving.length;
    return arriving;
  }

  /** Calls back at the other end, unless everything is lost. */
  carry(arrived: () => void): void {
    if (this.#left > 0) this.clock.schedule(arrived, this.link.latency);
  }
}

/** One end, with the surface of a `net.Socket`. */
class VirtualSocket extends Duplex implements End {
  readonly connecting = false;
  readonly localAddress: string;
  readonly localPort: number;
  readonly localFamily: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: string;
  readonly autoSelectFamilyAttemptedAddresses: readonly string[];
  bytesRead = 0;
  /** ms of the idle timeout, where there is one. */
  timeout?: number;

  readonly #wire: Wire;
  #other!: End;
  #idle?: Subscription;
  /** Sent, and not yet taken by the reader at the other end. */
  #outstanding = 0;
  #goOn?: (() => void) | undefined;
  #sent = 0;
  /** Of what was sent, what the stream still counts as waiting. */
  #sending = 0;
  /** Bytes that have arrived and do not fit anywhere. */
  #unread = 0;
  #resetting = false;

  constructor(
    wire: Wire,
    local: Address & { port: number },
    remote: Address & { port: number },
    { allowHalfOpen = false, highWaterMark }: EndOptions = {},
  ) {
    super({ allowHalfOpen, ...(highWaterMark !== undefined && { highWaterMark }) });
    this.#wire = wire;
    // As in Node: who writes to a peer that has ended is told so in words of its own.
    this.on('end', () => {
      if (!this.allowHalfOpen) this.write = this.#writeAfterEnd as typeof this.write;
    });
    [this.localAddress, this.localPort, this.localFamily] = [local.address, local.port, `IPv${local.family}`];
    [this.remoteAddress, this.remotePort, this.remoteFamily] = [remote.address, remote.port, `IPv${remote.family}`];
    this.autoSelectFamilyAttemptedAddresses = [];
    if (wire.link.encrypted) Object.assign(this, { encrypted: true, authorized: true, alpnProtocol: false });
  }

  joinTo(other: End): void {
    this.#other = other;
  }

  get readyState(): string {
    if (this.readable && this.writable) return 'open';
    return this.readable ? 'readOnly' : this.writable ? 'writeOnly' : 'closed';
  }

  /** With what waits to be sent. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength - this.#sending;
  }

  /** Whether there is no connection: also after its end. */
  get pending(): boolean {
    return this.destroyed;
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  address(): object {
    return { address: this.localAddress, family: this.localFamily, port: this.localPort };
  }

  connect(): never {
    throw codedError('EISCONN', 'this socket of a virtual network is connected');
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTypeOfService(): this {
    return this;
  }

  getTypeOfService(): number {
    return 0;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  setTimeout(timeout: number, callback?: () => void): this {
    number(0, Number.MAX_SAFE_INTEGER)('msecs', timeout);
    this.timeout = timeout;
    this.#refresh();
    if (callback) {
      if (timeout > 0) this.once('timeout', callback);
      else this.removeListener('timeout', callback);
    }
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    this.#resetting = true;
    return this.destroy();
  }

  /** The connection is reset. */
  reset(): void {
    this.destroy(streamError('ECONNRESET', 'read'));
  }

  override _read(): void {
    if (this.#unread === 0) return;
    this.#other.acknowledged(this.#unread);
    this.#unread = 0;
  }

  override _write(chunk: Buffer, _encoding: string, callback: Callback): void {
    this.#sent += chunk.length;
    this.#sending = chunk.length;
    this.#refresh();
    const arriving = this.#wire.taken(chunk);
    if (arriving.length > 0) this.#wire.clock.schedule(() => this.#other.arrived(arriving), this.#wire.link.latency);
    this.#outstanding += chunk.length;
    const sent = () => {
      this.#sending = 0;
      callback();
    };
    if (this.#outstanding < WINDOW) sent();
    else this.#goOn = sent;
  }

  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', callback);
  }

  #writeAfterEnd(chunk: unknown, encoding?: unknown, callback?: Callback): boolean {
    if (!this.writableEnded) return super.write(chunk, encoding as BufferEncoding, callback);
    const error = codedError('EPIPE', 'This socket has been ended by the other party');
    const told = typeof encoding === 'function' ? (encoding as Callback) : callback;
    if (told) void Promise.resolve(error).then(told);
    this.destroy(error);
    return false;
  }

  override _final(callback: Callback): void {
    this.#wire.carry(() => this.#other.finished());
    // A real one asks the system first: who hears of the other end's end still finds it open.
    void Promise.resolve().then(() => {
      callback();
    });
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#idle?.unsubscribe();
    // Unread data, as a kernel has it, makes a reset of a close.
    const resets = this.#resetting || this.#unread > 0;
    if (resets) this.#wire.carry(() => this.#other.reset());
    else if (!this.writableFinished) this.#wire.carry(() => this.#other.finished());
    callback(error);
  }

  /** Streams know when they close; sockets say as well whether that was an error. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return event === 'close' ? super.emit(event, this.errored !== null) : super.emit(event, ...args);
  }

  arrived(chunk: Buffer): void {
    if (this.destroyed) {
      this.#wire.carry(() => this.#other.reset());
      return;
    }
    this.bytesRead += chunk.length;
    this.#refresh();
    if (this.push(chunk)) this.#other.acknowledged(chunk.length);
    else this.#unread += chunk.length;
  }

  acknowledged(bytes: number): void {
    this.#outstanding -= bytes;
    const goOn = this.#goOn;
    if (!goOn || this.#outstanding >= WINDOW) return;
    this.#goOn = undefined;
    goOn();
  }

  finished(): void {
    if (this.destroyed || this.readableEnded) return;
    this.push(null);
    this.read(0);
  }

  /** Restarts the wait for activity. */
  #refresh(): void {
    this.#idle?.unsubscribe();
    if (!this.timeout || this.destroyed) return;
    this.#idle = this.#wire.clock.schedule(() => this.emit('timeout'), this.timeout);
  }
}
