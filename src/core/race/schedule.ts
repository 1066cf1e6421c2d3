import { answerFamily, type Answer } from './answers.js';
import type { Family } from '../address/address.js';
import type { Endpoint } from './endpoint.js';
import type { Answered, Cancelled, Failed, Progressed, Queued, RaceEvent, Resolved, Started } from './events.js';
import { begin, beginHandshake, emptyLane, fail, giveWay, head, laneStart, type Lane, type LanePace } from './lanes.js';

/** What decides when attempts start. Delays in ms; an `attemptDelay` of `Infinity`: only after a failure. */
export interface Pacing extends LanePace {
  /** The family whose answer the first attempt waits for, within the Resolution Delay. */
  readonly preferredFamily: Family;
  readonly resolutionDelay: number;
  /** Given: each family is a lane of its own, and the other family's opens this much after the preferred one's. */
  readonly familyStaggerDelay?: number;
  readonly maxConcurrentAttempts: number;
  /** Whether nothing good is to be expected of an answer's addresses: then the other family's are waited for as well. */
  readonly suspects?: (answer: Answer) => boolean;
}

/** All that pacing needs to know of a race so far: a value, folded from its events by {@link evolve}. */
export interface Schedule {
  readonly pacing: Pacing;
  /** One for both families, or the preferred family's and the other's. */
  readonly lanes: readonly Lane[];
  /** What had been started when the lanes were last filled. */
  readonly begun: readonly Endpoint[];
  readonly inFlight: number;
  /** The attempts in flight, in start order: one of them may have to give way. Not kept where there is no cap. */
  readonly flights: readonly Started[];
  /** When the first attempt may start; `Infinity` while there is nothing to wait for. */
  readonly opensAt: number;
  /** When the second lane opens even before its stagger is over: the first has failed, and nothing is in flight. */
  readonly relievedAt: number;
  /** The preferred family's query has been answered, with addresses or without; but not with suspect ones alone. */
  readonly preferredAnswered: boolean;
  /** The families whose queries have been answered. */
  readonly answeredFamilies: readonly Family[];
  /** Addresses have come whose order is still being decided. */
  readonly ordering: boolean;
  /** No answer will follow. */
  readonly resolved: boolean;
  /** An attempt has failed in such a way that no other is to be tried. */
  readonly terminated: boolean;
  /** Since the last answer nothing has happened but its being put in order, and others may come in the same turn. */
  readonly gathering: boolean;
}

/** The schedule of a race in which nothing has happened yet. */
export function openSchedule(pacing: Pacing): Schedule {
  return {
    pacing,
    lanes: pacing.familyStaggerDelay === undefined ? [emptyLane] : [emptyLane, emptyLane],
    begun: [],
    inFlight: 0,
    flights: [],
    opensAt: Infinity,
    relievedAt: Infinity,
    preferredAnswered: false,
    answeredFamilies: [],
    ordering: false,
    resolved: false,
    terminated: false,
    gathering: false,
  };
}

/** The schedule after one more event. */
export function evolve(schedule: Schedule, event: RaceEvent): Schedule {
  switch (event.type) {
    case 'answered':
      return answered(schedule, event);
    case 'resolved':
      return resolved(schedule, event);
    case 'queued':
      return queued(schedule, event);
    case 'started':
      return started(schedule, event);
    case 'progressed':
      return progressed(schedule, event);
    case 'failed':
      return failed(schedule, event);
    case 'cancelled':
      return gaveWay(schedule, event);
    case 'connected':
      return schedule; // the race is over
  }
}

/**
 * When the next attempt may start, and at the same time the whole pacing rule: when the first lane says so; at the cap, also
 * not before the oldest attempt has had its time.
 *
 * @returns ms since the race began, in the past where an attempt is due; `Infinity`: not before something else happens
 */
export function nextStart(schedule: Schedule): number {
  const start = startOf(schedule, nextLane(schedule));
  const oldest = inTheWay(schedule);
  return oldest ? Math.max(start, oldest.at + schedule.pacing.maximumAttemptDelay) : start;
}

/**
 * The attempt that has to give way before the next can start: at the cap, the oldest in flight. Silent addresses would
 * otherwise keep their places to the end of the race, and a good one behind them would never be tried.
 *
 *     1 ├─────────────── maximum ──────────────○ gave way
 *     2 │   ├──────────────────────────────────┼────
 *     3 │   │  due, but the cap is 2           ├────
 */
export function inTheWay({ inFlight, flights, pacing }: Schedule): Started | undefined {
  return inFlight < pacing.maxConcurrentAttempts ? undefined : flights[0];
}

/** The endpoint that {@link nextStart} speaks of. */
export function nextCandidate(schedule: Schedule): Endpoint | undefined {
  return head(schedule.lanes[nextLane(schedule)]!);
}

/** All that have not been started, lane by lane; the next first. */
export function candidates(schedule: Schedule): readonly Endpoint[] {
  const first = nextLane(schedule);
  const lanes = [schedule.lanes[first]!, ...schedule.lanes.filter((_, index) => index !== first)];
  return lanes.flatMap(({ order, next }) => order.slice(next));
}

/** Nothing runs, nothing waits and nothing can come, or nothing shall: the race is lost. */
export function exhausted({ resolved, terminated, ordering, inFlight, lanes }: Schedule): boolean {
  return terminated || (resolved && !ordering && inFlight === 0 && lanes.every((lane) => head(lane) === undefined));
}

