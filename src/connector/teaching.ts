import { ConnectionError } from '../core/race/connection-error.js';
import type { RaceEvent } from '../core/race/events.js';
import { Guarded, type Holder } from '../rx/guarded.js';
import type { History, RaceHistory } from './path-history.js';

/** How one race uses a history. */
export interface Pupil {
  readonly random: () => number;
  readonly partition: string;
}

/**
 * Begins a race that uses a history and teaches it.
 *
 * @param history absent if the race has none
 * @param begin begins the race for its observer, given its past
 */
export function beginWithHistory<T>(
  history: History | undefined,
  { random, partition }: Pupil,
  observer: Holder<RaceEvent<T>>,
  begin: (observer: Holder<RaceEvent<T>>, lived?: RaceHistory) => void,
): void {
  if (!history) {
    begin(observer);
    return;
  }
  const lived = history.begin(random, partition);
  const lesson = new Lesson(lived, observer);
  observer.add(lesson);
  lesson.hold((holder) => begin(holder, lived));
}

/** Passes on the events of a race. The history learns before the winner or the error is passed on. */
class Lesson<T> extends Guarded<RaceEvent<T>> {
  /** The events of attempts. */
  private readonly events: RaceEvent<T>[] = [];

  constructor(
    private readonly lived: RaceHistory,
    private readonly observer: Holder<RaceEvent<T>>,
  ) {
    super();
  }

  protected hasNext(event: RaceEvent<T>): void {
    if ('endpoint' in event) this.events.push(event);
    if (event.type === 'connected') this.lived.learn(this.events);
    this.observer.next(event);
  }

  protected hasFailed(error: unknown): void {
    if (error instanceof ConnectionError) this.lived.learn(this.events);
    this.observer.error(error);
  }

  protected hasCompleted(): void {
    this.observer.complete();
  }
}
