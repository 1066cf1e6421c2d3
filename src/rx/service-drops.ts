import type { Drops } from './race-plan.js';
import type { ServiceLookup } from './resolver.js';

/** Queries without an answer, one after the other, after which the next are not waited for. */
const DROPPED_IN_A_ROW = 3;

/** For how long they are not, in ms. */
const UNANSWERED_AGE = 600_000;

interface Row {
  dropped: number;
  /** ms */
  latest: number;
}

const rows = new WeakMap<ServiceLookup, Map<string, Row>>();

/** Networks that are remembered of one resolver. */
const NETWORKS = 100;

/**
 * What is known in a network of queries for service records: whether some have been answered lately. Where resolvers, or what
 * stands before them, drop what they do not know, races would else pay for it with the Resolution Delay each time.
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
      if (networks.size >= NETWORKS) networks.clear();
      networks.set(home, { dropped: isOver ? 1 : dropped + 1, latest: now() });
    },
  };
}

const NONE: Readonly<Row> = { dropped: 0, latest: -Infinity };