/** Those of the endpoints that have not been started, in the same order. */
export function unstarted(schedule: Schedule, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const begun = new Set(allBegun(schedule));
  return endpoints.filter((endpoint) => !begun.has(endpoint));
}

/** The lane that starts first; the preferred family's when both are due. */
function nextLane(schedule: Schedule): number {
  return schedule.lanes.length === 1 || startOf(schedule, 0) <= startOf(schedule, 1) ? 0 : 1;
}

function startOf(schedule: Schedule, index: number): number {
  const opensAt = index === 0 ? schedule.opensAt : secondOpensAt(schedule);
  return laneStart(schedule.lanes[index]!, opensAt, schedule.pacing);
}

/** The second lane waits for its stagger only while the first has something to show for it. */
function secondOpensAt({ pacing, lanes, inFlight, opensAt, relievedAt }: Schedule): number {
  if (inFlight === 0 && head(lanes[0]!) === undefined) return opensAt;
  return Math.min(opensAt + pacing.familyStaggerDelay!, relievedAt);
}

/**
 * The gate of the Resolution Delay.
 *
 *     AAAA ──► open                          addresses of the preferred family: at once
 *     A ────── Resolution Delay ──► open     of the other only: wait for the preferred, so long
 *     A ──── AAAA (with or without) ► open   … and no longer than its answer takes
 *
 * RFC 8305 section 3.
 */
function answered(schedule: Schedule, { at, answer }: Answered): Schedule {
  const positive = answer.addresses.length > 0;
  const { preferredFamily, resolutionDelay, suspects } = schedule.pacing;
  const family = answerFamily(answer);
  const answeredFamilies = [...schedule.answeredFamilies, family];
  const suspect = positive && suspects?.(answer) === true;
  const preferredAnswered =
    schedule.preferredAnswered || (family === preferredFamily && !suspect) || new Set(answeredFamilies).size === 2;
  const waiting = positive || schedule.opensAt < Infinity;
  const opensAt = waiting ? Math.min(schedule.opensAt, preferredAnswered ? at : at + resolutionDelay) : Infinity;
  const ordering = schedule.ordering || positive;
  // After `resolved`, it answers a question that the race has asked since; that one ends with `resolved` as well.
  return { ...schedule, opensAt, preferredAnswered, answeredFamilies, ordering, resolved: false, gathering: true };
}

function resolved(schedule: Schedule, { at }: Resolved): Schedule {
  // With nothing found, open or not is all the same.
  return { ...schedule, opensAt: Math.min(schedule.opensAt, at), resolved: true, gathering: false };
}

function queued(schedule: Schedule, event: Queued): Schedule {
  const endpoints = unstarted(schedule, event.endpoints);
  const orderOf = (index: number) => endpoints.filter((endpoint) => laneOf(schedule, endpoint) === index);
  return {
    ...schedule,
    begun: allBegun(schedule),
    lanes: schedule.lanes.map((lane, index) => ({ ...lane, order: orderOf(index), next: 0 })),
    ordering: false,
  };
}

function started(schedule: Schedule, event: Started): Schedule {
  const { at, endpoint } = event;
  const lanes = schedule.lanes.map((lane) => (head(lane) === endpoint ? begin(lane, endpoint, at) : lane));
  const capped = schedule.pacing.maxConcurrentAttempts < Infinity;
  const flights = capped ? [...schedule.flights, event] : schedule.flights;
  return { ...schedule, lanes, inFlight: schedule.inFlight + 1, flights, gathering: false };
}

function progressed(schedule: Schedule, { at, endpoint, stage, after }: Progressed): Schedule {
  if (stage !== 'tls') return schedule;
  const own = laneOf(schedule, endpoint);
  const lanes = schedule.lanes.map((lane, index) => (index === own ? beginHandshake(lane, endpoint, at, after) : lane));
  return { ...schedule, lanes };
}

function failed(schedule: Schedule, { at, endpoint, terminal = false }: Failed): Schedule {
  const own = laneOf(schedule, endpoint);
  const lanes = schedule.lanes.map((lane, index) => (index === own ? fail(lane, endpoint, at) : lane));
  const inFlight = schedule.inFlight - 1;
  const flights = without(schedule.flights, endpoint);
  const relieves = inFlight === 0 && lanes.length === 2 && head(lanes[1]!) !== undefined;
  const relievedAt = relieves ? Math.min(schedule.relievedAt, at) : schedule.relievedAt;
  return { ...schedule, lanes, inFlight, flights, relievedAt, terminated: terminal, gathering: false };
}

function gaveWay(schedule: Schedule, { endpoint }: Cancelled): Schedule {
  const own = laneOf(schedule, endpoint);
  const lanes = schedule.lanes.map((lane, index) => (index === own ? giveWay(lane, endpoint) : lane));
  const flights = without(schedule.flights, endpoint);
  return { ...schedule, lanes, inFlight: schedule.inFlight - 1, flights, gathering: false };
}

function without(flights: readonly Started[], endpoint: Endpoint): readonly Started[] {
  return flights.length === 0 ? flights : flights.filter((flight) => flight.endpoint !== endpoint);
}

function laneOf({ pacing, lanes }: Schedule, { family }: Endpoint): number {
  return lanes.length === 1 || family === pacing.preferredFamily ? 0 : 1;
}

function allBegun({ begun, lanes }: Schedule): readonly Endpoint[] {
  return lanes.reduce((all, { order, next }) => (next === 0 ? all : [...all, ...order.slice(0, next)]), begun);
}
