import type { SchedulerLike, Subscription } from 'rxjs';
import type { Address } from '../core/address/address.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Attempt } from './attempt.js';

/** What the first attempt needs to know about its race. Durations are in ms of the scheduler's time. */
export interface Ahead {
  readonly endpoint: Endpoint;
  /** When the next attempt is due. */
  readonly delay: number;
  readonly scheduler: SchedulerLike;
  /** Reports the connection to the history. */
  readonly learn: (roundTrip: number) => void;
}

/**
 * Returns what the first attempt needs to know about its race; `undefined` if only the race itself can tell.
 *
 * @param found all addresses, grouped by family
 */
export type FindAhead = (found: readonly Address[], port: number) => Ahead | undefined;

/** Called with the outcome of a first attempt. */
export interface Outcome {
  readonly connected: () => void;
  /** Another attempt is due, so that the race begins. */
  readonly overtaken: () => void;
}

/** What a race receives from the attempt that began before it. */
export interface Begun {
  /** The endpoint that comes first, whatever the order says. */
  readonly endpoint: Endpoint;
  /** A scheduler whose time stands still at the beginning of the attempt until {@link HeadStart.caughtUp}. */
  readonly scheduler: SchedulerLike;
}

/**
 * The first attempt of a race, without the race. Most connections succeed before a second attempt is due, so the race is created
 * only when it is needed.
 *
 *     attempt ──► connected                   there is no race
 *     attempt ──── delay ──► race             the attempt is its first
 *     attempt ──► failed ──► race             its first attempt fails at once
 *
 * The race runs as if it had existed from the beginning: its clock stands still until its first attempt has started.
 */
export class HeadStart {
  readonly #begunAt: number;
  #timer?: Subscription;
  #error?: Error;
  #isAlone = true;
  #hasCaughtUp = false;
  #isTaken = false;

  /** @param attempt must not have started connecting */
  constructor(
    private readonly ahead: Ahead,
    private readonly attempt: Attempt,
    private readonly outcome: Outcome,
  ) {
    this.#begunAt = ahead.scheduler.now();
  }

  begin(): void {
    const { ahead, attempt } = this;
    const { endpoint, delay, scheduler } = ahead;
    const { address: host, port, family } = endpoint;
    attempt.once('connect', this.#connected).on('error', this.#failed).connect({ host, port, family });
    if (this.#isAlone) this.#timer = scheduler.schedule(() => this.#overtaken(), delay);
  }

  /** Ends the attempt, unless it belongs to the race by now. */
  stop(): void {
    this.#timer?.unsubscribe();
    if (!this.#isAlone) return;
    this.#isAlone = false;
    this.attempt.destroy();
  }

  /** Whether the race has begun but not yet started its first attempt. */
  get isCatchingUp(): boolean {
    return !this.#isAlone && !this.#hasCaughtUp;
  }

  /** Called when the race has started its first attempt. */
  caughtUp(): void {
    this.#hasCaughtUp = true;
  }

  /** What the race that begins now receives. */
  get begun(): Begun {
    const { endpoint, scheduler } = this.ahead;
    return {
      endpoint,
      scheduler: {
        now: () => (this.#hasCaughtUp ? scheduler.now() : this.#begunAt),
        schedule: scheduler.schedule.bind(scheduler),
      },
    };
  }

  /** The attempt, for the race's first endpoint; `undefined` for all others. */
  takeFor({ address }: Endpoint): Attempt | undefined {
    const { attempt, ahead } = this;
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    attempt.off('connect', this.#connected).off('error', this.#failed);
    if (address !== ahead.endpoint.address) {
      attempt.destroy();
      return undefined;
    }
    attempt.connect = () => {
      if (this.#error) attempt.emit('error', this.#error);
      return attempt;
    };
    return attempt;
  }

  readonly #connected = (): void => {
    const { learn, scheduler } = this.ahead;
    this.#timer?.unsubscribe();
    this.#isAlone = false;
    learn(scheduler.now() - this.#begunAt);
    this.outcome.connected();
  };

  readonly #failed = (error: Error): void => {
    this.#error = error;
    if (this.#isAlone) this.#overtaken();
  };

  #overtaken(): void {
    this.#timer?.unsubscribe();
    this.#isAlone = false;
    this.outcome.overtaken();
  }
}
