import { parseAddress, type Family } from '../core/address/address.js';
import type { Answer } from '../core/race/answers.js';
import { retransmissionTimeout } from '../core/race/path-records.js';
import { prefersIPv4 } from '../core/race/policy-table.js';
import type { Pacing } from '../core/race/schedule.js';
import type { Past } from '../core/race/path-records.js';
import { selectionOf } from '../node/address-selection.js';
import { currentFamilies } from '../node/connectivity.js';
import { defaults, type Settings } from './options.js';

/** What decides when the attempts of a race start, as the options have it. */
export function pacing<T>(settings: Settings<T>, past: Past | undefined): Pacing {
  const { family, preferFamily, resolutionDelay, familyStaggerDelay, maxConcurrentAttempts } = settings;
  const common = {
    preferredFamily: family || (preferFamily ?? familyOfChoice(settings)),
    resolutionDelay,
    attemptDelayMultiplier: settings.connectionAttemptDelayMultiplier,
    maximumAttemptDelay: settings.maximumConnectionAttemptDelay,
    suspects: past && allFailedLately(past),
  };
  if (!settings.enabled) return { ...common, attemptDelay: () => Infinity, maxConcurrentAttempts: 1 };
  return { ...common, attemptDelay: attemptDelay(settings, past), familyStaggerDelay, maxConcurrentAttempts };
}

/**
 * IPv6, unless the policy table says otherwise, or sockets of this machine would have no way to use it. A transport of the
 * caller's may reach what it does not.
 */
function familyOfChoice<T>({ sort, transport, localAddress }: Settings<T>): Family {
  const selection = typeof sort === 'function' ? selectionOf(sort) : undefined;
  if (selection && prefersIPv4(selection.policyOf)) return 4;
  if (transport) return 6;
  const locals = [localAddress ?? []].flat().map((local) => parseAddress(local)?.family);
  const usable = locals.length > 0 ? locals : currentFamilies();
  return usable.includes(6) ? 6 : 4;
}

function allFailedLately({ recall, failedLately }: Past): (answer: Answer) => boolean {
  return ({ addresses }) =>
    addresses.every((text) => {
      const address = parseAddress(text);
      return address !== undefined && failedLately(recall(address) ?? {});
    });
}

/** With `'adaptive'`, when the first packet would be sent again on a path that is known; elsewhere what RFC 8305 recommends. */
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
