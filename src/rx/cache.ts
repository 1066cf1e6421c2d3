import { LRUCache } from 'lru-cache';
import {
  defer,
  filter,
  finalize,
  map,
  merge,
  ReplaySubject,
  share,
  tap,
  timer,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type TimestampProvider,
} from 'rxjs';
import { FAMILIES, type Family } from '../core/address/address.js';
import { answerFamily, recordType, saysNothing, type Answer } from '../core/race/answers.js';
import { invalidType } from '../core/input/argument-errors.js';
import { callable, integer, isObject, number, type Checks } from '../core/input/checks.js';
import { copyOf, remembered } from '../core/remembered.js';
import { monotonicScheduler } from './monotonic.js';
import { realTime } from './real-time.js';
import { wellFormedResolver, type Query, type Resolver } from './resolver.js';
import { createServiceCache } from './service-cache.js';

/** Options of {@link cached}. Times to live in seconds, as in DNS. */
export interface CacheOptions {
  /**
   * The longest time that an answer is kept. An answer without a time to live, such as the system's, is kept for `maxTtl`.
   *
   * @defaultValue 30 s
   */
  readonly maxTtl?: number | undefined;
  /**
   * The shortest time that an answer is kept. With 0, an answer whose time to live is 0 is not kept.
   *
   * @defaultValue 0 s
   */
  readonly minTtl?: number | undefined;
  /**
   * How long it is remembered that a name, or its addresses of one family, do not exist. Never more than `maxTtl`.
   *
   * @defaultValue 5 s
   */
  readonly negativeTtl?: number | undefined;
  /**
   * How long expired addresses are still used while fresh ones are looked up. At most 604,800 s, a week.
   *
   * @defaultValue 0 s
   */
  readonly staleFor?: number | undefined;
  /**
   * How many answers are kept, over all networks. The one that was used longest ago is dropped first.
   *
   * @defaultValue 1000
   */
  readonly maxEntries?: number | undefined;
  /**
   * Tells the time, in ms. A connector's cache uses the connector's scheduler by default; `cached()` uses monotonic real time.
   *
   * @defaultValue none
   */
  readonly clock?: TimestampProvider | SchedulerLike | undefined;
  /**
   * Names the network that this machine is in. An answer is used only in the network in which it was received. By default the
   * machine's addresses and interfaces name the network.
   *
   * @defaultValue none
   */
  readonly network?: (() => string) | undefined;
}

/** A resolver with a cache. */
export interface CachedResolver extends Resolver {
  /** Drops every answer, including those of queries in progress. */
  clear(): void;
}

/** A cache of a resolver's answers, separate for each partition and network. */
export interface Cache {
  /** The caching resolver of a partition. */
  readonly resolver: (partition: string) => Resolver;
  /** Drops every answer, including those of queries in progress. */
  readonly clear: () => void;
}

/**
 * How long a query that cannot be cancelled is kept after its last subscriber has left, so that its answer still reaches the
 * cache. In ms; HEv3's 1 s.
 */
const LINGER = 1000;

/** In characters; longer than any valid name. */
const LONGEST_HOST = 300;

/** A week, in seconds. RFC 8767 section 5 recommends one to three days. */
const STALEST = 604_800;

/** The options with every default filled in. */
type Bounds = Required<CacheOptions>;

