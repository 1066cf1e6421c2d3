import { createHash } from 'node:crypto';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { concat, concatMap, merge, of, type Observable } from 'rxjs';
import { addressWords } from '../core/address/address-bits.js';
import { parseAddress, type Family } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import type { Query } from '../rx/resolve.js';
import { debug } from '../observe/debug.js';

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
 * The families in which this machine can reach others: those with an address that is neither loopback nor link-local.
 * Both, when there is no such address at all: then only names of this machine itself can work, in either family.
 */
export function connectedFamilies(interfaces: Interfaces): readonly Family[] {
  const usable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(reachesOthers);
  const families = ([6, 4] as const).filter((family) => usable.some((info) => info.family === `IPv${family}`));
  return families.length === 0 ? [6, 4] : families;
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

/** What a look at the machine's addresses tells. */
export interface Connectivity {
  readonly families: readonly Family[];
  readonly network: () => string;
}

/** Where the system does not tell: nothing speaks against either family. */
const UNKNOWN: Connectivity = { families: [6, 4], network: () => '' };

/** Asks the system for its addresses, at most once in `LOOK_INTERVAL`; in between, and where it fails, what it said before. */
export function watchConnectivity(interfaces: () => Interfaces, now: () => number): () => Connectivity {
  let lookedAt = -Infinity;
  let connectivity = UNKNOWN;
  return () => {
    if (now() - lookedAt < LOOK_INTERVAL) return connectivity;
    lookedAt = now();
    try {
      const found = interfaces();
      let id: string | undefined;
      connectivity = { families: connectedFamilies(found), network: () => (id ??= networkId(found)) };
    } catch (error) {
      debug('the system does not tell its addresses: %s', (error as Error).message);
    }
    return connectivity;
  };
}

const currentConnectivity = watchConnectivity(networkInterfaces, () => performance.now());

/** {@link connectedFamilies} of this machine as it is now, a second old at most. */
export const currentFamilies = () => currentConnectivity().families;

/** {@link networkId} of this machine as it is now, a second old at most. */
export const currentNetwork = () => currentConnectivity().network();

/**
 * Asks for each family that is wanted, side by side, AAAA first.
 *
 * A family that this machine cannot reach is not asked for: it is a negative answer. Unless the other has no address either:
 * then the name may be one of this machine itself, whose loopback addresses need no network.
 */
export function askFamilies(
  query: Query,
  connected: readonly Family[],
  ask: (family: Family) => Observable<Answer>,
): Observable<Answer> {
  const wanted = ([6, 4] as const).filter((family) => query.family === undefined || query.family === family);
  const [reachable] = wanted.filter((family) => connected.includes(family));
  const [unreachable] = wanted.filter((family) => !connected.includes(family));
  if (reachable === undefined || unreachable === undefined) return merge(...wanted.map(ask));
  return ask(reachable).pipe(
    concatMap((answer) => concat(of(answer), answer.addresses.length > 0 ? of(notAsked(unreachable)) : ask(unreachable))),
  );
}

function notAsked(family: Family): Answer {
  const error = new Error(`not asked for: this machine has no IPv${family} address to connect from`);
  return { type: recordType(family), addresses: [], error };
}
