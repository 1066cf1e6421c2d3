import { Subscription, type VirtualTimeScheduler } from 'rxjs';
import type { After } from './after.js';

/** Marks the timers of networks. All others belong to the program. */
const OF_NETWORK = Symbol('timer of a network');

/** The most turns in one ms. More mean an endless loop. */
const MOST_TURNS = 1_000_000;

/** Runs virtual time, one timer after another. */
export class Clock {
  #turns = 0;

  constructor(readonly scheduler: VirtualTimeScheduler) {}

  get now(): number {
    return this.scheduler.now();
  }

  /** Sets a timer of the network. `Infinity`: never. */
  schedule(work: () => void, after: After): Subscription {
    if (after === 'at once') {
      work();
      return Subscription.EMPTY;
    }
    const timer = this.scheduler.schedule(work, after);
    return timer === Subscription.EMPTY ? timer : Object.assign(timer, { [OF_NETWORK]: true });
  }

  /**
   * Runs the next timer.
   *
   * @returns false if none is due until then
   * @throws Error after a million timers in the same ms
   */
  step(until = Infinity): boolean {
    const { actions, frame } = this.scheduler;
    const next = actions[0];
    if (!next || next.delay > until) return false;
    this.#turns = next.delay > frame ? 0 : this.#turns + 1;
    if (this.#turns > MOST_TURNS) throw new Error(`time stands still at ${frame} ms: timers of 0 ms follow each other`);
    actions.shift();
    this.scheduler.frame = next.delay;
    // RxJS returns what a timer throws.
    const error = next.execute(next.state, next.delay) as Error | undefined;
    if (error) throw error;
    return true;
  }

  /** Whether anything is due, at whatever time. */
  isDue(): boolean {
    return this.scheduler.actions.length > 0;
  }

  /** Moves to an instant before which nothing is due. */
  skipTo(at: number): void {
    this.scheduler.frame = Math.max(this.scheduler.frame, at);
  }

  /** The timers that a program has set. */
  timers(): VirtualTimeScheduler['actions'] {
    return this.scheduler.actions.filter((action) => !action.closed && !(OF_NETWORK in action));
  }
}
