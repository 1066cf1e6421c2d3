import {
  BehaviorSubject,
  catchError,
  EMPTY,
  filter,
  finalize,
  from,
  map,
  merge,
  mergeMap,
  Observable,
  of,
  scan,
  Subject,
  Subscription,
  switchMap,
  take,
  takeUntil,
  throwError,
  throwIfEmpty,
  timer,
} from 'rxjs';
import { wellFormed } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { formatDuration } from '../core/duration.js';
import { codedError, toError } from '../core/error-tools.js';
import { ConnectionError } from '../core/race/connection-error.js';
import {
  inFlight,
  type Cancelled,
  type Connected,
  type Failed,
  type RaceEvent,
  type Stage,
  type Started,
} from '../core/race/events.js';
import { interleave } from '../core/race/interleave.js';
import { gather, type Known } from '../core/race/known-endpoints.js';
import {
  evolve,
  exhausted,
  inTheWay,
  nextCandidate,
  nextStart,
  openSchedule,
  unstarted,
  type Schedule,
} from '../core/race/schedule.js';
import { onAbort } from './abort.js';
import { limit } from './limit.js';
import type { RacePlan } from './race-plan.js';
import { guarded } from './guarded.js';
import { Terminal } from './transport.js';

/**
 * The race, as a loop of events.
 *
 *     answered, resolved ──► events ──► schedule ──► turns ──► started ──► attempts ──► failed, connected
 *                              ▲         (scan)    (switchMap     │        (mergeMap)          │
 *                              │                    + timer)      │                            │
 *                              └──────────────────────────────────┴────────────────────────────┘
 *
 * The schedule is data, folded from the events; after each one the timer for the next start is derived from it anew.
 * Events are handled one at a time and in order: what is raised while one is being handled waits for its turn.
 *
 * Emits every event. Completes with the first `connected`, before which everything else has been released. Errors with
 * {@link ConnectionError} when the race is lost, and with the signal's reason when it is aborted.
 *
 * @param makePlan called for each race, when it is subscribed to
 */
