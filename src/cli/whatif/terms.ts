import { checkOptions, defaults, type Settings } from '../../plan/options.js';
import type { Terms } from '../../whatif/terms.js';

/** The terms of a race with default options. It prefers IPv6 and does not adapt its delay. */
export function defaultTerms(): Terms {
  return termsOf(checkOptions({}), 6);
}

/** The terms of a race with these settings. */
export function termsOf(settings: Settings<unknown>, preferred: 4 | 6): Terms {
  const { family, preferFamily, connectionAttemptDelay, familyStaggerDelay, attemptSpacingDelay } = settings;
  return {
    family,
    preferredFamily: family || (preferFamily ?? preferred),
    ...(preferFamily !== undefined && { preferFamily }),
    interleave: settings.interleave,
    firstAddressFamilyCount: settings.firstAddressFamilyCount,
    connectionAttemptDelay: connectionAttemptDelay === 'adaptive' ? defaults.connectionAttemptDelay : connectionAttemptDelay,
    maximumConnectionAttemptDelay: settings.maximumConnectionAttemptDelay,
    connectionAttemptDelayMultiplier: settings.connectionAttemptDelayMultiplier,
    resolutionDelay: settings.resolutionDelay,
    maxConcurrentAttempts: settings.maxConcurrentAttempts,
    ...(familyStaggerDelay !== undefined && { familyStaggerDelay, attemptSpacingDelay }),
    enabled: settings.enabled,
    connectTimeout: settings.connectTimeout,
    attemptTimeout: settings.attemptTimeout,
  };
}
