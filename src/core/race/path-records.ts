import type { Address } from '../address/address.js';
import type { Endpoint } from './endpoint.js';
import type { Connected, RaceEvent } from './events.js';
import { BLOCKED, errorCode } from '../error-tools.js';

/** What is known of the way to an address. Durations in ms; instants in ms of the clock of whoever keeps it. */
export interface PathRecord {
  /** SRTT, RFC 6298 section 2. */
  readonly smoothedRtt?: number;
  /** RTTVAR, RFC 6298 section 2. */
  readonly rttVariation?: number;
  /** When a connection to it last came about. */
  readonly usedAt?: number;
  /** When it last failed, or was overtaken; absent once a connection has come about. */
  readonly failedAt?: number;
}

/** What is known of an address. */
export type Recall = (address: Address) => PathRecord | undefined;

/** What a race knows of those before it. */
export interface Past {
  readonly recall: Recall;
  readonly failedLately: (record: PathRecord) => boolean;
}

/** What failed lately after what did not, each in its order. */
export function failuresLast<E extends Address>(all: readonly E[], { recall, failedLately }: Past): readonly E[] {
  if (all.length < 2) return all;
  const failed = new Set(all.filter((one) => failedLately(recall(one) ?? {})));
  return failed.size === 0 ? all : [...all.filter((one) => !failed.has(one)), ...failed];
}

/** What a race has taught of one of its endpoints. */
export type Lesson =
  | { readonly endpoint: Endpoint; readonly outcome: 'succeeded'; readonly rtt: number }
  | { readonly endpoint: Endpoint; readonly outcome: 'failed' };

/** A connection that takes longer has had its first packet sent again, so that its time is not a round trip (Karn). In ms. */
const FIRST_RETRANSMISSION = 1000;

/** The record once a connection has taken so long: smoothed as RFC 6298 section 2 has it. */
export function succeeded(record: PathRecord, rtt: number, at: number): PathRecord {
  const { smoothedRtt, rttVariation = 0 } = record;
  if (rtt >= FIRST_RETRANSMISSION) return smoothedRtt === undefined ? { usedAt: at } : { smoothedRtt, rttVariation, usedAt: at };
  if (smoothedRtt === undefined) return { smoothedRtt: rtt, rttVariation: rtt / 2, usedAt: at };
  const variation = (3 / 4) * rttVariation + (1 / 4) * Math.abs(smoothedRtt - rtt);
  return { smoothedRtt: (7 / 8) * smoothedRtt + (1 / 8) * rtt, rttVariation: variation, usedAt: at };
}

/** The record once an attempt has failed. */
export function failed(record: PathRecord, at: number): PathRecord {
  return { ...record, failedAt: at };
}

/** How many round trips a smoothed one stands for at most: each new one counts for 1/8 (RFC 6298 section 2). */
export const MOST_SAMPLES = 8;

/** What one observer knows of a path, and from how many round trips. */
export interface Observed {
  readonly record: PathRecord;
  readonly samples: number;
}

/**
 * One record of what two observers know of the same path: round-trip times weighted by their samples, and of success and failure
 * the later one. Instants are those of one clock. The order of the two makes no difference.
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

/** When the first packet would be sent again on this path, in ms after it: RTO, RFC 6298 section 2. */
export function retransmissionTimeout({ smoothedRtt, rttVariation = 0 }: PathRecord): number | undefined {
  return smoothedRtt === undefined ? undefined : smoothedRtt + 4 * rttVariation;
}

/** Codes of failures of this machine, which say nothing of the path: no local end, not allowed to send, out of resources. */
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

/** System calls that only concern this machine. A privileged port is an `EACCES` of `bind`. */
const LOCAL_CALLS = new Set(['socket', 'bind']);

/**
 * Whether an error is this machine's own. The same code may be either's: `EACCES` of `connect` is what a router answered,
 * "administratively prohibited" by ICMPv6.
 */
function isOfThisMachine(error: Error): boolean {
  const { syscall } = error as { syscall?: unknown };
  return MACHINE_FAILURES.has(errorCode(error) ?? '') || (typeof syscall === 'string' && LOCAL_CALLS.has(syscall));
}

/**
 * What a race that has ended teaches: its winner's round trip, without what came after TCP; and what failed. An attempt has
 * failed by an error that is not this machine's own, by giving way, by being overtaken by an attempt that was started after
 * it, or by being in flight when the time was over.
 */
export function lessons(events: readonly RaceEvent[]): readonly Lesson[] {
  const startedAt = new Map<Endpoint, number>();
  let winner: Connected<unknown> | undefined;
  for (const event of events) {
    if (event.type === 'started') startedAt.set(event.endpoint, event.at);
    else if (event.type === 'connected') winner = event;
  }
  const winnerStart = winner ? startedAt.get(winner.endpoint)! : Infinity;

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
      if (gaveWay || startedAt.get(event.endpoint)! < winnerStart) learnt.push({ endpoint: event.endpoint, outcome: 'failed' });
    }
  }
  return learnt;
}
