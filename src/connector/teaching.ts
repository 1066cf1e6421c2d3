import { defer, Observable } from 'rxjs';
import { ConnectionError } from '../core/race/connection-error.js';
import type { RaceEvent } from '../core/race/events.js';
import type { History, RaceHistory } from './path-history.js';

/** What of a history is for one race, and whose. */
export interface Pupil {
  readonly random: () => number;
  readonly partition: string;
}

/**
 * A race that goes by a history, and teaches it.
 *
 * @param history absent: the race has none
 * @param run the race, once it is known what its past is
 */
export function withHistory<T>(
  history: History | undefined,
  { random, partition }: Pupil,
  run: (lived?: RaceHistory) => Observable<RaceEvent<T>>,
): Observable<RaceEvent<T>> {
  if (!history) return defer(() => run());
  return new Observable((subscriber) => {
    const lived = history.begin(random, partition);
    const events: RaceEvent<T>[] = [];
    // The history learns before the winner, or the error, is handed on.
    return run(lived).subscribe({
      next: (event) => {
        events.push(event);
        if (event.type === 'connected') lived.learn(events);
        subscriber.next(event);
      },
      error: (error: unknown) => {
        if (error instanceof ConnectionError) lived.learn(events);
        subscriber.error(error);
      },
      complete: () => {
        subscriber.complete();
      },
    });
  });
}
