import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { merged, MOST_SAMPLES, type PathRecord } from '../../core/race/path-records.js';
import type { Lesson } from './lesson.js';

/** What is known of a path. */
interface Known {
  record: PathRecord;
  /** Round trips behind it, this machine's and others'. */
  samples: number;
  /** This machine's since it last said so. */
  unsaid: number;
  /** Whether any of it is this machine's. */
  isOwn: boolean;
  /** Absent where others alone have learnt of it, and no race of this process has asked. */
  key?: string;
}

/** The records of a fleet, as this process knows them: its own, and what others have said. Bounded: the one used last stays. */
export class FleetMemory {
  readonly #known: LRUCache<string, Known>;
  /** What this process has learnt and not said. */
  readonly #unsaid = new Set<string>();

  constructor(maxEntries: number) {
    this.#known = new LRUCache<string, Known>({ max: maxEntries, dispose: (_, id) => this.#unsaid.delete(id) });
  }

  get size(): number {
    return this.#known.size;
  }

  get(key: string): PathRecord | undefined {
    const known = this.#known.get(idOf(key));
    if (known) known.key = key;
    return known?.record;
  }

  set(key: string, record: PathRecord): void {
    const id = idOf(key);
    const known = this.#known.get(id) ?? { record: {}, samples: 0, unsaid: 0, isOwn: true };
    const isSample = record.usedAt !== known.record.usedAt;
    known.samples = Math.min(known.samples + Number(isSample), MOST_SAMPLES);
    known.unsaid += Number(isSample);
    known.record = record;
    known.isOwn = true;
    known.key = key;
    this.#known.set(id, known);
    this.#unsaid.add(id);
  }

  clear(): void {
    this.#known.clear();
    this.#unsaid.clear();
  }

  *entries(): Generator<readonly [string, PathRecord]> {
    for (const { key, record } of this.#known.values()) if (key !== undefined) yield [key, record];
  }

  /** Takes in what others have said. */
  hear(lessons: readonly Lesson[]): void {
    for (const { id, record, samples } of lessons) {
      const known = this.#known.get(id);
      if (!known) {
        this.#known.set(id, { record, samples: Math.min(samples, MOST_SAMPLES), unsaid: 0, isOwn: false });
        continue;
      }
      known.record = merged(known, { record, samples });
      known.samples = Math.min(known.samples + samples, MOST_SAMPLES);
    }
  }

  /** Takes at most `most` lessons to send. They count as sent until they are {@link takeBack taken back}. */
  say(most: number): Lesson[] {
    const lessons: Lesson[] = [];
    for (const id of this.#unsaid) {
      if (lessons.length === most) break;
      this.#unsaid.delete(id);
      const known = this.#known.peek(id)!;
      lessons.push({ id, record: known.record, samples: known.unsaid });
      known.unsaid = 0;
    }
    return lessons;
  }

  /** These did not reach anybody. */
  takeBack(lessons: readonly Lesson[]): void {
    for (const { id, samples } of lessons) {
      const known = this.#known.peek(id);
      if (!known) continue;
      known.unsaid += samples;
      this.#unsaid.add(id);
    }
  }

  /** What has been said is to be said again, as far as it is this machine's. */
  sayAgain(): void {
    for (const [id, { isOwn }] of this.#known.entries()) if (isOwn) this.#unsaid.add(id);
  }
}

/** Neither addresses nor partitions can be read where it is stored. */
function idOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}
