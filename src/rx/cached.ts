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
import type { Family } from '../core/address/address.js';
import { answerFamily, recordType, type Answer } from '../core/race/answers.js';
import { invalidType } from '../core/input/argument-errors.js';
import { checkEach, integer, isObject, number, type Checks } from '../core/input/checks.js';
import { errorCode, NOTHING_THERE } from '../core/error-tools.js';
import { monotonicScheduler } from './monotonic.js';
import { wellFormedResolver, type Query, type Resolver } from './resolve.js';

/** Options of {@link cached}. Times to live in seconds, as in DNS. */
export interface CacheOptions {
  /** The longest that an answer holds, and how long one holds that does not say. Default 30. */
  readonly maxTtl?: number;
  /** The shortest that an answer holds. Default 0: what says 0 is asked for again. */
  readonly minTtl?: number;
  /** How long it holds that a name, or its addresses of a family, do not exist. Default 5, and never over `maxTtl`. */
  readonly negativeTtl?: number;
  /** For how many seconds an answer that has expired is still given, while it is asked for again. Default 0: not at all. */
  readonly staleFor?: number;
  /** Answers kept; the one used longest ago makes room. Default 1000. */
  readonly maxEntries?: number;
  /** A scheduler, or whatever tells the time in ms. Default: monotonic real time. */
  readonly clock?: TimestampProvider | SchedulerLike;
}

/** A resolver that remembers. */
export interface CachedResolver extends Resolver {
  /** Forgets every answer, those of queries under way too. */
  clear(): void;
}

/** How long answers are still waited for that nobody waits for any more, where they come anyway. In ms; HEv3's 1 s. */
const LINGER = 1000;

/**
 * Remembers a resolver's answers for as long as they hold.
 *
 *     ask ──► resolver ──► answer                 nothing known
 *     ask ──► answer                              fresh: at once, and for the whole race
 *     ask ──► stale answer ──► resolver ──► answer    expired, within `staleFor`: a fresh one follows and replaces it
 *
 * A family that is not known, or not any more, is asked for alone. Those who ask for the same while a query is under way
 * share it; it is cancelled with the last of them. That there is nothing (`ENOTFOUND`, `ENODATA`) is remembered too; that a
 * query failed (`ESERVFAIL`, `ETIMEOUT` …) is not, and does not replace a stale answer.
 *
 * Errors with the resolver's error. Share one among races that should profit from each other.
 *
 * @throws TypeError, RangeError at the call, for options that make no sense
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8767 RFC 8767} for stale answers, {@link https://www.rfc-editor.org/rfc/rfc2308
 * RFC 2308} for negative ones
 */
export function cached(resolver: Resolver, options: CacheOptions = {}): CachedResolver {
  checkEach('options', options, checks);
  const { maxTtl = 30, minTtl = 0, negativeTtl = 5, staleFor = 0, maxEntries = 1000, clock = monotonicScheduler } = options;
  const source = wellFormedResolver(resolver, () => undefined);
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  const underWay = new Map<string, Observable<Answer>>();

  const holdsFor = ({ addresses, ttl = addresses.length > 0 ? maxTtl : negativeTtl }: Answer) =>
    Math.min(Math.max(addresses.length > 0 ? ttl : Math.min(ttl, negativeTtl), minTtl), maxTtl);

  const store = (host: string, answer: Answer) => {
    const freshUntil = clock.now() + holdsFor(answer) * 1000;
    if (!queryFailed(answer)) entries.set(keyOf(host, answer.type), { answer, freshUntil });
  };

  /** One query for all who ask while it is under way. */
  const shareQuery = (host: string, query: Query): Observable<Answer> => {
    const key = `${query.family ?? 0} ${host}`;
    const same$ = underWay.get(key);
    if (same$) return same$;
    const both$ = underWay.get(`0 ${host}`);
    if (both$) return both$.pipe(filter((answer) => answerFamily(answer) === query.family));
    const halfUnderWay = query.family === undefined && FAMILIES.some((family) => underWay.has(`${family} ${host}`));
    if (halfUnderWay) return merge(...FAMILIES.map((family) => shareQuery(host, { ...query, family })));
    const shared$: Observable<Answer> = source(host, query).pipe(
      tap((answer) => {
        if (underWay.get(key) === shared$) store(host, answer); // unless it has been cleared
      }),
      finalize(() => {
        if (underWay.get(key) === shared$) underWay.delete(key);
      }),
      share({
        connector: () => new ReplaySubject<Answer>(Infinity),
        resetOnRefCountZero: resolver.uncancellable ? () => lingering(clock) : true,
      }),
    );
    underWay.set(key, shared$);
    return shared$;
  };

  const ask = (host: string, asked: Query): Observable<Answer> => {
    const now = clock.now();
    const wanted = asked.family === undefined ? FAMILIES : [asked.family];
    const remembered = wanted.map((family) => entries.get(keyOf(host, recordType(family))));
    const missing = wanted.filter((_, index) => (remembered[index]?.freshUntil ?? -Infinity) <= now);
    const usable = remembered.filter((entry) => entry !== undefined && entry.freshUntil + staleFor * 1000 > now);
    const known$ = from(usable.map((entry) => given(entry!, now)));
    if (missing.length === 0) return known$;
    const stale = new Set(usable.filter((entry) => entry!.freshUntil <= now).map((entry) => entry!.answer.type));
    const fresh$ = defer(() => shareQuery(host, missing.length === 1 ? { ...asked, family: missing[0] } : asked)).pipe(
      // What has failed says nothing against what is stale.
      map((answer) => (stale.has(answer.type) && queryFailed(answer) ? { ...answer, stale: true } : answer)),
    );
    return concat(known$, fresh$);
  };

  return Object.assign((host: string, asked: Query = {}) => defer(() => ask(host.toLowerCase(), asked)), {
    clear: () => {
      entries.clear();
      underWay.clear();
    },
  });
}

/** Emits when those who wait no more have been waited for long enough; in real time without holding the process open. */
function lingering(clock: TimestampProvider | SchedulerLike): Observable<unknown> {
  if (isScheduler(clock) && clock !== monotonicScheduler) return timer(LINGER, clock);
  return new Observable((subscriber) => {
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

const FAMILIES: readonly Family[] = [6, 4];

interface Entry {
  readonly answer: Answer;
  readonly freshUntil: number;
}

const checks: Checks<CacheOptions> = {
  maxTtl: number(0, Number.MAX_SAFE_INTEGER),
  minTtl: number(0, Number.MAX_SAFE_INTEGER),
  negativeTtl: number(0, Number.MAX_SAFE_INTEGER),
  staleFor: number(0, Number.MAX_SAFE_INTEGER),
  maxEntries: integer(1, Number.MAX_SAFE_INTEGER),
  clock: (name, value) => {
    const { now } = (isObject(value) || typeof value === 'function' ? value : {}) as Partial<TimestampProvider>;
    if (typeof now !== 'function') throw invalidType(name, 'a scheduler or a clock', value);
  },
};

function keyOf(host: string, type: Answer['type']): string {
  return `${type} ${host}`;
}

/**
 * An answer as it is given from memory: as a stale one, or without a time to live, for it holds at least for the race that it
 * is given to.
 */
function given({ answer, freshUntil }: Entry, now: number): Answer {
  if (freshUntil <= now) return { ...answer, ttl: 0, stale: true };
  return { ...answer, ttl: undefined };
}

/** Nobody knows whether there is something. */
function queryFailed({ addresses, error }: Answer): boolean {
  return addresses.length === 0 && error !== undefined && !NOTHING_THERE.has(errorCode(error) ?? '');
}
