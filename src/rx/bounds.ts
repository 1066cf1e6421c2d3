import type { Subscription } from 'rxjs';
import { onAbort } from './abort.js';
import type { RacePlan } from './race-plan.js';

/** A race as its bounds see it. */
export interface Bounded {
  /** Ends the race with the signal's reason. */
  abandon(reason: unknown): void;
  /** Ends the race because time has run out. */
  lose(how: { readonly timedOut: true }): void;
}

/**
 * Applies the bounds of a race: its signal and its timeout.
 *
 * @param held holds both until the race is over
 * @returns false if the signal was already aborted, and the race abandoned
 */
export function setBounds(
  plan: Pick<RacePlan<unknown>, 'signal' | 'connectTimeout' | 'scheduler'>,
  race: Bounded,
  held: Subscription,
): boolean {
  const { signal, connectTimeout, scheduler } = plan;
  if (signal?.aborted) {
    race.abandon(signal.reason);
    return false;
  }
  if (signal) held.add(onAbort(signal, () => race.abandon(signal.reason)));
  if (connectTimeout < Infinity) held.add(scheduler.schedule(() => race.lose({ timedOut: true }), connectTimeout));
  return true;
}
