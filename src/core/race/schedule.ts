import type { Family } from '../address/address.js';
import { addressesIn, answerFamily, isOfAddresses, type Answer } from './answers.js';
import type { Endpoint } from './endpoint.js';
import type { Answered, Cancelled, Failed, Progressed, Queued, RaceEvent, Resolved, Started } from './events.js';
import { Lane, type LanePace } from './lanes.js';

/** What decides when attempts start. Delays are in ms; an `attemptDelay` of `Infinity` means: only after a failure. */
export interface Pacing extends LanePace {
  /** The family whose answer the first attempt waits for, within the Resolution Delay. */
  readonly preferredFamily: Family;
  readonly resolutionDelay: number;
  /** If set, each family has its own lane, and the other family's lane opens this long after the preferred one's. */
  readonly familyStaggerDelay?: number;
  readonly maxConcurrentAttempts: number;
  /** Whether an answer's addresses are unlikely to work. If so, the race waits for the other family's as well. */
  readonly suspects?: (answer: Answer) => boolean;
}

/** What a race with service records waits for. It folds the same events, before the schedule does. */
export interface Gate {
  /** Whether there is an endpoint. */
  readonly isPositive: boolean;
  /** Whether everything that the Resolution Delay waits for has arrived. */
  readonly isReady: boolean;
  /** Whether the last event changed the endpoints, so that a new order follows. */
  readonly isReordered: boolean;
}

/**
 * What pacing knows about a race. It folds the race's events one by one and answers two questions: when the next attempt may
 * start, and on which endpoint.
 *
 * It has no clock: each event carries its instant, in ms since the race began. Events are folded in place, because copying the
 * state for each of a race's ten or so events would cost more than the race itself.
 */
export class Schedule {
  /** One lane for both families, or one each: the preferred family's first. */
  private readonly lanes: readonly [Lane] | readonly [Lane, Lane];
  /** The endpoints that have been started. */
  private begun: Set<Endpoint> | undefined;
  /** The attempts in flight, in start order. */
  private readonly flights: Started[] = [];
  /** When the first attempt may start; `Infinity` while there are no addresses. */
  private opensAt = Infinity;
  /** When the second lane opens before its stagger has elapsed, because the first lane failed and nothing is in flight. */
  private relievedAt = Infinity;
  /** Whether the preferred family's query has been answered, and not with suspect addresses only. */
  private preferredAnswered = false;
  /** The family whose query was answered first. */
  private firstAnswered: Family | undefined;
  /** Whether addresses have arrived whose order is still being decided. */
  private ordering = false;
  /** Whether no further answer will follow. */
  private resolved = false;

  /** Whether an attempt failed with a terminal error, so that no other is tried. */
  terminated = false;
  /** Whether nothing but sorting has happened since the last answer, so that others may arrive in the same turn. */
  gathering = false;

  /** @param gate default: the race waits for the preferred family's answer only */
  constructor(
    private readonly pacing: Pacing,
    private readonly gate?: Gate,
  ) {
    this.lanes = pacing.familyStaggerDelay === undefined ? [new Lane()] : [new Lane(), new Lane()];
  }

  /**
   * When the next attempt may start. This is the whole pacing rule: when the first lane allows it and, at the cap, not before the
   * oldest attempt has had its time.
   *
   * @returns ms since the race began, in the past if an attempt is due; `Infinity` until another event changes it
   */
  get nextStart(): number {
    const start = this.startOf(this.nextLane);
    const oldest = this.inTheWay;
    return oldest ? Math.max(start, oldest.at + this.pacing.maximumAttemptDelay) : start;
  }

  /**
   * The attempt that must give way before the next can start: at the cap, the oldest in flight. Otherwise silent addresses would
   * keep their places to the end of the race, and a good address behind them would never be tried.
   *
   *     1 ├─────────────── maximum ──────────────○ gave way
   *     2 │   ├──────────────────────────────────┼────
   *     3 │   │  due, but the cap is 2           ├────
   */
  get inTheWay(): Started | undefined {
    return this.flights.length < this.pacing.maxConcurrentAttempts ? undefined : this.flights[0];
  }

  /** The endpoint that {@link nextStart} refers to. */
  get nextCandidate(): Endpoint | undefined {
    return this.lanes[this.nextLane]!.head;
  }

  /** The candidates that have not been started, lane by lane, the next one first. */
  get candidates(): readonly Endpoint[] {
    const first = this.lanes[this.nextLane]!;
    return [first, ...this.lanes.filter((lane) => lane !== first)].flatMap(({ rest }) => rest);
  }

  /** Whether the race is lost: nothing runs, nothing waits and nothing can follow, or a terminal error has ended it. */
  get exhausted(): boolean {
    if (this.terminated) return true;
    return this.resolved && !this.ordering && this.flights.length === 0 && this.lanes.every(({ head }) => head === undefined);
  }

