import { parseAddress, type Family } from '../core/address/address.js';
import type { Answer } from '../core/race/answers.js';
import { retransmissionTimeout, type Past } from '../core/race/path-records.js';
import type { Pacing } from '../core/race/schedule.js';
import { defaults, type RacingSettings } from './racing-options.js';

/** What decides when the attempts of a race start, once it is known for which family's answer the first one waits. */
export function pacingOf(settings: RacingSettings, preferredFamily: Family, past?: Past): Pacing {
  const { enabled, resolutionDelay, familyStaggerDelay, maxConcurrentAttempts } = settings;
  return {
    preferredFamily,
    resolutionDelay,
    attemptDelayMultiplier: settings.connectionAttemptDelayMultiplier,
    maximumAttemptDelay: settings.maximumConnectionAttemptDelay,
    suspects: past && allFailedLately(past),
    attemptDelay: enabled ? attemptDelay(settings, past) : () => Infinity,
    familyStaggerDelay: enabled ? familyStaggerDelay : undefined,
    maxConcurrentAttempts: enabled ? maxConcurrentAttempts : 1,
  };
}

function allFailedLately({ recall, failedLately }: Past): (answer: Answer) => boolean {
  return ({ addresses }) =>
    addresses.every((text) => {
      const address = parseAddress(text);
      return address !== undefined && failedLately(recall(address) ?? {});
    });
}

/** With `'adaptive'`, the retransmission timeout of a known path; on other paths the value that RFC 8305 recommends. */
function attemptDelay(settings: RacingSettings, past: Past | undefined): Pacing['attemptDelay'] {
  const { attemptSpacingDelay, connectionAttemptDelay } = settings;
  const given = attemptSpacingDelay ?? connectionAttemptDelay;
  if (given !== 'adaptive') return () => given;
  const { minimumConnectionAttemptDelay: least, maximumConnectionAttemptDelay: most } = settings;
  return (endpoint) => {
    const known = retransmissionTimeout(past?.recall(endpoint) ?? {});
    return Math.min(Math.max(known ?? defaults.connectionAttemptDelay, least), most);
  };
}
