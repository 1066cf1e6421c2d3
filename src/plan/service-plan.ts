import { normalName } from '../core/input/host-name.js';
import type { Pacing } from '../core/race/schedule.js';
import { dropsOf } from '../rx/service-drops.js';
import type { RacePlan, ServicePlan } from '../rx/race-plan.js';
import { knownAnswers } from '../rx/resolve.js';
import type { Resolver } from '../rx/resolver.js';
import type { RacingSettings } from './racing-options.js';
import type { ServiceOptions } from './service-options.js';

/** What a race that goes by service records needs to know of where it runs. */
export interface Surroundings {
  /** Whether a name is one of the machine's own. */
  readonly isOwn: (name: string) => boolean;
  /** Names the network: what was learnt of its queries counts in it alone. */
  readonly network: () => string;
  readonly complain: (complaint: string) => void;
}

/** The protocols that a client is taken to speak where it does not say. */
export const SPOKEN = ['http/1.1'] as const;

/**
 * The part of a plan for service records; `undefined` if there are none to query.
 *
 * @param spoken the protocols that the client speaks, where the options do not name any
 */
export function servicePlanIn<T>(
  { isOwn, network, complain }: Surroundings,
  { asciiHost: host, port }: { readonly asciiHost: string; readonly port: number },
  { serviceRecords, family, random, scheduler }: RacingSettings,
  { serviceRecords: records }: Resolver,
  { pacing, translation }: Pick<RacePlan<T>, 'translation'> & { readonly pacing: Pacing },
  spoken: readonly string[] = SPOKEN,
): ServicePlan | undefined {
  if (!serviceRecords || !records || !isInDns(host) || isOwn(host)) return undefined;
  const given: ServiceOptions = serviceRecords === true ? { scheme: 'https' } : serviceRecords;
  const { scheme, alpn = spoken, hints = 'untilAnswered' as const } = given;
  const terms = { host, port, family, scheme, alpn, hints, pacing, translation, random, complain };
  return { terms, records, drops: dropsOf(records, network, () => scheduler.now()) };
}

/** Whether a name is in the DNS, and is not an address, a local name or one of mDNS. */
function isInDns(host: string): boolean {
  const name = normalName(host);
  return name.includes('.') && !name.endsWith('.local') && !knownAnswers(host);
}
