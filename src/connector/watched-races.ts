import { ReplaySubject, Subject, type Observable, type Observer } from 'rxjs';
import type { Begin, Race, Terms } from '../connect.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Lived } from '../observe/observed.js';
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
  /** Returns a function that begins a race and emits it to the present subscribers. */
  readonly watching: (race: Race<Terms & { readonly partition: string }>) => Begin;
}

export function watchable(): Watchable {
  const races = new Subject<ConnectorRace>();
  return {
    races$: races.asObservable(),
    watching: (race) => {
      return (observer, lived?: Lived) => {
        if (!races.observed) {
          race.begin(observer, lived);
          return;
        }
        const { host, port, terms, attempts } = race;
        const { partition } = terms;
        const events = new ReplaySubject<RaceEvent>(Infinity);
        races.next({ host, port, partition, events$: events.asObservable() });
        const watched = new WatchedRace(observer, events, attempts.discard);
        observer.add(watched);
        // This matters if the race is cancelled. After an error or the end it does nothing.
        observer.add(() => events.complete());
        watched.hold((holder) => {
          race.begin(holder, lived);
        });
      };
    },
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
