import type { Address } from '../../../core/address/address.js';
import {
  decision,
  destinationOf,
  firstDecision,
  rules,
  selectDestinations,
  type Destination,
} from '../../../core/race/rfc6724.js';
import { defaultSelection } from '../../../node/address-selection.js';
import { findSources, type FindSources } from '../../../node/source-address.js';
import { currentPolicy, type SystemPolicy } from '../../../node/system-policy.js';
import type { OrderDecision, OrderedAddress } from '../report.js';

/** Sorts addresses by RFC 6724 with this system's tables. Each has the rule that puts it before the next one. */
export function ordered(
  addresses: readonly Address[],
  port: number,
  find: FindSources = findSources,
  policy: SystemPolicy = currentPolicy(),
): readonly OrderedAddress[] {
  const sources = find(addresses);
  const judged = new Map(
    addresses.map((address, index) => {
      const by = ({ policyOf }: Pick<SystemPolicy, 'policyOf'>) => destinationOf({ ...address, port }, sources[index], policyOf);
      return [by(policy), { source: sources[index] ?? null, byRfc: by(defaultSelection) }];
    }),
  );
  const sorted = selectDestinations([...judged.keys()]);
  return sorted.map((destination, index) => {
    const { address, family } = destination.endpoint;
    const { source, byRfc } = judged.get(destination)!;
    const next = sorted[index + 1];
    return {
      address,
      family,
      source,
      before: next ? whyBefore([destination, next], [byRfc, judged.get(next)!.byRfc], policy) : null,
    };
  });
}

type Pair = readonly [Destination, Destination];

/** The rule that decides. It includes the system's file if the tables of the RFC would have decided differently. */
function whyBefore(pair: Pair, byRfc: Pair, { file }: SystemPolicy): OrderDecision {
  const why = decision(...pair);
  const same = why.rule === decision(...byRfc).rule && direction(pair) === direction(byRfc);
  return file === undefined || same ? why : { ...why, by: file };
}

function direction([a, b]: Pair): number {
  return Math.sign(firstDecision(rules, a, b));
}
