import type { SchedulerLike, Subscription } from 'rxjs';
import type { Address } from '../core/address/address.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Attempt } from './attempt.js';

/** What the first attempt of a race needs to know of it. Durations in ms of the scheduler's time. */
export interface Ahead {
  readonly endpoint: Endpoint;
  /** When the next attempt is due. */
  readonly delay: number;
  readonly scheduler: SchedulerLike;
  /** Tells the history of the connection. */
  readonly learn: (roundTrip: number) => void;
}

/**
 * What the first attempt of a race needs to know of it. `undefined` where it takes the race to know that.
 *
 * @param found all addresses that there are: those of one family after those of the other
 */
export type FindAhead = (found: readonly Address[], port: number) => Ahead | undefined;

/** What becomes of a first attempt. */
export interface Outcome {
  readonly connected: () => void;
  /** Another attempt is due: the race begins. */
  readonly overtaken: () => void;
}

/** What a race has of the attempt that was begun before it. */
export interface Begun {
  /** Comes first, whatever the order says. */
  readonly endpoint: Endpoint;
  /** Stands still at the beginning of the attempt until {@link HeadStart.caughtUp}. */
  readonly scheduler: SchedulerLike;
}

/**
 * The first attempt of a race, alone. Most connections are up before a second attempt is due, and then there is nothing to race
 * for: the race, with all that belongs to one, is only made when it is needed.
 *
 *     attempt ──► connected                   there is no race
 *     attempt ──── delay ──► race             the attempt is its first
 *     attempt ──► failed ──► race             its first attempt fails at once
 *
 * The race is as it would have been from the beginning: its clock stands still until its first attempt has started.
 */
export class HeadStart {
  readonly #begunAt: number;
  #timer?: Subscription;
  #error?: Error;
  #isAlone = true;
  #hasCaughtUp = false;
  #isTaken = false;

  /** @param attempt has not begun to connect */
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

  /** Ends the attempt, unless it is the race's by now. */
  stop(): void {
    this.#timer?.unsubscribe();
    if (!this.#isAlone) return;
    this.#isAlone = false;
    this.attempt.destroy();
  }

  /** Whether the race has not come to the start of its first attempt. */
  get isCatchingUp(): boolean {
    return !this.#isAlone && !this.#hasCaughtUp;
  }

  /** The first attempt of the race has started. */
  caughtUp(): void {
    this.#hasCaughtUp = true;
  }

  /** For the race that begins now. */
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

  /** The attempt, for the first of the race, which tells it to connect. `undefined` for all others. */
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
