import type { Command } from './redis-client.js';
import { fromMessage, toMessage, type Lesson } from './lesson.js';

/** Messages in the stream, about. */
const MAX_LENGTH = 10_000;

/** Messages read at a time. */
const PAGE = 50;

/** Messages of others, and where the stream stood. */
export interface Page {
  readonly lessons: readonly Lesson[];
  /** The ids of its messages, in the order in which they were read. */
  readonly ids: readonly string[];
  readonly isLast: boolean;
}

/** The lessons of a fleet as a stream of Redis (6.2 or later) or Valkey, which forgets the oldest. */
export class LessonStream {
  readonly #command: Command;
  readonly #key: string;
  readonly #ttl: number;
  readonly #writer: string;
  readonly #now: () => number;
  /** By how many ms the server's clock is ahead of this machine's. */
  #ahead = 0;

  /**
   * @param ttl s until a stream to which nothing is added is gone
   * @param writer names this process
   * @param now ms
   */
  constructor(command: Command, key: string, ttl: number, writer: string, now: () => number) {
    this.#command = command;
    this.#key = key;
    this.#ttl = ttl;
    this.#writer = writer;
    this.#now = now;
  }

  /** Compares the server's clock with this machine's. */
  async synchronise(): Promise<void> {
    const asked = this.#now();
    const [seconds, microseconds] = (await this.#command(['TIME'])) as [string, string];
    const time = Number(seconds) * 1000 + Number(microseconds) / 1000;
    if (!Number.isFinite(time)) throw new Error('Redis does not tell the time');
    this.#ahead = time - (asked + this.#now()) / 2;
  }

  /** @returns the id of the message */
  async append(lessons: readonly Lesson[]): Promise<string> {
    const message = ['w', this.#writer, 'r', toMessage(lessons, this.#ahead)];
    const id = await this.#command(['XADD', this.#key, 'MAXLEN', '~', String(MAX_LENGTH), '*', ...message]);
    await this.#command(['EXPIRE', this.#key, String(this.#ttl)]);
    return String(id);
  }

  /** From a message on, itself included, oldest first. */
  async from(id: string): Promise<Page> {
    return this.#page(await this.#command(['XRANGE', this.#key, id, '+', 'COUNT', String(PAGE)]));
  }

  /** From before a message on, or from the end, newest first. */
  async before(id?: string): Promise<Page> {
    const end = id === undefined ? '+' : `(${id}`;
    return this.#page(await this.#command(['XREVRANGE', this.#key, end, '-', 'COUNT', String(PAGE)]));
  }

  #page(reply: unknown): Page {
    const messages = reply as readonly (readonly [id: string, fields: readonly string[]])[];
    const now = this.#now();
    const oldest = now + this.#ahead - this.#ttl * 1000;
    const lessons = messages.flatMap(([id, fields]) => {
      const { w, r } = fieldsOf(fields);
      return r === undefined || w === this.#writer || instantOf(id) < oldest ? [] : fromMessage(r, this.#ahead, now);
    });
    return {
      lessons,
      ids: messages.map(([id]) => id),
      isLast: messages.length < PAGE || instantOf(messages.at(-1)![0]) < oldest,
    };
  }
}

/** Streams' ids begin with the server's time. */
function instantOf(id: string): number {
  return Number(id.split('-')[0]);
}

function fieldsOf(fields: readonly string[]): { readonly w?: string; readonly r?: string } {
  const all: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) all[fields[index]!] = fields[index + 1]!;
  return all;
}
