import { from, Observable, tap } from 'rxjs';
import { formatDuration } from '../core/duration.js';
import { formatDestination, type Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, errorCode, toError } from '../core/error-tools.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Cancelled, Connected, Failed, RaceEvent } from '../core/race/events.js';
import { printable } from '../core/input/printable.js';
import { race } from '../rx/race.js';
import type { RacePlan } from '../rx/race-plan.js';
import type { Transport } from '../rx/transport.js';
import { attemptChannel, raceChannel, type AttemptContext, type RaceContext } from './channels.js';
import { debugLines, untried } from './debug-lines.js';
import { debug } from './debug.js';

/**
 * The {@link race}, and whoever wants to know is told of it: by the tracing channels, and by `NODE_DEBUG`.
 *
 * Asks once whether anyone listens, so it is called when a race is subscribed to; if no one does, it is the race itself.
 */
export function observed<T>(plan: RacePlan<T>): Observable<RaceEvent<T>> {
  return isWatched() ? watched(plan) : race(plan);
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
  let began = 0;
  const at = () => scheduler.now() - began;

  const events: RaceEvent[] = [];
  const context: Writable<RaceContext> = { host, port, ...(protocol && { protocol }), startedAt: Date.now(), events };
  /** Those under way, from their `started` on. */
  const attempts = new Map<Endpoint, Writable<AttemptContext>>();
  /** Of those, those that have been told of: the race may end between an attempt's `started` and its start. */
  const begun = new Set<AttemptContext>();

  const say = (when: number, line: string) => {
    if (debug.enabled) debug('#%d %s +%s: %s', number, formatDestination(plan), formatDuration(when), printable(line));
  };

  const transport: Transport<T> = (endpoint, progressed) =>
    new Observable((subscriber) => {
      const attempt = attempts.get(endpoint)!;
      begun.add(attempt);
      attemptChannel.start.runStores(attempt, () => {
        try {
          from(plan.transport(endpoint, progressed)).subscribe(subscriber);
        } finally {
          attemptChannel.end.publish(attempt);
        }
      });
    });

  const attemptEnded = (event: Failed | Cancelled | Connected<T>) => {
    const attempt = attempts.get(event.endpoint)!;
    attempts.delete(event.endpoint);
    if (!begun.has(attempt)) return;
    attempt.endedAt = context.startedAt + event.at;
    attempt.outcome = event.type;
    if (event.type === 'failed') {
      attempt.error = event.error;
      if (errorCode(event.error) === BLOCKED) attempt.outcome = 'blocked';
      attemptChannel.error.publish(attempt);
    } else if (event.type === 'cancelled' && event.error) attempt.error = event.error;
    attemptChannel.asyncStart.publish(attempt);
    attemptChannel.asyncEnd.publish(attempt);
  };

  const ended = (outcome: RaceContext['outcome'], when: number, how: Partial<RaceContext> = {}) => {
    Object.assign(context, { outcome, endedAt: context.startedAt + when }, how);
    if (outcome === 'failed') raceChannel.error.publish(context);
    raceChannel.asyncStart.publish(context);
  };

  const happened = (event: RaceEvent<T>) => {
    events.push(event);
    if (debug.enabled) for (const line of debugLines(event, events)) say(event.at, line);
    switch (event.type) {
      case 'started': {
        const { endpoint } = event;
        attempts.set(endpoint, { race: context, endpoint, startedAt: context.startedAt + event.at, stages: [] });
        break;
      }
      case 'progressed': {
        const attempt = attempts.get(event.endpoint)!;
        attempt.stages = [...attempt.stages, { stage: event.stage, startedAt: context.startedAt + event.at }];
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
      if (debug.enabled && error instanceof ConnectionError && error.reason === 'timeout') {
        for (const line of untried(plan, events)) say(at(), line);
      }
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

  return new Observable((subscriber) => {
    const watched$ = race({ ...plan, transport }).pipe(
      tap({
        next: (event) => {
          happened(event);
          // Whoever was told may have ended the race: then nobody is left to receive the winner.
          if (event.type === 'connected' && subscriber.closed) plan.discard(event.value, event.endpoint);
        },
        error: endedByError,
        unsubscribe: () => {
          if (!context.outcome) cancelled();
        },
        finalize: () => {
          raceChannel.asyncEnd.publish(context);
        },
      }),
    );
    say(0, 'started');
    raceChannel.start.runStores(context, () => {
      // Only now, after those who were told: what they took is no part of the race.
      began = scheduler.now();
      context.startedAt = Date.now();
      watched$.subscribe(subscriber);
      raceChannel.end.publish(context);
    });
  });
}
