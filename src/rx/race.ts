import { from, Observable, Subscription } from 'rxjs';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { inFlight, type Answered, type Connected, type RaceEvent, type Started } from '../core/race/events.js';
import { interleave } from '../core/race/interleave.js';
import { gatherEndpoints, type KnownEndpoint } from '../core/race/known-endpoints.js';
import { Schedule } from '../core/race/schedule.js';
import { Services } from '../core/race/services.js';
import { Attempt } from './attempt.js';
import { setBounds, type Bounded } from './bounds.js';
import { EventLoop } from './event-loop.js';
import { groupOrder } from './group-order.js';
import { Listener, type Holder } from './guarded.js';
import { OnlyAttempt } from './only-attempt.js';
import { Questions } from './questions.js';
import type { RacePlan } from './race-plan.js';
import { Starts } from './starts.js';
import { reportUnhandledError } from './unhandled.js';

/**
 * The race, as a loop of events.
 *
 *     questions ──► answered, resolved ──┐
 *                                        ▼
 *                        order ──► one event at a time ──► schedule ──► timer ──► started
 *                                        ▲                                           │
 *     attempts ──► failed, connected ────┘   ◄───────────── its attempt ◄────────────┘
 *
 * The schedule is data, folded from the events. After each event, the timer for the next start is derived from it again.
 *
 * Events are handled in the order in which they were raised, even if one is raised while another is being handled. Suppose that
 * one attempt fails and another connects before the event loop goes on:
 *
 *     failed, connected    the failure is emitted, and the next attempt may start at once; the connection wins and cancels it
 *     connected, failed    the race is over; the failure is never handled, and its attempt is emitted as cancelled
 *
 * Emits each event that is handled. Completes with the first `connected`, before which everything else has been released. Errors with
 * {@link ConnectionError} when the race is lost, and with the signal's reason when it is aborted.
 */
export function race<T>(plan: RacePlan<T>): Observable<RaceEvent<T>> {
  return new Observable((subscriber) => begin(plan, subscriber));
}

/** Begins the {@link race} for a subscriber. */
export function begin<T>(plan: RacePlan<T>, subscriber: Holder<RaceEvent<T>>): void {
  if (plan.only) new OnlyAttempt(plan, plan.only, subscriber).begin();
  else new Race(plan, subscriber).begin();
}

/**
 * One race. Unsubscribing releases everything: its queries, its bounds and the sorting in progress, which are added to it, and
 * its starts and attempts.
 */
class Race<T> extends Subscription implements Bounded {
  private readonly loop = new EventLoop<RaceEvent<T>>((event) => this.happened(event));
  private readonly schedule: Schedule;
  private readonly questions: Questions<T>;
  private readonly starts: Starts;
  /** Present if the race uses service records. */
  private readonly services: Services | undefined;
  private readonly attempts: Attempt<T>[] = [];
  private readonly at: () => number;
  private isPaced = false;
  private known: readonly KnownEndpoint[] = NOTHING;
  private sorting: Listener<readonly Endpoint[]> | undefined;
  /** The events so far, for the error: all but `queued`. */
  private readonly past: RaceEvent<T>[] = [];

  constructor(
    private readonly plan: RacePlan<T>,
    private readonly subscriber: Holder<RaceEvent<T>>,
  ) {
    super();
    const { scheduler } = plan;
    const began = scheduler.now();
    this.at = () => scheduler.now() - began;
    this.services = plan.services && new Services(plan.services.terms);
    // The schedule decides which endpoint starts, when, and how many at once. The starts keep its timer.
    this.schedule = new Schedule(plan.pacing, this.services);
    this.starts = new Starts(this.schedule, this.at, scheduler, this.loop);
    this.questions = new Questions(plan, this.at, this, this.loop, this.services);
  }

  begin(): void {
    this.subscriber.add(this);
    if (!setBounds(this.plan, this, this)) return;
    this.questions.ask();
    this.loop.open();
    // Only now, so that all answers that arrived at once are sorted before the first start.
    this.isPaced = true;
    if (!this.closed) this.pace();
  }

