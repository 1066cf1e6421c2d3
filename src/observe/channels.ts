import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { Endpoint } from '../core/race/endpoint.js';
import type { AttemptRecord } from '../core/race/attempt-records.js';
import type { RaceEvent, Stage } from '../core/race/events.js';

/**
 * A race as the subscribers of `tracing:rx-happy-eyeballs:race:*` see it: one plain object from `start` to `asyncEnd`, that
 * fills up on the way. Instants are in ms since 1970, but the events' `at` in ms since `startedAt`.
 */
export interface RaceContext {
  /** As the caller gave it. */
  readonly host: string;
  readonly port: number;
  /** What is connected by, where that is known: absent with a `transport` of the caller's. */
  readonly protocol?: 'tcp';
  /**
   * Whether the race goes by the history of those before it. `ignored`: it is one of the few that take no notice, so that a path
   * that has recovered is found. Absent: there is no history.
   */
  readonly history?: 'used' | 'ignored';
  /** While `start` is published, the instant of that; then, of the race's own start. */
  readonly startedAt: number;
  /** What has happened so far, in order. Attempts that an unsubscribed race leaves behind are in it as `cancelled`, too. */
  readonly events: readonly RaceEvent[];
  /** How it ended. `cancelled`: it was unsubscribed, or aborted by its signal. */
  readonly outcome?: 'connected' | 'failed' | 'cancelled';
  readonly endedAt?: number;
  /** The winner's. */
  readonly endpoint?: Endpoint;
  /** What was won, and is somebody else's now. */
  readonly result?: unknown;
  /** What it failed with: a `ConnectionError`, unless a function of the caller's threw something else. */
  readonly error?: unknown;
}

/** An attempt as the subscribers of `tracing:rx-happy-eyeballs:attempt:*` see it, like {@link RaceContext}. */
export interface AttemptContext {
  readonly race: RaceContext;
  readonly endpoint: Endpoint;
  readonly startedAt: number;
  /** What it has come to after TCP, and when that began. */
  readonly stages: readonly { readonly stage: Stage; readonly startedAt: number }[];
  /**
   * How it ended. `cancelled`: by another's win, with the race, or because it gave way to the next attempt, and then with an
   * error; `blocked`: refused by a filter, and never dialled.
   */
  readonly outcome?: 'connected' | AttemptRecord['outcome'];
  readonly endedAt?: number;
  /** What it failed with; of a cancelled attempt, that it gave way (`ETIMEDOUT`). */
  readonly error?: Error;
}

/**
 * Node's tracing channels, by which whoever wants to know is told of every race and every attempt of this process.
 *
 * - `start` in the caller's context, before anything else; `end` when the call that starts it is over
 * - `asyncStart` when it has ended, before its subscriber hears of it, and `asyncEnd` thereafter: once each, whatever happened
 * - `error` before that, if it failed; never for what was cancelled
 */
export const raceChannel = tracingChannel<unknown, RaceContext>('rx-happy-eyeballs:race');

/** As {@link raceChannel}. A store that is bound to its `start` is that of the attempt's transport. */
export const attemptChannel = tracingChannel<unknown, AttemptContext>('rx-happy-eyeballs:attempt');

/** Subscribes to what is given of start and end. @returns unsubscribes */
export function listen<Context extends object>(
  channel: TracingChannel<unknown, Context>,
  listeners: Partial<Record<'start' | 'asyncEnd', (context: Context) => void>>,
): () => void {
  const subscribers = listeners as Parameters<typeof channel.subscribe>[0]; // whose types ask for all five
  channel.subscribe(subscribers);
  return () => {
    channel.unsubscribe(subscribers);
  };
}
