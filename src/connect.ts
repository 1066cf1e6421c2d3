import type { Socket } from 'node:net';
import { Observable, type Observer } from 'rxjs';
import type { RaceEvent } from './core/race/events.js';
import { life } from './node/life.js';
import { inTurn } from './node/turns.js';
import { observe, type Lived } from './observe/observed.js';
import type { GivenOptions, NotInferred, Won } from './plan/connect-options.js';
import { canChange, checkHost, checkOptions, checkPort, type Settings } from './plan/options.js';
import { plan } from './plan/plan.js';
import { connecting, type Connecting } from './plan/transport.js';
import { connections } from './rx/connections.js';
import { Guarded, type Holder } from './rx/guarded.js';

/**
 * The functions that begin a race. `D` is the default type of its result, `B` is the type that its attempts connect, and `Own` are
 * options of a call besides those of a race.
 */
export interface Races<D = Socket, B = D, Own = unknown> {
  /** As the function of this name, with the connector's defaults. */
  readonly connect$: <R = never, C = never, S = unknown, T = Won<R, C, S, D, B>>(
    host: string,
    port: number,
    options?: GivenOptions<R, C, S, T, B> & Own,
  ) => Observable<NotInferred<T>>;
  /** As the function of this name, with the connector's defaults. */
  readonly race$: <R = never, C = never, S = unknown, T = Won<R, C, S, D, B>>(
    host: string,
    port: number,
    options?: GivenOptions<R, C, S, T, B> & Own,
  ) => Observable<RaceEvent<NotInferred<T>>>;
  /** As the function of this name, with the connector's defaults. */
  readonly connect: <R = never, C = never, S = unknown, T = Won<R, C, S, D, B>>(
    host: string,
    port: number,
    options?: GivenOptions<R, C, S, T, B> & Own,
  ) => Promise<NotInferred<T>>;
  /** As the function of this name, with the connector's defaults. */
  readonly connection$: <R = never, C = never, S = unknown, T = Won<R, C, S, D, B>>(
    host: string,
    port: number,
    options?: GivenOptions<R, C, S, T, B> & Own,
  ) => Observable<NotInferred<T>>;
}

/** The checked options of a call. */
export interface Terms {
  readonly settings: Settings<never>;
}

/** What races share: a connector's past, and the order in which they begin. */
export interface Memory<T extends Terms> {
  /** @throws TypeError, RangeError for invalid options */
  readonly terms: (options?: object) => T;
  readonly attempts: (terms: T, asciiHost: string, port: number) => Connecting<never>;
  /** Begins a race with its past, in its turn. */
  readonly begin: (race: Race<T>, observer: Holder<RaceEvent<never>>) => void;
}

/** A race that has not begun. */
export interface Race<T extends Terms> {
  readonly host: string;
  readonly port: number;
  readonly terms: T;
  readonly attempts: Connecting<never>;
  begin(observer: Holder<RaceEvent<never>>, lived?: Lived): void;
}

/** A race whose arguments have been checked. It is one small object because thousands may wait for their turn. */
class CheckedRace<T extends Terms> implements Race<T> {
  readonly host: string;
  readonly port: number;
  readonly asciiHost: string;
  readonly terms: T;
  private made: Connecting<never> | undefined = undefined;

  /** @throws TypeError, RangeError for an invalid host, port or option */
  constructor(
    private readonly memory: Memory<T>,
    host: string,
    port: number,
    options?: object,
  ) {
    // Fields are assigned after the checks: the stack of an error keeps this object alive, and with it a long host.
    this.asciiHost = checkHost(host);
    checkPort(port);
    this.terms = memory.terms(options);
    this.host = host;
    this.port = port;
    const { settings } = this.terms;
    // This checks the TLS options, and it reads options that may change before the race begins.
    if (settings.tls || canChange(settings)) this.made = this.attempts;
  }

  get attempts(): Connecting<never> {
    return (this.made ??= this.memory.attempts(this.terms, this.asciiHost, this.port));
  }

  /** Begins the race with its past, in its turn. */
  run(observer: Holder<RaceEvent<never>>): void {
    this.memory.begin(this, observer);
  }

  begin(observer: Holder<RaceEvent<never>>, lived?: Lived): void {
    observe(plan(this, this.terms.settings, this.attempts, lived?.past), observer, lived);
  }
}

