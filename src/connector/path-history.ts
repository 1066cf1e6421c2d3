import { LRUCache } from 'lru-cache';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, checkEach, integer, number, orInfinity, string, type Checks } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import { failed, lessons, succeeded, type Past, type PathRecord, type Recall } from '../core/race/path-records.js';
import { pathsOf, validRecord, type Snapshot } from '../core/race/snapshot.js';
import { currentNetwork as networkOfNow } from '../node/connectivity.js';
import { debug } from '../observe/debug.js';
import { fileHistory } from './file-history.js';
import { isStore, type HistoryStore } from './history-store.js';

/** Options of a connector's history. */
export interface HistoryOptions {
  /** For how long a failure counts, in ms. Default 600 000: ten minutes. */
  readonly failureAge?: number | undefined;
  /** One race in so many takes no notice of history, so that a path that has recovered is found. Default 20; `Infinity`: none. */
  readonly ignoreOneIn?: number | undefined;
  /** Records kept, over all networks, in the store that is used by default. Default 1000. */
  readonly maxEntries?: number | undefined;
  /** Default: in memory, the record used longest ago makes room. */
  readonly store?: HistoryStore | undefined;
  /** Keeps the records in this file, as {@link fileHistory} does; `true`: in the user's folder for caches. Not with `store`. */
  readonly file?: true | string | undefined;
  /** Names the network that this machine is in; default: as the store has it, else its addresses and their interfaces. */
  readonly network?: (() => string) | undefined;
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
  file: (name, value) => {
    if (value !== true) string(name, value);
  },
  network: callable,
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
  const { failureAge = 600_000, ignoreOneIn = 20 } = options;
  const store = storeFor(options);
  const network = options.network ?? store.network ?? networkOfNow;
  const currentNetwork = () => attempt('network', network) ?? '';
  const failedLately = ({ failedAt }: PathRecord) => failedAt !== undefined && now() - failedAt < failureAge;

  const isOwn = options.store === undefined && options.file === undefined;

  /** The history as races of a partition see it that begin in a network. */
  const view = (home: string, partition: string): View => {
    // JSON ends with a quotation mark, and an address does not: no key of a partition is one of the default's.
    const suffix = partition === '' ? '' : ` ${JSON.stringify(partition)}`;
    const keyOf = (address: string) => `${home} ${address}${suffix}`;
    const recall: Recall = ({ address }) => {
      const record = attempt('get', () => store.get(keyOf(address)));
      // What only this history has set is valid.
      return isOwn ? record : checked(record);
    };
    const learn = (events: readonly RaceEvent[]) => {
      if (currentNetwork() !== home) return;
      for (const lesson of lessons(events.filter(teaches))) {
        const record = recall(lesson.endpoint) ?? {};
        const learnt = lesson.outcome === 'failed' ? failed(record, now()) : succeeded(record, lesson.rtt, now());
        attempt('set', () => store.set(keyOf(lesson.endpoint.address), learnt));
      }
    };
    return { home, partition, noticing: { past: { recall, failedLately }, learn }, ignoring: { learn } };
  };
  // Most races see what the one before has seen, and what follows from it need not be worked out again.
  let latest: View | undefined;

  return {
    begin: (random, partition) => {
      const home = currentNetwork();
      if (latest?.home !== home || latest.partition !== partition) latest = view(home, partition);
      return random() < 1 / ignoreOneIn ? latest.ignoring : latest.noticing;
    },
    snapshot: () => ({ version: 1, paths: attempt('entries', () => Object.fromEntries(store.entries())) ?? {} }),
    restore: (snapshot) => {
      // The first was used last, and so is to be set last.
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

/** The history for races of one partition in one network: those that go by it, and those that take no notice. */
interface View {
  readonly home: string;
  readonly partition: string;
  readonly noticing: RaceHistory;
  readonly ignoring: RaceHistory;
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

/** A record that came from outside; `undefined` for an invalid one, which is logged. */
function checked(record: unknown, now?: number): PathRecord | undefined {
  if (record === undefined) return undefined;
  const valid = validRecord(record, now);
  if (!valid) debug('a record of the history is invalid, and ignored');
  return valid;
}
