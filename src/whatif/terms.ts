import type { Family } from '../core/address/address.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Interleaving } from '../core/race/interleave.js';
import type { Pacing } from '../core/race/schedule.js';

/** How a race is run, as plain data that can be recorded and changed. Durations in ms; they are called what the options are called. */
export interface Terms extends Interleaving {
  readonly family: 0 | Family;
  /** The family that the Resolution Delay waits for. */
  readonly preferredFamily: Family;
  readonly connectionAttemptDelay: number;
  readonly maximumConnectionAttemptDelay: number;
  readonly connectionAttemptDelayMultiplier: number;
  readonly resolutionDelay: number;
  readonly maxConcurrentAttempts: number;
  readonly familyStaggerDelay?: number;
  readonly attemptSpacingDelay?: number;
  readonly enabled: boolean;
  readonly connectTimeout: number;
  readonly attemptTimeout: number;
}

/** @param delayOf the delay after an endpoint, where it is not the same after each */
export function pacingOf(terms: Terms, delayOf?: (endpoint: Endpoint) => number | undefined): Pacing {
  const { enabled, connectionAttemptDelay, attemptSpacingDelay } = terms;
  const delay = enabled ? (attemptSpacingDelay ?? connectionAttemptDelay) : Infinity;
  return {
    preferredFamily: terms.family || terms.preferredFamily,
    resolutionDelay: terms.resolutionDelay,
    attemptDelay: delayOf && enabled ? (endpoint) => delayOf(endpoint) ?? delay : () => delay,
    attemptDelayMultiplier: terms.connectionAttemptDelayMultiplier,
    maximumAttemptDelay: terms.maximumConnectionAttemptDelay,
    familyStaggerDelay: enabled ? terms.familyStaggerDelay : undefined,
    maxConcurrentAttempts: enabled ? terms.maxConcurrentAttempts : 1,
  };
}
