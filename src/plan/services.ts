import { currentNetwork } from '../node/connectivity.js';
import { systemHosts } from '../node/hosts-file.js';
import { debug } from '../observe/debug.js';
import type { Settings } from './options.js';
import { servicePlanIn, SPOKEN, type Surroundings } from './service-plan.js';

type Given<T> = Parameters<typeof servicePlanIn<T>>;

const HERE: Surroundings = { isOwn: (name) => systemHosts(name).length > 0, network: currentNetwork, complain: debug };

/** Where a transport of the caller's leads, this machine's files do not say. */
const ELSEWHERE: Surroundings = { ...HERE, isOwn: () => false };

/** {@link servicePlanIn} this machine, or elsewhere with a transport of the caller's. */
export function servicePlan<T>(host: Given<T>[1], settings: Settings<T>, resolver: Given<T>[3], race: Given<T>[4]) {
  return servicePlanIn(settings.transport ? ELSEWHERE : HERE, host, settings, resolver, race, spoken(settings));
}

function spoken<T>({ tls }: Settings<T>): readonly string[] {
  const offered: unknown = typeof tls === 'object' ? tls.ALPNProtocols : undefined;
  const protocols = Array.isArray(offered) ? offered.filter((one) => typeof one === 'string') : [];
  return protocols.length > 0 ? protocols : SPOKEN;
}
