import { useMemo } from 'preact/hooks';
import { compare } from '../compare.js';
import { resultOf } from '../ours.js';
import type { Simulation } from '../simulate.js';
import type { State } from '../state.js';
import { Comparison } from './comparison.js';

/** What other clients would have done in a state, beside a race of ours. */
export function Others({ state, simulation }: { readonly state: State; readonly simulation: Simulation }) {
  const others = useMemo(() => compare(state), [state]);
  const ours = { name: 'rx-happy-eyeballs', manner: mannerOf(state), result: resultOf(simulation) };
  return <Comparison ours={ours} others={others} />;
}

function mannerOf({ options: { enabled, connectionAttemptDelay } }: State): string {
  return enabled ? `side by side, ${connectionAttemptDelay} ms apart` : 'one at a time, none cut off';
}
