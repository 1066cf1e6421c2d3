import { LRUCache } from 'lru-cache';
import { errorCode } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import type { PathRecord } from '../core/race/path-records.js';
import { isStore, type HistoryStore } from './history-store.js';
import { createHistory, type History, type HistoryOptions } from './path-history.js';
import { wallClock } from './wall-clock.js';

/**
 * The key under which all copies of this package (ES modules, CommonJS, other versions) share the history of the process. The
 * number is the version of the records' format, which is that of snapshots.
 */
const KEY = Symbol.for('rx-happy-eyeballs.history.1');
const shared = globalThis as { [KEY]?: unknown };

/** The most records kept. */
const MAX_ENTRIES = 1000;

function sharedStore(): HistoryStore {
  const known = shared[KEY];
  if (isStore(known)) return known;
  const made = new LRUCache<string, PathRecord>({ max: MAX_ENTRIES });
  shared[KEY] = made;
  return made;
}

let history: History | undefined;

/**
 * The history that `register`, agents, `RaceSocket` and undici share within a process. A dead path costs its delay once instead of
 * on every connection.
 */
export function processHistory(): History {
  return (history ??= historyOfSockets({ store: sharedStore() }));
}

/**
 * A history for sockets of other people's code.
 *
 * @throws TypeError, RangeError for invalid options
 */
export function historyOfSockets(options: HistoryOptions): History {
  return createHistory(options, wallClock, tellsOfPath);
}

/** Failures of the network. Any other failure means that the address has answered. */
const NO_ANSWER: ReadonlySet<string | undefined> = new Set([
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EACCES',
]);

/**
 * Whether an event says something about the path to an address, rather than about the service behind it. A refusal is an answer
 * and costs no delay: another port of the address may be open, or its certificate be valid for another name.
 */
function tellsOfPath(event: RaceEvent): boolean {
  return event.type !== 'failed' || NO_ANSWER.has(errorCode(event.error));
}
