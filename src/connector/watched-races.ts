import { ReplaySubject, Subject, type Observable, type Observer } from 'rxjs';
import type { Race, Terms } from '../connect.js';
import type { RaceEvent } from '../core/race/events.js';
import { Guarded, type Holder } from '../rx/guarded.js';
import type { RacePlan } from '../rx/race-plan.js';

/** A race of a connector, as {@link Connector.races$} emits it. */
export interface ConnectorRace {
  /** As the caller gave it. */
  readonly host: string;
  readonly port: number;
  readonly partition: string;
  /**
   * All events of the race, replayed from its beginning. Errors as `race$` does. If the race is cancelled, it completes without
   * `connected`.
   */
  readonly events$: Observable<RaceEvent>;
}

/** Emits races to those who watch. */
export interface Watchable {
  readonly races$: Observable<ConnectorRace>;
  /** The race, which is emitted to the present subscribers when it begins. */
  readonly watching: <R extends WatchableRace>(race: R) => Pick<R, 'begin'>;
}

type WatchableRace = Race<Terms & { readonly partition: string }>;

export function watchable(): Watchable {
  const races = new Subject<ConnectorRace>();
  const watched = (race: WatchableRace): Pick<WatchableRace, 'begin'> => ({
    begin: (observer, lived) => {
      const { host, port, terms, attempts } = race;
      const { partition } = terms;
      const events = new ReplaySubject<RaceEvent>(Infinity);
      races.next({ host, port, partition, events$: events.asObservable() });
      const watcher = new WatchedRace(observer, events, attempts.discard);
      observer.add(watcher);
      // This matters if the race is cancelled. After an error or the end it does nothing.
      observer.add(() => events.complete());
      watcher.hold((holder) => {
        race.begin(holder, lived);
      });
    },
  });
  return {
    races$: races.asObservable(),
    watching: (race) => (races.observed ? watched(race) : race),
  };
}

/** Passes the events of a race to those who watch it, and then to its observer. */
class WatchedRace extends Guarded<RaceEvent<never>> {
  constructor(
    private readonly observer: Holder<RaceEvent<never>>,
    private readonly events: Subject<RaceEvent>,
    private readonly discard: RacePlan<never>['discard'],
  ) {
    super();
  }

  protected hasNext(event: RaceEvent<never>): void {
    this.events.next(event);
    if (!this.closed) this.observer.next(event);
    // A watcher may have ended the race. Then no one receives the winner.
    else if (event.type === 'connected') this.discard(event.value, event.endpoint);
  }

  protected hasFailed(error: unknown): void {
    const observers: readonly Pick<Observer<unknown>, 'error'>[] = [this.events, this.observer];
    for (const observer of observers) observer.error(error);
  }

  protected hasCompleted(): void {
    this.events.complete();
    this.observer.complete();
  }
}
