import { normalName } from '../core/input/host-name.js';
import type { Pacing } from '../core/race/schedule.js';
import { currentNetwork } from '../node/connectivity.js';
import { systemHosts } from '../node/hosts-file.js';
import { dropsOf } from '../node/service-drops.js';
import { debug } from '../observe/debug.js';
import type { RacePlan, ServicePlan } from '../rx/race-plan.js';
import { knownAnswers } from '../rx/resolve.js';
import type { Resolver } from '../rx/resolver.js';
import type { Settings } from './options.js';
import type { ServiceOptions } from './service-options.js';

/** The part of a plan for service records; `undefined` if there are none to query. */
export function servicePlan<T>(
  { asciiHost: host, port }: { readonly asciiHost: string; readonly port: number },
  settings: Settings<T>,
  { serviceRecords: records }: Resolver,
  { pacing, translation }: Pick<RacePlan<T>, 'translation'> & { readonly pacing: Pacing },
): ServicePlan | undefined {
  const { serviceRecords, family, random, scheduler } = settings;
  if (!serviceRecords || !records || !isInDns(host)) return undefined;
  const given: ServiceOptions = serviceRecords === true ? { scheme: 'https' } : serviceRecords;
  const { scheme, alpn = spoken(settings), hints = 'untilAnswered' as const } = given;
  const terms = { host, port, family, scheme, alpn, hints, pacing, translation, random, complain: debug };
  return { terms, records, drops: dropsOf(records, currentNetwork, () => scheduler.now()) };
}

/** Whether a name is in the DNS, and is not an address, a local name or one of mDNS. */
function isInDns(host: string): boolean {
  const name = normalName(host);
  return name.includes('.') && !name.endsWith('.local') && !knownAnswers(host) && systemHosts(host).length === 0;
}

function spoken<T>({ tls }: Settings<T>): readonly string[] {
  const offered: unknown = typeof tls === 'object' ? tls.ALPNProtocols : undefined;
  const protocols = Array.isArray(offered) ? offered.filter((one) => typeof one === 'string') : [];
  return protocols.length > 0 ? protocols : ['http/1.1'];
}
