import type { Socket } from 'node:net';
import {
  defer,
  from,
  isObservable,
  map,
  of,
  Subscription,
  take,
  throwIfEmpty,
  type Observable,
  type ObservableInput,
  type Observer,
} from 'rxjs';
import { attemptsSummary } from './proxy-status.js';
import type { Connector, Endpoint, RaceEvent } from '../index.js';
import { ConnectionError } from '../index.js';
import type { Connection } from './connection.js';
import { formatAuthority } from './authority.js';
import type { ProxyRequest } from './events.js';
import type { ProxySettings, RouteAnswer, RouteRefusal } from './options.js';
import { Refusal } from './refusal.js';
import { allowed, NOTHING, raceOptions, type Override } from './upstream-options.js';

/** Callbacks for the outcome. Exactly one is called, unless the client leaves first. */
export interface Outcome<T extends readonly unknown[]> {
  readonly done: (...values: T) => void;
  readonly refused: (refusal: Refusal) => void;
}

/** Decides by the client's rate and by `route` whether a request is served, and with which race options. */
export function admit(connection: Connection, request: ProxyRequest, { done, refused }: Outcome<[Override]>): void {
  const { settings, rate } = connection.shared;
  const { route } = settings;
  if (connection.refused) refused(connection.refused);
  else if (!rate(connection.client.address, performance.now())) {
    refused(new Refusal('rate', 'This client sends too many requests.'));
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

function answerOf(answer: ReturnType<NonNullable<ProxySettings['route']>>): ObservableInput<RouteAnswer> {
  if (isObservable(answer)) return answer;
  const isPromise = typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function';
  return isPromise ? from(answer as PromiseLike<RouteAnswer>) : of(answer as RouteAnswer);
}

/** @throws Refusal */
function decided(answer: RouteAnswer, settings: ProxySettings): Override {
  if (!answer) return NOTHING;
  if (isRefusal(answer)) throw new Refusal('route', answer.refuse, answer.status === undefined ? {} : { status: answer.status });
  return { ...answer, ...allowed(answer, settings) };
}

function isRefusal(answer: NonNullable<RouteAnswer>): answer is RouteRefusal {
  return 'refuse' in answer;
}

/** The cause is logged. The client does not see it. */
function failedRoute(cause: unknown): Refusal {
  return new Refusal('route', 'The proxy failed to decide whether this request is allowed.', { status: 500, cause });
}

/** Connects to the destination of a request by a race, whose events the proxy emits. The race ends when the client leaves. */
export function dial(
  connection: Connection,
  request: ProxyRequest,
  override: Override,
  outcome: Outcome<[Socket, Endpoint]>,
): void {
  const race$ = raceFor(connection, request, override);
  if (race$ instanceof Refusal) {
    outcome.refused(race$);
    return;
  }
  const dialling = new Dialling(connection, request, outcome);
  connection.life.add(dialling);
  race$.subscribe(dialling);
}

/** The observer of a race. It is the subscription as well, so that RxJS wraps nothing around it: every connection has one. */
class Dialling extends Subscription implements Observer<RaceEvent<Socket>> {
  constructor(
    private readonly connection: Connection,
    private readonly request: ProxyRequest,
    private readonly outcome: Outcome<[Socket, Endpoint]>,
  ) {
    super();
  }

  next(event: RaceEvent<Socket>): void {
    if (this.closed) return;
    this.connection.raced(event, this.request);
    if (event.type === 'connected') this.outcome.done(event.value, event.endpoint);
  }

  error(error: unknown): void {
    if (this.closed) return;
    this.unsubscribe();
    this.outcome.refused(lost(error, this.request));
  }

  complete(): void {
    this.unsubscribe();
  }
}

/** The race for a request. An invalid host is the client's mistake, and invalid options are a mistake of `route`. */
function raceFor({ shared }: Connection, request: ProxyRequest, override: Override): Observable<RaceEvent<Socket>> | Refusal {
  const { host, port } = request;
  const { connector, settings } = shared;
  try {
    return connector.race$(host, port, raceOptions(override, request, settings));
  } catch (cause) {
    return canBeRaced(connector, request)
      ? failedRoute(cause)
      : new Refusal('malformed', 'The host is neither a valid name nor an IP address.', { cause });
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
