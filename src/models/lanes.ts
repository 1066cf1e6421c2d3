import type { Address } from '../core/address/address.js';
import { Flights } from './flights.js';
import type { ModelledAttempt, ModelledError, ModelledNetwork, ModelledResult } from './model.js';

/** How a client goes through its two families. */
export interface LaneOptions {
  /** ms after which the second family begins, while the first has come to nothing. */
  readonly fallbackDelay: number;
  /** When the client notices that an attempt has failed: its index within its family, and when it did. Default: at once. */
  readonly noticedAt?: (index: number, failedAt: number) => number;
  readonly error: (attempts: readonly ModelledAttempt[]) => ModelledError;
}

/**
 * Two families side by side, each of which tries one address after another.
 *
 *     IPv6 ├──✗├──────────────────        an address follows where the one before has failed
 *     IPv4 │ fallback delay ├──●          or as soon as all of the first family have failed
 */
export function inLanes(
  [first, second]: readonly [readonly Address[], readonly Address[]],
  network: ModelledNetwork,
  from: number,
  { fallbackDelay, noticedAt = (_, failedAt) => failedAt, error }: LaneOptions,
): ModelledResult {
  const flights = new Flights(network, 'after the choice');
  const relievedAt = serially(flights, first, from, (index, failedAt) => from + noticedAt(index, failedAt - from));
  const secondFrom = Math.min(from + fallbackDelay, relievedAt);
  const decided = flights.first?.endedAt ?? Infinity;
  if (second.length > 0 && secondFrom < decided) serially(flights, second, secondFrom, (_, failedAt) => failedAt);
  return flights.first ? flights.won(flights.first) : flights.lost(error);
}

/** Tries one address after another. Returns when all have failed. */
function serially(
  flights: Flights,
  addresses: readonly Address[],
  from: number,
  noticedAt: (index: number, failedAt: number) => number,
): number {
  let at = from;
  for (const [index, address] of addresses.entries()) {
    const { outcome, endedAt } = flights.start(address, at);
    if (outcome !== 'failed') return Infinity;
    at = noticedAt(index, endedAt);
  }
  return at;
}

/** The addresses of the first one's family, and the others. */
export function byFirstFamily(addresses: readonly Address[]): readonly [readonly Address[], readonly Address[]] {
  const isFirst = ({ family }: Address) => family === addresses[0]?.family;
  return [addresses.filter(isFirst), addresses.filter((address) => !isFirst(address))];
}
