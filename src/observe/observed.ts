import { defer, from, Observable, tap } from 'rxjs';
import { formatDuration } from '../core/duration.js';
import { formatDestination, type Endpoint } from '../core/endpoint.js';
import { BLOCKED, errorCode, toError } from '../core/errors.js';
import type { Cancelled, Connected, Failed, RaceEvent } from '../core/events.js';
import { race, type RacePlan, type Transport } from '../rx/race.js';
import { attemptChannel, raceChannel, type AttemptContext, type RaceContext } from './channels.js';
import { debugLines } from './debug-lines.js';
import { debug } from './debug.js';

/**
 * The {@link race}, and whoever wants to know is told of it: by the tracing channels, and by `NODE_DEBUG`.
 *
 * Asked once, when a race is subscribed to, is whether anybody listens; if nobody does it is the race itself, and nothing more.
 */
export function observed<T>(makePlan: () => RacePlan<T>): Observable<RaceEvent<T>> {
  const race$ = race(makePlan);
  return defer(() => (isWatched() ? watched(makePlan()) : race$));
}

function isWatched(): boolean {
  return raceChannel.hasSubscribers || attemptChannel.hasSubscribers || debug.enabled;
}

type Writable<Context> = { -readonly [Name in keyof Context]: Context[Name] };

/** Tells apart what is said of several races. */
let races = 0;

/** One race, of which is told. */
function watched<T>(plan: RacePlan<T>): Observable<RaceEvent<T>> {
  const number = ++races;
  const { host, port, protocol, signal, scheduler } = plan;
  const began = scheduler.now();
  const at = () => scheduler.now() - began;

  const events: RaceEvent[] = [];
  const startedAt = Date.now();
  const context: Writable<RaceContext> = { host, port, ...(protocol && { protocol }), startedAt, events };
  const attempts = new Map<Endpoint, Writable<AttemptContext>>();

  const say = (when: number, line: string) => {
    debug('#%d %s +%s: %s', number, formatDestination(plan), formatDuration(when), line);
  };

  const transport: Transport<T> = (endpoint, progressed) =>
    new Observable((subscriber) => {
      const attempt: AttemptContext = { race: context, endpoint, startedAt: startedAt + at(), stages: [] };
      attempts.set(endpoint, attempt);
      attemptChannel.start.runStores(attempt, () => {
        try {
          from(plan.transport(endpoint, progressed)).subscribe(subscriber);
        } finally {
          attemptChannel.end.publish(attempt);
        }
      });
    });

  const attemptEnded = (event: Failed | Cancelled | Connected<T>) => {
    const attempt = attempts.get(event.endpoint);
    if (!attempt) return; // the race ended between its `started` and its start
    attempts.delete(event.endpoint);
    attempt.endedAt = startedAt + event.at;
    attempt.outcome = event.type;
    if (event.type === 'failed') {
      attempt.error = event.error;
      if (errorCode(event.error) === BLOCKED) attempt.outcome = 'blocked';
      attemptChannel.error.publish(attempt);
    }
    attemptChannel.asyncStart.publish(attempt);
    attemptChannel.asyncEnd.publish(attempt);
  };

  const ended = (outcome: RaceContext['outcome'], when: number, how: Partial<RaceContext> = {}) => {
    Object.assign(context, { outcome, endedAt: startedAt + when }, how);
    if (outcome === 'failed') raceChannel.error.publish(context);
    raceChannel.asyncStart.publish(context);
  };

  const happened = (event: RaceEvent<T>) => {
    events.push(event);
    if (debug.enabled) for (const line of debugLines(event, events)) say(event.at, line);
    switch (event.type) {
      case 'progressed': {
        const attempt = attempts.get(event.endpoint);
        if (attempt) attempt.stages = [...attempt.stages, { stage: event.stage, startedAt: startedAt + event.at }];
        break;
      }
      case 'failed':
      case 'cancelled':
        attemptEnded(event);
        break;
      case 'connected':
        attemptEnded(event);
        ended('connected', event.at, { endpoint: event.endpoint, result: event.value });
        break;
      default: // for those who read `events`
    }
  };

  const endedByError = (error: unknown) => {
    const isAborted = signal?.aborted === true && error === signal.reason;
    if (isAborted) cancelled();
    else {
      say(at(), `failed: ${toError(error).message}`);
      ended('failed', at(), { error });
    }
  };

  const cancelled = () => {
    const now = at();
    for (const endpoint of attempts.keys()) happened({ type: 'cancelled', at: now, endpoint });
    say(now, 'cancelled');
    ended('cancelled', now);
  };

  const watched$ = race(() => ({ ...plan, transport })).pipe(
    tap({
      next: happened,
      error: endedByError,
      unsubscribe: () => {
        if (!context.outcome) cancelled();
      },
      finalize: () => {
        raceChannel.asyncEnd.publish(context);
      },
    }),
  );
  return new Observable((subscriber) => {
    say(0, 'started');
    raceChannel.start.runStores(context, () => {
      watched$.subscribe(subscriber);
      raceChannel.end.publish(context);
    });
  });
}
