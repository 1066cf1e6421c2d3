import { LRUCache } from 'lru-cache';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, checkEach, integer, isObject, number, orInfinity, type Checks } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import { failed, lessons, succeeded, type Past, type PathRecord, type Recall } from '../core/race/path-records.js';
import { currentNetwork as networkOfNow } from '../node/connectivity.js';
import { debug } from '../observe/debug.js';
import { realTime } from '../rx/real-time.js';

/** Where records are kept, synchronously: a Map will do. One that throws is done without. */
export interface HistoryStore {
  get(key: string): PathRecord | undefined;
  set(key: string, record: PathRecord): unknown;
  clear(): void;
  entries(): Iterable<readonly [string, PathRecord]>;
}

/** Options of a connector's history. */
export interface HistoryOptions {
  /** For how long a failure counts, in ms. Default 600 000: ten minutes. */
  readonly failureAge?: number;
  /** One race in so many takes no notice of history, so that a path that has recovered is found. Default 20; `Infinity`: none. */
  readonly ignoreOneIn?: number;
  /** Records kept, over all networks, in the store that is used by default. Default 1000. */
  readonly maxEntries?: number;
  /** Default: in memory, the record used longest ago makes room. */
  readonly store?: HistoryStore;
  /** Names the network that this machine is in; default: its addresses and their interfaces. */
  readonly network?: () => string;
}

/** History as plain JSON. */
export interface Snapshot {
  readonly version: 1;
  readonly paths: Readonly<Record<string, PathRecord>>;
}

/** What the races of one connector learn from each other, for each network by itself. */
export interface History {
  /** The history as one race of a partition sees it, in the network in which it begins. */
  readonly begin: (random: () => number, partition: string) => RaceHistory;
  readonly snapshot: () => Snapshot;
  readonly restore: (snapshot: unknown) => void;
  readonly clear: () => void;
}

export interface RaceHistory {
  /** Absent for a race that is to take no notice. */
  readonly past?: Past;
  /** Takes in the events of the race once it has ended; nothing, if the network is another by then. */
  readonly learn: (events: readonly RaceEvent[]) => void;
}

export const historyChecks: Checks<HistoryOptions> = {
  failureAge: number(0, Number.MAX_SAFE_INTEGER),
  ignoreOneIn: orInfinity(number(1, Number.MAX_SAFE_INTEGER)),
  maxEntries: integer(1, Number.MAX_SAFE_INTEGER),
  store: (name, value) => {
    if (!isStore(value)) throw invalidType(name, 'a store', value);
  },
  network: callable,
};

export function isStore(value: unknown): value is HistoryStore {
  const { get, set, clear, entries } = (isObject(value) ? value : {}) as Record<keyof HistoryStore, unknown>;
  return [get, set, clear, entries].every((method) => typeof method === 'function');
}

/** Instants that mean the same in another run of the program, in ms. */
export const wallClock = () => {
  const { timeOrigin, now } = realTime();
  return timeOrigin + now();
};

/**
 * @param now ms; of a clock that goes on from one run of the program to the next, where snapshots are to do so
 * @param teaches which events of a race count; default: all
 */
export function createHistory(
  options: HistoryOptions,
  now: () => number,
  teaches: (event: RaceEvent) => boolean = () => true,
): History {
  checkEach('options.history', options, historyChecks);
  const { failureAge = 600_000, ignoreOneIn = 20, maxEntries = 1000, network = networkOfNow } = options;
  const store = options.store ?? new LRUCache<string, PathRecord>({ max: maxEntries });
  const currentNetwork = () => attempt('network', network) ?? '';
  const failedLately = ({ failedAt }: PathRecord) => failedAt !== undefined && now() - failedAt < failureAge;

  return {
    begin: (random, partition) => {
      const home = currentNetwork();
      // JSON ends with a quotation mark, and an address does not: no key of a partition is one of the default's.
      const suffix = partition === '' ? '' : ` ${JSON.stringify(partition)}`;
      const keyOf = (address: string) => `${home} ${address}${suffix}`;
      const recall: Recall = ({ address }) => checked(attempt('get', () => store.get(keyOf(address))));
      const learn = (events: readonly RaceEvent[]) => {
        if (currentNetwork() !== home) return;
        for (const lesson of lessons(events.filter(teaches))) {
          const record = recall(lesson.endpoint) ?? {};
          const learnt = lesson.outcome === 'failed' ? failed(record, now()) : succeeded(record, lesson.rtt, now());
          attempt('set', () => store.set(keyOf(lesson.endpoint.address), learnt));
        }
      };
      return random() < 1 / ignoreOneIn ? { learn } : { past: { recall, failedLately }, learn };
    },
    snapshot: () => ({ version: 1, paths: attempt('entries', () => Object.fromEntries(store.entries())) ?? {} }),
    restore: (snapshot) => {
      if (!isObject(snapshot)) throw invalidType('snapshot', 'what snapshot() returned', snapshot);
      const { version, paths } = snapshot as Partial<Snapshot>;
      if (version !== 1 || !isObject(paths) || Array.isArray(paths))
        throw invalidValue('snapshot', 'is not of a version that is known', version);
      // The first was used last, and so is to be set last.
      for (const [key, record] of Object.entries(paths).reverse()) {
        const good = checked(record);
        if (good) attempt('set', () => store.set(key, notAfter(now(), good)));
      }
    },
    clear: () => {
      attempt('clear', () => {
        store.clear();
      });
    },
  };
}

/** History is of use, not of need: a store that throws is told of, and done without. */
function attempt<R>(what: string, call: () => R): R | undefined {
  const complain = (error: unknown) => {
    debug('the history does without %s: %s', what, toError(error).message);
  };
  try {
    const result = call();
    if (result instanceof Promise) result.catch(complain);
    return result;
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Instants of a clock that was ahead of this one would never age. */
function notAfter(now: number, { usedAt, failedAt, ...record }: PathRecord): PathRecord {
  return {
    ...record,
    ...(usedAt !== undefined && { usedAt: Math.min(usedAt, now) }),
    ...(failedAt !== undefined && { failedAt: Math.min(failedAt, now) }),
  };
}

/** What a record has, and nothing else. */
const RECORD_KEYS: readonly (keyof PathRecord)[] = ['smoothedRtt', 'rttVariation', 'usedAt', 'failedAt'];

/** A record that came from outside, without what records do not have; `undefined` for one that is invalid, which is logged. */
function checked(record: unknown): PathRecord | undefined {
  if (record === undefined) return undefined;
  const given = isObject(record) && !Array.isArray(record) ? (record as Record<string, unknown>) : undefined;
  if (!given || !RECORD_KEYS.every((name) => given[name] === undefined || isPossible(given[name]))) {
    debug('a record of the history is invalid, and ignored');
    return undefined;
  }
  const known: Record<string, unknown> = {};
  for (const name of RECORD_KEYS) if (given[name] !== undefined && Object.hasOwn(given, name)) known[name] = given[name];
  return known;
}

/** A duration or an instant in ms. */
function isPossible(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
