import { isObject } from '../core/input/checks.js';
import type { PathRecord } from '../core/race/path-records.js';

/** A synchronous store of records, such as a Map. If it throws, races go on without it. */
export interface HistoryStore {
  get(key: string): PathRecord | undefined;
  set(key: string, record: PathRecord): unknown;
  clear(): void;
  /** The most recently used records first, if the store has an order. */
  entries(): Iterable<readonly [string, PathRecord]>;
  /** The default of `HistoryOptions.network`, for a store that several machines share. */
  readonly network?: () => string;
}

export function isStore(value: unknown): value is HistoryStore {
  const { get, set, clear, entries } = (isObject(value) ? value : {}) as Record<keyof HistoryStore, unknown>;
  return [get, set, clear, entries].every((method) => typeof method === 'function');
}
