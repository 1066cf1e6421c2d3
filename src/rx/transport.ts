import type { Observable } from 'rxjs';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Stage } from '../core/race/events.js';

/**
 * How one attempt connects. Emits once, when connected. An error, or completing without a value, means that the attempt failed;
 * unsubscribing cancels it. A transport no longer owns what it has emitted, so its teardown must not end it. If no one is left to
 * receive the value, the race calls its `destroy()`, if it has one.
 *
 * A transport may call `progressed('tls')` when its TCP connection is up and a TLS handshake begins. The race then allows time for
 * the handshake.
 */
export type Transport<T> = (endpoint: Endpoint, progressed?: (stage: Stage) => void) => Observable<T>;

/** What an attempt errors with if no other attempt shall be made. */
export class TerminalError {
  constructor(readonly error: Error) {}
}

/**
 * Creates a transport that dials each endpoint by its `protocol`. This is the place for QUIC, which Node does not support yet. With
 * `h3` among the protocols of `serviceRecords`, an endpoint whose record lists it is tried with `protocol: 'quic'` before TCP.
 *
 * @example
 * connect$('example.com', 443, {
 *   serviceRecords: { scheme: 'https', alpn: ['h3', 'h2', 'http/1.1'] },
 *   transport: byProtocol({ quic: dialQuic, tcp: tls({ servername: 'example.com' }) }),
 * });
 */
export function byProtocol<Q, T>({ quic, tcp }: { readonly quic: Transport<Q>; readonly tcp: Transport<T> }): Transport<Q | T> {
  return (endpoint, progressed) => (endpoint.protocol === 'quic' ? quic(endpoint, progressed) : tcp(endpoint, progressed));
}

/**
 * Where a transport says that it takes the options of sockets: creates it again with them. A network of the testing kit does, so
 * that a program is tested with the option `tcp` that it has.
 */
export const WITH_SOCKET_OPTIONS: unique symbol = Symbol.for('rx-happy-eyeballs.socket-options');

/** A transport whose sockets can have options. */
export interface SocketTransport<T, Options> extends Transport<T> {
  readonly [WITH_SOCKET_OPTIONS]: (options: Options) => Transport<T>;
}

export function takesSocketOptions(transport: unknown): transport is SocketTransport<never, object> {
  return typeof transport === 'function' && WITH_SOCKET_OPTIONS in transport;
}
