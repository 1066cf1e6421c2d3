import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { Endpoint } from '../core/race/endpoint.js';
import type { AttemptRecord } from '../core/race/attempt-records.js';
import type { RaceEvent, Stage } from '../core/race/events.js';

/**
 * A race as subscribers of `tracing:rx-happy-eyeballs:race:*` see it: one plain object from `start` to `asyncEnd`, which fills up
 * on the way. Instants are in ms since 1970, except `at` in events, which is in ms since `startedAt`.
 */
export interface RaceContext {
  /** As given by the caller. */
  readonly host: string;
  readonly port: number;
  /** The transport protocol; absent with a `transport` of the caller's. */
  readonly protocol?: 'tcp';
  /**
   * Whether the race uses the history of earlier races. `ignored`: it is one of the few that do not, to find paths that have
   * recovered. Absent if there is no history.
   */
  readonly history?: 'used' | 'ignored';
  /** The instant of publication while `start` is published; after that, the race's own start. */
  readonly startedAt: number;
  /** The events so far, in order. Includes `cancelled` for the attempts of an unsubscribed race. */
  readonly events: readonly RaceEvent[];
  /** How the race ended. `cancelled`: it was unsubscribed, or aborted by its signal. */
  readonly outcome?: 'connected' | 'failed' | 'cancelled';
  readonly endedAt?: number;
  /** The winner's endpoint. */
  readonly endpoint?: Endpoint;
  /** The winner's value, which now belongs to the caller. */
  readonly result?: unknown;
  /** Why the race failed: a `ConnectionError`, unless a function of the caller's threw something else. */
  readonly error?: unknown;
}

/** An attempt as subscribers of `tracing:rx-happy-eyeballs:attempt:*` see it, like {@link RaceContext}. */
export interface AttemptContext {
  readonly race: RaceContext;
  readonly endpoint: Endpoint;
  readonly startedAt: number;
  /** The stages after TCP that the attempt has reached, and when each began. */
  readonly stages: readonly { readonly stage: Stage; readonly startedAt: number }[];
  /**
   * How the attempt ended. `cancelled`: another attempt won, the race ended, or it gave way to the next attempt, in which case
   * there is an `error`. `blocked`: refused by a filter and never dialled.
   */
  readonly outcome?: 'connected' | AttemptRecord['outcome'];
  readonly endedAt?: number;
  /** Why the attempt failed, or that it gave way (`ETIMEDOUT`). */
  readonly error?: Error;
}

/**
 * A tracing channel of Node (`node:diagnostics_channel`) that reports every race of this process.
 *
 * - `start`: in the caller's context, before anything else; `end`: when the call that starts the race returns
 * - `asyncStart`: when the race has ended, before its subscriber is notified; `asyncEnd`: after that. Exactly once each
 * - `error`: before `asyncStart`, if the race failed; never if it was cancelled
 */
export const raceChannel = tracingChannel<unknown, RaceContext>('rx-happy-eyeballs:race');

/** Like {@link raceChannel}, for attempts. A store that is bound to `start` is active in the attempt's transport. */
export const attemptChannel = tracingChannel<unknown, AttemptContext>('rx-happy-eyeballs:attempt');

/** Subscribes to the given parts of a channel. @returns a function that unsubscribes */
export function listen<Context extends object>(
  channel: TracingChannel<unknown, Context>,
  listeners: Partial<Record<'start' | 'asyncEnd', (context: Context) => void>>,
): () => void {
  const subscribers = listeners as Parameters<typeof channel.subscribe>[0]; // its types require all five
  channel.subscribe(subscribers);
  return () => {
    channel.unsubscribe(subscribers);
  };
}
