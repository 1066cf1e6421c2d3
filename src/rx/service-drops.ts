import type { Drops } from './race-plan.js';
import type { ServiceLookup } from './resolver.js';

/** The number of consecutive unanswered queries after which races no longer wait. */
const DROPPED_IN_A_ROW = 3;

/** How long they do not wait, in ms. */
const UNANSWERED_AGE = 600_000;

interface Row {
  dropped: number;
  /** ms */
  latest: number;
}

const rows = new WeakMap<ServiceLookup, Map<string, Row>>();

/** The most networks that are remembered for one resolver. */
const NETWORKS = 100;

/**
 * Tracks for each network whether queries for service records are answered. Some resolvers and middleboxes drop queries of types
 * that they do not know, and each race would pay for that with its Resolution Delay.
 *
 * @param now ms
 */
export function dropsOf(lookup: ServiceLookup, network: () => string, now: () => number): Drops {
  const networks = rows.get(lookup) ?? new Map<string, Row>();
  rows.set(lookup, networks);
  const home = network();
  return {
    isUnanswered: () => {
      const { dropped, latest } = networks.get(home) ?? NONE;
      return dropped >= DROPPED_IN_A_ROW && now() - latest < UNANSWERED_AGE;
    },
    hasAnswered: () => {
      networks.delete(home);
    },
    hasDropped: () => {
      const { dropped, latest } = networks.get(home) ?? NONE;
      const isOver = dropped >= DROPPED_IN_A_ROW && now() - latest >= UNANSWERED_AGE;
      if (networks.size >= NETWORKS && !networks.has(home)) networks.clear();
      networks.set(home, { dropped: isOver ? 1 : dropped + 1, latest: now() });
    },
  };
}

const NONE: Readonly<Row> = { dropped: 0, latest: -Infinity };