/** The functions that begin races with a shared memory. */
export function racesOf<T extends Terms>(memory: Memory<T>): Races<never> {
  const raceTo = (host: string, port: number, options?: object) => new CheckedRace(memory, host, port, options);

  return {
    race$: (host: string, port: number, options?: object) => {
      const race = raceTo(host, port, options);
      return new Observable((subscriber) => race.run(subscriber));
    },
    connect$: (host: string, port: number, options?: object) => {
      const race = raceTo(host, port, options);
      return new Observable<never>((subscriber) => {
        const winner = new Winner<never>(subscriber);
        subscriber.add(winner);
        winner.hold((observer) => race.run(observer));
      });
    },
    connect: (host: string, port: number, options?: object) =>
      new Promise((resolve, reject) => {
        new Promised<never>(resolve, reject).hold((observer) => raceTo(host, port, options).run(observer));
      }),
    connection$: (host: string, port: number, options?: object) => {
      const race = raceTo(host, port, options);
      const race$ = new Observable<RaceEvent<never>>((subscriber) => race.run(subscriber));
      return connections(race$, (value, endpoint) => life(race.attempts.parts(value, endpoint)));
    },
  };
}

/** Emits the result of a race, and none of its events. */
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

/** Settles a promise with the result of a race. */
class Promised<T> extends Guarded<RaceEvent<T>> {
  constructor(
    private readonly resolve: (value: T) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    super();
  }

  protected hasNext(event: RaceEvent<T>): void {
    if (event.type === 'connected') this.resolve(event.value);
  }

  protected hasFailed(error: unknown): void {
    this.reject(error);
  }

  protected hasCompleted(): void {
    // The promise is settled: the winner comes before this.
  }
}

/** A connector without a memory: its races depend on their options alone. */
const alone = racesOf({
  terms: (options) => ({ settings: checkOptions<never>(options) }),
  attempts: ({ settings }, asciiHost) => connecting(settings, asciiHost),
  begin: (race, observer) => inTurn(race.terms.settings, observer, race),
}) as unknown as Races;

/**
 * Connects to a host by racing its addresses, as an Observable of the first connection that works.
 *
 *     AAAA ──●
 *     A ───────●
 *     [2001:db8::1]  ├────────────────────────○ cancelled
 *     192.0.2.1                  ├──────────────● connected
 *
 * Cold: each subscription is one race. Emits one value after everything else has been released, and completes. From then
 * on the socket belongs to the subscriber: this package has no listeners on it and does not destroy it. Unsubscribing ends
 * the race at once, with its look-ups, timers and sockets.
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
export const connect$: Races['connect$'] = alone.connect$;

/**
 * The same race as {@link connect$}, with everything that happens in it. Emits each {@link RaceEvent}, the last of which is
 * `connected`, and completes. All losers have been cancelled and destroyed before that.
 */
export const race$: Races['race$'] = alone.race$;

/**
 * {@link connect$} as a Promise; its `signal` option cancels it. Rejects with what `connect$` would throw or error with.
 *
 * @example
 * const socket = await connect('example.com', 443, { signal: AbortSignal.timeout(2000) });
 */
export const connect: Races['connect'] = alone.connect;

/**
 * A connection that lives as long as its subscription.
 *
 *     subscribe ── race ──● the socket ───────────────| it has closed
 *     subscribe ── race ──● the socket ───────────────✗ it has failed
 *     subscribe ── race ──● the socket ─────○           unsubscribed: it is destroyed
 *
 * Each subscription is one race and one connection. Emits the socket, or the result of `setup`, and completes when the connection
 * has closed in both directions. An error of the connection is the stream's error. `retry` therefore connects again after an error,
 * `repeat` after an end, `switchMap` closes the old connection before it opens the new one, and `share` closes it with the last
 * subscriber. The socket needs no `error` listener. `signal` ends the race only.
 *
 * The end of a connection is noticed when everything before it has been read: read the socket, or call `resume()`.
 *
 * With `setup`, the connection passed to it is watched and destroyed. If the result is an emitter of events, the same applies to it.
 *
 * Errors also as {@link connect$} does.
 *
 * @throws TypeError, RangeError at the call, for a host, port or option that makes no sense
 *
 * @example
 * connection$('example.com', 6667)
 *   .pipe(
 *     switchMap((socket) => fromEvent(socket, 'data').pipe(takeUntil(fromEvent(socket, 'close')))),
 *     retry({ delay: 1000 }),
 *     repeat({ delay: 1000 }),
 *   )
 *   .subscribe(console.log);
 */
export const connection$: Races['connection$'] = alone.connection$;
