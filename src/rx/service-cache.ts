import { LRUCache } from 'lru-cache';
import { finalize, from, ReplaySubject, share, tap, type Observable, type SchedulerLike, type TimestampProvider } from 'rxjs';
import { saysNothing, type AnyAnswer } from '../core/race/answers.js';
import type { ServiceLookup } from './resolver.js';

/** How answers with service records are cached. Times to live are in seconds. */
export interface ServiceCacheBounds {
  readonly maxTtl: number;
  readonly minTtl: number;
  readonly negativeTtl: number;
  readonly maxEntries: number;
  readonly clock: TimestampProvider | SchedulerLike;
}

/** A cache of service records, by room and name. */
export interface ServiceCache {
  readonly ask: (room: string, name: string) => Observable<AnyAnswer>;
  readonly clear: () => void;
}

interface Entry {
  /** Including addresses from the same response. */
  readonly answers: readonly AnyAnswer[];
  readonly freshUntil: number;
}

/**
 * Caches service records for their time to live, together with addresses from the same response. Concurrent look-ups of the same
 * name share one query. Failed queries are not cached.
 */
export function createServiceCache(lookup: ServiceLookup, bounds: ServiceCacheBounds): ServiceCache {
  const { clock, maxEntries } = bounds;
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  const underWay = new Map<string, Observable<AnyAnswer>>();

  const begin = (key: string, name: string): Observable<AnyAnswer> => {
    const answers: AnyAnswer[] = [];
    const isCurrent = () => underWay.get(key) === answers$;
    const answers$: Observable<AnyAnswer> = lookup(name).pipe(
      tap({
        next: (answer) => answers.push(answer),
        complete: () => {
          if (!isCurrent() || answers.some(saysNothing)) return;
          entries.set(key, { answers, freshUntil: clock.now() + holdsFor(answers, bounds) * 1000 });
        },
      }),
      finalize(() => {
        if (isCurrent()) underWay.delete(key);
      }),
      share({ connector: () => new ReplaySubject<AnyAnswer>(Infinity) }),
    );
    underWay.set(key, answers$);
    return answers$;
  };

  return {
    ask: (room, name) => {
      // Unambiguous, because a room's name is JSON and never ends with a space.
      const key = `${room} ${name}`;
      const entry = entries.get(key);
      if (entry && entry.freshUntil > clock.now()) return from(entry.answers);
      return underWay.get(key) ?? begin(key, name);
    },
    clear: () => {
      entries.clear();
      underWay.clear();
    },
  };
}

function holdsFor(answers: readonly AnyAnswer[], { maxTtl, minTtl, negativeTtl }: ServiceCacheBounds): number {
  const isNegative = answers.every((answer) => answer.type === 'HTTPS' && answer.records.length === 0);
  const most = isNegative ? Math.min(negativeTtl, maxTtl) : maxTtl;
  const least = Math.min(...answers.map(({ ttl = most }) => ttl));
  return Math.min(Math.max(least, minTtl), most);
}
