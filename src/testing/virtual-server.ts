import { EventEmitter } from 'node:events';
import type { Server, ServerOpts, Socket } from 'node:net';
import { integer, isObject } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';

/** What a server of a network needs of it. */
export interface Listening {
  /** Takes a port, and does something in the network's time. Port 0 takes a free one. */
  readonly listen: (server: VirtualServer, port: number) => number;
  readonly release: (server: VirtualServer) => void;
  readonly soon: (work: () => void) => void;
  readonly address: string;
}

const checkPort = integer(0, 65_535);

/** The listening side of a program under test: the surface of a `net.Server`, on a port of a network in virtual time. */
export class VirtualServer extends EventEmitter {
  listening = false;
  maxConnections?: number;
  readonly options: ServerOpts;
  readonly #network: Listening;
  readonly #connections = new Set<Socket>();
  #port = 0;

  constructor(network: Listening, options: ServerOpts) {
    super();
    this.#network = network;
    this.options = options;
  }

  /** As in Node: a port or options first, a function last; on which address does not matter here. */
  listen(...given: unknown[]): this {
    if (this.listening) throw codedError('ERR_SERVER_ALREADY_LISTEN', 'this server of a virtual network is listening');
    const [first] = given;
    const port = isObject(first) ? (first as { port?: unknown }).port : typeof first === 'function' ? undefined : first;
    const callback = given.at(-1);
    checkPort('port', port ?? 0);
    if (typeof callback === 'function') this.once('listening', callback as () => void);
    this.listening = true;
    try {
      this.#port = this.#network.listen(this, Number(port ?? 0));
      this.#network.soon(() => {
        if (this.listening) this.emit('listening');
      });
    } catch (error) {
      this.listening = false;
      this.#network.soon(() => this.emit('error', error));
    }
    return this;
  }

  /** A connection from outside has come in. */
  accept(socket: Socket): void {
    if (!this.listening || this.#connections.size >= (this.maxConnections ?? Infinity)) {
      socket.on('error', () => undefined).destroy();
      return;
    }
    this.#connections.add(socket);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#closeIfDone();
    });
    if (this.options.pauseOnConnect) socket.pause();
    this.emit('connection', socket);
  }

  close(callback?: (error?: Error) => void): this {
    if (!this.listening) {
      const error = codedError('ERR_SERVER_NOT_RUNNING', 'Server is not running.');
      if (callback) this.#network.soon(() => callback(error));
      return this;
    }
    if (callback) this.once('close', callback);
    this.listening = false;
    this.#network.release(this);
    this.#closeIfDone();
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.close(() => resolve()));
  }

  address(): object | null {
    return this.listening ? { address: this.#network.address, family: 'IPv6', port: this.#port } : null;
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    this.#network.soon(() => callback(null, this.#connections.size));
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #closeIfDone(): void {
    if (this.listening || this.#connections.size > 0) return;
    this.#network.soon(() => this.emit('close'));
  }
}

/** As `net.createServer`: options, and what is called with each connection. */
export function virtualServer(network: Listening, given: readonly unknown[]): Server {
  const options = (given.find(isObject) ?? {}) as ServerOpts;
  const listener = given.find((one) => typeof one === 'function');
  const server = new VirtualServer(network, options);
  if (listener) server.on('connection', listener as (socket: Socket) => void);
  return server as unknown as Server;
}
