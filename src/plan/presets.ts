import type { ConnectOptions } from './connect-options.js';

type Preset = Readonly<Omit<ConnectOptions, 'transport' | 'signal'>>;

/**
 * Settings of well-known systems, to be spread into the options.
 *
 * @example
 * connect$('example.com', 443, { ...presets.perFamily, connectTimeout: 5000 })
 */
export const presets = Object.freeze({
  /**
   * The values that RFC 8305 section 8 recommends: Resolution Delay 50 ms, First Address Family Count 1, Connection Attempt Delay
   * 250 ms (100 to 2000 if derived). The RFC does not limit attempts in flight. Its Last Resort Local Synthesis Delay has been
   * dropped from its successor.
   */
  rfc8305: Object.freeze({
    resolutionDelay: 50,
    interleave: true,
    firstAddressFamilyCount: 1,
    connectionAttemptDelay: 250,
    minimumConnectionAttemptDelay: 100,
    maximumConnectionAttemptDelay: 2000,
    maxConcurrentAttempts: Infinity,
  } satisfies Preset),
  /**
   * A separate queue for each family and at most two attempts in flight. The preferred family starts at once and the other 250 ms
   * later; each continues every 125 ms. If two silent attempts occupy both places, the older gives way after
   * `maximumConnectionAttemptDelay` (2 s).
   */
  perFamily: Object.freeze({
    familyStaggerDelay: 250,
    attemptSpacingDelay: 125,
    maxConcurrentAttempts: 2,
  } satisfies Preset),
});
