import { LRUCache } from 'lru-cache';
import {
  concat,
  defer,
  filter,
  finalize,
  from,
  map,
  merge,
  ReplaySubject,
  share,
  tap,
  timer,
  Observable,
  type SchedulerLike,
  type TimestampProvider,
} from 'rxjs';
import { FAMILIES, type Family } from '../core/address/address.js';
import { answerFamily, recordType, saysNothing, type Answer } from '../core/race/answers.js';
import { invalidType } from '../core/input/argument-errors.js';
import { callable, integer, isObject, number, type Checks } from '../core/input/checks.js';
import { copyOf } from '../core/remembered.js';
import { monotonicScheduler } from './monotonic.js';
import { realTime } from './real-time.js';
import { wellFormedResolver, type Query, type Resolver } from './resolver.js';
import { createServiceCache } from './service-cache.js';

/** Options of {@link cached}. Times to live in seconds, as in DNS. */
export interface CacheOptions {
  /** The longest that an answer holds, and how long one holds that does not say. Default 30. */
  readonly maxTtl?: number;
  /** The shortest that an answer holds. Default 0: what says 0 is asked for again. */
  readonly minTtl?: number;
  /** How long it holds that a name, or its addresses of a family, do not exist. Default 5, and never over `maxTtl`. */
  readonly negativeTtl?: number;
  /**
   * For how many seconds addresses that have expired are still given, while they are asked for again; at most 604 800, a week.
   * Default 0: not at all.
   */
  readonly staleFor?: number;
  /** Answers kept, over all networks; the one used longest ago makes room. Default 1000. */
  readonly maxEntries?: number;
  /** A scheduler, or whatever tells the time in ms. Default: monotonic real time. */
  readonly clock?: TimestampProvider | SchedulerLike;
  /**
   * Names the network that this machine is in: answers are used in the network alone in which they were asked for. Default: the
   * machine's addresses and their interfaces.
   */
  readonly network?: () => string;
}

/** A resolver that remembers. */
export interface CachedResolver extends Resolver {
  /** Forgets every answer, those of queries under way too. */
  clear(): void;
}

/** What is remembered of a resolver's answers, for each partition and each network by itself. */
export interface Cache {
  /** The resolver as it remembers within a partition. */
  readonly resolver: (partition: string) => Resolver;
  /** Forgets every answer, those of queries under way too. */
  readonly clear: () => void;
}

/**
 * How long a query that cannot be cancelled is kept after its last subscriber has left, so that its answer still reaches the
 * cache. In ms; HEv3's 1 s.
 */
const LINGER = 1000;

/** In characters; no name that can be looked up has more. */
const LONGEST_HOST = 300;

/** A week, in seconds. RFC 8767 section 5 recommends one to three days. */
const STALEST = 604_800;

/** The options with every default filled in. */
type Bounds = Required<CacheOptions>;

/** Makes the cache of {@link cached}. The options have been checked, and there is a name of the network to be had. */
export function createCache(resolver: Resolver, options: CacheOptions & Pick<Bounds, 'network'>): Cache {
  const { maxTtl = 30, minTtl = 0, negativeTtl = 5, staleFor = 0, maxEntries = 1000 } = options;
  const { clock = monotonicScheduler, network } = options;
  const bounds: Bounds = { maxTtl, minTtl, negativeTtl, staleFor, maxEntries, clock, network };
  const memory = createMemory(bounds);
  const queries = createQueries(resolver, bounds, memory);

  const ask = (room: Room, host: string, asked: Query): Observable<Answer> => {
    if (asked.insist) return queries.share(room, host, asked);
    const now = clock.now();
    const known: Answer[] = [];
    const missing: Family[] = [];
    const stale = new Set<Answer['type']>();
    for (const family of asked.family === undefined ? FAMILIES : [asked.family]) {
      const entry = memory.recall(room, host, family, asked);
      const isFresh = entry !== undefined && entry.freshUntil > now;
      if (!isFresh) missing.push(family);
      if (entry && isUsable(entry, now, staleFor)) {
        known.push(given(entry, now));
        if (!isFresh) stale.add(entry.answer.type);
      }
    }
    const known$ = from(known);
    if (missing.length === 0) return known$;
    const query = missing.length === 1 ? { ...asked, family: missing[0] } : asked;
    const fresh$ = defer(() => queries.share(room, host, query)).pipe(
      // What has failed says nothing against what is stale.
      map((answer) => (stale.has(answer.type) && saysNothing(answer) ? { ...answer, stale: true } : answer)),
    );
    return concat(known$, fresh$);
  };

  const services =
    resolver.serviceRecords && createServiceCache(resolver.serviceRecords, { maxTtl, minTtl, negativeTtl, maxEntries, clock });

  return {
    resolver: (partition) => {
      let room = roomOf(network(), partition);
      const current = () => {
        const now = network();
        if (now !== room.network) room = roomOf(now, partition);
        return room;
      };
      const cachedResolver = (host: string, asked: Query = {}) => {
        // It is no name that exists, and would only take the place of those that do.
        if (host.length > LONGEST_HOST) return resolver(host, asked);
        return defer(() => ask(current(), copyOf(host.toLowerCase()), asked));
      };
      if (!services) return cachedResolver;
      const serviceRecords = (name: string) => defer(() => services.ask(current().name, copyOf(name.toLowerCase())));
      return Object.assign(cachedResolver, { serviceRecords });
    },
    clear: () => {
      memory.clear();
      queries.clear();
      services?.clear();
    },
  };
}

