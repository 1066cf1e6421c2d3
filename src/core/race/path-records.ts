import type { Address } from '../address/address.js';
import type { Endpoint } from './endpoint.js';
import type { Connected, RaceEvent } from './events.js';
import { BLOCKED, errorCode } from '../error-tools.js';

/** What is known about the path to an address. Durations in ms; instants in ms of the keeper's clock. */
export interface PathRecord {
  /** SRTT, RFC 6298 section 2. */
  readonly smoothedRtt?: number;
  /** RTTVAR, RFC 6298 section 2. */
  readonly rttVariation?: number;
  /** When a connection last succeeded. */
  readonly usedAt?: number;
  /** When an attempt last failed or was overtaken; absent once a connection has succeeded. */
  readonly failedAt?: number;
}

/** Returns what is known about the path to an address. */
export type Recall = (address: Address) => PathRecord | undefined;

/** What a race knows from earlier races. */
export interface Past {
  readonly recall: Recall;
  readonly failedLately: (record: PathRecord) => boolean;
}

/** Moves addresses that failed recently to the end. Both parts keep their order. */
export function failuresLast<E extends Address>(all: readonly E[], { recall, failedLately }: Past): readonly E[] {
  if (all.length < 2) return all;
  const isFailed = all.map((one) => failedLately(recall(one) ?? {}));
  return isFailed.includes(true) ? [...all.filter((_, i) => !isFailed[i]), ...all.filter((_, i) => isFailed[i])] : all;
}

/** What a race taught about one of its endpoints. */
export type Lesson =
  | { readonly endpoint: Endpoint; readonly outcome: 'succeeded'; readonly rtt: number }
  | { readonly endpoint: Endpoint; readonly outcome: 'failed' };

/** In ms. A slower connection had its first packet retransmitted, so its time is not a round trip (Karn's algorithm). */
const FIRST_RETRANSMISSION = 1000;

/** The record after a connection that took `rtt` ms, smoothed per RFC 6298 section 2. */
export function succeeded(record: PathRecord, rtt: number, at: number): PathRecord {
  const { smoothedRtt, rttVariation = 0 } = record;
  if (rtt >= FIRST_RETRANSMISSION) return smoothedRtt === undefined ? { usedAt: at } : { smoothedRtt, rttVariation, usedAt: at };
  if (smoothedRtt === undefined) return { smoothedRtt: rtt, rttVariation: rtt / 2, usedAt: at };
  const variation = (3 / 4) * rttVariation + (1 / 4) * Math.abs(smoothedRtt - rtt);
  return { smoothedRtt: (7 / 8) * smoothedRtt + (1 / 8) * rtt, rttVariation: variation, usedAt: at };
}

/** The record after a failed attempt. */
export function failed(record: PathRecord, at: number): PathRecord {
  return { ...record, failedAt: at };
}

/** The most round trips that a smoothed one represents: each new one counts for 1/8 (RFC 6298 section 2). */
export const MOST_SAMPLES = 8;

/** What one observer knows about a path, and the number of round trips behind it. */
export interface Observed {
  readonly record: PathRecord;
  readonly samples: number;
}

/**
 * Merges what two observers know about the same path: round-trip times weighted by samples, and the later of success and failure.
 * Both must use the same clock. The order of the arguments does not matter.
 */
export function merged(one: Observed, other: Observed): PathRecord {
  const usedAt = latest(one.record.usedAt, other.record.usedAt);
  const failedAt = latest(one.record.failedAt, other.record.failedAt);
  const stillFailed = failedAt !== undefined && failedAt >= (usedAt ?? 0);
  return {
    ...smoothedTogether(one, other),
    ...(usedAt !== undefined && { usedAt }),
    ...(stillFailed && { failedAt }),
  };
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? one);
}

function smoothedTogether(one: Observed, other: Observed): Pick<PathRecord, 'smoothedRtt' | 'rttVariation'> {
  const known = [one, other].filter(({ record }) => record.smoothedRtt !== undefined);
  const weightOf = ({ samples }: Observed) => Math.min(Math.max(samples, 1), MOST_SAMPLES);
  const total = known.reduce((sum, observed) => sum + weightOf(observed), 0);
  const mean = (valueOf: (record: PathRecord) => number) =>
    known.reduce((sum, observed) => sum + valueOf(observed.record) * (weightOf(observed) / total), 0);
  if (total === 0) return {};
  return { smoothedRtt: mean(({ smoothedRtt = 0 }) => smoothedRtt), rttVariation: mean(({ rttVariation = 0 }) => rttVariation) };
}

/** The retransmission timeout of a path in ms: RTO, RFC 6298 section 2. */
export function retransmissionTimeout({ smoothedRtt, rttVariation = 0 }: PathRecord): number | undefined {
  return smoothedRtt === undefined ? undefined : smoothedRtt + 4 * rttVariation;
}

/** Codes of failures of this machine, which say nothing about the path: no local address, sending forbidden, no resources. */
const MACHINE_FAILURES = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EAFNOSUPPORT',
  'ECONNABORTED',
  BLOCKED,
]);

/** System calls that concern this machine only. Binding a privileged port fails with `EACCES` in `bind`. */
const LOCAL_CALLS = new Set(['socket', 'bind']);

/**
 * Whether an error comes from this machine. `EACCES` may come from either side: in `connect` it is a router's answer,
 * "administratively prohibited" in ICMPv6.
 */
function isOfThisMachine(error: Error): boolean {
  const { syscall } = error as { syscall?: unknown };
  return MACHINE_FAILURES.has(errorCode(error) ?? '') || (typeof syscall === 'string' && LOCAL_CALLS.has(syscall));
}

/**
 * What a finished race teaches: its winner's round trip (TCP only) and its failures. An attempt counts as failed if it ended with
 * an error that does not come from this machine, gave way, was overtaken by a later attempt, or was in flight when time ran out.
 */
export function lessons(events: readonly RaceEvent[]): readonly Lesson[] {
  // Searched for, because most races start one or two attempts.
  const startOf = (endpoint: Endpoint) => events.find((event) => event.type === 'started' && event.endpoint === endpoint)!.at;
  const winner = events.find((event): event is Connected<unknown> => event.type === 'connected');
  const winnerStart = winner ? startOf(winner.endpoint) : Infinity;

  const learnt: Lesson[] = [];
  let roundTrip: number | undefined;
  for (const event of events) {
    if (event.type === 'progressed') {
      if (event.endpoint === winner?.endpoint) roundTrip ??= event.after;
    } else if (event.type === 'connected') {
      learnt.push({ endpoint: event.endpoint, outcome: 'succeeded', rtt: roundTrip ?? event.at - winnerStart });
    } else if (event.type === 'failed') {
      if (!isOfThisMachine(event.error)) learnt.push({ endpoint: event.endpoint, outcome: 'failed' });
    } else if (event.type === 'cancelled') {
      const gaveWay = event.error !== undefined;
      if (gaveWay || startOf(event.endpoint) < winnerStart) learnt.push({ endpoint: event.endpoint, outcome: 'failed' });
    }
  }
  return learnt;
}
