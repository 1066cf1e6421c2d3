import type { ConnectOptions } from './connect-options.js';

type Preset = Readonly<Omit<ConnectOptions, 'transport' | 'signal'>>;

/**
 * Settings of the systems that people come from, to be spread into the options.
 *
 * @example
 * connect$('example.com', 443, { ...presets.perFamily, connectTimeout: 5000 })
 */
export const presets = Object.freeze({
  /**
   * The values that RFC 8305 section 8 recommends, spelt out: Resolution Delay 50 ms, First Address Family Count 1,
   * Connection Attempt Delay 250 ms (100 to 2000 where it is derived). The RFC knows no limit of attempts in flight. Its Last
   * Resort Local Synthesis Delay is gone from its successor.
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
   * Each family a queue of its own, at most two attempts at a time: the preferred family starts at once, the other 250 ms
   * later, and each goes on every 125 ms. When two silent ones take up both places, the older gives way after
   * `maximumConnectionAttemptDelay` (2 s).
   */
  perFamily: Object.freeze({
    familyStaggerDelay: 250,
    attemptSpacingDelay: 125,
    maxConcurrentAttempts: 2,
  } satisfies Preset),
});
