import type { Socket } from 'node:net';
import { defer, from, isObservable, map, of, type Observable, take, throwIfEmpty, type ObservableInput } from 'rxjs';
import { attemptsSummary } from './proxy-status.js';
import type { Connector, ConnectorOptions, ConnectOptions, Filter, RaceEvent } from '../index.js';
import { ConnectionError, ssrf } from '../index.js';
import type { Connection } from './connection.js';
import { formatAuthority } from './authority.js';
import type { ProxyRequest } from './events.js';
import type { ProxySettings, RouteAnswer, RouteRefusal } from './options.js';
import { Refusal } from './refusal.js';

/** Options of one race. */
export type Override = ConnectOptions & { readonly partition?: string };

/** Options of the connector that all clients share: TCP whose directions end one by one, and where it may lead. */
export function connectorOptions({ race, publicOnly }: ProxySettings): ConnectorOptions {
  const filter = withPublicOnly(race.filter, publicOnly);
  return { ...halfOpen(race), ...(filter && { filter }) };
}

/** Sockets whose directions end one by one, without Nagle's algorithm: a proxy must not add a delay. */
function halfOpen<Options extends ConnectOptions>(options: Options): Options {
  if (options.transport || options.socketFactory) return options;
  return { ...options, tcp: { noDelay: true, ...options.tcp, allowHalfOpen: true } };
}

function withPublicOnly(filter: Filter | undefined, publicOnly: boolean): Filter | undefined {
  if (!publicOnly) return filter;
  const isPublic = ssrf();
  return filter ? (endpoint) => isPublic(endpoint) && filter(endpoint) : isPublic;
}

/** What follows. Exactly one of these is called, unless the client has gone before. */
export interface Outcome<T> {
  readonly done: (value: T) => void;
  readonly refused: (refusal: Refusal) => void;
}

/** Asks whether a request may be served, and with which options of its race: its client's rate, and `route`. */
export function admit(connection: Connection, request: ProxyRequest, { done, refused }: Outcome<Override>): void {
  const { settings, rate } = connection.shared;
  const { route } = settings;
  if (connection.refused) refused(connection.refused);
  else if (!rate(connection.client.address, performance.now())) {
    refused(new Refusal('rate', 'This client has asked too often.'));
  } else if (!route) done(NOTHING);
  else {
    const decision$ = defer(() => answerOf(route(request))).pipe(
      take(1),
      throwIfEmpty(() => new Error('the route is empty')),
      map((answer) => decided(answer, settings)),
    );
    const error = (thrown: unknown) => refused(thrown instanceof Refusal ? thrown : failedRoute(thrown));
    connection.life.add(decision$.subscribe({ next: done, error }));
  }
}

const NOTHING: Override = Object.freeze({});

function answerOf(answer: ReturnType<NonNullable<ProxySettings['route']>>): ObservableInput<RouteAnswer> {
  if (isObservable(answer)) return answer;
  const isPromise = typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function';
  return isPromise ? from(answer as PromiseLike<RouteAnswer>) : of(answer as RouteAnswer);
}

/** @throws Refusal */
function decided(answer: RouteAnswer, { publicOnly, race }: ProxySettings): Override {
  if (!answer) return NOTHING;
  if (isRefusal(answer)) throw new Refusal('route', answer.refuse, answer.status === undefined ? {} : { status: answer.status });
  // The options of a race take the place of the connector's: what must hold for all has to be said again.
  const filter = withPublicOnly(answer.filter ?? race.filter, publicOnly);
  const options = answer.tcp ? halfOpen(answer) : answer;
  return { ...options, ...(filter && { filter }) };
}

function isRefusal(answer: NonNullable<RouteAnswer>): answer is RouteRefusal {
  return 'refuse' in answer;
}

/** What went wrong is for the log, and not for the client. */
function failedRoute(cause: unknown): Refusal {
  return new Refusal('route', 'The proxy could not decide about this request.', { status: 500, cause });
}

/**
 * Connects to where a request goes, by a race that the subscribers of the proxy see. The end of the client ends the race.
 *
 * No operators: this is on the way of every connection.
 */
export function dial(
  connection: Connection,
  request: ProxyRequest,
  override: Override,
  { done, refused }: Outcome<Socket>,
): void {
  const race$ = raceFor(connection, request, override);
  if (race$ instanceof Refusal) {
    refused(race$);
    return;
  }
  const race = race$.subscribe({
    next: (event) => {
      connection.emit(event.type === 'connected' ? { ...event, value: undefined, request } : { ...event, request });
      if (event.type === 'connected') done(event.value);
    },
    error: (error: unknown) => refused(lost(error, request)),
  });
  connection.life.add(race);
}

/** A host that cannot be one is the client's mistake; options that make no sense are those of `route`. */
function raceFor({ shared }: Connection, request: ProxyRequest, override: Override): Observable<RaceEvent<Socket>> | Refusal {
  const { host, port, protocol } = request;
  const { connector, settings } = shared;
  // HTTPS records are for what is asked for over TLS.
  const isPlain = protocol === 'http' && Boolean(settings.race.serviceRecords);
  try {
    return connector.race$(host, port, isPlain ? { ...override, serviceRecords: false } : override);
  } catch (cause) {
    return canBeRaced(connector, request)
      ? failedRoute(cause)
      : new Refusal('malformed', 'The host is neither a name nor an IP address.', { cause });
  }
}

function canBeRaced(connector: Connector, { host, port }: ProxyRequest): boolean {
  try {
    void connector.race$(host, port);
    return true;
  } catch {
    return false;
  }
}

function lost(error: unknown, request: ProxyRequest): Refusal {
  const why = error instanceof ConnectionError ? attemptsSummary(error) : 'the race failed';
  return new Refusal('upstream', `Could not connect to ${formatAuthority(request)}: ${why}.`, { cause: error });
}
