import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ObservableInput } from 'rxjs';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Setup } from '../node/setup.js';
import type { SocketOptions } from '../node/tcp.js';
import type { TlsOptions } from '../node/tls.js';
import type { SocketTransport, Transport } from '../rx/transport.js';
import type { AttemptOptions, RaceOptions } from './options.js';

type All<T, C> = AttemptOptions<T, C>;

/** The type of the option `tls`. */
type Tls = All<never, never>['tls'];

/** An attempt over sockets. */
interface OverSockets<S> extends Pick<All<never, never>, 'localAddress' | 'localPort'> {
  readonly transport?: undefined;
  readonly tls?: S;
}

/** Sockets that this package creates. */
interface OwnSockets extends Pick<All<never, never>, 'tcp'> {
  readonly socketFactory?: undefined;
}

/** Sockets that the caller creates. */
interface MadeSockets extends Pick<All<never, never>, 'socketFactory'> {
  readonly tcp?: undefined;
}

/** An attempt by a transport of the caller, which does its own TLS. */
interface OverTransport<C> extends OnlyTransport {
  readonly transport?: Transport<C> | undefined;
  readonly tcp?: undefined;
}

/** The same where the transport is there for certain, so that a setup gets what it emits. */
interface ByTransport<C> extends OnlyTransport {
  readonly transport: Transport<C>;
  readonly tcp?: undefined;
}

/** An attempt by a transport whose sockets have TCP options, such as a network of the testing kit. */
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

/** Sockets whose setup follows their handshake. */
type TlsSockets = OverTls & (MadeSockets | OwnSockets);

interface OverTls extends Omit<OverSockets<never>, 'tls'> {
  readonly tls: true | TlsOptions;
}

/**
 * The options of a race and of its attempts. `T` is the result: a socket, or the value of `setup`. `C` is what the caller's
 * `transport` emits if a `setup` follows.
 */
export type ConnectOptions<T = Socket, C = T> = RaceOptions &
  (
    | (Sockets<Tls> & WithoutSetup)
    | (Sockets<false | undefined> & WithSetup<Setup<Socket, T>>)
    | (TlsSockets & WithSetup<Setup<TLSSocket, T>>)
    | (OverTransport<T & NoInfer<C>> & WithoutSetup)
    | (ByTransport<C> & WithSetup<Setup<C, T>>)
  );

/** Options of a race whose result is a `tls.TLSSocket`. */
export type TlsConnectOptions = RaceOptions & Sockets<true | TlsOptions> & WithoutSetup;

/**
 * {@link ConnectOptions} in the form from which TypeScript infers the result of a call. One type and one signature suffice for all
 * calls, so that the error for a wrong option is one line.
 *
 * - `R` the result, if the caller names it: `connect$<Session>(…)`
 * - `C` what the option `transport` emits
 * - `S` the type of the option `tls`; `unknown` if it is absent
 * - `T` the result: that of `setup`, or else {@link Won}
 * - `B` what attempts connect without `transport` and `tls`
 */
export type GivenOptions<R, C, S, T, B = Socket> = RaceOptions &
  (
    | ((OverSocketTransport | OverTransport<C | NoInfer<R>> | Sockets<Inferred<S>>) &
        (WithSetup<Setup<NoInfer<Connected<C, S, B>>, T>> | WithoutSetup))
    | HandedOn<NoInfer<C | R>, T>
  );

/** {@link ConnectOptions} that are handed on, whose `tls` may be anything. */
type HandedOn<C, T> =
  | (Sockets<Tls> & WithoutSetup)
  | (Sockets<false | undefined> & WithSetup<AnySetup<Socket, T>>)
  | (TlsSockets & WithSetup<AnySetup<TLSSocket, T>>)
  | (ByTransport<C> & WithSetup<AnySetup<C, T>>);

/**
 * A {@link Setup} that may be assigned, and does not type the parameters of a function expression: from signatures whose type
 * parameters differ, TypeScript takes no types for them. They come from the inferred options alone, as if this one was not there.
 */
interface AnySetup<C, T> {
  (connection: C, endpoint: Endpoint): ObservableInput<T>;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it makes the signatures differ
  <_>(connection: C, endpoint: Endpoint): ObservableInput<T>;
}

/** The result of a call without `setup`. `D` is the default result of its connector, and `B` is what that connects. */
export type Won<R, C, S, D = Socket, B = D> = [R] extends [never] ? ([D] extends [B] ? Connected<C, S, D> : D) : R;

/** What an attempt connects, according to `transport` or `tls`. */
type Connected<C, S, B> = [C] extends [never] ? SocketBy<S, B> : C;

type SocketBy<S, B> = unknown extends S ? B : S extends undefined ? B : S extends false ? Socket : TLSSocket;

/** `tls` in a form that infers a boolean and checks the properties of an object. */
type Inferred<S> = S extends boolean | undefined ? S : Tls;

/** The type itself. TypeScript does not infer it from the type that a result is assigned to. */
export type NotInferred<T> = [T][T extends unknown ? 0 : never];