  /** The endpoints that have not been started, in the same order. */
  unstarted(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const { begun } = this;
    return begun ? endpoints.filter((endpoint) => !begun.has(endpoint)) : endpoints;
  }

  /** Folds one more event. */
  fold(event: RaceEvent): void {
    switch (event.type) {
      case 'answered':
        return this.foldAnswered(event);
      case 'resolved':
        return this.foldResolved(event);
      case 'queued':
        return this.foldQueued(event);
      case 'started':
        return this.foldStarted(event);
      case 'progressed':
        return this.foldProgressed(event);
      case 'failed':
        return this.foldFailed(event);
      case 'cancelled':
        return this.foldCancelled(event);
      case 'connected': // the race is over
    }
  }

  /**
   * The gate of the Resolution Delay.
   *
   *     AAAA ──► open                            addresses of the preferred family: at once
   *     A ────── Resolution Delay ──► open       of the other family only: wait for the preferred one
   *     A ──── AAAA (positive or not) ► open     … but no longer than until its answer
   *
   * RFC 8305 section 3. Answers may arrive after all queries were answered, because expired and assumed ones are queried again.
   */
  private foldAnswered({ at, answer }: Answered): void {
    const { gate } = this;
    const positive = gate ? gate.isPositive : addressesIn(answer).length > 0;
    const ready = gate ? gate.isReady : isOfAddresses(answer) && this.isPreferred(answer);
    if (positive || this.opensAt < Infinity) {
      this.opensAt = Math.min(this.opensAt, ready ? at : at + this.pacing.resolutionDelay);
    }
    this.ordering ||= gate ? gate.isReordered : positive;
    this.resolved = false;
    this.gathering = true;
  }

  private isPreferred(answer: Answer): boolean {
    const { preferredFamily } = this.pacing;
    const family = answerFamily(answer);
    this.firstAnswered ??= family;
    this.preferredAnswered ||= (family === preferredFamily && !this.isSuspect(answer)) || family !== this.firstAnswered;
    return this.preferredAnswered;
  }

  private isSuspect(answer: Answer): boolean {
    return answer.addresses.length > 0 && this.pacing.suspects?.(answer) === true;
  }

  private foldResolved({ at }: Resolved): void {
    this.opensAt = Math.min(this.opensAt, at); // if nothing was found, this has no effect
    this.resolved = true;
    this.gathering = false;
  }

  private foldQueued({ endpoints }: Queued): void {
    const candidates = this.unstarted(endpoints);
    if (this.lanes.length === 1) this.lanes[0].fill(candidates);
    else for (const lane of this.lanes) lane.fill(candidates.filter((endpoint) => this.laneOf(endpoint) === lane));
    this.ordering = false;
  }

  private foldStarted(event: Started): void {
    this.laneOf(event.endpoint).begin(event.endpoint, event.at);
    this.begun ??= new Set();
    this.begun.add(event.endpoint);
    this.flights.push(event);
    this.gathering = false;
  }

  private foldProgressed({ at, endpoint, stage, after }: Progressed): void {
    if (stage === 'tls') this.laneOf(endpoint).beginHandshake(endpoint, at, after);
  }

  private foldFailed({ at, endpoint, terminal = false }: Failed): void {
    this.laneOf(endpoint).fail(endpoint, at);
    this.land(endpoint);
    if (this.flights.length === 0 && this.lanes[1]?.head !== undefined) this.relievedAt = Math.min(this.relievedAt, at);
    this.terminated = terminal;
  }

  private foldCancelled({ endpoint }: Cancelled): void {
    this.laneOf(endpoint).giveWay(endpoint);
    this.land(endpoint);
  }

  private land(endpoint: Endpoint): void {
    const index = this.flights.findIndex((flight) => flight.endpoint === endpoint);
    this.flights.splice(index, 1);
    this.gathering = false;
  }

  /** The lane that starts first; the preferred family's if both are due. */
  private get nextLane(): 0 | 1 {
    return this.lanes.length === 1 || this.startOf(0) <= this.startOf(1) ? 0 : 1;
  }

  private startOf(index: 0 | 1): number {
    return this.lanes[index]!.nextStart(index === 0 ? this.opensAt : this.secondOpensAt, this.pacing);
  }

  /** The second lane waits for its stagger only while the first has candidates or attempts. */
  private get secondOpensAt(): number {
    if (this.flights.length === 0 && this.lanes[0].head === undefined) return this.opensAt;
    return Math.min(this.opensAt + this.pacing.familyStaggerDelay!, this.relievedAt);
  }

  private laneOf({ family }: Endpoint): Lane {
    return this.lanes.length === 1 || family === this.pacing.preferredFamily ? this.lanes[0] : this.lanes[1];
  }
}
