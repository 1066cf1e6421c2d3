import type { SchedulerLike } from 'rxjs';
import { Listener, type Holder } from '../rx/guarded.js';
import { queueUp, type Beginning, type Waiting } from '../node/queue-up.js';
import { turnsOf, type InTurn } from '../node/turns.js';

/**
 * Lets races begin in order: at most `limit` run at a time, and few begin in one turn of the event loop.
 *
 *     over the limit           begin when a running one has ended
 *     many in a turn           begin in a later turn of the event loop
 *
 * A waiting race that is unsubscribed, or whose signal is aborted, never begins. Its `connectTimeout` counts from its beginning.
 *
 * @param scheduler the scheduler of the races
 * @param turns limits the races per turn, together with those of others; absent: no limit
 */
export function turnstile(limit: number, scheduler: SchedulerLike, turns = turnsOf(scheduler)): InTurn {
  /** In order of arrival. */
  const waiting = new Set<Waiting>();
  let running = 0;

  const admit = () => {
    for (const race of waiting) {
      if (running >= limit) return;
      if (turns && !turns.hasRoom) {
        turns.add(admission);
        return;
      }
      waiting.delete(race);
      race.begin();
    }
  };
  const admission: Waiting = { begin: admit };

  const begin = <T>(observer: Holder<T>, race: Beginning<T>) => {
    turns?.count();
    running++;
    const turn = new Listener<T>(observer);
    // Released before its end is reported, so that another race can take its place then.
    turn.add(() => {
      running--;
      admit();
    });
    observer.add(turn);
    turn.hold((holder) => race.begin(holder));
  };

  return ({ signal }, observer, race) => {
    if (waiting.size === 0 && running < limit && (turns?.isOpen ?? true)) {
      begin(observer, race);
      return;
    }
    queueUp(waiting, observer, signal, { begin: (waited) => begin(waited, race) });
    if (running < limit) turns?.add(admission);
  };
}