export function race<T>(makePlan: () => RacePlan<T>): Observable<RaceEvent<T>> {
  return new Observable((subscriber) => {
    const plan = makePlan();
    const { scheduler } = plan;
    const began = scheduler.now();
    const at = () => scheduler.now() - began;

    /** All that has to be let go of when the race is over. */
    const held = new Subscription();
    const events$ = new Subject<RaceEvent<T>>();
    const schedule$ = new BehaviorSubject<Schedule>(openSchedule(plan.pacing));
    /** Endpoints whose attempts have to end because others are due. */
    const gaveWay$ = new Subject<Endpoint>();

    /** Every event in order; from `handled` on, those that wait. */
    const log: RaceEvent<T>[] = [];
    let handled = 0;
    /** True also until the look-up has been started: nothing ends while it is. */
    let handling = true;

    const raise = (event: RaceEvent<T>) => {
      // What follows from the event at hand goes ahead of what waits: a schedule that does not know of a start would start
      // the same again.
      if (event.type === 'started' || event.type === 'queued') log.splice(handled, 0, event);
      else log.push(event);
      if (!handling) handle();
    };

    const handle = () => {
      handling = true;
      try {
        while (handled < log.length && !held.closed) events$.next(log[handled++]!);
      } finally {
        handling = false;
      }
    };

    /** Lets go of everything; only then says so. */
    const release = () => {
      const endedAt = at();
      const losers = inFlight(log.slice(0, handled));
      letGo();
      for (const endpoint of losers) subscriber.next({ type: 'cancelled', at: endedAt, endpoint });
    };

    const letGo = () => {
      held.unsubscribe();
      for (const event of log.splice(handled)) if (event.type === 'connected') plan.discard(event.value, event.endpoint);
    };

    const win = (event: Connected<T>) => {
      release();
      if (subscriber.closed) plan.discard(event.value, event.endpoint);
      subscriber.next(event);
      subscriber.complete();
    };

    const abandon = (error: unknown) => {
      release();
      subscriber.error(error);
    };

    const lost = ({ timedOut }: { timedOut: boolean }) => {
      const { host, port, pacing } = plan;
      const events = log.slice(0, handled);
      return new ConnectionError({ host, port, preferredFamily: pacing.preferredFamily, timedOut, endedAt: at(), events });
    };

    /** What is known and has not expired, in order; and again what is left of it whenever some of it has. */
    const sorted = (known: readonly Known[]): Observable<readonly Endpoint[]> => {
      const fresh = known.filter(({ expiresAt }) => expiresAt > at());
      const sorted$ = from(plan.sort(fresh.map(({ endpoint }) => endpoint)));
      const expiry = fresh.reduce((first, { expiresAt }) => Math.min(first, expiresAt), Infinity);
      if (expiry >= plan.connectTimeout) return sorted$;
      return merge(sorted$, timer(expiry - at(), scheduler).pipe(mergeMap(() => sorted(fresh))));
    };

    const queued = (order: readonly Endpoint[]): RaceEvent<T> => {
      const endpoints = unstarted(schedule$.value, interleave(order, plan.interleaving));
      return { type: 'queued', at: at(), endpoints };
    };

    /**
     * Starts the next attempt when the schedule says so; while answers may still come together, not before the turn ends. At
     * the cap the oldest attempt gives way first, and the start follows from that.
     */
    const turn = (schedule: Schedule): Observable<RaceEvent<T>> => {
      if (exhausted(schedule)) return throwError(() => lost({ timedOut: false }));
      const start = nextStart(schedule);
      if (start === Infinity) return EMPTY;
      const oldest = inTheWay(schedule);
      const next = (): RaceEvent<T> =>
        oldest ? gaveWay(oldest) : { type: 'started', at: at(), endpoint: nextCandidate(schedule)! };
      const wait = Math.max(start - at(), 0);
      if (wait > 0 || schedule.gathering) return timer(wait, scheduler).pipe(map(next));
      // What waits may be the end of the very attempt that would give way; after it this is asked again.
      return oldest && handled < log.length ? EMPTY : of(next());
    };

    const gaveWay = ({ endpoint, at: startedAt }: Started): Cancelled => {
      const now = at();
      const message = `gave way to the next attempt after ${formatDuration(now - startedAt)}`;
      return { type: 'cancelled', at: now, endpoint, error: codedError('ETIMEDOUT', message) };
    };

    const attempt = ({ endpoint, at: startedAt }: Started): Observable<RaceEvent<T>> => {
      let underWay = true;
      const progressed = (stage: Stage) => {
        const now = at();
        if (underWay) raise({ type: 'progressed', at: now, endpoint, stage, after: now - startedAt });
      };
      const failed = (error: unknown): Failed => ({
        type: 'failed',
        at: at(),
        endpoint,
        ...(error instanceof Terminal ? { error: error.error, terminal: true } : { error: toError(error) }),
      });
      return guarded(() => plan.transport(endpoint, progressed)).pipe(
        limit(plan.attemptTimeout, scheduler, 'connection'),
        take(1),
        throwIfEmpty(() => codedError('ECONNABORTED', 'the transport completed without a connection')),
        map((value): RaceEvent<T> => ({ type: 'connected', at: at(), endpoint, value })),
        catchError((error: unknown) => of(failed(error))),
        takeUntil(gaveWay$.pipe(filter((one) => one === endpoint))),
        finalize(() => {
          underWay = false;
        }),
      );
    };

    subscriber.add(letGo);
    const { signal } = plan;
    if (signal?.aborted) {
      abandon(signal.reason);
      return;
    }
    if (signal) {
      held.add(
        onAbort(signal, () => {
          abandon(signal.reason);
        }),
      );
    }
    if (plan.connectTimeout < Infinity) {
      const timedOut = () => {
        abandon(lost({ timedOut: true }));
      };
      held.add(scheduler.schedule(timedOut, plan.connectTimeout));
    }

    // What becomes of an event: it is reported, its addresses are put in order, its attempt is made, it is folded.
    held.add(
      events$.subscribe((event) => {
        if (event.type === 'connected') {
          win(event);
          return;
        }
        if (event.type === 'cancelled') gaveWay$.next(event.endpoint);
        subscriber.next(event);
      }),
    );
    held.add(
      events$
        .pipe(
          filter((event) => event.type === 'answered'),
          scan((known, event) => gather(known, event, plan), nothing),
          filter(anew(nothing)),
          switchMap(sorted),
          map(queued),
        )
        .subscribe({ next: raise, error: abandon }),
    );
    // The cap is the schedule's: what `mergeMap` held back could no longer make way for a better late answer.
    held.add(
      events$
        .pipe(
          filter((event) => event.type === 'started'),
          mergeMap(attempt),
        )
        .subscribe({ next: raise, error: abandon }),
    );
    // Folded after the attempt is made, so that of what falls in one instant the timer for the next start comes last. What
    // happens in that instant (a time-out, a failure, a connection) is then known before another attempt is started.
    held.add(events$.pipe(scan(evolve, schedule$.value)).subscribe(schedule$));

    held.add(
      guarded(plan.answers).subscribe({
        next: (given) => {
          const answer = wellFormed(given, plan.complain);
          if (answer) raise({ type: 'answered', at: at(), answer });
        },
        error: (error: unknown) => {
          raise({ type: 'resolved', at: at(), error: toError(error) });
        },
        complete: () => {
          raise({ type: 'resolved', at: at() });
        },
      }),
    );
    handle();
    // Only now, so that answers which were there at once are taken together.
    held.add(schedule$.pipe(switchMap(turn)).subscribe({ next: raise, error: abandon }));
  });
}

/** Known before any answer. */
const nothing: readonly Known[] = [];

/** Whether a value is another than the last. */
function anew<V>(last: V): (value: V) => boolean {
  return (value) => {
    const isNew = value !== last;
    last = value;
    return isNew;
  };
}
