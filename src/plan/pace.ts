import { parseAddress, type Family } from '../core/address/address.js';
import type { Pacing } from '../core/race/schedule.js';
import type { Past } from '../core/race/path-records.js';
import { currentlyRouted } from '../node/connectivity.js';
import type { Settings } from './options.js';
import { pacingOf } from './pacing-of.js';
import { selectionFor } from './selection.js';

/** The pacing stage, from the options. The returned function is called for each race. */
export function pacing<T>(settings: Settings<T>, past: Past | undefined): () => Pacing {
  const { family, preferFamily } = settings;
  let pace = pacingOf(settings, family || (preferFamily ?? 6), past);
  if (family !== 0 || preferFamily !== undefined) return () => pace;
  return () => {
    const preferredFamily = familyOfChoice(settings);
    if (preferredFamily !== pace.preferredFamily) pace = { ...pace, preferredFamily };
    return pace;
  };
}

/**
 * The preferred family: IPv6, or IPv4 if the policy table prefers it; the other one if this machine's sockets cannot use that
 * family. The caller's own transport may reach more than they do.
 */
function familyOfChoice<T>({ sort, transport, localAddress }: Settings<T>): Family {
  const choice: Family = selectionFor(sort, transport)?.prefersIPv4 ? 4 : 6;
  if (transport) return choice;
  const usable = localAddress === undefined ? currentlyRouted() : familiesOf(localAddress);
  return usable.includes(choice) ? choice : choice === 6 ? 4 : 6;
}

function familiesOf(addresses: string | readonly string[]): readonly (Family | undefined)[] {
  return [addresses].flat().map((address) => parseAddress(address)?.family);
}
