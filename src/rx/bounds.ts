import type { Subscription } from 'rxjs';
import { onAbort } from './abort.js';
import type { RacePlan } from './race-plan.js';

/** What can be ended from outside. */
export interface Bounded {
  /** Ends it with the signal's reason. */
  abandon(reason: unknown): void;
  /** Ends it because its time is over. */
  lose(how: { readonly timedOut: true }): void;
}

/**
 * Sets the bounds of a race: its signal, and its time.
 *
 * @param held holds both until the race is over
 * @returns whether it may begin: a race whose signal is already aborted is abandoned
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
