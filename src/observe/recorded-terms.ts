import type { Endpoint } from '../core/race/endpoint.js';
import type { Terms } from '../whatif/terms.js';
import type { RecordedPlan } from './recorded-plan.js';

/** How a race is run, as data. @param any one of its endpoints */
export function termsOf({ family, pacing, interleaving, attemptTimeout, connectTimeout }: RecordedPlan, any: Endpoint): Terms {
  const { preferFamily, interleave, firstAddressFamilyCount } = interleaving;
  const { familyStaggerDelay } = pacing;
  const delay = pacing.attemptDelay(any);
  return {
    family,
    preferredFamily: pacing.preferredFamily,
    ...(preferFamily !== undefined && { preferFamily }),
    interleave,
    firstAddressFamilyCount,
    connectionAttemptDelay: delay,
    maximumConnectionAttemptDelay: pacing.maximumAttemptDelay,
    connectionAttemptDelayMultiplier: pacing.attemptDelayMultiplier,
    resolutionDelay: pacing.resolutionDelay,
    maxConcurrentAttempts: pacing.maxConcurrentAttempts,
    ...(familyStaggerDelay !== undefined && { familyStaggerDelay, attemptSpacingDelay: delay }),
    enabled: delay < Infinity,
    connectTimeout,
    attemptTimeout,
  };
}
