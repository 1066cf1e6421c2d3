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

/** The addresses of this machine, as `os.networkInterfaces()` tells them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/i;

/** An address by which this machine reaches others: neither loopback nor link-local. */
export function reachesOthers({ internal, address }: NetworkInterfaceInfo): boolean {
  return !internal && !LINK_LOCAL.test(address);
}

/** For how long an answer of the system about its interfaces is believed, in ms. */
const LOOK_INTERVAL = 1000;

/**
 * The families worth asking for: those in which the kernel has a route to the Internet, whatever address it would use, and
 * those with an address that reaches at least the machines beside this one. Both, when there is neither: then only names of
 * this machine itself can work, in either family.
 */
export function connectedFamilies(interfaces: Interfaces, routed: readonly Family[] = []): readonly Family[] {
  const usable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(reachesOthers);
  const families = FAMILIES.filter((family) => routed.includes(family) || usable.some((info) => info.family === `IPv${family}`));
  return families.length === 0 ? FAMILIES : families;
}

/**
 * Names the network that a machine is in: the same while it has the same addresses on the same interfaces. Loopback and
 * link-local addresses do not count, and of IPv6 addresses only the network's part, for the rest changes with time.
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

/** What a look at the machine's addresses and routes tells. */
export interface Connectivity {
  /** Those worth asking for: {@link connectedFamilies}. */
  readonly families: readonly Family[];
  /** Those in which the Internet can be reached; the same as `families` where neither can. */
  readonly routed: readonly Family[];
  readonly network: () => string;
}

/** Where the system does not tell: nothing speaks against either family. */
const UNKNOWN: Connectivity = { families: FAMILIES, routed: FAMILIES, network: () => '' };

/**
 * Asks the system for its addresses and routes, at most once in `LOOK_INTERVAL`; in between, and where it fails, what it said
 * before. Each look gives another object.
 *
 * @param routedFamilies those in which the kernel has a route to the Internet
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
 * Addresses that every route to the Internet covers, and to which nothing is ever sent: the anycast service of RFC 7535, which
 * answers for whatever is not delegated.
 */
const ANYWHERE: readonly Address[] = [
  { address: '2001:4:112::1', family: 6 },
  { address: '192.31.196.1', family: 4 },
];

/** The families in which the kernel finds a source for a connected UDP socket, which sends nothing. */
export function familiesWithRoute(find: FindSources = findSources): readonly Family[] {
  const sources = find(ANYWHERE);
  return ANYWHERE.flatMap(({ family }, index) => (sources[index] === undefined ? [] : [family]));
}

/** {@link Connectivity} of this machine as it is now, a second old at most. */
export const currentConnectivity = watchConnectivity(networkInterfaces, now, () => familiesWithRoute());

/** Networks by whose NAT64 IPv4 can be reached. */
const translated = new Set<string>();

/** Says whether a network reaches IPv4 by NAT64, so that A is worth asking for there. */
export function hasTranslation(network: string, has: boolean): void {
  if (has) translated.add(network);
  else translated.delete(network);
}

/** The families worth asking for on this machine as it is now, a second old at most: IPv4 also where NAT64 leads there. */
export const currentFamilies = (): readonly Family[] => {
  const { families, network } = currentConnectivity();
  return translated.size === 0 || families.length > 1 || !translated.has(network()) ? families : FAMILIES;
};

/** The families in which this machine as it is now, a second old at most, has a route to the Internet. */
export const currentlyRouted = () => currentConnectivity().routed;

/** The addresses from which this machine as it is now, a second old at most, would connect. */
export const currentSources = rememberingSources(findSources, currentConnectivity);

/** {@link networkId} of this machine as it is now, a second old at most. */
export const currentNetwork = () => currentConnectivity().network();

/**
 * Asks for each family that is wanted, side by side, AAAA first.
 *
 * A family in which this machine has no route is not asked for: the negative answer is an assumed one. Unless the other has no
 * address either: then the name may be one of this machine itself, whose loopback addresses need no network.
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
