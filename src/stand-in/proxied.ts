import type http from 'node:http';
import net, { isIP } from 'node:net';
import { codedError } from '../core/error-tools.js';
import type { Filters } from '../node/filter.js';
import type { ConnectTarget } from './connect-arguments.js';
import { connectFiltered, refusalOf } from './connect-filtered.js';

/** From Node 24 on, an agent may use the proxies in the environment, to which it connects by itself. */
export function isProxied(agent: http.Agent): boolean {
  return (agent as { options?: { proxyEnv?: object } }).options?.proxyEnv !== undefined;
}

/** The proxy configuration within Node's agent. */
interface ProxyConfig {
  proxyConnectionOptions?: ConnectTarget;
}

/**
 * Applies the filters to the connections of an agent to its proxy, whose options Node keeps in the agent, under a symbol.
 *
 * @param isKnown whether the agents of this Node support proxies
 * @throws Error if Node keeps them elsewhere, since nothing would be filtered
 */
export function filterProxy(agent: http.Agent, filters: Filters | undefined, isKnown = knowsProxies): void {
  if (!filters) return;
  const key = Object.getOwnPropertySymbols(agent).find(({ description }) => description === 'kProxyConfig');
  if (!key) {
    if (isKnown) throw codedError('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'this Node does not let its proxies be filtered');
    return;
  }
  const config = (agent as unknown as Record<symbol, ProxyConfig | null>)[key];
  const options = config?.proxyConnectionOptions;
  if (options) config.proxyConnectionOptions = connectFiltered((changed) => changed, options, filters);
}

/** Whether the agents of this Node support proxies. */
const knowsProxies = Number(process.versions.node.split('.')[0]) >= 24;

/**
 * Creates the socket of an agent with proxies: to a proxy, or to a host without one. A refused address must not be reached through
 * a proxy either.
 */
export function connectProxied<S>(create: (destination: ConnectTarget) => S, destination: ConnectTarget, filters?: Filters): S {
  const { host, port } = destination;
  const refused = filters && host && isIP(host) ? refusalOf(host, Number(port), filters) : undefined;
  if (refused) return failed(refused) as S;
  return connectFiltered(create, destination, filters);
}

/** A socket that fails with an error. */
function failed(error: Error): net.Socket {
  return net.connect({
    host: 'refused.invalid',
    port: 1,
    lookup: (_name, _options, answered) => {
      process.nextTick(answered, error);
    },
  });
}
