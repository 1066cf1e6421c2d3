import { createHash } from 'node:crypto';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { merge, of, type Observable } from 'rxjs';
import type { Family } from '../core/address.js';
import { recordType, type Answer } from '../core/answers.js';
import type { Query } from '../rx/resolve.js';

/** The addresses of this machine, as `os.networkInterfaces()` tells them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/i;

/** For how long an answer of the system about its interfaces is believed, in ms. */
const LOOK_INTERVAL = 1000;

/**
 * The families in which this machine can reach others: those with an address that is neither loopback nor link-local.
 * Both, when there is no such address at all: then only names of this machine itself can work, in either family.
 */
export function connectedFamilies(interfaces: Interfaces): readonly Family[] {
  const usable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
  const families = ([6, 4] as const).filter((family) => usable.some((info) => info.family === `IPv${family}`));
  return families.length === 0 ? [6, 4] : families;
}

/** Names the network that a machine is in: the same while it has the same addresses on the same interfaces. */
export function networkId(interfaces: Interfaces): string {
  const addresses = Object.entries(interfaces).flatMap(([name, infos]) =>
    (infos ?? []).map(({ address }) => `${name} ${address}`),
  );
  return createHash('sha256').update(addresses.sort().join('\n')).digest('base64url').slice(0, 16);
}

/** What is looked at when the machine's addresses are. */
export interface Connectivity {
  readonly families: readonly Family[];
  readonly network: string;
}

/** Asks the system for its addresses, at most once in `LOOK_INTERVAL`; in between, what it said. */
export function watchConnectivity(interfaces: () => Interfaces, now: () => number): () => Connectivity {
  let lookedAt = -Infinity;
  let connectivity: Connectivity;
  return () => {
    if (now() - lookedAt >= LOOK_INTERVAL) {
      lookedAt = now();
      const found = interfaces();
      connectivity = { families: connectedFamilies(found), network: networkId(found) };
    }
    return connectivity;
  };
}

const currentConnectivity = watchConnectivity(networkInterfaces, () => performance.now());

/** {@link connectedFamilies} of this machine as it is now, a second old at most. */
export const currentFamilies = () => currentConnectivity().families;

/** {@link networkId} of this machine as it is now, a second old at most. */
export const currentNetwork = () => currentConnectivity().network;

/**
 * Asks for each family that is wanted, side by side, AAAA first. A family that this machine cannot reach is not asked for: it
 * is a negative answer.
 */
export function askFamilies(
  query: Query,
  connected: readonly Family[],
  ask: (family: Family) => Observable<Answer>,
): Observable<Answer> {
  const wanted = ([6, 4] as const).filter((family) => query.family === undefined || query.family === family);
  return merge(...wanted.map((family) => (connected.includes(family) ? ask(family) : of(unreachable(family)))));
}

function unreachable(family: Family): Answer {
  const error = new Error(`not asked for: this machine has no IPv${family} address to connect from`);
  return { type: recordType(family), addresses: [], error };
}
