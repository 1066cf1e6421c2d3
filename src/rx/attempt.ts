import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { codedError, toError } from '../core/error-tools.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent, Stage, Started } from '../core/race/events.js';
import { Guarded } from './guarded.js';
import { Terminal, type Transport } from './transport.js';

/** What an attempt is made with. */
export interface Attempting<T> {
  readonly transport: Transport<T>;
  /** ms */
  readonly attemptTimeout: number;
  readonly scheduler: SchedulerLike;
}

/**
 * One attempt, as the events that follow its `started`: `progressed` for each stage of its transport, then `failed` or
 * `connected`, and completes. Never errors. Unsubscribing ends the attempt: its transport is unsubscribed.
 *
 *     started   ├──── TCP ──── TLS ───●         progressed, connected
 *     started   ├──── TCP ──✗                   progressed, failed
 *     started   ├──────────────────── timeout   failed (ETIMEDOUT)
 *
 * @param underWay holds the attempt from its begin to its end
 * @param at ms since the race began
 */
export function attempt<T>(
  started: Started,
  attempting: Attempting<T>,
  underWay: AttemptUnderWay[],
  at: () => number,
): Observable<RaceEvent<T>> {
  return new Observable((subscriber) => {
    const own = new Attempt(started, attempting, underWay, at, subscriber);
    own.begin();
    return own;
  });
}

/** An attempt that can be ended by itself, so that another can begin. */
export interface AttemptUnderWay {
  readonly endpoint: Endpoint;
  /** Ends the attempt, and says nothing. */
  giveWay(): void;
}

class Attempt<T> extends Guarded<T> implements AttemptUnderWay {
  private timer: Subscription | undefined;

  constructor(
    private readonly started: Started,
    private readonly attempting: Attempting<T>,
    private readonly underWay: AttemptUnderWay[],
    private readonly at: () => number,
    private readonly subscriber: Subscriber<RaceEvent<T>>,
  ) {
    super();
  }

  get endpoint(): Endpoint {
    return this.started.endpoint;
  }

  begin(): void {
    const { transport, attemptTimeout, scheduler } = this.attempting;
    const { endpoint } = this;
    this.underWay.push(this);
    this.listen(() => transport(endpoint, (stage) => this.hasProgressed(stage)));
    if (attemptTimeout === Infinity || this.closed) return;
    const timedOut = () => this.error(codedError('ETIMEDOUT', `no connection after ${attemptTimeout} ms`));
    this.timer = scheduler.schedule(timedOut, attemptTimeout);
  }

  giveWay(): void {
    this.unsubscribe();
    this.subscriber.complete();
  }

  override unsubscribe(): void {
    this.timer?.unsubscribe();
    const index = this.underWay.indexOf(this);
    if (index !== -1) this.underWay.splice(index, 1);
    super.unsubscribe();
  }

  private hasProgressed(stage: Stage): void {
    if (this.closed) return;
    const at = this.at();
    const { endpoint } = this;
    this.subscriber.next({ type: 'progressed', at, endpoint, stage, after: at - this.started.at });
  }

  protected hasNext(value: T): void {
    this.unsubscribe();
    this.end({ type: 'connected', at: this.at(), endpoint: this.endpoint, value });
  }

  protected hasFailed(error: unknown): void {
    const { endpoint } = this;
    const at = this.at();
    if (error instanceof Terminal) this.end({ type: 'failed', at, endpoint, error: error.error, terminal: true });
    else this.end({ type: 'failed', at, endpoint, error: toError(error) });
  }

  protected hasCompleted(): void {
    this.hasFailed(codedError('ECONNABORTED', 'the transport completed without a connection'));
  }

  private end(event: RaceEvent<T>): void {
    this.subscriber.next(event);
    this.subscriber.complete();
  }
}
