/**
 * What a breaker remembers.
 *
 * - `closed`: everything is let through; so many failures in a row
 * - `open`: nothing is let through until the instant
 * - `half-open`: one call is let through, to see; whether it is under way
 */
export type BreakerState =
  | { readonly type: 'closed'; readonly failures: number }
  | { readonly type: 'open'; readonly until: number }
  | { readonly type: 'half-open'; readonly trying: boolean };

/** When a breaker opens, and for how many ms. */
export interface BreakerPlan {
  readonly failures: number;
  readonly resetDelay: number;
}

/** What became of a call: a loser's cancellation says nothing of its source. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled';

export const closed: BreakerState = { type: 'closed', failures: 0 };

/** The state once it is so late. */
export function stateAt(state: BreakerState, now: number): BreakerState {
  return state.type === 'open' && now >= state.until ? { type: 'half-open', trying: false } : state;
}

/** The state once a call has been let through; none where it is not. */
export function admitted(state: BreakerState): BreakerState | undefined {
  if (state.type === 'closed') return state;
  return state.type === 'half-open' && !state.trying ? { type: 'half-open', trying: true } : undefined;
}

/** The state once a call has ended that was let through in it. */
export function ended(state: BreakerState, outcome: Outcome, now: number, { failures, resetDelay }: BreakerPlan): BreakerState {
  if (outcome === 'succeeded') return closed;
  if (outcome === 'cancelled') return state.type === 'half-open' ? { type: 'half-open', trying: false } : state;
  const inARow = state.type === 'closed' ? state.failures + 1 : failures;
  return inARow < failures ? { type: 'closed', failures: inARow } : { type: 'open', until: now + resetDelay };
}