/** Creates the cache of {@link cached}. The caller has checked the options. */
export function createCache(resolver: Resolver, options: CacheOptions & Pick<Bounds, 'network'>): Cache {
  const { maxTtl = 30, minTtl = 0, negativeTtl = 5, staleFor = 0, maxEntries = 1000 } = options;
  const { clock = monotonicScheduler, network } = options;
  const bounds: Bounds = { maxTtl, minTtl, negativeTtl, staleFor, maxEntries, clock, network };
  const memory = createMemory(bounds);
  const queries = createQueries(resolver, bounds, memory);

  /** Emits what is known, and then the answers to a query for the rest. */
  const ask = (room: Room, host: string, asked: Query, subscriber: Subscriber<Answer>): void => {
    if (asked.insist) {
      queries.share(room, copyOf(host), asked).subscribe(subscriber);
      return;
    }
    const now = clock.now();
    const known: Answer[] = [];
    const missing: Family[] = [];
    for (const family of asked.family === undefined ? FAMILIES : [asked.family]) {
      const entry = memory.recall(room, host, family, asked);
      if (!entry || entry.freshUntil <= now) missing.push(family);
      if (entry && isUsable(entry, now, staleFor)) known.push(given(entry, now));
    }
    for (const answer of known) subscriber.next(answer);
    if (missing.length === 0) {
      subscriber.complete();
      return;
    }
    if (subscriber.closed) return;
    const query = missing.length === 1 ? { ...asked, family: missing[0] } : asked;
    const isStale = (type: Answer['type']) => known.some((one) => one.type === type && one.stale);
    const fresh$ = queries.share(room, copyOf(host), query).pipe(
      // A failed query does not refute stale addresses.
      map((answer) => (isStale(answer.type) && saysNothing(answer) ? { ...answer, stale: true } : answer)),
    );
    fresh$.subscribe(subscriber);
  };

  const services =
    resolver.serviceRecords && createServiceCache(resolver.serviceRecords, { maxTtl, minTtl, negativeTtl, maxEntries, clock });

  const resolverOf = (partition: string): Resolver => {
    let room = roomOf(network(), partition);
    const current = () => {
      const now = network();
      if (now !== room.network) room = roomOf(now, partition);
      return room;
    };
    const cachedResolver = (host: string, asked: Query = {}) => {
      // Such a name cannot exist. It would only evict names that do.
      if (host.length > LONGEST_HOST) return resolver(host, asked);
      return new Observable<Answer>((subscriber) => ask(current(), host.toLowerCase(), asked, subscriber));
    };
    if (!services) return cachedResolver;
    const serviceRecords = (name: string) => defer(() => services.ask(current().name, copyOf(name.toLowerCase())));
    return Object.assign(cachedResolver, { serviceRecords });
  };
  // Kept with the keys that it has made, because most calls are for the same partition as the call before.
  let latest: { readonly partition: string; readonly resolver: Resolver } | undefined;

  return {
    resolver: (partition) => {
      if (latest?.partition !== partition) latest = { partition, resolver: resolverOf(partition) };
      return latest.resolver;
    },
    clear: () => {
      memory.clear();
      queries.clear();
      services?.clear();
    },
  };
}

/** The cached answers. */
interface Memory {
  readonly store: (room: Room, host: string, answer: Answer) => void;
  /** The cached answer of a family. An assumed one does not count if only this family is queried. */
  readonly recall: (room: Room, host: string, family: Family, asked: Query) => Entry | undefined;
  readonly clear: () => void;
}

function createMemory({ maxTtl, minTtl, negativeTtl, maxEntries, clock }: Bounds): Memory {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });

  const holdsFor = (answer: Answer) => {
    const { addresses, ttl = addresses.length > 0 ? maxTtl : negativeTtl } = answer;
    // That a family was not queried concerns this machine, not the name.
    if (saysNothing(answer)) return maxTtl;
    return Math.min(Math.max(addresses.length > 0 ? ttl : Math.min(ttl, negativeTtl), minTtl), maxTtl);
  };

  return {
    store: (room, host, answer) => {
      if (saysNothing(answer) && !answer.assumed) return;
      entries.set(room.keysOf(host)[answer.type], { answer, freshUntil: clock.now() + holdsFor(answer) * 1000 });
    },
    recall: (room, host, family, asked) => {
      const entry = entries.get(room.keysOf(host)[recordType(family)]);
      return entry && asked.family !== undefined && saysNothing(entry.answer) ? undefined : entry;
    },
    clear: () => {
      entries.clear();
    },
  };
}

/** The queries in progress. Equal queries of one room share one. */
interface Queries {
  readonly share: (room: Room, host: string, query: Query) => Observable<Answer>;
  readonly clear: () => void;
}

