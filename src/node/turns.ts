import type { SchedulerLike } from 'rxjs';
import type { Holder } from '../rx/guarded.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { queueUp, type Beginning, type Waiting } from './queue-up.js';

/** The most races that begin in one turn of the event loop. */
const BEGUN_IN_A_TURN = 64;

/** The number of races after which a timer looks for the end of the turn. Fewer need no timer. */
const MANY = 32;

/** How long waiting races may begin in one turn, in ms. */
const LONGEST = 10;

/**
 * Limits how many races begin in one turn of the event loop, so that other work runs in between.
 *
 *     1 … 64      begin at once
 *     65 … 128    begin at the end of the turn, and so on; fewer if they take over 10 ms
 *
 * One race in 32 sets a timer for the end of the turn, so that a few races need none.
 */
export class Turns {
  /** In order of arrival. */
  private readonly queue = new Set<Waiting>();
  /** The number of races that have begun since the last end of a turn. */
  private begun = 0;
  private isLooking = false;
  /** Until when waiting races may begin in this turn. */
  private until = Infinity;

  /** @param scheduler schedules the next turn */
  constructor(private readonly scheduler: SchedulerLike) {}

  /** Whether a new race may begin at once: none waits, and this turn has room. */
  get isOpen(): boolean {
    return this.queue.size === 0 && this.hasRoom;
  }

  /** Whether a waiting race may begin. */
  get hasRoom(): boolean {
    return this.begun < BEGUN_IN_A_TURN && (this.until === Infinity || this.scheduler.now() < this.until);
  }

  /** Counts a race that begins. */
  count(): void {
    if (++this.begun >= MANY) this.lookForEndOfTurn();
  }

  /** Queues a race for a later turn. */
  add(waiting: Waiting): void {
    this.queue.add(waiting);
    this.lookForEndOfTurn();
  }

  /** Removes a waiting race. */
  delete(waiting: Waiting): void {
    this.queue.delete(waiting);
  }

  private lookForEndOfTurn(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    this.scheduler.schedule(() => {
      this.isLooking = false;
      this.begun = 0;
      this.admit();
    });
  }

  private admit(): void {
    const { scheduler, queue } = this;
    this.until = scheduler.now() + LONGEST;
    for (const waiting of queue) {
      queue.delete(waiting);
      waiting.begin();
      if (!this.hasRoom) break;
    }
    this.until = Infinity;
    if (queue.size > 0) this.lookForEndOfTurn();
  }
}

/** The turns of the process. All its races share one event loop. */
const ofProcess = new Turns(monotonicScheduler);

/** The turns of races with a scheduler; `undefined` if its time is virtual. */
export function turnsOf(scheduler: SchedulerLike): Turns | undefined {
  return scheduler === monotonicScheduler ? ofProcess : undefined;
}

/** Begins a race for its observer, now or later. A waiting race that is unsubscribed, or whose signal is aborted, never begins. */
export type InTurn = <T>(settings: TurnSettings, observer: Holder<T>, beginning: Beginning<T>) => void;

interface TurnSettings {
  readonly scheduler: SchedulerLike;
  readonly signal?: AbortSignal;
}

/**
 * Begins a race at once or, if many begin together, in a later turn of the event loop. With virtual time, all races begin at once.
 */
export const inTurn: InTurn = ({ scheduler, signal }, observer, beginning) => {
  const turns = turnsOf(scheduler);
  if (turns && !turns.isOpen) {
    queueUp(turns, observer, signal, beginning);
    return;
  }
  turns?.count();
  beginning.begin(observer);
};
