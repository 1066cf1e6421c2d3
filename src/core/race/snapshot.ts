import { invalidType, invalidValue } from '../input/argument-errors.js';
import { isObject } from '../input/checks.js';
import type { PathRecord } from './path-records.js';

/** History as plain JSON. The path that was used last comes first. */
export interface Snapshot {
  readonly version: 1;
  readonly paths: Readonly<Record<string, PathRecord>>;
}

/**
 * The records of a snapshot that came from outside. Each is to be checked by {@link validRecord}.
 *
 * @throws TypeError for anything but a snapshot of a known version
 */
export function pathsOf(snapshot: unknown): readonly (readonly [string, unknown])[] {
  if (!isObject(snapshot)) throw invalidType('snapshot', 'what snapshot() returned', snapshot);
  const { version, paths } = snapshot as Partial<Snapshot>;
  if (version !== 1 || !isObject(paths) || Array.isArray(paths))
    throw invalidValue('snapshot', 'is not of a version that is known', version);
  return Object.entries(paths);
}

/** What a record has, and nothing else. */
const RECORD_KEYS: readonly (keyof PathRecord)[] = ['smoothedRtt', 'rttVariation', 'usedAt', 'failedAt'];

/**
 * A record that came from outside, without properties that records do not have; `undefined` for an invalid one.
 *
 * @param now ms; an instant of a clock that was ahead of this one would never age, and becomes this one. Default: none is ahead.
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
