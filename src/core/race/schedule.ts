import type { Family } from '../address/address.js';
import { addressesIn, answerFamily, isOfAddresses, type Answer } from './answers.js';
import type { Endpoint } from './endpoint.js';
import type { Answered, Cancelled, Failed, Progressed, Queued, RaceEvent, Resolved, Started } from './events.js';
import { Lane, type LanePace } from './lanes.js';

/** What decides when attempts start. Delays in ms; an `attemptDelay` of `Infinity`: only after a failure. */
export interface Pacing extends LanePace {
  /** The family whose answer the first attempt waits for, within the Resolution Delay. */
  readonly preferredFamily: Family;
  readonly resolutionDelay: number;
  /** Given: each family is a lane of its own, and the other family's opens this much after the preferred one's. */
  readonly familyStaggerDelay?: number;
  readonly maxConcurrentAttempts: number;
  /** Whether nothing good is to be expected of an answer's addresses: then the other family's are waited for as well. */
  readonly suspects?: (answer: Answer) => boolean;
}

/** What a race that goes by service records waits for; folded with the same events, before the schedule. */
export interface Gate {
  /** There is an endpoint. */
  readonly isPositive: boolean;
  /** Nothing is missing that the Resolution Delay waits for. */
  readonly isReady: boolean;
  /** The last event has changed the endpoints, and their order is to come. */
  readonly isReordered: boolean;
}

/**
 * All that pacing needs to know of a race so far: the race's events, folded one by one, and two questions about them: when the
 * next attempt may start, and which.
 *
 * It has no clock: the events bring their instants, in ms since the race began. It is folded in place, since a race folds some
 * ten events and copying the whole state for each would cost more than the race itself.
 */
export class Schedule {
  /** One for both families, or the preferred family's and the other's. */
  private readonly lanes: readonly [Lane] | readonly [Lane, Lane];
  /** Everything that has been started. */
  private begun: Set<Endpoint> | undefined;
  /** The attempts in flight, in start order. */
  private readonly flights: Started[] = [];
  /** When the first attempt may start; `Infinity` while there is nothing to wait for. */
  private opensAt = Infinity;
  /** When the second lane opens even before its stagger is over: the first has failed, and nothing is in flight. */
  private relievedAt = Infinity;
  /** The preferred family's query has been answered, with addresses or without; but not with suspect ones alone. */
  private preferredAnswered = false;
  /** The family whose query was answered first. */
  private firstAnswered: Family | undefined;
  /** Addresses have come whose order is still being decided. */
  private ordering = false;
  /** No answer will follow. */
  private resolved = false;

  /** An attempt has failed in such a way that no other is to be tried. */
  terminated = false;
  /** Since the last answer nothing has happened but its being put in order, and others may come in the same turn. */
  gathering = false;

  /** @param gate default: the preferred family's answer is all that is waited for */
  constructor(
    private readonly pacing: Pacing,
    private readonly gate?: Gate,
  ) {
    this.lanes = pacing.familyStaggerDelay === undefined ? [new Lane()] : [new Lane(), new Lane()];
  }

  /**
   * When the next attempt may start, and at the same time the whole pacing rule: when the first lane says so; at the cap, also
   * not before the oldest attempt has had its time.
   *
   * @returns ms since the race began, in the past where an attempt is due; `Infinity`: not before something else happens
   */
  get nextStart(): number {
    const start = this.startOf(this.nextLane);
    const oldest = this.inTheWay;
    return oldest ? Math.max(start, oldest.at + this.pacing.maximumAttemptDelay) : start;
  }

  /**
   * The attempt that has to give way before the next can start: at the cap, the oldest in flight. Silent addresses would
   * otherwise keep their places to the end of the race, and a good one behind them would never be tried.
   *
   *     1 ├─────────────── maximum ──────────────○ gave way
   *     2 │   ├──────────────────────────────────┼────
   *     3 │   │  due, but the cap is 2           ├────
   */
  get inTheWay(): Started | undefined {
    return this.flights.length < this.pacing.maxConcurrentAttempts ? undefined : this.flights[0];
  }

  /** The endpoint that {@link nextStart} speaks of. */
  get nextCandidate(): Endpoint | undefined {
    return this.lanes[this.nextLane]!.head;
  }

  /** All that have not been started, lane by lane; the next first. */
  get candidates(): readonly Endpoint[] {
    const first = this.lanes[this.nextLane]!;
    return [first, ...this.lanes.filter((lane) => lane !== first)].flatMap(({ rest }) => rest);
  }

  /** Nothing runs, nothing waits and nothing can come, or nothing shall: the race is lost. */
  get exhausted(): boolean {
    if (this.terminated) return true;
    return this.resolved && !this.ordering && this.flights.length === 0 && this.lanes.every(({ head }) => head === undefined);
  }

  /** Those of the endpoints that have not been started, in the same order. */
  unstarted(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const { begun } = this;
    return begun ? endpoints.filter((endpoint) => !begun.has(endpoint)) : endpoints;
  }

  /** Takes one more event in. */
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
   *     AAAA ──► open                          addresses of the preferred family: at once
   *     A ────── Resolution Delay ──► open     of the other only: wait that long for the preferred
   *     A ──── AAAA (with or without) ► open   … and no longer than its answer takes
   *
   * RFC 8305 section 3. An answer may follow when all had been answered: what has expired, or was in doubt, is asked for again.
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
    this.opensAt = Math.min(this.opensAt, at); // with nothing found, open or not is all the same
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

  /** The lane that starts first; the preferred family's when both are due. */
  private get nextLane(): 0 | 1 {
    return this.lanes.length === 1 || this.startOf(0) <= this.startOf(1) ? 0 : 1;
  }

  private startOf(index: 0 | 1): number {
    return this.lanes[index]!.nextStart(index === 0 ? this.opensAt : this.secondOpensAt, this.pacing);
  }

  /** The second lane waits for its stagger only while the first has something to show for it. */
  private get secondOpensAt(): number {
    if (this.flights.length === 0 && this.lanes[0].head === undefined) return this.opensAt;
    return Math.min(this.opensAt + this.pacing.familyStaggerDelay!, this.relievedAt);
  }

  private laneOf({ family }: Endpoint): Lane {
    return this.lanes.length === 1 || family === this.pacing.preferredFamily ? this.lanes[0] : this.lanes[1];
  }
}
