import { from, mergeMap, Observable, Subject, Subscription, timer, type Subscriber } from 'rxjs';
import { formatDuration } from '../core/duration.js';
import { codedError } from '../core/error-tools.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { inFlight, type Answered, type Cancelled, type Connected, type RaceEvent, type Started } from '../core/race/events.js';
import { interleave } from '../core/race/interleave.js';
import { gather, type Known } from '../core/race/known-endpoints.js';
import { Schedule } from '../core/race/schedule.js';
import { onAbort } from './abort.js';
import { attempt, type AttemptUnderWay } from './attempt.js';
import { EventLoop } from './event-loop.js';
import { Listener } from './guarded.js';
import { Questions } from './questions.js';
import type { RacePlan } from './race-plan.js';
import { reportUnhandledError } from './unhandled.js';

/**
 * The race, as a loop of events.
 *
 *     questions ──► answered, resolved ──┐
 *                                        ▼
 *                        order ──► one event at a time ──► schedule ──► timer ──► started
 *                                        ▲                                           │
 *     attempts ──► failed, connected ────┘   ◄─────────────── mergeMap ◄─────────────┘
 *
 * The schedule is data, folded from the events; after each one the timer for the next start is derived from it anew.
 *
 * Emits every event. Completes with the first `connected`, before which everything else has been released. Errors with
 * {@link ConnectionError} when the race is lost, and with the signal's reason when it is aborted.
 */
export function race<T>(plan: RacePlan<T>): Observable<RaceEvent<T>> {
  return new Observable((subscriber) => {
    new Race(plan, subscriber).begin();
  });
}

class Race<T> {
  private readonly loop = new EventLoop<RaceEvent<T>>((event) => this.happened(event));
  private readonly schedule: Schedule;
  private readonly questions: Questions<T>;
  private readonly starts$ = new Subject<Started>();
  private readonly attempts: AttemptUnderWay[] = [];
  private readonly at: () => number;
  /** All that has to be let go of when the race is over. */
  private readonly held = new Subscription();
  private nextStart: Subscription | undefined;
  private isPaced = false;
  private known: readonly Known[] = NOTHING;
  private sorting: Listener<readonly Endpoint[]> | undefined;
  /** What has happened, for the error: every event but `queued` and `connected`. */
  private readonly past: RaceEvent<T>[] = [];

  constructor(
    private readonly plan: RacePlan<T>,
    private readonly subscriber: Subscriber<RaceEvent<T>>,
  ) {
    const { scheduler } = plan;
    const began = scheduler.now();
    this.at = () => scheduler.now() - began;
    this.schedule = new Schedule(plan.pacing);
    this.questions = new Questions(plan, this.at, this.held, this.loop);
  }

  begin(): void {
    const { plan, held, attempts, at } = this;
    this.subscriber.add(() => this.letGo());
    if (!this.bound()) return;
    // The cap is the schedule's: what `mergeMap` held back could no longer make way for a better late answer.
    const events$ = this.starts$.pipe(mergeMap((started) => attempt(started, plan, attempts, at)));
    held.add(events$.subscribe(this.loop));
    this.questions.ask();
    this.loop.open();
    // Only now, so that answers which were there at once are taken together.
    this.isPaced = true;
    if (!held.closed) this.pace();
  }

  /**
   * What becomes of an event: it is told, its addresses are put in order, its attempt is made, it is folded, and the next start
   * follows from that.
   *
   * It is folded after its attempt is made, so that the timer for the next start is set last. What else falls due in the same
   * instant (a time-out, a failure, a connection) then comes before a start that waited for its time. A start that waits for
   * nothing, as after a failure, comes at once, even before events that wait.
   */
  private happened(event: RaceEvent<T>): void {
    if (event.type === 'connected') return this.win(event);
    if (event.type === 'cancelled') this.attempts.find(({ endpoint }) => endpoint === event.endpoint)?.giveWay();
    if (event.type !== 'queued') this.past.push(event);
    this.subscriber.next(event);

    if (event.type === 'answered') this.hasAnswered(event);
    else if (event.type === 'resolved') this.questions.hasResolved();
    else if (event.type === 'started' && !this.held.closed) this.starts$.next(event);
    this.schedule.fold(event);
    if (this.isPaced && !this.held.closed) this.pace();
  }

  private hasAnswered(event: Answered): void {
    const known = gather(this.known, event, this.plan);
    const isNew = known !== this.known;
    this.known = known;
    this.questions.hasAnswered(event.answer, known);
    if (isNew && !this.held.closed) this.sort(known.map(({ endpoint }) => endpoint));
  }

