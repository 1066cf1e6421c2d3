import type { Socket } from 'node:net';
import { filter, firstValueFrom, from, map, of, take, throwIfEmpty, type Observable, type ObservableInput } from 'rxjs';
import { parseAddress } from './core/address.js';
import { wellFormed, type Answer } from './core/answers.js';
import { invalidReturn } from './core/argument-errors.js';
import type { Endpoint } from './core/endpoint.js';
import type { Connected, RaceEvent } from './core/events.js';
import type { Pacing } from './core/schedule.js';
import { rfc6724 } from './node/address-selection.js';
import { currentFamilies } from './node/connectivity.js';
import { debug } from './node/debug.js';
import { systemResolver } from './node/lookup.js';
import type { FindSources } from './node/source-address.js';
import { tcp } from './node/tcp.js';
import { checkHost, checkOptions, checkPort, type ConnectOptions, type Settings } from './options.js';
import { race, type RacePlan, type Transport } from './rx/race.js';
import { resolve } from './rx/resolve.js';

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
export function connect$<T = Socket>(host: string, port: number, options?: ConnectOptions<T>): Observable<T> {
  return race$(host, port, options).pipe(
    filter((event): event is Connected<T> => event.type === 'connected'),
    map(({ value }) => value),
  );
}

/**
 * The same race as {@link connect$}, with everything that happens in it: emits each {@link RaceEvent}, the last of which is
 * `connected`, and completes. Losers are `cancelled`, and gone, before that.
 */
export function race$<T = Socket>(host: string, port: number, options?: ConnectOptions<T>): Observable<RaceEvent<T>> {
  const asciiHost = checkHost(host);
  checkPort(port);
  return race(plan(host, asciiHost, port, checkOptions(options)));
}

/**
 * {@link connect$} as a Promise; its `signal` option cancels it. Rejects with what `connect$` would throw or error with.
 *
 * @example
 * const socket = await connect('example.com', 443, { signal: AbortSignal.timeout(2000) });
 */
export async function connect<T = Socket>(host: string, port: number, options?: ConnectOptions<T>): Promise<T> {
  return firstValueFrom(connect$(host, port, options));
}

/** The stages of a race, with defaults plugged in. */
function plan<T>(host: string, asciiHost: string, port: number, settings: Settings<T>): RacePlan<T> {
  const { family, resolver = systemResolver(), attemptTimeout, connectTimeout, signal, scheduler } = settings;
  return {
    host,
    port,
    family,
    answers$: wellFormedAnswers(resolve(asciiHost, resolver, family === 0 ? {} : { family })),
    sort: sorting(settings),
    interleaving: settings,
    pacing: pacing(settings),
    transport: settings.transport ?? (tcpTransport(settings) as Transport<unknown> as Transport<T>),
    discard: destroy,
    attemptTimeout,
    connectTimeout,
    signal,
    scheduler,
  };
}

function wellFormedAnswers(answers$: Observable<Answer>): Observable<Answer> {
  return answers$.pipe(
    map((answer) => wellFormed(answer, debug)),
    filter((answer) => answer !== undefined),
  );
}

function pacing<T>(settings: Settings<T>): Pacing {
  const { family, preferFamily, transport, resolutionDelay, familyStaggerDelay, maxConcurrentAttempts } = settings;
  // A transport of the caller's may reach what this machine does not.
  const ownFamily = transport || currentFamilies().includes(6) ? 6 : 4;
  const preferredFamily = family || (preferFamily ?? ownFamily);
  if (!settings.enabled) return { preferredFamily, resolutionDelay, attemptDelay: Infinity, maxConcurrentAttempts: 1 };
  const attemptDelay = settings.attemptSpacingDelay ?? settings.connectionAttemptDelay;
  return { preferredFamily, resolutionDelay, attemptDelay, familyStaggerDelay, maxConcurrentAttempts };
}

function tcpTransport<T>({ tcp: options, localAddress, localPort, socketFactory }: Settings<T>): Transport<Socket> {
  return tcp({ ...options, localAddress, localPort, socketFactory });
}

function sorting<T>({ sort, transport, localAddress }: Settings<T>): RacePlan<T>['sort'] {
  if (sort === 'none') return (endpoints) => of(endpoints);
  if (typeof sort === 'function') return (endpoints) => sortedBy(sort, endpoints);
  if (sort === undefined && transport) return (endpoints) => of(ipv6First(endpoints));
  const select = rfc6724(localAddress === undefined ? {} : { findSources: among([localAddress].flat()) });
  return (endpoints) => of(select(endpoints));
}

/** The sources of sockets that are bound to the first local address of their family. */
function among(localAddresses: readonly string[]): FindSources {
  const locals = localAddresses.map(parseAddress);
  return (addresses) => addresses.map(({ family }) => locals.find((local) => local?.family === family)?.address);
}

function ipv6First(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return [...endpoints.filter(({ family }) => family === 6), ...endpoints.filter(({ family }) => family === 4)];
}

function sortedBy(
  sort: Exclude<ConnectOptions['sort'], string | undefined>,
  endpoints: readonly Endpoint[],
): Observable<readonly Endpoint[]> {
  const sorted: unknown = sort([...endpoints]);
  const refuse = () => invalidReturn('options.sort', 'endpoints, or an Observable of them', sorted);
  if (typeof sorted !== 'object' || sorted === null) throw refuse();
  const sorted$ = Array.isArray(sorted) ? of(sorted) : from(sorted as ObservableInput<unknown>);
  return sorted$.pipe(
    take(1),
    throwIfEmpty(refuse),
    map((list) => amongGiven(list, endpoints)),
  );
}

/** What a caller's `sort` returned: endpoints may be missing, and be copies, but none may be new. */
function amongGiven(sorted: unknown, given: readonly Endpoint[]): readonly Endpoint[] {
  if (!Array.isArray(sorted)) throw invalidReturn('options.sort', 'endpoints', sorted);
  const byAddress = new Map(given.map((endpoint) => [endpoint.address, endpoint]));
  const known = (sorted as readonly (Partial<Endpoint> | undefined)[]).map((endpoint) => {
    const original = byAddress.get(endpoint?.address ?? '');
    if (!original) throw invalidReturn('options.sort', 'endpoints that it was given', endpoint?.address);
    return original;
  });
  return [...new Set(known)];
}

/** Ends a value that nobody was left to receive, if it can be ended as a socket is. */
function destroy(value: unknown): void {
  const { destroy } = (value ?? {}) as { destroy?: unknown };
  if (typeof destroy === 'function') destroy.call(value);
}
