/**
 * What a breaker remembers.
 *
 * - `closed`: everything is let through; failures in a row are counted
 * - `open`: nothing is let through until the instant
 * - `half-open`: one call is let through, as a trial; `until` when nothing else is
 *
 * The end of a call counts only in the period in which it began. Each entry into a state, and each trial, starts a period.
 */
export type BreakerState = { readonly period: number } & (
  | { readonly type: 'closed'; readonly failures: number }
  | { readonly type: 'open'; readonly until: number }
  | { readonly type: 'half-open'; readonly until: number }
);

/** When a breaker opens, and its durations in ms. */
export interface BreakerPlan {
  readonly failures: number;
  readonly resetDelay: number;
  readonly trialTimeout: number;
}

/** What became of a call: a loser's cancellation says nothing of its source. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled';

export const closed: BreakerState = { type: 'closed', failures: 0, period: 0 };

/** The state once a call has been let through at `now`; `undefined` where it is refused. */
export function admitted(state: BreakerState, now: number, { trialTimeout }: BreakerPlan): BreakerState | undefined {
  if (state.type === 'closed') return state;
  return now < state.until ? undefined : { type: 'half-open', until: now + trialTimeout, period: state.period + 1 };
}

/** The state once it is opened by hand: it stays open until it is closed by hand. */
export function isolated({ period }: BreakerState): BreakerState {
  return { type: 'open', until: Infinity, period: period + 1 };
}

/** The state once it is closed by hand: failures before that are forgotten, and calls under way count for nothing. */
export function reset({ period }: BreakerState): BreakerState {
  return { ...closed, period: period + 1 };
}

/** The state once a call has ended that began in this period. */
export function ended(state: BreakerState, outcome: Outcome, now: number, { failures, resetDelay }: BreakerPlan): BreakerState {
  const { period } = state;
  if (outcome === 'succeeded') return state.type === 'closed' ? { ...state, failures: 0 } : { ...closed, period: period + 1 };
  // Another trial may begin at once.
  if (outcome === 'cancelled') return state.type === 'half-open' ? { ...state, until: now } : state;
  const inARow = state.type === 'closed' ? state.failures + 1 : failures;
  return inARow < failures
    ? { type: 'closed', failures: inARow, period }
    : { type: 'open', until: now + resetDelay, period: period + 1 };
}