  /**
   * Handles one event: emits it, then sorts the addresses of an answer or makes the attempt of a start, then folds the event into
   * the schedule, from which the next start follows.
   *
   * The attempt is made before its start is folded, so that its timers are set before the timer for the next start. If both are
   * due in the same millisecond, the attempt's timeout, failure or connection is handled before the next start. A start without
   * delay, as after a failure, is handled next, before any event that waits.
   */
  private happened(event: RaceEvent<T>): void {
    if (event.type === 'connected') return this.win(event);
    if (event.type === 'resolved' && this.services && !this.questions.isLastEnd()) return;
    // At the cap, an attempt gives way and the race goes on. Attempts that a win or a loss cancels are emitted by `release`.
    if (event.type === 'cancelled') this.attempts.find(({ endpoint }) => endpoint === event.endpoint)?.giveWay();
    if (event.type !== 'queued') this.past.push(event);
    this.subscriber.next(event);

    if (event.type === 'answered') this.hasAnswered(event);
    else if (event.type === 'resolved') this.questions.hasResolved(event);
    else if (event.type === 'started' && !this.closed) this.attempt(event);
    this.schedule.fold(event);
    if (this.isPaced && !this.closed) this.pace();
  }

  private hasAnswered(event: Answered): void {
    if (this.services) return this.hasAnsweredFor(this.services, event);
    const known = gatherEndpoints(this.known, event, this.plan);
    const isNew = known !== this.known;
    this.known = known;
    this.questions.hasAnswered(event.answer, known);
    if (isNew && !this.closed) this.sort(() => this.plan.sort(known.map(({ endpoint }) => endpoint)));
  }

  private hasAnsweredFor(services: Services, event: Answered): void {
    services.fold(event);
    this.questions.hasAnswered(event.answer, services.known);
    if (services.isReordered && !this.closed)
      this.sort(() => groupOrder(services.groups, this.plan.sort, this.plan.interleaving));
  }

  private sort(ordered: () => ReturnType<RacePlan<T>['sort']>): void {
    this.sorting?.unsubscribe();
    try {
      const sorted = ordered();
      if (isList(sorted)) return this.queue(sorted);
      this.sorting = new Listener({ next: (order) => this.queue(order), error: (error) => this.abandon(error) });
      this.add(this.sorting);
      this.sorting.listen(() => from(sorted));
    } catch (error) {
      this.abandon(error);
    }
  }

  private queue(order: readonly Endpoint[]): void {
    const whole = this.services ? order : interleave(order, this.plan.interleaving);
    const endpoints = this.schedule.unstarted(whole);
    this.loop.follow({ type: 'queued', at: this.at(), endpoints });
  }

  private attempt(started: Started): void {
    this.services?.start(started.endpoint);
    new Attempt(started, this.plan, this.attempts, this.at, this.loop).begin();
  }

  private pace(): void {
    if (this.schedule.exhausted) this.withNothingLeft();
    else this.starts.derive();
  }

  /** Loses the race, unless a query is in progress or left to make. */
  private withNothingLeft(): void {
    if (!this.schedule.terminated && (this.questions.isOpen || this.questions.insist())) return;
    this.lose({ timedOut: false });
  }

  private win(event: Connected<T>): void {
    this.release(event.endpoint);
    // The subscriber may have unsubscribed on the `cancelled` of a loser.
    if (this.subscriber.closed) this.plan.discard(event.value, event.endpoint);
    this.subscriber.next(event);
    this.subscriber.complete();
  }

  lose({ timedOut }: { readonly timedOut: boolean }): void {
    const { host, port, pacing } = this.plan;
    const { preferredFamily } = pacing;
    const untried = this.schedule.candidates.length;
    const endedAt = this.at();
    this.abandon(new ConnectionError({ host, port, preferredFamily, timedOut, endedAt, untried, events: this.past }));
  }

  abandon(error: unknown): void {
    this.release();
    this.subscriber.error(error);
  }

  /** Releases everything, then emits `cancelled` for each attempt whose end was not handled. A failure that waits is dropped. */
  private release(winner?: Endpoint): void {
    const at = this.at();
    this.unsubscribe();
    for (const endpoint of inFlight(this.past)) {
      if (endpoint !== winner) this.subscriber.next({ type: 'cancelled', at, endpoint });
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    const waiting = this.loop.stop();
    this.starts.stop();
    try {
      super.unsubscribe();
    } catch (error) {
      reportUnhandledError(error);
    }
    for (const attempt of [...this.attempts]) attempt.unsubscribe();
    for (const event of waiting) if (event.type === 'connected') this.plan.discard(event.value, event.endpoint);
  }
}

/** The endpoints before any answer. */
const NOTHING: readonly KnownEndpoint[] = [];

function isList(sorted: ReturnType<RacePlan<unknown>['sort']>): sorted is readonly Endpoint[] {
  return Array.isArray(sorted);
}
