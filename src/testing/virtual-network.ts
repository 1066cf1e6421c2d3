import type { Server, ServerOpts, Socket } from 'node:net';
import type { Observable, VirtualTimeScheduler } from 'rxjs';
import type { TimelineOptions } from '../pictures/timeline.js';
import type { SocketTransport } from '../rx/transport.js';
import type { Resolver } from '../rx/resolver.js';
import type { Dns } from './virtual-resolver.js';
import type { Endpoints } from './endpoints.js';
import type { NetworkReport, RunReport, SubscriptionLog } from './report.js';

/** What is in a network. */
export interface NetworkDescription {
  /** Default: no host exists. */
  readonly dns?: Dns | undefined;
  /** Default: no address can be reached. */
  readonly endpoints?: Endpoints | undefined;
  /** The scheduler whose time it uses, such as a `TestScheduler`. Default: its own, which begins at 0 ms. */
  readonly scheduler?: VirtualTimeScheduler | undefined;
  /** The seed of its `random`. Default 0. */
  readonly seed?: number | undefined;
}

/** What is tested: a stream, a promise, or a function that begins it. */
export type Program<T> = Observable<T> | PromiseLike<T> | ((network: VirtualNetwork) => Observable<T> | PromiseLike<T> | T);

/** How long a program is run. */
export interface RunOptions {
  /** ms after which its stream is unsubscribed; nothing of it may be left then. */
  readonly unsubscribeAt?: number | undefined;
  /** ms after which it is given up. Default one hour; `Infinity` allowed. */
  readonly until?: number | undefined;
  /** Whether it may keep sockets open where they cannot be found, such as in a `#private` field. Default false. */
  readonly keepsSockets?: boolean | undefined;
}

/** The options of sockets, as of a race's `tcp`. The network's obey `allowHalfOpen` and `highWaterMark`. */
export interface VirtualSocketOptions {
  readonly allowHalfOpen?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
}

/** A client from outside. */
export interface DialOptions {
  /** How long what is sent is under way, in ms and each way. Default 0. */
  readonly latency?: number | undefined;
  /** Whether the client goes on once the program has ended its side. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
}

/** The options that put a race into a network. */
export interface RaceInput {
  readonly resolver: Resolver;
  /** Its connections are sockets of the network. */
  readonly transport: SocketTransport<Socket, VirtualSocketOptions>;
  readonly scheduler: VirtualTimeScheduler;
  /** Chance that is the same in each run: a connector that ignores its history once in a while does so at the same times. */
  readonly random: () => number;
}

/**
 * What {@link virtualNetwork} makes: options of a race, and what has happened. Nothing else of it is enumerable than the four
 * options, so that it can be given as options, or spread into them.
 */
export interface VirtualNetwork extends RaceInput {
  /** What has happened so far, and what is going on now. */
  report(): NetworkReport;
  /** As in {@link NetworkReport}. */
  readonly starts: NetworkReport['starts'];
  readonly ends: NetworkReport['ends'];
  readonly winner: NetworkReport['winner'];
  readonly lookups: NetworkReport['lookups'];
  readonly leaks: NetworkReport['leaks'];
  readonly events: NetworkReport['events'];
  readonly mostInFlight: NetworkReport['mostInFlight'];
  inFlight(at: number): string[];
  timeline(options?: TimelineOptions): string;
  expectClean(): void;

  /**
   * When the attempts on an address began and ended, for `expectSubscriptions` within `TestScheduler.run`. Filled in as time
   * goes by.
   */
  subscriptions(address: string): SubscriptionLog[];
  /** The same as marbles, of every attempt by its address: `{ '192.0.2.1': ['--^--!'] }`. Exact where times are whole ms. */
  marbles(): Record<string, string[]>;

  /**
   * As `net.createServer`: a server of the program, that listens on a port of this network. Every address is the same machine;
   * port 0 takes a free port. A port that is taken is `EADDRINUSE`.
   */
  createServer(options?: ServerOpts, listener?: (socket: Socket) => void): Server;
  createServer(listener?: (socket: Socket) => void): Server;
  /**
   * Connects to a port that the program listens on, as a client from outside does, and returns the client's end.
   *
   * @throws Error `ECONNREFUSED` if nothing listens there
   */
  dial(port: number, options?: DialOptions): Socket;

  /** Runs until nothing is due any more. */
  flush(): void;
  /** Advances time by `ms`. */
  advance(ms: number): void;
  /** Advances time by `ms`. Between timers, promises and Node's streams have their turns. */
  elapse(ms: number): Promise<void>;

  /**
   * Runs a stream until it is over, all at once. Time stops with it; what is left then is in the report's `leaks`. A stream
   * that waits for nothing is unsubscribed; the report shows it as it stood.
   *
   * Errors of the stream, and of the function that begins it, are in the report.
   */
  run<T>(program: Observable<T> | ((network: VirtualNetwork) => Observable<T>), options?: RunOptions): RunReport<T>;

  /**
   * Runs a program until it is over. Between any two timers, promises and Node's streams come to what they can come to: one
   * turn of the event loop. So time passes for a program only while it waits for time. To a promise belongs all that has
   * happened since the last run. One program at a time.
   *
   * Errors of the program are in the report.
   */
  settle<T>(program: Program<T>, options?: RunOptions): Promise<RunReport<T>>;
}
