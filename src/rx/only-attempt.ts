import { Subscription } from 'rxjs';
import { recordType } from '../core/race/answers.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Connected, RaceEvent, Started } from '../core/race/events.js';
import { Attempt } from './attempt.js';
import { setBounds, type Bounded } from './bounds.js';
import type { Holder } from './guarded.js';
import type { RacePlan } from './race-plan.js';

/**
 * The race to an IP address: there is nothing to look up, sort or wait for, and its one attempt decides.
 *
 *     answered, queued, resolved, started ──► failed       the race is lost
 *                                         ──► connected    the race is won
 *
 * Emits the same events as the full race, and ends in the same way. It holds the attempt and everything else that must be
 * released.
 */
export class OnlyAttempt<T> extends Subscription implements Bounded {
  private readonly past: RaceEvent<T>[] = [];
  private readonly began: number;
  private hasStarted = false;

  constructor(
    private readonly plan: RacePlan<T>,
    private readonly endpoint: Endpoint,
    private readonly subscriber: Holder<RaceEvent<T>>,
  ) {
    super();
    this.began = plan.scheduler.now();
  }

  begin(): void {
    const { plan, endpoint } = this;
    this.subscriber.add(this);
    if (!setBounds(plan, this, this)) return;
    const { address, family } = endpoint;
    const started: Started = { type: 'started', at: 0, endpoint };
    this.tell({ type: 'answered', at: 0, answer: { type: recordType(family), addresses: [address] } });
    this.tell({ type: 'queued', at: 0, endpoints: [endpoint] });
    this.tell({ type: 'resolved', at: 0 });
    this.tell(started);
    if (this.closed) return;
    const attempt = new Attempt(started, plan, [], () => this.at, this);
    this.add(attempt);
    attempt.begin();
  }

  private get at(): number {
    return this.plan.scheduler.now() - this.began;
  }

  private tell(event: RaceEvent<T>): void {
    if (this.closed) return;
    if (event.type === 'started') this.hasStarted = true;
    if (event.type !== 'queued') this.past.push(event);
    this.subscriber.next(event);
  }

  /** Handles an event of the attempt. */
  next(event: RaceEvent<T>): void {
    if (this.closed) return;
    if (event.type === 'connected') return this.win(event);
    if (event.type !== 'failed') return this.tell(event);
    this.hasStarted = false;
    this.tell(event);
    this.fail();
  }

  private fail(): void {
    // The subscriber may have unsubscribed on the failure.
    if (!this.closed) this.lose({ timedOut: false });
  }

  complete(): void {
    // The attempt's last event was enough.
  }

  private win(event: Connected<T>): void {
    this.unsubscribe();
    this.subscriber.next(event);
    this.subscriber.complete();
  }

  lose({ timedOut }: { readonly timedOut: boolean }): void {
    const { host, port, pacing } = this.plan;
    const { preferredFamily } = pacing;
    this.abandon(new ConnectionError({ host, port, preferredFamily, timedOut, endedAt: this.at, events: this.past }));
  }

  abandon(error: unknown): void {
    const { at, endpoint } = this;
    this.unsubscribe();
    if (this.hasStarted) this.subscriber.next({ type: 'cancelled', at, endpoint });
    this.subscriber.error(error);
  }
}
