import type { Server, Socket } from 'node:net';
import { boolean, checkEach, integer, number, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import type { Clock } from './clock.js';
import type { Ports } from './network.js';
import type { Recorder } from './recorder.js';
import type { DialOptions } from './virtual-network.js';
import { virtualServer, type Listening, type VirtualServer } from './virtual-server.js';
import { LOCAL, openFromOutside } from './virtual-socket.js';

/** The first port that is given where any will do. */
const FIRST_FREE = 40_000;

const DIAL_CHECKS: Checks<DialOptions> = { latency: number(0, Number.MAX_SAFE_INTEGER), allowHalfOpen: boolean };
const checkPort = integer(1, 65_535);

/** The ports that the program under test listens on. */
export class NodePorts implements Listening, Ports {
  readonly address = LOCAL[6];
  readonly #clock: Clock;
  readonly #records: Recorder;
  readonly #servers = new Map<number, { readonly server: VirtualServer; readonly closed: () => void }>();
  #connections = 0;

  constructor(clock: Clock, records: Recorder) {
    this.#clock = clock;
    this.#records = records;
  }

  createServer(given: readonly unknown[]): Server {
    return virtualServer(this, given);
  }

  dial(port: number, options: DialOptions): Socket {
    checkPort('port', port);
    checkEach('options', options, DIAL_CHECKS);
    const { latency = 0, allowHalfOpen = false } = options;
    const listening = this.#servers.get(port);
    if (!listening) throw codedError('ECONNREFUSED', `nothing listens on port ${port} of this network`);
    const { server } = listening;
    const link = { latency, losesAfter: Infinity, resetsAfter: Infinity, encrypted: false };
    const to = { port, ordinal: this.#connections++ };
    const { allowHalfOpen: isHalfOpen = false, highWaterMark } = server.options;
    const own = { allowHalfOpen: isHalfOpen, ...(highWaterMark !== undefined && { highWaterMark }) };
    const [client, accepted] = openFromOutside(this.#clock, link, to, { client: { allowHalfOpen }, server: own });
    const { remoteAddress, remotePort } = accepted;
    this.#clock.schedule(() => {
      this.#records.opened(accepted, { endpoint: { address: remoteAddress!, family: 6, port: remotePort! } });
      server.accept(accepted);
    }, latency);
    return client;
  }

  listen(server: VirtualServer, wanted: number): number {
    const port = wanted || this.#free();
    if (this.#servers.has(port)) throw codedError('EADDRINUSE', `listen EADDRINUSE: address already in use :::${port}`);
    this.#servers.set(port, { server, closed: this.#records.listening(port) });
    return port;
  }

  release(server: VirtualServer): void {
    for (const [port, listening] of this.#servers) {
      if (listening.server !== server) continue;
      this.#servers.delete(port);
      listening.closed();
    }
  }

  soon(work: () => void): void {
    this.#clock.schedule(work, 0);
  }

  #free(): number {
    let port = FIRST_FREE;
    while (this.#servers.has(port)) port++;
    return port;
  }
}
