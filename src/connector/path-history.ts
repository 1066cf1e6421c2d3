import { LRUCache } from 'lru-cache';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, checkEach, integer, number, orInfinity, string, type Checks } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import { remembered } from '../core/remembered.js';
import type { RaceEvent } from '../core/race/events.js';
import { failed, lessons, succeeded, type Past, type PathRecord, type Recall } from '../core/race/path-records.js';
import { pathsOf, validRecord, type Snapshot } from '../core/race/snapshot.js';
import { currentNetwork as networkOfNow } from '../node/connectivity.js';
import { debug } from '../observe/debug.js';
import { fileHistory } from './file-history.js';
import { isStore, type HistoryStore } from './history-store.js';

/** Options of a connector's history. */
export interface HistoryOptions {
  /**
   * How long a failure counts.
   *
   * @defaultValue 600000 ms
   */
  readonly failureAge?: number | undefined;
  /**
   * One race in `ignoreOneIn` ignores the history, so that an address that has recovered is found. `Infinity`: none does.
   *
   * @defaultValue 20
   */
  readonly ignoreOneIn?: number | undefined;
  /**
   * How many records the default store keeps, over all networks.
   *
   * @defaultValue 1000
   */
  readonly maxEntries?: number | undefined;
  /**
   * Where the records are kept: a `Map`, or an object with the same synchronous methods. The default store is in memory, and drops
   * the record that was used longest ago.
   *
   * @defaultValue none
   */
  readonly store?: HistoryStore | undefined;
  /**
   * The path of a file that keeps the records when the process ends, as {@link fileHistory} does. `true`: a file in the user's cache
   * folder. Invalid beside `store`.
   *
   * @defaultValue none
   */
  readonly file?: true | string | undefined;
  /**
   * Names the network that this machine is in. By default the store names it; otherwise the machine's addresses and interfaces do.
   *
   * @defaultValue none
   */
  readonly network?: (() => string) | undefined;
}

/** What the races of one connector learn from each other, separately for each network. */
export interface History {
  /** The history for one race of a partition, in the present network. */
  readonly begin: (random: () => number, partition: string) => RaceHistory;
  readonly snapshot: () => Snapshot;
  readonly restore: (snapshot: unknown) => void;
  readonly clear: () => void;
}

export interface RaceHistory {
  /** Absent for a race that ignores the history. */
  readonly past?: Past;
  /** Learns from the events of a finished race, unless the network has changed. */
  readonly learn: (events: readonly RaceEvent[]) => void;
}

export const historyChecks: Checks<HistoryOptions> = {
  failureAge: number(0, Number.MAX_SAFE_INTEGER),
  ignoreOneIn: orInfinity(number(1, Number.MAX_SAFE_INTEGER)),
  maxEntries: integer(1, Number.MAX_SAFE_INTEGER),
  store: (name, value) => {
    if (!isStore(value)) throw invalidType(name, 'a store', value);
  },
  file: (name, value) => {
    if (value !== true) string(name, value);
  },
  network: callable,
};

/**
 * @param now a clock in ms; if snapshots are to be restored in another process, one that continues there
 * @param teaches which events of a race count; default: all
 */
export function createHistory(options: HistoryOptions, now: () => number, teaches?: (event: RaceEvent) => boolean): History {
  checkEach('options.history', options, historyChecks);
  const { failureAge = 600_000, ignoreOneIn = 20 } = options;
  const store = storeFor(options);
  const network = options.network ?? store.network ?? networkOfNow;
  const currentNetwork = () => attempt('network', network) ?? '';
  const failedLately = ({ failedAt }: PathRecord) => failedAt !== undefined && now() - failedAt < failureAge;

  const isOwn = options.store === undefined && options.file === undefined;

  /** The history for races of a partition that begin in the network `home`. */
  const view = (home: string, partition: string): View => {
    // JSON ends with a quotation mark and an address does not, so keys of partitions never equal the default's.
    const suffix = partition === '' ? '' : ` ${JSON.stringify(partition)}`;
    const keyOf = remembered((address) => `${home} ${address}${suffix}`);
    // The default store does not fail, and has only valid records.
    const recall: Recall = isOwn
      ? ({ address }) => store.get(keyOf(address))
      : ({ address }) => checked(attempt('get', () => store.get(keyOf(address))));
    const learn = (events: readonly RaceEvent[]) => {
      if (currentNetwork() !== home) return;
      for (const lesson of lessons(teaches ? events.filter(teaches) : events)) {
        const record = recall(lesson.endpoint) ?? {};
        const learnt = lesson.outcome === 'failed' ? failed(record, now()) : succeeded(record, lesson.rtt, now());
        attempt('set', () => store.set(keyOf(lesson.endpoint.address), learnt));
      }
    };
    return { home, partition, noticing: { past: { recall, failedLately }, learn }, ignoring: { learn } };
  };
  // Cached, because most races have the same view as the race before.
  let latest: View | undefined;

  return {
    begin: (random, partition) => {
      const home = currentNetwork();
      if (latest?.home !== home || latest.partition !== partition) latest = view(home, partition);
      return random() < 1 / ignoreOneIn ? latest.ignoring : latest.noticing;
    },
    snapshot: () => ({ version: 1, paths: attempt('entries', () => Object.fromEntries(store.entries())) ?? {} }),
    restore: (snapshot) => {
      // The first was used most recently, so it is set last.
      for (const [key, record] of [...pathsOf(snapshot)].reverse()) {
        const good = checked(record, now());
        if (good) attempt('set', () => store.set(key, good));
      }
    },
    clear: () => {
      attempt('clear', () => {
        store.clear();
      });
    },
  };
}

function storeFor({ store, file, maxEntries = 1000 }: HistoryOptions): HistoryStore {
  if (file === undefined) return store ?? new LRUCache<string, PathRecord>({ max: maxEntries });
  if (store) throw invalidValue('options.history.file', 'has no effect beside options.history.store', file);
  return fileHistory(file === true ? undefined : file, { maxEntries });
}

/** The history for races of one partition in one network: for those that use it, and for those that ignore it. */
interface View {
  readonly home: string;
  readonly partition: string;
  readonly noticing: RaceHistory;
  readonly ignoring: RaceHistory;
}

/** A race must not fail because its store does: the error is logged, and the race goes on without history. */
function attempt<R>(what: string, call: () => R): R | undefined {
  try {
    const result = call();
    if (result instanceof Promise) result.catch((error: unknown) => complain(what, error));
    return result;
  } catch (error) {
    complain(what, error);
    return undefined;
  }
}

function complain(what: string, error: unknown): void {
  debug('the history goes on without %s: %s', what, toError(error).message);
}

/** Validates an untrusted record. Returns `undefined` for an invalid one, which is logged. */
function checked(record: unknown, now?: number): PathRecord | undefined {
  if (record === undefined) return undefined;
  const valid = validRecord(record, now);
  if (!valid) debug('an invalid record of the history is ignored');
  return valid;
}
