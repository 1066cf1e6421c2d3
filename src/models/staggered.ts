import type { Address } from '../core/address/address.js';
import { Flights, type Handshakes } from './flights.js';
import type { ModelledAttempt, ModelledError, ModelledNetwork, ModelledResult } from './model.js';

/** How a client staggers its attempts. */
export interface Stagger {
  /** ms before the next start, given how many attempts are in flight. */
  readonly delay: (inFlight: number) => number;
  readonly handshakes: Handshakes;
  readonly error: (attempts: readonly ModelledAttempt[]) => ModelledError;
}

/**
 * A staggered race: attempts side by side, none of which is aborted by the next.
 *
 *     1 ├───────────────────○
 *     2 │ delay  ├──────────●       the first to connect wins
 *     3 │        │ ✗ ├──────○       a failure of the latest attempt starts the next at once
 *
 * @param addresses in the order in which they are tried, each with the instant from which on it is known
 */
export function staggered(
  addresses: readonly (Address & { readonly knownAt: number })[],
  network: ModelledNetwork,
  { delay, handshakes, error }: Stagger,
): ModelledResult {
  const flights = new Flights(network, handshakes);
  const waiting = [...addresses];
  let latest: ModelledAttempt | undefined;
  for (;;) {
    const due = latest ? Math.min(latest.startedAt + delay(flights.inFlight(latest.startedAt) + 1), failedAt(latest)) : 0;
    const at = Math.max(due, Math.min(...waiting.map(({ knownAt }) => knownAt)));
    const { first } = flights;
    if (first && first.endedAt <= at) return flights.won(first);
    const index = waiting.findIndex(({ knownAt }) => knownAt <= at);
    if (index === -1) return flights.lost(error);
    const { address, family } = waiting.splice(index, 1)[0]!;
    latest = flights.start({ address, family }, at);
  }
}

function failedAt({ outcome, endedAt }: ModelledAttempt): number {
  return outcome === 'failed' ? endedAt : Infinity;
}
