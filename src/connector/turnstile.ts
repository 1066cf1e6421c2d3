import { Observable, type SchedulerLike } from 'rxjs';
import { Listener, type Holder } from '../rx/guarded.js';
import { queueUp, type Waiting } from '../node/queue-up.js';
import { turnsOf } from '../node/turns.js';

/**
 * Lets races begin in order, at most `limit` at a time, and so few at once that the event loop is let in between.
 *
 *     over limit               begin when one that runs has ended
 *     many in a turn           begin in a later turn of the event loop
 *
 * A race that waits and is unsubscribed, or whose signal is aborted, never begins. Its `connectTimeout` counts from its begin.
 *
 * @param limit `Infinity`: any number
 * @param scheduler of the races
 * @param turns in which races may begin, beside those of others; absent: in any
 */
export function turnstile(
  limit: number,
  scheduler: SchedulerLike,
  turns = turnsOf(scheduler),
): <T>(race$: Observable<T>, signal: AbortSignal | undefined) => Observable<T> {
  /** In the order in which they came. */
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
    // It is let go of before its end is told: whoever then begins another race finds the place free.
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
      queueUp(waiting, subscriber, signal, (waited) => begin(race$, waited));
      if (running < limit) turns?.add(admission);
    });
}
