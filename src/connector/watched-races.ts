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
   * What happens in it, from its beginning, whenever it is subscribed to. Errors as `race$` does, and completes without
   * `connected` when the race is cancelled.
   */
  readonly events$: Observable<RaceEvent>;
}

/** Lets others watch races. */
export interface Watchable {
  readonly races$: Observable<ConnectorRace>;
  /** What begins a race, watched by those that are subscribed then. */
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
        // Where the race is cancelled; after an error or the end nothing is left to complete.
        observer.add(() => events.complete());
        watched.hold((holder) => {
          race.begin(holder, lived);
        });
      };
    },
  };
}

/** Hands a race on, after those that watch it. */
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
    // One that watches may have ended the race: then no one is left to receive the winner.
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