  private sort(endpoints: readonly Endpoint[]): void {
    this.sorting?.unsubscribe();
    try {
      const sorted = this.plan.sort(endpoints);
      if (isList(sorted)) return this.queue(sorted);
      this.sorting = new Listener({ next: (order) => this.queue(order), error: (error) => this.abandon(error) });
      this.held.add(this.sorting);
      this.sorting.listen(() => from(sorted));
    } catch (error) {
      this.abandon(error);
    }
  }

  private queue(order: readonly Endpoint[]): void {
    const endpoints = this.schedule.unstarted(interleave(order, this.plan.interleaving));
    this.loop.follow({ type: 'queued', at: this.at(), endpoints });
  }

  /**
   * Starts the next attempt when the schedule says so. While answers may still come together, a timer brings the start even
   * where it is due, at the end of the turn.
   */
  private pace(): void {
    const { schedule } = this;
    this.nextStart?.unsubscribe();
    if (schedule.exhausted) return this.withNothingLeft();
    const start = schedule.nextStart;
    if (start === Infinity) return;
    const wait = Math.max(start - this.at(), 0);
    if (wait > 0 || schedule.gathering) {
      this.nextStart = timer(wait, this.plan.scheduler).subscribe(() => this.start());
      return;
    }
    // An event that waits may end the attempt that would give way. This is called again after that event.
    if (!schedule.inTheWay || !this.loop.isPending) this.start();
  }

  /** At the cap the oldest attempt gives way first, and the start follows from that. */
  private start(): void {
    const { inTheWay, nextCandidate } = this.schedule;
    const at = this.at();
    this.loop.follow(inTheWay ? gaveWay(inTheWay, at) : { type: 'started', at, endpoint: nextCandidate! });
  }

  /** The race is lost, unless a question is under way, or there is one left to ask. */
  private withNothingLeft(): void {
    if (!this.schedule.terminated && (this.questions.isOpen || this.questions.insist())) return;
    this.lose({ timedOut: false });
  }

  /** Sets the bounds of the race. Returns whether it may begin. */
  private bound(): boolean {
    const { signal, connectTimeout, scheduler } = this.plan;
    if (signal?.aborted) {
      this.abandon(signal.reason);
      return false;
    }
    if (signal) this.held.add(onAbort(signal, () => this.abandon(signal.reason)));
    if (connectTimeout < Infinity) this.held.add(scheduler.schedule(() => this.lose({ timedOut: true }), connectTimeout));
    return true;
  }

  private win(event: Connected<T>): void {
    this.release(event.endpoint);
    // The subscriber may have left when it was told of a loser.
    if (this.subscriber.closed) this.plan.discard(event.value, event.endpoint);
    this.subscriber.next(event);
    this.subscriber.complete();
  }

  private lose({ timedOut }: { readonly timedOut: boolean }): void {
    const { host, port, pacing } = this.plan;
    const { preferredFamily } = pacing;
    this.abandon(new ConnectionError({ host, port, preferredFamily, timedOut, endedAt: this.at(), events: this.past }));
  }

  private abandon(error: unknown): void {
    this.release();
    this.subscriber.error(error);
  }

  /** Lets go of everything; only then says so. An attempt whose failure still waits is reported as cancelled. */
  private release(winner?: Endpoint): void {
    const at = this.at();
    this.letGo();
    for (const endpoint of inFlight(this.past)) {
      if (endpoint !== winner) this.subscriber.next({ type: 'cancelled', at, endpoint });
    }
  }

  private letGo(): void {
    const waiting = this.loop.stop();
    this.nextStart?.unsubscribe();
    try {
      this.held.unsubscribe();
    } catch (error) {
      reportUnhandledError(error);
    }
    for (const event of waiting) if (event.type === 'connected') this.plan.discard(event.value, event.endpoint);
  }
}

/** Known before any answer. */
const NOTHING: readonly Known[] = [];

function isList(sorted: ReturnType<RacePlan<unknown>['sort']>): sorted is readonly Endpoint[] {
  return Array.isArray(sorted);
}

function gaveWay({ endpoint, at: startedAt }: Started, at: number): Cancelled {
  const error = codedError('ETIMEDOUT', `gave way to the next attempt after ${formatDuration(at - startedAt)}`);
  return { type: 'cancelled', at, endpoint, error };
}
