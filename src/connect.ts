import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Observable, type Observer } from 'rxjs';
import { plan } from './plan/plan.js';
import { connecting } from './plan/transport.js';
import type { RaceEvent } from './core/race/events.js';
import { checkHost, checkOptions, checkPort, type ConnectOptions, type TlsConnectOptions } from './plan/options.js';
import { inTurn } from './node/turns.js';
import { observe } from './observe/observed.js';
import { Guarded, type Holder } from './rx/guarded.js';

/**
 * Connects to a host by racing its addresses, as an Observable of the first connection that works.
 *
 *     AAAA ──●
 *     A ───────●
 *     [2001:db8::1]  ├────────────────────────○ cancelled
 *     192.0.2.1                  ├──────────────● connected
 *
 * Cold: each subscription is one race. Emits one value, once everything else has been released, and completes. From then
 * on the socket is the subscriber's: nothing of this package listens on it, holds it, or destroys it. Unsubscribing ends
 * the race at once: look-ups, timers, sockets.
 *
 * Errors with {@link ConnectionError} when there is no winner, and with the signal's reason when it is aborted.
 *
 * @param host a name, or an IPv4 or IPv6 literal (in brackets or not)
 * @param port 1 to 65535
 * @throws TypeError, RangeError at the call, for a host, port or option that makes no sense
 *
 * @example
 * connect$('example.com', 80).subscribe((socket) => socket.end('HEAD / HTTP/1.0\r\n\r\n'));
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305 RFC 8305}
 */
export function connect$(host: string, port: number, options: TlsConnectOptions): Observable<TLSSocket>;
export function connect$<T = Socket, C = T>(host: string, port: number, options: ConnectOptions<T, C>): Observable<T>;
export function connect$<T = Socket, C = T>(host: string, port: number, options?: ConnectOptions<T, C>): Observable<T>;
export function connect$(host: string, port: number, options?: object): Observable<unknown> {
  const begin = raceTo(host, port, options);
  return new Observable((subscriber) => {
    const awaited = new Winner<unknown>(subscriber);
    subscriber.add(awaited);
    awaited.hold(begin);
  });
}

/** Of all events of a race, what it was for. */
export function winner<T>(events$: Observable<RaceEvent<T>>): Observable<T> {
  return new Observable((subscriber) => {
    const awaited = new Winner<T>(subscriber);
    subscriber.add(awaited);
    awaited.listen(() => events$);
  });
}

/**
 * The same as a Promise: {@link winner} and `firstValueFrom` in one, for both are on the way of every connection.
 *
 * @param create the race; the Promise rejects with what this throws
 */
export function winnerOf<T>(create: () => Observable<RaceEvent<T>>): Promise<T> {
  return new Promise((resolve, reject) => {
    new Winner<T>({ next: resolve, error: reject, complete: NOTHING }).listen(create);
  });
}

const NOTHING = () => undefined;

class Winner<T> extends Guarded<RaceEvent<T>> {
  constructor(private readonly told: Observer<T>) {
    super();
  }

  protected hasNext(event: RaceEvent<T>): void {
    if (event.type === 'connected') this.told.next(event.value);
  }

  protected hasFailed(error: unknown): void {
    this.told.error(error);
  }

  protected hasCompleted(): void {
    this.told.complete();
  }
}

/**
 * The same race as {@link connect$}, with everything that happens in it: emits each {@link RaceEvent}, the last of which is
 * `connected`, and completes. Losers are `cancelled`, and gone, before that.
 */
export function race$(host: string, port: number, options: TlsConnectOptions): Observable<RaceEvent<TLSSocket>>;
export function race$<T = Socket, C = T>(host: string, port: number, options: ConnectOptions<T, C>): Observable<RaceEvent<T>>;
export function race$<T = Socket, C = T>(host: string, port: number, options?: ConnectOptions<T, C>): Observable<RaceEvent<T>>;
export function race$(host: string, port: number, options?: object): Observable<RaceEvent> {
  const begin = raceTo(host, port, options);
  return new Observable((subscriber) => begin(subscriber));
}

/** Checks what is given, and returns what begins a race for its observer. */
function raceTo(host: string, port: number, options?: object): (observer: Holder<RaceEvent>) => void {
  const asciiHost = checkHost(host);
  checkPort(port);
  const settings = checkOptions(options);
  const attempts = connecting(settings, asciiHost);
  return inTurn(settings, (observer) => {
    observe(plan({ host, asciiHost, port }, settings, attempts), observer);
  });
}

/**
 * {@link connect$} as a Promise; its `signal` option cancels it. Rejects with what `connect$` would throw or error with.
 *
 * @example
 * const socket = await connect('example.com', 443, { signal: AbortSignal.timeout(2000) });
 */
export function connect(host: string, port: number, options: TlsConnectOptions): Promise<TLSSocket>;
export function connect<T = Socket, C = T>(host: string, port: number, options: ConnectOptions<T, C>): Promise<T>;
export function connect<T = Socket, C = T>(host: string, port: number, options?: ConnectOptions<T, C>): Promise<T>;
export function connect(host: string, port: number, options?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    new Winner({ next: resolve, error: reject, complete: NOTHING }).hold((observer) => {
      raceTo(host, port, options)(observer);
    });
  });
}
