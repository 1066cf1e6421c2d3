import type { Family } from '../core/address/address.js';
import type { EndpointJson, EventJson } from '../core/race/event-json.js';
import { keyOf } from './recorded-attempts.js';
import type { Terms } from './terms.js';

/** The order of the endpoints of a recorded race, before its families were interleaved. */
export interface RecordedOrder {
  readonly leader: Family;
  /** The place of an endpoint among those of its family; without alternation, among all. `Infinity`: it was not known. */
  readonly placeOf: (key: string) => number;
}

/**
 * Makes out the order from what was started and what was queued. The family that leads is that of the first endpoint while nothing
 * had been started; where both families were never there at that time, it is the preferred one.
 */
export function recordedOrder(
  events: readonly EventJson[],
  terms: Pick<Terms, 'preferFamily' | 'preferredFamily'>,
): RecordedOrder {
  const started: string[] = [];
  let queued: readonly EndpointJson[] = [];
  let leader: Family | undefined;
  for (const event of events) {
    if (event.type === 'started') started.push(keyOf(event.endpoint));
    if (event.type !== 'queued') continue;
    queued = event.endpoints;
    const families = new Set(queued.map(({ family }) => family));
    if (started.length === 0 && families.size > 1) leader = queued[0]!.family;
  }
  const order = [...new Set([...started, ...queued.map(keyOf)])];
  const places = new Map(order.map((key, place) => [key, place]));
  return { leader: leader ?? terms.preferFamily ?? terms.preferredFamily, placeOf: (key) => places.get(key) ?? Infinity };
}
