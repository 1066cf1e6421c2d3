import { from, Observable, tap } from 'rxjs';
import { formatDuration } from '../core/format-duration.js';
import { formatDestination, type Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, errorCode, toError } from '../core/error-tools.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Cancelled, Connected, Failed, Progressed, RaceEvent, Started } from '../core/race/events.js';
import type { Past } from '../core/race/path-records.js';
import { printable } from '../core/input/printable.js';
import type { Holder } from '../rx/guarded.js';
import { begin, race } from '../rx/race.js';
import type { RacePlan } from '../rx/race-plan.js';
import type { Transport } from '../rx/transport.js';
import { attemptChannel, raceChannel, type AttemptContext, type RaceContext } from './channels.js';
import { debugLines, untried } from './debug-lines.js';
import { debug } from './debug.js';
import { notePlan } from './recorded-plan.js';
import { recordByEnvironment } from './recording.js';

recordByEnvironment();

/**
 * Begins the {@link race} for an observer, and reports it to the tracing channels and `NODE_DEBUG` if anyone listens.
 *
 * @param lived absent if the race has no history
 */
export function observe<T>(plan: RacePlan<T>, observer: Holder<RaceEvent<T>>, lived?: Lived): void {
  if (isWatched()) new WatchedRace(plan, lived).begin(observer);
  else begin(plan, observer);
}

/** A race's view of the history. */
export interface Lived {
  /** Absent for a race that ignores the history. */
  readonly past?: Past;
}

/** Whether anyone listens to races now. */
export function isWatched(): boolean {
  return raceChannel.hasSubscribers || attemptChannel.hasSubscribers || debug.enabled;
}

type Writable<Context> = { -readonly [Name in keyof Context]: Context[Name] };

/** Numbers the races, to distinguish their lines in the log. */
let races = 0;

/** Reports one race to the channels and the debug log. */
class WatchedRace<T> {
  private readonly number = ++races;
  private readonly events: RaceEvent[] = [];
  private readonly context: Writable<RaceContext>;
  private readonly attempts: WatchedAttempts;
  private began: number;

  constructor(
    private readonly plan: RacePlan<T>,
    private readonly lived?: Lived,
  ) {
    const { host, port, protocol } = plan;
    const history = lived && (lived.past ? 'used' : 'ignored');
    this.context = {
      host,
      port,
      ...(protocol && { protocol }),
      ...(history && { history }),
      startedAt: Date.now(),
      events: this.events,
    };
    notePlan(this.context, plan);
    this.attempts = new WatchedAttempts(this.context);
    this.began = plan.scheduler.now();
  }

  begin(subscriber: Holder<RaceEvent<T>>): void {
    const { plan, context } = this;
    const watched$ = this.reporting(race({ ...plan, transport: this.attempts.watching(plan.transport) }), subscriber);
    this.say(0, context.history === 'ignored' ? 'started, taking no notice of history' : 'started');
    raceChannel.start.runStores(context, () => {
      // Only now, because the time that the channel's subscribers took is not part of the race.
      this.began = plan.scheduler.now();
      context.startedAt = Date.now();
      watched$.subscribe(subscriber);
      raceChannel.end.publish(context);
    });
  }

  /** Reports each event before it is emitted, and the end of the race. */
  private reporting(events$: Observable<RaceEvent<T>>, subscriber: Holder<RaceEvent<T>>): Observable<RaceEvent<T>> {
    return events$.pipe(
      tap({
        next: (event) => {
          this.happened(event);
          // A listener may have ended the race, so that the winner has no receiver.
          if (event.type === 'connected' && subscriber.closed) this.plan.discard(event.value, event.endpoint);
        },
        error: (error: unknown) => this.endedBy(error),
        unsubscribe: () => {
          if (!this.context.outcome) this.cancelled();
        },
        finalize: () => raceChannel.asyncEnd.publish(this.context),
      }),
    );
  }

