import type { TeardownLogic } from 'rxjs';
import { ConnectionError } from '../core/race/connection-error.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Holder } from '../rx/guarded.js';
import type { History, RaceHistory } from './path-history.js';

/** How one race uses a history. */
export interface Pupil {
  readonly random: () => number;
  readonly partition: string;
}

/** What begins for its observer, given its past. */
interface BeginningWithPast<T> {
  begin(observer: Holder<RaceEvent<T>>, lived?: RaceHistory): void;
}

/**
 * Begins a race that uses a history and teaches it.
 *
 * @param history absent if the race has none
 */
export function beginWithHistory<T>(
  history: History | undefined,
  { random, partition }: Pupil,
  observer: Holder<RaceEvent<T>>,
  race: BeginningWithPast<T>,
): void {
  if (!history) {
    race.begin(observer);
    return;
  }
  const lived = history.begin(random, partition);
  race.begin(new Lesson(lived, observer), lived);
}

/** Passes on the events of a race. The history learns before the winner or the error is passed on. What it holds, its observer holds. */
class Lesson<T> implements Holder<RaceEvent<T>> {
  /** All events but `queued`, whose lists may be long. */
  private readonly events: RaceEvent<T>[] = [];

  constructor(
    private readonly lived: RaceHistory,
    private readonly observer: Holder<RaceEvent<T>>,
  ) {}

  next(event: RaceEvent<T>): void {
    if (this.closed) return;
    if (event.type !== 'queued') this.events.push(event);
    if (event.type === 'connected') this.lived.learn(this.events);
    this.observer.next(event);
  }

  error(error: unknown): void {
    if (!this.closed && error instanceof ConnectionError) this.lived.learn(this.events);
    this.observer.error(error);
  }

  complete(): void {
    this.observer.complete();
  }

  get closed(): boolean {
    return this.observer.closed;
  }

  add(teardown: TeardownLogic): void {
    this.observer.add(teardown);
  }

  remove(teardown: Exclude<TeardownLogic, void>): void {
    this.observer.remove(teardown);
  }

  unsubscribe(): void {
    this.observer.unsubscribe();
  }
}
