import type { PathRecord } from '../../core/race/path-records.js';
import { validRecord } from '../../core/race/snapshot.js';

/** What one process has learnt of a path since it last said so. */
export interface Lesson {
  /** Names the path and its network; nothing can be read from it. */
  readonly id: string;
  readonly record: PathRecord;
  /** Round trips since then. */
  readonly samples: number;
}

/** As lessons are sent: instants in ms of the server's clock, `null` for what is not known. */
type Sent = readonly [id: string, samples: number, ...values: (number | null)[]];

/** Lessons in a message. */
export const MOST_LESSONS = 100;

/** A base64url digest. */
const ID = /^[\w-]{22}$/;

/** @param ahead by how many ms the server's clock is ahead of this machine's */
export function toMessage(lessons: readonly Lesson[], ahead: number): string {
  const instant = (at: number | undefined) => (at === undefined ? null : Math.max(0, Math.round(at + ahead)));
  const duration = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms * 1000) / 1000);
  const sent = lessons.map(({ id, samples, record }): Sent => {
    const { smoothedRtt, rttVariation, usedAt, failedAt } = record;
    return [id, samples, duration(smoothedRtt), duration(rttVariation), instant(usedAt), instant(failedAt)];
  });
  return JSON.stringify(sent);
}

/**
 * The lessons of a message, with instants of this machine's clock; without invalid ones.
 *
 * @param ahead by how many ms the server's clock is ahead of this machine's
 * @param now ms; no instant is later
 */
export function fromMessage(message: string, ahead: number, now: number): readonly Lesson[] {
  const sent = parsed(message);
  if (!Array.isArray(sent)) return [];
  return sent.slice(0, MOST_LESSONS).flatMap((one: unknown) => lessonOf(one, ahead, now) ?? []);
}

function parsed(message: string): unknown {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return undefined;
  }
}

function lessonOf(sent: unknown, ahead: number, now: number): Lesson | undefined {
  if (!Array.isArray(sent)) return undefined;
  const [id, samples, smoothedRtt, rttVariation, usedAt, failedAt] = sent as readonly unknown[];
  if (typeof id !== 'string' || !ID.test(id) || !Number.isSafeInteger(samples) || (samples as number) < 0) return undefined;
  const given = Object.entries({ smoothedRtt, rttVariation, usedAt: local(usedAt, ahead), failedAt: local(failedAt, ahead) });
  const record = validRecord(Object.fromEntries(given.filter(([, value]) => value !== null)), now);
  return record && { id, samples: samples as number, record };
}

function local(instant: unknown, ahead: number): unknown {
  return typeof instant === 'number' ? Math.max(0, instant - ahead) : instant;
}
