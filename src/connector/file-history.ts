import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { LRUCache } from 'lru-cache';
import { toError } from '../core/error-tools.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach, integer, type Checks } from '../core/input/checks.js';
import { merged, MOST_SAMPLES, type PathRecord } from '../core/race/path-records.js';
import { pathsOf, validRecord, type Snapshot } from '../core/race/snapshot.js';
import { sharedFile, type SharedFile } from '../node/shared-file.js';
import { debug } from '../observe/debug.js';
import { realTime } from '../rx/real-time.js';
import type { HistoryStore } from './history-store.js';
import { wallClock } from './wall-clock.js';

/** Options of {@link fileHistory}. */
export interface FileHistoryOptions {
  /** The most records kept in memory and in the file; the least recently used are evicted. Default 1000. */
  readonly maxEntries?: number | undefined;
}

const FILE_HISTORY_CHECKS: Checks<FileHistoryOptions> = { maxEntries: integer(1, 100_000) };

/** The least time between two readings of the file, and between two writings, in ms. */
const INTERVAL = 1000;

/** How long a process waits if another is writing, in ms. */
const NEXT_TRY = 30;

/** How often an exiting process tries to write, and the ms in between. */
const LAST_TRIES = 200;
const LAST_PAUSE = 5;

/**
 * A history of paths that outlives the process: a file that any number of processes share. Meant for command-line tools and other
 * short processes.
 *
 *     createConnector({ history: { store: fileHistory() } })
 *
 * The file is read on the first race, and again when it has changed, at most once a second. What this process learns is merged with
 * what others have written meanwhile (round-trip times by weight, failures by time). The result replaces the file atomically, at
 * most once a second and when the process exits; a signal that kills the process loses the last second. The file has the format of
 * a connector's snapshot and mode 0600, and never keeps the process alive. A damaged or foreign file is renamed and logged. If the
 * file cannot be read or written, the history stays in memory.
 *
 * Two calls with the same path share one store, which has the options of the first.
 *
 * @param path default: `rx-happy-eyeballs/history-1.json` in the user's cache directory: `$XDG_CACHE_HOME`, otherwise `~/.cache`;
 * `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows
 * @throws TypeError, RangeError at the call, with Node's codes
 */
export function fileHistory(path: string = defaultPath(), options: FileHistoryOptions = {}): HistoryStore {
  if (typeof path !== 'string') throw invalidType('path', 'of type string', path);
  if (path === '' || path.includes('\0')) throw invalidValue('path', 'must be a path without null bytes', path);
  checkEach('options', options, FILE_HISTORY_CHECKS);
  const absolute = resolve(path);
  const open = opened.get(absolute) ?? new FileHistory(sharedFile(absolute), absolute, options.maxEntries ?? 1000);
  opened.set(absolute, open);
  return open;
}

const opened = new Map<string, FileHistory>();

function defaultPath(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const fallback = process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
  const caches = (process.platform === 'win32' ? LOCALAPPDATA : XDG_CACHE_HOME) || fallback;
  return join(caches, 'rx-happy-eyeballs', 'history-1.json');
}

/** What this process has learnt about a path since it last wrote the file. */
interface Learnt {
  /** The record that was in the file then. Another process may have changed it since. */
  readonly base: PathRecord | undefined;
  samples: number;
}

class FileHistory implements HistoryStore {
  readonly #file: SharedFile;
  readonly #path: string;
  readonly #maxEntries: number;
  readonly #records: LRUCache<string, PathRecord>;
  readonly #learnt = new Map<string, Learnt>();
  #cleared = false;
  #lookedAt = -Infinity;
  #seen: string | undefined;
  #isWaiting = false;
  /** Why the file could not be read or written last time. */
  #trouble: string | undefined;

  constructor(file: SharedFile, path: string, maxEntries: number) {
    this.#file = file;
    this.#path = path;
    this.#maxEntries = maxEntries;
    this.#records = new LRUCache({ max: maxEntries });
  }

  get(key: string): PathRecord | undefined {
    this.#look();
    return this.#records.get(key);
  }

  set(key: string, record: PathRecord): void {
    this.#look();
    const before = this.#records.get(key);
    const learnt = this.#learnt.get(key) ?? { base: before, samples: 0 };
    if (record.usedAt !== before?.usedAt) learnt.samples++;
    this.#learnt.set(key, learnt);
    this.#records.set(key, record);
    this.#writeLater();
  }

  /** Also clears the file. */
  clear(): void {
    this.#records.clear();
    this.#learnt.clear();
    this.#cleared = true;
    this.#writeLater();
  }

