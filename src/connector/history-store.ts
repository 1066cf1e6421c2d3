import { isObject } from '../core/input/checks.js';
import type { PathRecord } from '../core/race/path-records.js';

/** Where records are kept, synchronously: a Map will do. One that throws is done without. */
export interface HistoryStore {
  get(key: string): PathRecord | undefined;
  set(key: string, record: PathRecord): unknown;
  clear(): void;
  /** Those used last first, where the store has an order. */
  entries(): Iterable<readonly [string, PathRecord]>;
  /** Names the network where `HistoryOptions.network` does not; for a store that several machines share. */
  readonly network?: () => string;
}

export function isStore(value: unknown): value is HistoryStore {
  const { get, set, clear, entries } = (isObject(value) ? value : {}) as Record<keyof HistoryStore, unknown>;
  return [get, set, clear, entries].every((method) => typeof method === 'function');
}
