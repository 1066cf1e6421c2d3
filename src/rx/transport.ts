import type { Observable } from 'rxjs';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Stage } from '../core/race/events.js';

/**
 * How one attempt connects: emits once when connected. An error, or completing without a value, is a failed attempt;
 * unsubscribing cancels it. A transport lets go of what it has emitted: its teardown ends only what it still holds. A value
 * that nobody is left to receive is ended by its `destroy()`, where it has one.
 *
 * It may call `progressed('tls')` when its TCP connection is up and a TLS handshake begins: the race then allows for it.
 */
export type Transport<T> = (endpoint: Endpoint, progressed?: (stage: Stage) => void) => Observable<T>;

/** What an attempt errors with where no other shall be tried. */
export class TerminalError {
  constructor(readonly error: Error) {}
}

/**
 * A transport that dials each endpoint by its `protocol`: the place to put QUIC, which Node does not speak yet. With `h3` among
 * the protocols of `serviceRecords`, endpoints whose record has it come with `protocol: 'quic'`, before the same over TCP.
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