  entries(): Iterable<readonly [string, PathRecord]> {
    this.#look();
    return this.#records.entries();
  }

  /** Reads what other processes have written. */
  #look(): void {
    const { now } = realTime();
    if (this.#cleared || now() - this.#lookedAt < INTERVAL) return;
    this.#lookedAt = now();
    this.#try(() => {
      const version = this.#file.version();
      if (version === this.#seen) return;
      this.#seen = version;
      for (const [key, record] of this.#read().reverse()) if (!this.#learnt.has(key)) this.#records.set(key, record);
    });
  }

  /** The records of the file, the most recently used first. An invalid file counts as empty. */
  #read(whenDamaged: (reason: string) => void = this.#sayDamaged): [string, PathRecord][] {
    const text = this.#file.read();
    if (text === undefined) return [];
    try {
      const valid = pathsOf(JSON.parse(text)).flatMap(([key, given]): [string, PathRecord][] => {
        const record = validRecord(given, wallClock());
        return record ? [[key, record]] : [];
      });
      return this.#lastUsed(valid);
    } catch (error) {
      whenDamaged(toError(error).message);
      return [];
    }
  }

  #lastUsed(records: readonly [string, PathRecord][]): [string, PathRecord][] {
    return [...records].sort(([, one], [, other]) => lastSeen(other) - lastSeen(one)).slice(0, this.#maxEntries);
  }

  readonly #sayDamaged = (reason: string) => debug('%s is no history, and ignored: %s', this.#path, reason);

  #writeLater(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    unwritten.add(this);
    if (unwritten.size === 1) process.on('exit', writeAll);
    this.#in(INTERVAL);
  }

  #in(delay: number): void {
    realTime()
      .setTimeout(() => this.#writeInTurn(), delay)
      .unref();
  }

  #writeInTurn(): void {
    if (!this.#isWaiting) return;
    if (this.write()) this.#written();
    else this.#in(NEXT_TRY);
  }

  #written(): void {
    this.#isWaiting = false;
    unwritten.delete(this);
    if (unwritten.size === 0) process.off('exit', writeAll);
  }

  /** @returns false if another process is writing */
  write(): boolean {
    return this.#try(() => this.#file.exclusively(() => this.#merge())) ?? true;
  }

  /** Writes while the process exits, when there is no later. */
  writeNow(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = 0; tries < LAST_TRIES; tries++) {
      if (this.write()) return;
      Atomics.wait(pause, 0, 0, LAST_PAUSE);
    }
    // Without the lock. The file stays whole, but what another process writes in this moment may be lost.
    this.#try(() => this.#merge());
  }

  /** Writes a version that merges the present file with what this process has learnt. */
  #merge(): void {
    const theirs = new Map(this.#cleared ? [] : this.#read((reason) => this.#setAside(reason)));
    for (const [key, record] of this.#records.entries()) {
      const learnt = this.#learnt.get(key);
      if (learnt) theirs.set(key, together(record, learnt, theirs.get(key)));
    }
    const all = this.#lastUsed([...theirs]);
    const snapshot: Snapshot = { version: 1, paths: Object.fromEntries(all) };
    this.#file.replace(JSON.stringify(snapshot));
    this.#learnt.clear();
    this.#cleared = false;
    for (const [key, record] of all.reverse()) this.#records.set(key, record);
    this.#seen = this.#file.version();
  }

  #setAside(reason: string): void {
    debug('%s is no history (%s), and renamed %s', this.#path, reason, this.#file.setAside());
  }

  /** Calls a function that uses the file. A failure is logged once, and the history goes on without the file. */
  #try<R>(call: () => R): R | undefined {
    try {
      const result = call();
      this.#trouble = undefined;
      return result;
    } catch (error) {
      const { message } = toError(error);
      if (message !== this.#trouble) debug('the history is kept in memory alone: %s', message);
      this.#trouble = message;
      return undefined;
    }
  }
}

function together(record: PathRecord, { base, samples }: Learnt, theirs: PathRecord | undefined): PathRecord {
  if (!theirs || isSame(theirs, base)) return record;
  return merged({ record, samples }, { record: theirs, samples: MOST_SAMPLES });
}

function isSame(one: PathRecord, other: PathRecord = {}): boolean {
  return one.usedAt === other.usedAt && one.failedAt === other.failedAt && one.smoothedRtt === other.smoothedRtt;
}

function lastSeen({ usedAt = 0, failedAt = 0 }: PathRecord): number {
  return Math.max(usedAt, failedAt);
}

/** Histories with something to write. */
const unwritten = new Set<FileHistory>();

function writeAll(): void {
  for (const history of unwritten) history.writeNow();
}
