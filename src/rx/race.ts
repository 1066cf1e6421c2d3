import {
  BehaviorSubject,
  catchError,
  defer,
  EMPTY,
  filter,
  map,
  mergeMap,
  Observable,
  of,
  scan,
  Subject,
  Subscription,
  switchMap,
  take,
  throwError,
  throwIfEmpty,
  timeout,
  timer,
  type ObservableInput,
  type SchedulerLike,
} from 'rxjs';
import type { Family } from '../core/address.js';
import { gather, type Answer } from '../core/answers.js';
import type { Endpoint } from '../core/endpoint.js';
import { attemptRecords, codedError, ConnectionError, toError } from '../core/errors.js';
import type { Answered, Connected, RaceEvent, Started } from '../core/events.js';
import { interleave, type Interleaving } from '../core/interleave.js';
import {
  evolve,
  exhausted,
  nextCandidate,
  nextStart,
  openSchedule,
  unstarted,
  type Pacing,
  type Schedule,
} from '../core/schedule.js';

/**
 * How one attempt connects: emits once when connected. An error, or completing without a value, is a failed attempt;
 * unsubscribing cancels it. A transport lets go of what it has emitted: its teardown ends only what it still holds.
 */
export type Transport<T> = (endpoint: Endpoint) => Observable<T>;

/** Everything that a race needs, each stage a value. Durations in ms of the scheduler's time. */
export interface RacePlan<T> {
  readonly host: string;
  readonly port: number;
  readonly family: 0 | Family;
  readonly answers$: Observable<Answer>;
  /** Asked whenever addresses have come, for all of them. */
  readonly sort: (endpoints: readonly Endpoint[]) => ObservableInput<readonly Endpoint[]>;
  readonly interleaving: Interleaving;
  readonly pacing: Pacing;
  readonly transport: Transport<T>;
  /** Ends a value that was won and that nobody is left to receive. */
  readonly discard: (value: T) => void;
  readonly attemptTimeout: number;
  readonly connectTimeout: number;
  readonly signal?: AbortSignal;
  readonly scheduler: SchedulerLike;
}

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
 */
export function race<T>(plan: RacePlan<T>): Observable<RaceEvent<T>> {
  return new Observable((subscriber) => {
    const { scheduler } = plan;
    const began = scheduler.now();
    const at = () => scheduler.now() - began;

    /** All that has to be let go of when the race is over. */
    const held = new Subscription();
    const events$ = new Subject<RaceEvent<T>>();
    const schedule$ = new BehaviorSubject<Schedule>(openSchedule(plan.pacing));

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
      while (handled < log.length && !held.closed) events$.next(log[handled++]!);
      handling = false;
    };

    /** Lets go of everything; only then says so. */
    const release = () => {
      const endedAt = at();
      const past = log.slice(0, handled);
      held.unsubscribe();
      for (const { endpoint, outcome } of attemptRecords(past, endedAt)) {
        if (outcome === 'cancelled') subscriber.next({ type: 'cancelled', at: endedAt, endpoint });
      }
    };

    const win = (event: Connected<T>) => {
      release();
      if (subscriber.closed) plan.discard(event.value);
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

    const queued = (sorted: readonly Endpoint[]): RaceEvent<T> => {
      const endpoints = unstarted(schedule$.value, interleave(sorted, plan.interleaving));
      return { type: 'queued', at: at(), endpoints };
    };

    /** Starts the next attempt when the schedule says so; while answers may still come together, not before the turn ends. */
    const turn = (schedule: Schedule): Observable<RaceEvent<T>> => {
      if (exhausted(schedule)) return throwError(() => lost({ timedOut: false }));
      const start = nextStart(schedule);
      if (start === Infinity) return EMPTY;
      const started = (): RaceEvent<T> => ({ type: 'started', at: at(), endpoint: nextCandidate(schedule)! });
      const wait = Math.max(start - at(), 0);
      return wait > 0 || schedule.gathering ? timer(wait, scheduler).pipe(map(started)) : of(started());
    };

    const attempt = ({ endpoint }: Started): Observable<RaceEvent<T>> =>
      defer(() => plan.transport(endpoint)).pipe(
        limit(plan.attemptTimeout, scheduler),
        take(1),
        throwIfEmpty(() => codedError('ECONNABORTED', 'the transport completed without a connection')),
        map((value): RaceEvent<T> => ({ type: 'connected', at: at(), endpoint, value })),
        catchError((error: unknown) => of<RaceEvent<T>>({ type: 'failed', at: at(), endpoint, error: toError(error) })),
      );

    subscriber.add(() => {
      held.unsubscribe();
      for (const event of log.slice(handled)) if (event.type === 'connected') plan.discard(event.value);
    });
    if (plan.signal?.aborted) {
      abandon(plan.signal.reason);
      return;
    }
    if (plan.signal) held.add(onAbort(plan.signal, abandon));
    if (plan.connectTimeout < Infinity) {
      held.add(
        timer(plan.connectTimeout, scheduler).subscribe(() => {
          abandon(lost({ timedOut: true }));
        }),
      );
    }

    // What becomes of an event: it is reported, its addresses are put in order, it is folded, its attempt is made.
    held.add(
      events$.subscribe((event) => {
        if (event.type === 'connected') win(event);
        else subscriber.next(event);
      }),
    );
    held.add(
      events$
        .pipe(
          filter((event): event is Answered => event.type === 'answered' && event.answer.addresses.length > 0),
          scan((known: readonly Endpoint[], { answer }) => gather(known, answer, plan.port, plan.family), []),
          switchMap(plan.sort),
          map(queued),
        )
        .subscribe({ next: raise, error: abandon }),
    );
    held.add(events$.pipe(scan(evolve, schedule$.value)).subscribe(schedule$));
    // The cap is the schedule's: what `mergeMap` held back could no longer make way for a better late answer.
    held.add(
      events$
        .pipe(
          filter((event) => event.type === 'started'),
          mergeMap(attempt),
        )
        .subscribe(raise),
    );

    held.add(
      plan.answers$.subscribe({
        next: (answer) => {
          raise({ type: 'answered', at: at(), answer });
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

/** Errors with `ETIMEDOUT` when nothing has come after so many ms. */
function limit<T>(duration: number, scheduler: SchedulerLike) {
  const timedOut = () => throwError(() => codedError('ETIMEDOUT', `no connection after ${duration} ms`));
  return (source: Observable<T>) =>
    duration === Infinity ? source : source.pipe(timeout({ first: duration, with: timedOut, scheduler }));
}

function onAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const listener = () => {
    abort(signal.reason);
  };
  signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
}
