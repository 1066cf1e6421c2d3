import { createHash } from 'node:crypto';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { concat, concatMap, merge, of, type Observable } from 'rxjs';
import { addressWords } from '../core/address/address-bits.js';
import { type Address, FAMILIES, type Family, parseAddress } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import type { Query } from '../rx/resolver.js';
import { now } from '../rx/real-time.js';
import { debug } from '../observe/debug.js';
import { findSources, rememberingSources, type FindSources } from './source-address.js';

/** The addresses of this machine, as `os.networkInterfaces()` returns them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/i;

/** Whether this machine can reach others from an address: it is neither loopback nor link-local. */
export function reachesOthers({ internal, address }: NetworkInterfaceInfo): boolean {
  return !internal && !LINK_LOCAL.test(address);
}

/** How long the list of interfaces is cached, in ms. */
const LOOK_INTERVAL = 1000;

/**
 * The families worth querying: those in which the kernel has a route to the Internet, and those with an address that reaches at
 * least the local network. Both if there is neither: then only this machine's own names can work, in either family.
 */
export function connectedFamilies(interfaces: Interfaces, routed: readonly Family[] = []): readonly Family[] {
  const usable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(reachesOthers);
  const families = FAMILIES.filter((family) => routed.includes(family) || usable.some((info) => info.family === `IPv${family}`));
  return families.length === 0 ? FAMILIES : families;
}

/**
 * Names the network that a machine is in. The name stays the same while the machine has the same addresses on the same
 * interfaces. Loopback and link-local addresses do not count, and of IPv6 addresses only the prefix, since the rest may change.
 */
export function networkId(interfaces: Interfaces): string {
  const addresses = Object.entries(interfaces).flatMap(([name, infos]) =>
    (infos ?? []).filter(reachesOthers).map(({ address }) => `${name} ${networkPart(address)}`),
  );
  const distinct = [...new Set(addresses)].sort();
  return createHash('sha256').update(distinct.join('\n')).digest('base64url').slice(0, 16);
}

function networkPart(text: string): string {
  const address = parseAddress(text);
  return address?.family === 6 ? addressWords(address).slice(0, 4).join(':') : text;
}

/** What the machine's addresses and routes say. */
export interface Connectivity {
  /** The families worth querying: {@link connectedFamilies}. */
  readonly families: readonly Family[];
  /** The families with a route to the Internet; the same as `families` if there is none. */
  readonly routed: readonly Family[];
  readonly network: () => string;
}

/** Assumed if the system does not say: both families are usable. */
const UNKNOWN: Connectivity = { families: FAMILIES, routed: FAMILIES, network: () => '' };

/**
 * Reads the system's addresses and routes at most once per `LOOK_INTERVAL`. In between, and on failure, returns the previous
 * object; each reading returns a new one.
 *
 * @param routedFamilies returns the families in which the kernel has a route to the Internet
 */
export function watchConnectivity(
  interfaces: () => Interfaces,
  now: () => number,
  routedFamilies: () => readonly Family[] = () => [],
): () => Connectivity {
  let lookedAt = -Infinity;
  let connectivity = UNKNOWN;
  return () => {
    if (now() - lookedAt < LOOK_INTERVAL) return connectivity;
    lookedAt = now();
    try {
      const found = interfaces();
      const routed = routedFamilies();
      const families = connectedFamilies(found, routed);
      let id: string | undefined;
      connectivity = { families, routed: routed.length > 0 ? routed : families, network: () => (id ??= networkId(found)) };
    } catch (error) {
      connectivity = { ...connectivity };
      debug('the system does not tell its addresses: %s', (error as Error).message);
    }
    return connectivity;
  };
}

/**
 * Addresses on the Internet, used only to look up a route. Nothing is ever sent to them. They belong to the anycast service of
 * RFC 7535.
 */
const ANYWHERE: readonly Address[] = [
  { address: '2001:4:112::1', family: 6 },
  { address: '192.31.196.1', family: 4 },
];

/** The families in which the kernel finds a source address for a connected UDP socket, which sends nothing. */
export function familiesWithRoute(find: FindSources = findSources): readonly Family[] {
  const sources = find(ANYWHERE);
  return ANYWHERE.flatMap(({ family }, index) => (sources[index] === undefined ? [] : [family]));
}

/** The present {@link Connectivity} of this machine, at most a second old. */
export const currentConnectivity = watchConnectivity(networkInterfaces, now, () => familiesWithRoute());

/** The networks whose NAT64 reaches IPv4. */
const translated = new Set<string>();

/** Records whether a network reaches IPv4 through NAT64, so that A is worth querying there. */
export function hasTranslation(network: string, has: boolean): void {
  if (has) translated.add(network);
  else translated.delete(network);
}

/** The families worth querying on this machine, at most a second old. Includes IPv4 if NAT64 reaches it. */
export const currentFamilies = (): readonly Family[] => {
  const { families, network } = currentConnectivity();
  return translated.size === 0 || families.length > 1 || !translated.has(network()) ? families : FAMILIES;
};

/** The families in which this machine has a route to the Internet, at most a second old. */
export const currentlyRouted = () => currentConnectivity().routed;

/** The source addresses that this machine would connect from, at most a second old. */
export const currentSources = rememberingSources(findSources, currentConnectivity);

/** The present {@link networkId} of this machine, at most a second old. */
export const currentNetwork = () => currentConnectivity().network();

/**
 * Queries each wanted family in parallel, AAAA first.
 *
 * A family without a route is not queried, and gets an assumed negative answer. It is queried after all if the other family has
 * no address either: then the name may belong to this machine, whose loopback addresses need no network.
 */
export function askFamilies(
  query: Query,
  connected: readonly Family[],
  ask: (family: Family) => Observable<Answer>,
): Observable<Answer> {
  const wanted = FAMILIES.filter((family) => query.family === undefined || query.family === family);
  const [reachable] = wanted.filter((family) => connected.includes(family));
  const [unreachable] = wanted.filter((family) => !connected.includes(family));
  if (query.insist || reachable === undefined || unreachable === undefined) return merge(...wanted.map(ask));
  return ask(reachable).pipe(
    concatMap((answer) => concat(of(answer), answer.addresses.length > 0 ? of(notAsked(unreachable)) : ask(unreachable))),
  );
}

function notAsked(family: Family): Answer {
  const error = new Error(`not asked for: this machine has no IPv${family} route`);
  return { type: recordType(family), addresses: [], error, assumed: true };
}
