import { readFileSync, statSync } from 'node:fs';
import { toError } from '../core/error-tools.js';
import { debug } from '../observe/debug.js';
import { realTime } from '../rx/real-time.js';

/**
 * What a file of the system says, read when it is first asked for and again whenever the file has changed.
 *
 * A file that cannot be read counts as an empty one, and the reason is logged.
 *
 * @param parse called with the text of each version of the file
 * @param lookInterval for how many ms the file is believed to be unchanged; default 0: it is looked at for each call
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

/** Changes when the file does; `undefined` for one that does not exist. */
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
