import type { Observer, SchedulerLike, Subscription } from 'rxjs';
import { codedError, toError } from '../core/error-tools.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent, Stage, Started } from '../core/race/events.js';
import { Guarded } from './guarded.js';
import { TerminalError, type Transport } from './transport.js';

/** The part of a plan that an attempt needs. */
export interface Attempting<T> {
  readonly transport: Transport<T>;
  /** ms */
  readonly attemptTimeout: number;
  readonly scheduler: SchedulerLike;
}

/** The receiver of an attempt's events. */
type Told<T> = Pick<Observer<RaceEvent<T>>, 'next' | 'complete'>;

/**
 * One attempt. Emits the events that follow its `started`: `progressed` for each stage of its transport, then `failed` or
 * `connected`, and completes. Never errors. Unsubscribing cancels the attempt by unsubscribing from its transport.
 *
 *     started   ├──── TCP ──── TLS ───●         progressed, connected
 *     started   ├──── TCP ──✗                   progressed, failed
 *     started   ├──────────────────── timeout   failed (ETIMEDOUT)
 */
export class Attempt<T> extends Guarded<T> {
  private timer: Subscription | undefined;

  /**
   * @param underWay the list that holds the attempt while it is in flight
   * @param at ms since the race began
   */
  constructor(
    private readonly started: Started,
    private readonly attempting: Attempting<T>,
    private readonly underWay: Attempt<T>[],
    private readonly at: () => number,
    private readonly told: Told<T>,
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

  /** Ends the attempt, without an event, so that another can begin. */
  giveWay(): void {
    this.unsubscribe();
    this.told.complete();
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
    this.told.next({ type: 'progressed', at, endpoint, stage, after: at - this.started.at });
  }

  protected hasNext(value: T): void {
    this.unsubscribe();
    this.end({ type: 'connected', at: this.at(), endpoint: this.endpoint, value });
  }

  protected hasFailed(error: unknown): void {
    const { endpoint } = this;
    const at = this.at();
    if (error instanceof TerminalError) this.end({ type: 'failed', at, endpoint, error: error.error, terminal: true });
    else this.end({ type: 'failed', at, endpoint, error: toError(error) });
  }

  protected hasCompleted(): void {
    this.hasFailed(codedError('ECONNABORTED', 'the transport completed without a connection'));
  }

  private end(event: RaceEvent<T>): void {
    this.told.next(event);
    this.told.complete();
  }
}
