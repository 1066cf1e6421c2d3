import { invalidType, invalidValue } from '../input/argument-errors.js';
import { isObject } from '../input/checks.js';
import type { PathRecord } from './path-records.js';

/** History as plain JSON, the most recently used path first. */
export interface Snapshot {
  readonly version: 1;
  readonly paths: Readonly<Record<string, PathRecord>>;
}

/**
 * The records of an untrusted snapshot. Check each with {@link validRecord}.
 *
 * @throws TypeError unless it is a snapshot of a known version
 */
export function pathsOf(snapshot: unknown): readonly (readonly [string, unknown])[] {
  if (!isObject(snapshot)) throw invalidType('snapshot', 'what snapshot() returned', snapshot);
  const { version, paths } = snapshot as Partial<Snapshot>;
  if (version !== 1 || !isObject(paths) || Array.isArray(paths))
    throw invalidValue('snapshot', 'is not of a version that is known', version);
  return Object.entries(paths);
}

/** The properties of a record. */
const RECORD_KEYS: readonly (keyof PathRecord)[] = ['smoothedRtt', 'rttVariation', 'usedAt', 'failedAt'];

/**
 * Validates an untrusted record and drops unknown properties. Returns `undefined` for an invalid record.
 *
 * @param now in ms. Later instants, of a clock that was ahead, would never age and are replaced by `now`. Default: `Infinity`.
 */
export function validRecord(record: unknown, now = Infinity): PathRecord | undefined {
  if (!isObject(record) || Array.isArray(record)) return undefined;
  const given = record as Record<string, unknown>;
  const known: Record<string, number> = {};
  for (const name of RECORD_KEYS) {
    const value = given[name];
    if (value === undefined) continue;
    if (!isPossible(value)) return undefined;
    if (Object.hasOwn(given, name)) known[name] = name.endsWith('At') ? Math.min(value, now) : value;
  }
  return known;
}

/** A duration or an instant in ms. */
function isPossible(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