  private happened(event: RaceEvent): void {
    this.events.push(event);
    if (debug.enabled) for (const line of debugLines(event, this.events, this.lived?.past)) this.say(event.at, line);
    this.attempts.happened(event);
    if (event.type === 'connected') this.ended('connected', event.at, { endpoint: event.endpoint, result: event.value });
  }

  private endedBy(error: unknown): void {
    const { signal } = this.plan;
    if (signal?.aborted === true && error === signal.reason) return this.cancelled();
    if (debug.enabled && error instanceof ConnectionError && error.reason === 'timeout') {
      for (const line of untried(this.plan, this.events)) this.say(this.at, line);
    }
    this.say(this.at, `failed: ${toError(error).message}`);
    this.ended('failed', this.at, { error });
  }

  private cancelled(): void {
    const { at } = this;
    for (const endpoint of this.attempts.underWay) this.happened({ type: 'cancelled', at, endpoint });
    this.say(at, 'cancelled');
    this.ended('cancelled', at);
  }

  private ended(outcome: RaceContext['outcome'], at: number, how: Partial<RaceContext> = {}): void {
    const { context } = this;
    Object.assign(context, { outcome, endedAt: context.startedAt + at }, how);
    if (outcome === 'failed') raceChannel.error.publish(context);
    raceChannel.asyncStart.publish(context);
  }

  private say(at: number, line: string): void {
    if (!debug.enabled) return;
    debug('#%d %s +%s: %s', this.number, formatDestination(this.plan), formatDuration(at), printable(line));
  }

  private get at(): number {
    return this.plan.scheduler.now() - this.began;
  }
}

/** Reports the attempts of one race to their channel. */
class WatchedAttempts {
  /** The attempts in flight, from their `started` on. */
  private readonly contexts = new Map<Endpoint, Writable<AttemptContext>>();
  /** The attempts whose `start` was published. The race may end between an attempt's `started` and that. */
  private readonly begun = new Set<AttemptContext>();

  constructor(private readonly race: RaceContext) {}

  get underWay(): Iterable<Endpoint> {
    return this.contexts.keys();
  }

  /** Wraps a transport so that its attempts run in the context of the channel's subscribers. */
  watching<T>(transport: Transport<T>): Transport<T> {
    return (endpoint, progressed) =>
      new Observable((subscriber) => {
        const attempt = this.contexts.get(endpoint)!;
        this.begun.add(attempt);
        attemptChannel.start.runStores(attempt, () => {
          try {
            from(transport(endpoint, progressed)).subscribe(subscriber);
          } finally {
            attemptChannel.end.publish(attempt);
          }
        });
      });
  }

  happened(event: RaceEvent): void {
    switch (event.type) {
      case 'started':
        return this.started(event);
      case 'progressed':
        return this.progressed(event);
      case 'failed':
      case 'cancelled':
      case 'connected':
        return this.ended(event);
      default: // does not concern an attempt
    }
  }

  private started({ endpoint, at }: Started): void {
    this.contexts.set(endpoint, { race: this.race, endpoint, startedAt: this.race.startedAt + at, stages: [] });
  }

  private progressed({ endpoint, stage, at }: Progressed): void {
    const attempt = this.contexts.get(endpoint)!;
    attempt.stages = [...attempt.stages, { stage, startedAt: this.race.startedAt + at }];
  }

  private ended(event: Failed | Cancelled | Connected<unknown>): void {
    const attempt = this.contexts.get(event.endpoint)!;
    this.contexts.delete(event.endpoint);
    if (!this.begun.has(attempt)) return;
    attempt.endedAt = this.race.startedAt + event.at;
    attempt.outcome = event.type;
    if (event.type === 'failed') {
      attempt.error = event.error;
      if (errorCode(event.error) === BLOCKED) attempt.outcome = 'blocked';
      attemptChannel.error.publish(attempt);
    } else if (event.type === 'cancelled' && event.error) attempt.error = event.error;
    attemptChannel.asyncStart.publish(attempt);
    attemptChannel.asyncEnd.publish(attempt);
  }
}
