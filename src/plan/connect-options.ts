import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Setup } from '../node/setup.js';
import type { SocketOptions } from '../node/tcp.js';
import type { TlsOptions } from '../node/tls.js';
import type { SocketTransport, Transport } from '../rx/transport.js';
import type { AttemptOptions, RaceOptions } from './options.js';

type All<T, C> = AttemptOptions<T, C>;

/** What the option `tls` may be. */
type Tls = All<never, never>['tls'];

/** An attempt over sockets. */
interface OverSockets<S> extends Pick<All<never, never>, 'localAddress' | 'localPort'> {
  readonly transport?: undefined;
  readonly tls?: S;
}

/** Sockets of this package. */
interface OwnSockets extends Pick<All<never, never>, 'tcp'> {
  readonly socketFactory?: undefined;
}

/** Sockets of the caller's. */
interface MadeSockets extends Pick<All<never, never>, 'socketFactory'> {
  readonly tcp?: undefined;
}

/** An attempt by a transport of the caller's, which does its own TLS. */
interface OverTransport<C> extends OnlyTransport {
  readonly transport?: Transport<C> | undefined;
  readonly tcp?: undefined;
}

/** An attempt by a transport whose sockets have options, as those of a network of the testing kit. */
interface OverSocketTransport extends OnlyTransport, Pick<All<never, never>, 'tcp'> {
  readonly transport: SocketTransport<Socket, SocketOptions>;
}

interface OnlyTransport {
  readonly tls?: false | undefined;
  readonly localAddress?: undefined;
  readonly localPort?: undefined;
  readonly socketFactory?: undefined;
}

interface WithSetup<Step> extends Pick<All<never, never>, 'isTerminal'> {
  readonly setup: Step;
}

interface WithoutSetup {
  readonly setup?: undefined;
  readonly isTerminal?: undefined;
}

type Sockets<S> = OverSockets<S> & (MadeSockets | OwnSockets);

/**
 * How a race is run and what its attempts do. `T` is its result: a socket, or the value of `setup`. `C` is what the caller's
 * `transport` emits, if a `setup` follows.
 */
export type ConnectOptions<T = Socket, C = T> = RaceOptions &
  (
    | (Sockets<Tls> & WithoutSetup)
    | (Sockets<false | undefined> & WithSetup<Setup<Socket, T>>)
    | (Sockets<true | TlsOptions> & WithSetup<Setup<TLSSocket, T>>)
    | (OverTransport<T & NoInfer<C>> & WithoutSetup)
    | (OverTransport<C> & WithSetup<Setup<C, T>>)
  );

/** Options of a race whose result is a `tls.TLSSocket`. */
export type TlsConnectOptions = RaceOptions & Sockets<true | TlsOptions> & WithoutSetup;

/**
 * {@link ConnectOptions} as a call has them, for TypeScript to find out what the race is for. One type and one signature, since
 * a wrong option is then reported once, in a line.
 *
 * - `R` what the race is for, where the caller names it: `connect$<Session>(…)`
 * - `C` what the option `transport` emits
 * - `S` the type of the option `tls`; `unknown` where it is not given
 * - `T` what the race is for: by `setup`, or else {@link Won}
 * - `B` what attempts connect where neither option says so
 */
export type GivenOptions<R, C, S, T, B = Socket> = RaceOptions &
  (OverSocketTransport | OverTransport<C | NoInfer<R>> | Sockets<Inferred<S>>) &
  (WithSetup<Setup<Connected<C, S, B>, T> | AnySetup<NoInfer<C>, S, T>> | WithoutSetup);

/** What a race is for whose call has no `setup`. `D` is what its connector's races are for, and `B` what those connect. */
export type Won<R, C, S, D = Socket, B = D> = [R] extends [never] ? ([D] extends [B] ? Connected<C, S, D> : D) : R;

/** What an attempt connects, by `transport` or by `tls`. */
type Connected<C, S, B> = [C] extends [never] ? SocketBy<S, B> : C;

type SocketBy<S, B> = unknown extends S ? B : S extends undefined ? B : S extends false ? Socket : TLSSocket;

/** `tls`, so that its type is inferred where it is a boolean, and its properties are checked where it is an object. */
type Inferred<S> = S extends boolean | undefined ? S : Tls;

/** Where `tls` may be anything, as in {@link ConnectOptions} that are handed on, so may be what `setup` takes. */
type AnySetup<C, S, T> = unknown extends S
  ? never
  : [boolean | TlsOptions] extends [S]
    ? Setup<C, T> | Setup<Socket, T> | Setup<TLSSocket, T>
    : never;

/** The type itself, which TypeScript does not infer from what a result is assigned to. */
export type NotInferred<T> = [T][T extends unknown ? 0 : never];
