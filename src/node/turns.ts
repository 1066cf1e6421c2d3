import type { SchedulerLike } from 'rxjs';
import { Listener, type Holder } from '../rx/guarded.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { queueUp, type Waiting } from './queue-up.js';

/** Races that may begin in one turn of the event loop. */
const BEGUN_IN_A_TURN = 64;

/** Races after which the end of the turn is looked for; fewer need no timer. */
const MANY = 32;

/** For how long races that have waited may begin in one turn, in ms. */
const LONGEST = 10;

/**
 * Lets so few races begin in one turn of the event loop that it gets to everything else in between.
 *
 *     1 … 64      begin at once
 *     65 … 128    begin at the end of the turn of the event loop, and so on: fewer where they take over 10 ms
 *
 * A few races need no timer: one in 32 looks for the end of the turn.
 */
export class Turns {
  /** In the order in which they came. */
  private readonly queue = new Set<Waiting>();
  /** Since the end of a turn was seen last. */
  private begun = 0;
  private isLooking = false;
  /** While those begin that have waited: until when. */
  private until = Infinity;

  /** @param scheduler brings the next turn */
  constructor(private readonly scheduler: SchedulerLike) {}

  /** Whether a race that comes now may begin: none waits, and this turn has room. */
  get isOpen(): boolean {
    return this.queue.size === 0 && this.hasRoom;
  }

  /** Whether a race that has waited may begin. */
  get hasRoom(): boolean {
    return this.begun < BEGUN_IN_A_TURN && (this.until === Infinity || this.scheduler.now() < this.until);
  }

  /** A race begins. */
  count(): void {
    if (++this.begun >= MANY) this.lookForEndOfTurn();
  }

  /** Lets one begin in a later turn that has room. */
  add(waiting: Waiting): void {
    this.queue.add(waiting);
    this.lookForEndOfTurn();
  }

  /** Does not let it begin any more. */
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

/** The turns of the process: all its races share one event loop, whichever part of the program they are from. */
const ofProcess = new Turns(monotonicScheduler);

/** The turns of races with this scheduler; `undefined` where its time is another than the event loop's. */
export function turnsOf(scheduler: SchedulerLike): Turns | undefined {
  return scheduler === monotonicScheduler ? ofProcess : undefined;
}

/**
 * What begins a race at once, or, when many begin, in a later turn of the event loop. One that waits and is unsubscribed never
 * begins. Where time is virtual, all begin at once.
 *
 * @param signal ends a race that waits, too
 */
export function inTurn<T>(
  { scheduler, signal }: { readonly scheduler: SchedulerLike; readonly signal?: AbortSignal },
  begin: (observer: Holder<T>) => void,
): (observer: Holder<T>) => void {
  const turns = turnsOf(scheduler);
  if (!turns) return begin;
  return (observer) => {
    if (turns.isOpen) {
      turns.count();
      begin(observer);
      return;
    }
    queueUp(turns, observer, signal, (waited) => {
      turns.count();
      beginLate(waited, begin);
    });
  };
}

/** What throws can no longer be caught by `subscribe`. */
function beginLate<T>(observer: Holder<T>, begin: (observer: Holder<T>) => void): void {
  const listener = new Listener<T>(observer);
  observer.add(listener);
  listener.hold(begin);
}
