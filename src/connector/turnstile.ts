import { Observable, type SchedulerLike } from 'rxjs';
import { onAbort } from '../rx/abort.js';
import { Listener } from '../rx/guarded.js';

/** Races that may begin in one turn of the event loop: some 20 ms of work. */
const BEGUN_IN_A_TURN = 64;

/** Races after which the end of the turn is looked for; fewer need no timer. */
const MANY = 32;

/**
 * Lets races begin in order, at most `limit` at a time, and so few at once that the event loop is let in between.
 *
 *     1 … 64       begin at once
 *     65 … 128     begin at the end of the turn of the event loop, and so on
 *     over limit   begin when one that runs has ended
 *
 * A race that waits and is unsubscribed, or whose signal is aborted, never begins. Its `connectTimeout` counts from its begin.
 * A few races need no timer: one in 32 looks for the end of the turn.
 *
 * @param limit `Infinity`: any number
 * @param scheduler brings the next turn
 */
export function turnstile(
  limit: number,
  scheduler: SchedulerLike,
): <T>(race$: Observable<T>, signal: AbortSignal | undefined) => Observable<T> {
  /** In the order in which they came. */
  const waiting = new Set<() => void>();
  let running = 0;
  /** Since the end of a turn was seen last. */
  let begun = 0;
  let isLooking = false;

  const mayBegin = () => running < limit && begun < BEGUN_IN_A_TURN;

  const lookForEndOfTurn = () => {
    if (isLooking || begun < MANY) return;
    isLooking = true;
    scheduler.schedule(() => {
      isLooking = false;
      begun = 0;
      admit();
    });
  };

  const admit = () => {
    for (const begin of waiting) {
      if (!mayBegin()) return;
      waiting.delete(begin);
      begin();
    }
  };

  return <T>(race$: Observable<T>, signal: AbortSignal | undefined) =>
    new Observable<T>((subscriber) => {
      const begin = () => {
        begun++;
        lookForEndOfTurn();
        running++;
        const turn = new Listener<T>(subscriber);
        // It is let go of before its end is told: who then begins another race finds the place free.
        turn.add(() => {
          running--;
          admit();
        });
        subscriber.add(turn);
        turn.listen(() => race$);
      };
      if (waiting.size === 0 && mayBegin()) {
        begin();
        return;
      }
      const started = () => {
        stopListening?.();
        begin();
      };
      waiting.add(started);
      const stopListening = signal && onAbort(signal, () => abandoned(signal));
      const abandoned = ({ reason }: AbortSignal) => {
        if (waiting.delete(started)) subscriber.error(reason);
      };
      subscriber.add(() => {
        waiting.delete(started);
        stopListening?.();
      });
      if (signal?.aborted) abandoned(signal);
    });
}
