import { parseAddress, type Family } from '../core/address/address.js';
import type { Answer } from '../core/race/answers.js';
import { retransmissionTimeout } from '../core/race/path-records.js';
import type { Pacing } from '../core/race/schedule.js';
import type { Past } from '../core/race/path-records.js';
import { currentlyRouted } from '../node/connectivity.js';
import { defaults, type Settings } from './options.js';
import { selectionFor } from './selection.js';

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
 * IPv6, or IPv4 where the policy table prefers it; the other one where sockets of this machine have no way to use that. A
 * transport of the caller's may reach what they do not.
 */
function familyOfChoice<T>({ sort, transport, localAddress }: Settings<T>): Family {
  const [choice, other] = selectionFor({ sort, transport })?.prefersIPv4 ? ([4, 6] as const) : ([6, 4] as const);
  if (transport) return choice;
  const locals = [localAddress ?? []].flat().map((local) => parseAddress(local)?.family);
  const usable = locals.length > 0 ? locals : currentlyRouted();
  return usable.includes(choice) ? choice : other;
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
