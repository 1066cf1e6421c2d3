import { Observable, type SchedulerLike } from 'rxjs';
import { Listener, type Holder } from '../rx/guarded.js';
import { queueUp, type Waiting } from '../node/queue-up.js';
import { turnsOf } from '../node/turns.js';

/**
 * Lets races begin in order: at most `limit` run at a time, and few begin in one turn of the event loop.
 *
 *     over the limit           begin when a running one has ended
 *     many in a turn           begin in a later turn of the event loop
 *
 * A waiting race that is unsubscribed, or whose signal is aborted, never begins. Its `connectTimeout` counts from its beginning.
 *
 * @param limit `Infinity`: no limit
 * @param scheduler the scheduler of the races
 * @param turns limits the races per turn, together with those of others; absent: no limit
 */
export function turnstile(
  limit: number,
  scheduler: SchedulerLike,
  turns = turnsOf(scheduler),
): <T>(race$: Observable<T>, signal: AbortSignal | undefined) => Observable<T> {
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

  const begin = <T>(race$: Observable<T>, subscriber: Holder<T>) => {
    turns?.count();
    running++;
    const turn = new Listener<T>(subscriber);
    // Released before its end is reported, so that another race can take its place then.
    turn.add(() => {
      running--;
      admit();
    });
    subscriber.add(turn);
    turn.listen(() => race$);
  };

  return <T>(race$: Observable<T>, signal: AbortSignal | undefined) =>
    new Observable<T>((subscriber) => {
      if (waiting.size === 0 && running < limit && (turns?.isOpen ?? true)) {
        begin(race$, subscriber);
        return;
      }
      queueUp(waiting, subscriber, signal, { begin: (waited) => begin(race$, waited) });
      if (running < limit) turns?.add(admission);
    });
}
