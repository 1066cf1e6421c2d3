import { Observable } from 'rxjs';
import { ConnectionError } from '../core/race/connection-error.js';
import type { RaceEvent } from '../core/race/events.js';
import { Guarded, type Holder } from '../rx/guarded.js';
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
 * @param begin begins the race for its observer, once it is known what its past is
 */
export function withHistory<T>(
  history: History | undefined,
  { random, partition }: Pupil,
  begin: (observer: Holder<RaceEvent<T>>, lived?: RaceHistory) => void,
): Observable<RaceEvent<T>> {
  if (!history) return new Observable((subscriber) => begin(subscriber));
  return new Observable((subscriber) => {
    const lived = history.begin(random, partition);
    const lesson = new Lesson(lived, subscriber);
    subscriber.add(lesson);
    lesson.hold((observer) => begin(observer, lived));
  });
}

/** Hands a race on. The history learns before the winner, or the error, is handed on. */
class Lesson<T> extends Guarded<RaceEvent<T>> {
  /** Those of attempts. */
  private readonly events: RaceEvent<T>[] = [];

  constructor(
    private readonly lived: RaceHistory,
    private readonly subscriber: Holder<RaceEvent<T>>,
  ) {
    super();
  }

  protected hasNext(event: RaceEvent<T>): void {
    if ('endpoint' in event) this.events.push(event);
    if (event.type === 'connected') this.lived.learn(this.events);
    this.subscriber.next(event);
  }

  protected hasFailed(error: unknown): void {
    if (error instanceof ConnectionError) this.lived.learn(this.events);
    this.subscriber.error(error);
  }

  protected hasCompleted(): void {
    this.subscriber.complete();
  }
}
