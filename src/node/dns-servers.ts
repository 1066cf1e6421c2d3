import dns from 'node:dns';
import { existsSync } from 'node:fs';
import { parseAddress } from '../core/address/address.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { oneOrMore } from '../core/input/checks.js';
import { hostPort } from '../core/input/host-port.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { initialServers } from './initial-servers.js';
import { realTime } from '../rx/real-time.js';
import { resolvConf, SYSTEM_RESOLV_CONF } from './resolv-conf.js';

/** @throws unless the value is a list of server addresses; `invalid` creates the error for text that is not an address */
export function checkServers(name: string, value: unknown, invalid = invalidValue): void {
  if (!Array.isArray(value)) throw invalidType(name, 'an array of addresses', value);
  oneOrMore((each, server) => serverEndpoint(each, server, invalid))(name, value);
}

/** Parses server addresses and puts those with IPv6 addresses first. */
export function serverEndpoints(servers: readonly string[]): readonly Endpoint[] {
  return servers.map((server) => serverEndpoint('options.servers', server)).sort((a, b) => b.family - a.family);
}

/** @throws unless the value is the address of a server */
function serverEndpoint(name: string, server: unknown, invalid = invalidValue): Endpoint {
  if (typeof server !== 'string') throw invalidType(name, 'of type string', server);
  const { host, port = '53' } = hostPort(server);
  const address = parseAddress(host);
  if (!address) throw invalid(name, 'must be the IP address of a DNS server', server);
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw invalid(name, 'has an invalid port', server);
  return { ...address, port: Number(port) };
}

/** The default server of a resolv.conf without any: resolv.conf(5). */
const LOCAL_SERVER = '127.0.0.1';

/** How long the servers of a system without a resolv.conf are cached, in ms. */
const LOOK_INTERVAL = 1000;

/**
 * The DNS servers of this machine: those in its present resolv.conf or, without such a file, those that the system reports, at
 * most a second old. Servers that the program has set (`dns.setServers`) override both.
 */
export function watchServers(path: string): () => readonly string[] {
  const conf = resolvConf(path);
  let lookedAt = -Infinity;
  let named: readonly string[] = [];
  return () => {
    const set = dns.getServers(); // called on the module, because `setServers` replaces this function
    if (String(set) !== initialServers) return set;
    const { servers } = conf();
    if (servers.length > 0) return servers;
    if (existsSync(path)) return [LOCAL_SERVER];
    if (realTime().now() - lookedAt >= LOOK_INTERVAL) {
      lookedAt = realTime().now();
      named = new dns.Resolver().getServers(); // a new resolver reads the servers again
    }
    return named;
  };
}

/** {@link watchServers} of this machine. */
export const systemServers = watchServers(SYSTEM_RESOLV_CONF);
