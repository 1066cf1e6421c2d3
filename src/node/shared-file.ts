import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode, toError } from '../core/error-tools.js';
import { versionOf } from './watched-file.js';

/**
 * A small text file of this user only, which several processes read and replace. It is whole at every moment: a new version is
 * written next to it and renamed. All calls are synchronous, so that they also work while a process exits.
 */
export interface SharedFile {
  /** A value that changes with each version of the file; `undefined` if there is no file. */
  readonly version: () => string | undefined;
  /**
   * @returns `undefined` if there is no file
   * @throws Error for a file that is unreadable, too large, not a regular file, or owned by another user
   */
  readonly read: () => string | undefined;
  /**
   * Replaces the file by another version with mode 0600. Creates a missing folder with mode 0700.
   *
   * @throws Error if the file cannot be written
   */
  readonly replace: (text: string) => void;
  /** Renames the file so that nothing reads it any more. Its content is kept. */
  readonly setAside: () => string;
  /**
   * Calls a function under a lock that excludes other processes.
   *
   * @returns false if another process holds the lock; then nothing was called
   */
  readonly exclusively: (call: () => void) => boolean;
}

/** In bytes. */
const LARGEST = 16 * 2 ** 20;

/** In ms. Later, files that a killed process left behind are ignored. */
const LEFT_BEHIND = 2000;

export function sharedFile(path: string): SharedFile {
  const folder = dirname(path);
  const lock = `${path}.lock`;

  return {
    version: () => versionOf(path),
    read: () => readOwn(path),
    replace: (text) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const written = `${path}.${randomUUID()}.tmp`;
      writeFileSync(written, text, { mode: 0o600, flag: 'wx' });
      try {
        patiently(() => renameSync(written, path));
      } catch (error) {
        rmSync(written, { force: true });
        throw error;
      }
    },
    setAside: () => {
      const aside = `${path}.${Date.now()}.aside`;
      renameSync(path, aside);
      return aside;
    },
    exclusively: (call) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!taken(lock)) return false;
      try {
        removeLeftBehind(path);
        call();
      } finally {
        rmSync(lock, { force: true });
      }
      return true;
    },
  };
}

/** Errors of Windows for a file that another process has open, or that is gone once the last one has closed it. */
const BUSY: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);

/** How often a file that is busy is tried again, and ms between. */
const BUSY_TRIES = 10;
const BUSY_PAUSE = 5;

/** Repeats a call while Windows says that the file is busy: virus scanners and readers hold it for a moment. */
function patiently(call: () => void, tries = process.platform === 'win32' ? BUSY_TRIES : 0): void {
  try {
    call();
  } catch (error) {
    if (tries === 0 || !BUSY.has(errorCode(toError(error)))) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE);
    patiently(call, tries - 1);
  }
}

/** Flags to open neither the target of a link nor a pipe without a writer. Windows has neither flag. */
const READ_FILE_ALONE = ['O_RDONLY', 'O_NOFOLLOW', 'O_NONBLOCK'].reduce(
  (flags, name) => flags | ((constants as Readonly<Record<string, number>>)[name] ?? 0),
  0,
);

function readOwn(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, READ_FILE_ALONE);
  } catch (error) {
    if (errorCode(toError(error)) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error(`${path} is no regular file`);
    if (process.getuid && stats.uid !== process.getuid()) throw new Error(`${path} belongs to another user`);
    if (stats.size > LARGEST) throw new Error(`${path} has ${stats.size} bytes, more than ${LARGEST}`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Takes the lock, if it is free or was left behind. Returns whether it succeeded. */
function taken(lock: string): boolean {
  return created(lock) || (removed(lock) && created(lock));
}

/** Returns false if the file exists. */
function created(file: string): boolean {
  try {
    patiently(() => writeFileSync(file, String(process.pid), { mode: 0o600, flag: 'wx' }));
    return true;
  } catch (error) {
    if (errorCode(toError(error)) !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Removes a lock that was left behind. Returns whether it succeeded.
 *
 * Several processes may find it at once, and one that is late must not remove the lock that another has taken meanwhile. So only a process
 * that holds a file named after this very lock may remove it.
 */
function removed(lock: string): boolean {
  const found = identityOf(lock);
  if (found === undefined || !(isLeftBehind(lock) || isOfDeadProcess(found.pid))) return false;
  const permit = `${lock}.${found.name}`;
  if (!created(permit)) {
    if (isLeftBehind(permit)) rmSync(permit, { force: true });
    return false;
  }
  try {
    if (identityOf(lock)?.name !== found.name) return false;
    rmSync(lock, { force: true });
    return true;
  } finally {
    rmSync(permit, { force: true });
  }
}

/** The process that took a lock, and a name that no other lock has; `undefined` if there is no lock. */
function identityOf(lock: string): { readonly pid: number; readonly name: string } | undefined {
  const version = versionOf(lock);
  try {
    const text = readFileSync(lock, 'utf8');
    return { pid: Number(text || process.pid), name: `${version} ${text}`.replace(/\D+/g, '-') };
  } catch {
    return undefined;
  }
}

function isOfDeadProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(toError(error)) === 'ESRCH';
  }
}

/** The rest of the names of versions that are not yet in place, and of permits to remove a lock. */
const PASSING = /^(?:[\da-f-]{36}\.tmp|lock\.[\d-]+)$/;

/** Removes what killed processes have left behind: a version that they could not put in place, and a permit. */
function removeLeftBehind(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    if (name.startsWith(prefix) && PASSING.test(name.slice(prefix.length)) && isLeftBehind(file)) rmSync(file, { force: true });
  }
}

function isLeftBehind(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > LEFT_BEHIND;
}
