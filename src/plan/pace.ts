import { parseAddress, type Family } from '../core/address/address.js';
import type { Answer } from '../core/race/answers.js';
import { retransmissionTimeout } from '../core/race/path-records.js';
import type { Pacing } from '../core/race/schedule.js';
import type { Past } from '../core/race/path-records.js';
import { currentlyRouted } from '../node/connectivity.js';
import { defaults, type Settings } from './options.js';
import { selectionFor } from './selection.js';

/** The pacing stage, from the options. The returned function is called for each race. */
export function pacing<T>(settings: Settings<T>, past: Past | undefined): () => Pacing {
  const { enabled, family, preferFamily, resolutionDelay, familyStaggerDelay, maxConcurrentAttempts } = settings;
  let pace: Pacing = {
    preferredFamily: family || (preferFamily ?? 6),
    resolutionDelay,
    attemptDelayMultiplier: settings.connectionAttemptDelayMultiplier,
    maximumAttemptDelay: settings.maximumConnectionAttemptDelay,
    suspects: past && allFailedLately(past),
    attemptDelay: enabled ? attemptDelay(settings, past) : () => Infinity,
    familyStaggerDelay: enabled ? familyStaggerDelay : undefined,
    maxConcurrentAttempts: enabled ? maxConcurrentAttempts : 1,
  };
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

function allFailedLately({ recall, failedLately }: Past): (answer: Answer) => boolean {
  return ({ addresses }) =>
    addresses.every((text) => {
      const address = parseAddress(text);
      return address !== undefined && failedLately(recall(address) ?? {});
    });
}

/** With `'adaptive'`, the retransmission timeout of a known path; on other paths the value that RFC 8305 recommends. */
function attemptDelay<T>(settings: Settings<T>, past: Past | undefined): Pacing['attemptDelay'] {
  const { attemptSpacingDelay, connectionAttemptDelay } = settings;
  const given = attemptSpacingDelay ?? connectionAttemptDelay;
  if (given !== 'adaptive') return () => given;
  const { minimumConnectionAttemptDelay: least, maximumConnectionAttemptDelay: most } = settings;
  return (endpoint) => {
    const known = retransmissionTimeout(past?.recall(endpoint) ?? {});
    return Math.min(Math.max(known ?? defaults.connectionAttemptDelay, least), most);
  };
}
