import { readFileSync, statSync } from 'node:fs';
import { toError } from '../core/error-tools.js';
import { debug } from '../observe/debug.js';
import { realTime } from '../rx/real-time.js';

/**
 * Reads and parses a system file on first use, and again whenever the file has changed.
 *
 * An unreadable file counts as empty, and the reason is logged.
 *
 * @param parse called with the text of each version of the file
 * @param lookInterval how long the file is assumed to be unchanged, in ms; default 0: each call looks
 */
export function watchedFile<T>(path: string, parse: (text: string) => T, lookInterval = 0): () => T {
  let lookedAt = -Infinity;
  let version: string | undefined;
  let current: { readonly value: T } | undefined;

  return () => {
    if (current && lookInterval > 0 && realTime().now() - lookedAt < lookInterval) return current.value;
    lookedAt = realTime().now();
    const found = attempt(path, () => versionOf(path));
    if (!current || found !== version) {
      version = found;
      current = { value: parse((found && attempt(path, () => readFileSync(path, 'utf8'))) ?? '') };
    }
    return current.value;
  };
}

/** A value that changes with the file; `undefined` if it does not exist. */
export function versionOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.size}`;
}

function attempt<R>(path: string, call: () => R): R | undefined {
  try {
    return call();
  } catch (error) {
    debug('%s cannot be read: %s', path, toError(error).message);
    return undefined;
  }
}
