import type { Resolver } from '../rx/resolver.js';
import type { Transport } from '../rx/transport.js';
import type { TimelineOptions } from '../pictures/timeline.js';
import type { VirtualTimeScheduler, Observable } from 'rxjs';
import * as fates from '../testing/fates.js';
import type { HostDescription } from '../testing/virtual-resolver.js';
import type { After } from '../testing/after.js';
import type { AttemptEnd, AttemptStart, Leak, Lookup } from '../testing/report.js';
import type { RaceEvent } from '../core/race/events.js';
import { Network } from '../testing/network.js';
import { openPlain } from './open-plain.js';
import type { PlainConnection } from './plain-connection.js';

// The testing kit as far as it needs no sockets: here are its types without Node's.

/** What becomes of an attempt; its text is its source code. */
export interface PlainFate {
  toString(): string;
}

/** A fate that begins with a connection. */
export interface ConnectingPlainFate extends PlainFate {
  /** A TLS handshake follows, which takes `handshake` ms, or has a fate of its own: `thenTls(hangs())`. */
  thenTls(handshake: After | PlainFate): ConnectingPlainFate;
}

/** Connects after `after` ms. Default 0. */
export const connects: (after?: After) => ConnectingPlainFate = fates.connects;
/** Is refused after `after` ms, default 0: `ECONNREFUSED`. */
export const refuses: (after?: After) => PlainFate = fates.refuses;
/** There is no route, which is known after `after` ms, default 0: `ENETUNREACH`. */
export const unreachable: (after?: After) => PlainFate = fates.unreachable;
/** Never comes to an end by itself. */
export const hangs: () => PlainFate = fates.hangs;
/** Fails after `after` ms with an error, or with the error that systems have for a code: `fails(30, 'EHOSTUNREACH')`. */
export const fails: (after: After, error: string | Error) => PlainFate = fates.fails;

/** What is in a network: see `virtualNetwork` of the testing kit. */
export interface PlainNetworkDescription {
  /** What DNS says: of every host, or by host. Default: no host exists. */
  readonly dns?: HostDescription | Readonly<Record<string, HostDescription>> | Resolver;
  /** The fate of attempts, by address, or by address and port; in marbles or as a fate. */
  readonly endpoints?: Readonly<Record<string, PlainFate | string>>;
  /** Whose time it lives in. Default: one of its own, that begins at 0 ms. */
  readonly scheduler?: VirtualTimeScheduler;
  /** What its `random` begins with; default 0. */
  readonly seed?: number;
}

/** What has happened in a network. Times in ms of virtual time. */
export interface PlainReport<T> {
  readonly values: readonly T[];
  /** When the program was over; absent where it was given up. */
  readonly finish?: number;
  /** What it failed with. */
  readonly error?: unknown;
  readonly starts: readonly AttemptStart[];
  readonly ends: readonly AttemptEnd[];
  readonly winner?: string;
  readonly lookups: readonly Lookup[];
  readonly leaks: readonly Leak[];
  readonly events: readonly RaceEvent[];
  timeline(options?: TimelineOptions): string;
}

/** The options that put a race into a network, and what has happened in it. */
export interface PlainNetwork {
  readonly resolver: Resolver;
  readonly transport: Transport<PlainConnection>;
  readonly scheduler: VirtualTimeScheduler;
  readonly random: () => number;
  /** The attempts as marbles, by address: `{ '192.0.2.1': ['--^--!'] }`. */
  marbles(): Record<string, string[]>;
  /** Lets all time pass that there is anything to do in. */
  flush(): void;
  /** Lets `ms` pass. */
  advance(ms: number): void;
  /** Runs a stream until it is over, all at once; it is given up after `until` ms, default one hour. */
  run<T>(
    program: Observable<T> | ((network: PlainNetwork) => Observable<T>),
    options?: { readonly until?: number; readonly unsubscribeAt?: number },
  ): PlainReport<T>;
}

/**
 * A network in virtual time, whose connections are plain objects: what DNS answers and when, and what becomes of each attempt to
 * connect. With sockets that carry bytes, it is `virtualNetwork` of `rx-happy-eyeballs/testing`.
 *
 * @throws TypeError, RangeError at the call, naming the place in the description that makes no sense
 */
export function virtualNetwork(description: PlainNetworkDescription = {}): PlainNetwork {
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
  return new Network(description as ConstructorParameters<typeof Network>[0], {
    open: openPlain,
    turn,
  }) as unknown as PlainNetwork;
}
