import { LRUCache } from 'lru-cache';
import { errorCode } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import type { PathRecord } from '../core/race/path-records.js';
import { isStore, type HistoryStore } from './history-store.js';
import { createHistory, type History, type HistoryOptions } from './path-history.js';
import { wallClock } from './wall-clock.js';

/**
 * Where all copies of this package keep the history of the process: its ES modules, its CommonJS, and other versions of it. The
 * number is that of the records' form, which is a snapshot's.
 */
const KEY = Symbol.for('rx-happy-eyeballs.history.1');
const shared = globalThis as { [KEY]?: unknown };

/** Records kept. */
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
 * The history that the sockets of a process share, whoever makes them: `register`, agents, `RaceSocket` and undici. A path that
 * is dead costs its delay once, and not with every connection.
 */
export function processHistory(): History {
  return (history ??= historyOfSockets({ store: sharedStore() }));
}

/**
 * A history for sockets of other people's code.
 *
 * @throws TypeError, RangeError for options that make no sense
 */
export function historyOfSockets(options: HistoryOptions): History {
  return createHistory(options, wallClock, tellsOfPath);
}

/** Failures of the network. After any other, the address has answered. */
const NO_ANSWER: ReadonlySet<string | undefined> = new Set([
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EACCES',
]);

/**
 * Whether an event tells of the path to an address, and not of what is behind it. Who refuses has answered, which takes no
 * delay: another port of that address may be served, and its certificate be good for another name.
 */
function tellsOfPath(event: RaceEvent): boolean {
  return event.type !== 'failed' || NO_ANSWER.has(errorCode(event.error));
}
