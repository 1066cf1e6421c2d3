import type { RaceEvent } from '../../core/race/events.js';
import type { ProxyEvent, ProxyRequest, Raced } from '../../proxy/index.js';

/** A race of a proxy that has ended. */
export interface EndedRace {
  readonly request: ProxyRequest;
  /** The events of the race in order. The last is `connected` if the race had a winner. */
  readonly events: readonly RaceEvent[];
  readonly startedAt: number;
  /** The error of a race without a winner. */
  readonly error?: unknown;
}

/**
 * Groups the events of a proxy by race.
 *
 * @param ended called for each race that has ended, except those whose client has left
 * @returns takes each event
 */
export function collectRaces(ended: (race: EndedRace) => void): (event: ProxyEvent) => void {
  /** The events of unfinished races by connection and request. A connection may have several requests at a time. */
  const running = new Map<number, Map<ProxyRequest, Raced[]>>();
  const take = (connection: number, request: ProxyRequest): Raced[] => {
    const races = running.get(connection);
    const events = races?.get(request) ?? [];
    races?.delete(request);
    return events;
  };
  return (event) => {
    switch (event.type) {
      case 'listening':
      case 'accepted':
      case 'requested':
        return;
      case 'closed':
        running.delete(event.connection);
        return;
      case 'refused': {
        const events = event.request ? take(event.connection, event.request) : [];
        if (events.length > 0) {
          ended({ request: event.request!, events, startedAt: startOf(events), error: event.error });
        }
        return;
      }
      case 'connected': {
        const events = [...take(event.connection, event.request), event];
        ended({ request: event.request, events, startedAt: startOf(events) });
        return;
      }
      default: {
        const races = running.get(event.connection) ?? new Map<ProxyRequest, Raced[]>();
        running.set(event.connection, races);
        races.set(event.request, [...(races.get(event.request) ?? []), event]);
      }
    }
  };
}

function startOf([first]: readonly Raced[]): number {
  return first!.time - first!.at;
}