/** The answers that are remembered. */
interface Memory {
  readonly store: (room: Room, host: string, answer: Answer) => void;
  /** What is remembered of a family. Where it alone is asked for, an assumption is no answer. */
  readonly recall: (room: Room, host: string, family: Family, asked: Query) => Entry | undefined;
  readonly clear: () => void;
}

function createMemory({ maxTtl, minTtl, negativeTtl, maxEntries, clock }: Bounds): Memory {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });

  const holdsFor = (answer: Answer) => {
    const { addresses, ttl = addresses.length > 0 ? maxTtl : negativeTtl } = answer;
    // That a family is not worth asking for says something of this machine, and nothing of the name.
    if (saysNothing(answer)) return maxTtl;
    return Math.min(Math.max(addresses.length > 0 ? ttl : Math.min(ttl, negativeTtl), minTtl), maxTtl);
  };

  return {
    store: (room, host, answer) => {
      if (saysNothing(answer) && !answer.assumed) return;
      entries.set(entryKey(room, host, answer.type), { answer, freshUntil: clock.now() + holdsFor(answer) * 1000 });
    },
    recall: (room, host, family, asked) => {
      const entry = entries.get(entryKey(room, host, recordType(family)));
      return entry && asked.family !== undefined && saysNothing(entry.answer) ? undefined : entry;
    },
    clear: () => {
      entries.clear();
    },
  };
}

/** The queries under way: one for all in a room who ask for the same. */
interface Queries {
  readonly share: (room: Room, host: string, query: Query) => Observable<Answer>;
  readonly clear: () => void;
}

function createQueries(resolver: Resolver, { clock, network }: Bounds, memory: Memory): Queries {
  const source = wellFormedResolver(resolver, () => undefined);
  const underWay = new Map<string, SharedQuery>();

  const begin = (key: string, room: Room, host: string, query: Query): Observable<Answer> => {
    const answered = new Set<Family>();
    /** Whether it has been cleared, or another has taken its place. */
    const isCurrent = () => underWay.get(key)?.answered === answered;
    const answers$ = source(host, query).pipe(
      tap((answer) => {
        answered.add(answerFamily(answer));
        // An answer from after a move may be of either network.
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
    // What it has brought already may have expired since.
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

/** Emits when those who wait no more have been waited for long enough; in real time without holding the process open. */
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

/** A query under way. */
interface SharedQuery {
  readonly answers$: Observable<Answer>;
  /** The families of which an answer has come. */
  readonly answered: ReadonlySet<Family>;
}

/** Whose answers are used together: those of one partition in one network. */
interface Room {
  readonly network: string;
  readonly name: string;
}

function roomOf(network: string, partition: string): Room {
  // JSON, so that no two rooms have the same name.
  return { network, name: JSON.stringify([network, partition]) };
}

function entryKey(room: Room, host: string, type: Answer['type']): string {
  return `${room.name} ${type} ${host}`;
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

/** Fresh, or addresses that are not too stale: that there was nothing is no answer once it has expired. */
function isUsable({ answer, freshUntil }: Entry, now: number, staleFor: number): boolean {
  return freshUntil > now || (answer.addresses.length > 0 && freshUntil + staleFor * 1000 > now);
}

/** An answer as it is given from memory: as a stale one, or with the time to live that is left of it where it has one. */
function given({ answer, freshUntil }: Entry, now: number): Answer {
  // Written out: a spread costs more than the rest of the look into the cache.
  const { type, addresses, error, name } = answer;
  if (freshUntil <= now) return { type, addresses, ttl: 0, error, name, stale: true };
  // Rounded up, so that what has expired for a race has expired here as well.
  const ttl = answer.ttl === undefined ? undefined : Math.ceil(freshUntil - now) / 1000;
  return { type, addresses, ttl, error, name, assumed: true };
}
