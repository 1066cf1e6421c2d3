import type { Endpoint } from '../core/race/endpoint.js';
import type { Answered, Resolved } from '../core/race/events.js';
import { gatherEndpoints, type KnownEndpoint } from '../core/race/known-endpoints.js';
import type { Gate } from '../core/race/schedule.js';
import type { Terms } from './terms.js';

/** What becomes of an attempt that is left alone. Durations in ms since its start. */
export interface Fate {
  readonly outcome: 'connects' | 'fails' | 'hangs';
  /** When it connects or fails; 0: within the call that starts it. `Infinity` for one that hangs. */
  readonly after: number;
  /** When TCP is up, where a handshake follows. */
  readonly tlsAfter?: number;
}

/** An attempt of which nothing is ever heard. */
export const HANGS: Fate = { outcome: 'hangs', after: Infinity };

/** Everything outside of a race that its course depends on: the same for all settings that it is run with. */
export interface World {
  /** What comes of its look-up, in the order of time. */
  readonly lookup: readonly (Answered | Resolved)[];
  /** All endpoints that are known with an answer, in the order before families are interleaved; `undefined`: nothing has changed. */
  readonly endpointsAfter: EndpointsAfter;
  readonly fateOf: (endpoint: Endpoint) => Fate;
  /** Present where a race goes by service records. */
  readonly gate?: Gate & { fold(event: Answered): void };
  /** Present where the delay is not the same after each endpoint. */
  readonly delayOf?: (endpoint: Endpoint) => number | undefined;
}

export type EndpointsAfter = (event: Answered) => readonly Endpoint[] | undefined;

type Sort = (endpoints: readonly Endpoint[]) => readonly Endpoint[];

/** The endpoints of a race that goes by addresses alone, for one run. */
export function gathering(port: number, { family }: Pick<Terms, 'family'>, sort: Sort): EndpointsAfter {
  let known: readonly KnownEndpoint[] = [];
  return (event) => {
    const before = known;
    known = gatherEndpoints(before, event, { port, family });
    return known === before ? undefined : sort(known.map(({ endpoint }) => endpoint));
  };
}

/** IPv6 first, each family as the resolver has it. */
export const ipv6First: Sort = (endpoints) => {
  const sixes = endpoints.filter(({ family }) => family === 6);
  if (sixes.length === 0 || sixes.length === endpoints.length) return endpoints;
  return [...sixes, ...endpoints.filter(({ family }) => family === 4)];
};
