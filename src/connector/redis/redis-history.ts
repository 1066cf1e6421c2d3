import { randomUUID } from 'node:crypto';
import { toError } from '../../core/error-tools.js';
import { callable, checkEach, integer, string, type Checks } from '../../core/input/checks.js';
import type { PathRecord } from '../../core/race/path-records.js';
import { debug } from '../../observe/debug.js';
import { realTime } from '../../rx/real-time.js';
import type { HistoryStore } from '../history-store.js';
import { wallClock } from '../wall-clock.js';
import { FleetMemory } from './fleet-memory.js';
import { LessonStream, type Page } from './lesson-stream.js';
import { MOST_LESSONS, type Lesson } from './lesson.js';
import { commandOf, type RedisClient } from './redis-client.js';

export type { Command, RedisClient } from './redis-client.js';

/** Options of {@link redisHistory}. */
export interface RedisHistoryOptions {
  /** A client of `ioredis` or `redis` that the program has, or a function that sends a command. It stays the program's. */
  readonly client: RedisClient;
  /** What the name of the key in Redis begins with. Default `rx-happy-eyeballs:`. */
  readonly prefix?: string | undefined;
  /** For how long a lesson is kept that no other follows, in s. Default 3600: an hour. */
  readonly ttl?: number | undefined;
  /** Records kept in the memory of this process. Default 10 000. */
  readonly maxEntries?: number | undefined;
  /**
   * Names the network whose paths this machine shares with the others: a site, a region, a provider. Default: one name for all,
   * where a connector's own default tells machines apart by their addresses.
   */
  readonly network?: (() => string) | undefined;
}

/** A history that the machines of a fleet share. */
export interface RedisHistory extends HistoryStore {
  readonly network: () => string;
  /** Says what has not been said, for at most a second, and ends the exchange. Records stay in memory. */
  close(): Promise<void>;
}

const REDIS_HISTORY_CHECKS: Checks<RedisHistoryOptions> = {
  client: (_, client) => void commandOf(client as RedisClient),
  prefix: string,
  ttl: integer(1, 2 ** 31 - 1),
  maxEntries: integer(1, 10_000_000),
  network: callable,
};

/** ms between two exchanges. What one machine learns reaches the others after two at most. */
const INTERVAL = 300;

/** Pages read in one exchange: the rest waits for the next. */
const MOST_PAGES = 20;

/** ms that closing waits for Redis. */
const LAST_WAIT = 1000;

/**
 * A history of paths that the machines of a fleet share by Redis (6.2 or later) or Valkey: what one has learnt reaches the others
 * within a second.
 *
 *     createConnector({ history: { store: redisHistory({ client }) } })
 *
 * No race waits for Redis: records are in memory, and an exchange in the background, three times a second, adds to a stream of
 * Redis what this process has learnt and takes in what others have. Round-trip times are merged by weight; of a success and a
 * failure the later counts, by the clock of Redis. While Redis is away the races go on with what is in memory, and the exchange
 * goes on once it is back; where Redis has lost the stream, each process says again what it has learnt itself. Keys and values
 * hold digests, durations and instants, and neither host names nor addresses nor partitions.
 *
 * `clear()` forgets what this process knows; the fleet keeps it. `entries()` has what this process has learnt or asked for.
 *
 * @throws TypeError, RangeError at the call, with Node's codes
 */
export function redisHistory(options: RedisHistoryOptions): RedisHistory {
  checkEach('options', options, REDIS_HISTORY_CHECKS);
  const { client, prefix = 'rx-happy-eyeballs:', ttl = 3600, maxEntries = 10_000, network = () => '' } = options;
  const stream = new LessonStream(commandOf(client), `${prefix}lessons:1`, ttl, randomUUID(), wallClock);
  return new Fleet(stream, maxEntries, network);
}

class Fleet implements RedisHistory {
  readonly network: () => string;
  readonly #memory: FleetMemory;
  readonly #stream: LessonStream;
  readonly #maxEntries: number;
  /** The last message that was read; absent before the first. */
  #last: string | undefined;
  /** The last message that this process has added. */
  #said: string | undefined;
  #trouble: string | undefined;
  #exchanging: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(stream: LessonStream, maxEntries: number, network: () => string) {
    this.#stream = stream;
    this.#maxEntries = maxEntries;
    this.network = network;
    this.#memory = new FleetMemory(maxEntries);
    this.#exchanging = this.#exchange();
  }

  get(key: string): PathRecord | undefined {
    return this.#memory.get(key);
  }

  set(key: string, record: PathRecord): void {
    this.#memory.set(key, record);
  }

  clear(): void {
    this.#memory.clear();
  }

  entries(): Iterable<readonly [string, PathRecord]> {
    return this.#memory.entries();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const { setTimeout } = realTime();
    let giveUp: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, LAST_WAIT)));
    await Promise.race([waited, this.#exchanging.then(() => this.#attempt(() => this.#say()))]);
    clearTimeout(giveUp);
  }

  async #exchange(): Promise<void> {
    await this.#attempt(async () => {
      await this.#stream.synchronise();
      await this.#hear();
      await this.#say();
    });
    if (this.#isClosed) return;
    // A program that has nothing else to do ends.
    const exchangeAgain = () => {
      this.#exchanging = this.#exchange();
    };
    this.#timer = realTime().setTimeout(exchangeAgain, INTERVAL).unref();
  }

  async #hear(): Promise<void> {
    if (this.#last === undefined) return this.#hearAll();
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const { lessons, ids, isLast } = await this.#stream.from(this.#last);
      if (ids[0] !== this.#last) return this.#beginAnew();
      this.#memory.hear(lessons);
      this.#last = ids.at(-1)!;
      if (isLast || ids.length === 1) return;
    }
  }

  /** What was read last is gone: Redis was emptied, or has forgotten more than this process has read. */
  async #beginAnew(): Promise<void> {
    this.#memory.sayAgain();
    await this.#hearAll();
  }

  /** As much as there is room for, from the newest backwards. */
  async #hearAll(): Promise<void> {
    const heard: (readonly Lesson[])[] = [];
    let count = 0;
    let page: Page | undefined;
    let newest: string | undefined;
    let isSaid = false;
    do {
      page = await this.#stream.before(page?.ids.at(-1));
      newest ??= page.ids[0];
      heard.push(page.lessons);
      count += page.lessons.length;
      isSaid ||= this.#said === undefined || page.ids.includes(this.#said);
    } while (!page.isLast && count < this.#maxEntries);
    if (!isSaid) this.#memory.sayAgain();
    // What was said last is to be what is forgotten last.
    this.#memory.hear(heard.flat().reverse());
    this.#last = newest;
  }

  async #say(): Promise<void> {
    for (;;) {
      const lessons = this.#memory.say(MOST_LESSONS);
      if (lessons.length === 0) return;
      try {
        this.#said = await this.#stream.append(lessons);
      } catch (error) {
        this.#memory.takeBack(lessons);
        throw error;
      }
    }
  }

  /** Does without Redis where it is away, and says so once. */
  async #attempt(call: () => Promise<void>): Promise<void> {
    try {
      await call();
      if (this.#trouble !== undefined) debug('the history is shared by Redis again');
      this.#trouble = undefined;
    } catch (error) {
      const { message } = toError(error);
      if (message !== this.#trouble) debug('the history is not shared by Redis for now: %s', message);
      this.#trouble = message;
    }
  }
}