function createQueries(resolver: Resolver, { clock, network }: Bounds, memory: Memory): Queries {
  const source = wellFormedResolver(resolver, () => undefined);
  const underWay = new Map<string, SharedQuery>();

  const begin = (key: string, room: Room, host: string, query: Query): Observable<Answer> => {
    const answered = new Set<Family>();
    /** Whether the query has been neither cleared nor replaced. */
    const isCurrent = () => underWay.get(key)?.answered === answered;
    const answers$ = source(host, query).pipe(
      tap((answer) => {
        answered.add(answerFamily(answer));
        // After a change of network, the answer may come from either.
        if (isCurrent() && network() === room.network) memory.store(room, host, answer);
      }),
      finalize(() => {
        if (isCurrent()) underWay.delete(key);
      }),
      share({
        connector: () => new ReplaySubject<Answer>(Infinity),
        resetOnRefCountZero: resolver.uncancellable ? () => lingering(clock) : true,
      }),
    );
    underWay.set(key, { answers$, answered });
    return answers$;
  };

  const shareQuery = (room: Room, host: string, query: Query): Observable<Answer> => {
    const keyOf = (family?: Family) => `${room.name} ${query.insist === true} ${family ?? 0} ${host}`;
    const same = underWay.get(keyOf(query.family));
    if (same) return same.answers$;
    const both = underWay.get(keyOf());
    // An answer that arrived earlier may have expired since.
    if (both && !both.answered.has(query.family!)) {
      return both.answers$.pipe(filter((answer) => answerFamily(answer) === query.family));
    }
    const halfUnderWay = query.family === undefined && FAMILIES.some((family) => underWay.has(keyOf(family)));
    if (halfUnderWay) return merge(...FAMILIES.map((family) => shareQuery(room, host, { ...query, family })));
    return begin(keyOf(query.family), room, host, query);
  };

  return {
    share: shareQuery,
    clear: () => {
      underWay.clear();
    },
  };
}

/** Emits after {@link LINGER}. In real time, its timer does not keep the process alive. */
function lingering(clock: TimestampProvider | SchedulerLike): Observable<unknown> {
  if (isScheduler(clock) && clock !== monotonicScheduler) return timer(LINGER, clock);
  return new Observable((subscriber) => {
    const { setTimeout, clearTimeout } = realTime();
    const timeout = setTimeout(() => {
      subscriber.next(undefined);
    }, LINGER);
    timeout.unref();
    return () => {
      clearTimeout(timeout);
    };
  });
}

function isScheduler(clock: TimestampProvider | SchedulerLike): clock is SchedulerLike {
  return 'schedule' in clock;
}

interface Entry {
  readonly answer: Answer;
  readonly freshUntil: number;
}

/** A query in progress. */
interface SharedQuery {
  readonly answers$: Observable<Answer>;
  /** The families that have been answered. */
  readonly answered: ReadonlySet<Family>;
}

/** One partition in one network. Its answers are used together. */
interface Room {
  readonly network: string;
  readonly name: string;
  /** The keys of the entries of a host. */
  readonly keysOf: (host: string) => Readonly<Record<Answer['type'], string>>;
}

function roomOf(network: string, partition: string): Room {
  // JSON, so that no two rooms have the same name.
  const name = JSON.stringify([network, partition]);
  return { network, name, keysOf: remembered((host) => ({ AAAA: `${name} AAAA ${host}`, A: `${name} A ${host}` })) };
}

export const cacheChecks: Checks<CacheOptions> = {
  maxTtl: number(0, Number.MAX_SAFE_INTEGER),
  minTtl: number(0, Number.MAX_SAFE_INTEGER),
  negativeTtl: number(0, Number.MAX_SAFE_INTEGER),
  staleFor: number(0, STALEST),
  maxEntries: integer(1, Number.MAX_SAFE_INTEGER),
  clock: (name, value) => {
    const { now } = (isObject(value) || typeof value === 'function' ? value : {}) as Partial<TimestampProvider>;
    if (typeof now !== 'function') throw invalidType(name, 'a scheduler or a clock', value);
  },
  network: callable,
};

/** Whether an entry may be served: if it is fresh, or has addresses that are not too stale. Negative answers are never stale. */
function isUsable({ answer, freshUntil }: Entry, now: number, staleFor: number): boolean {
  return freshUntil > now || (answer.addresses.length > 0 && freshUntil + staleFor * 1000 > now);
}

/** A cached answer as it is served: marked as stale, or with its remaining time to live. */
function given({ answer, freshUntil }: Entry, now: number): Answer {
  // Written out, because a spread would cost more than the rest of the look-up.
  const { type, addresses, error, name } = answer;
  if (freshUntil <= now) return { type, addresses, ttl: 0, error, name, stale: true };
  // Rounded up, so that an answer that has expired for a race has expired here as well.
  const ttl = answer.ttl === undefined ? undefined : Math.ceil(freshUntil - now) / 1000;
  return { type, addresses, ttl, error, name, assumed: true };
}
