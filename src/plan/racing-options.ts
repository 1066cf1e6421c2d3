import type { SchedulerLike } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { invalidType, invalidValue, outOfRange } from '../core/input/argument-errors.js';
import {
  boolean,
  callable,
  integer,
  isObject,
  LONGEST_DELAY,
  number,
  oneOf,
  orInfinity,
  scheduler,
  type Check,
  type Checks,
} from '../core/input/checks.js';
import { monotonicScheduler } from '../rx/monotonic.js';
import { checkNat64, type Nat64Options } from './nat64-options.js';
import { checkServiceRecords, type ServiceOptions } from './service-options.js';

/** How a race is run, as far as no machine is asked for anything. Durations in ms of the scheduler's time; off is `Infinity` or `false`, never 0. */
export interface RacingOptions {
  /** 4 or 6 restricts the race to one family. Default 0: both. */
  readonly family?: 0 | Family;
  /** Leads, whatever the order says, and is what the Resolution Delay waits for. Default: IPv6, unless the policy table of `sort` prefers IPv4. */
  readonly preferFamily?: Family;
  /** Alternate the families. Default true. */
  readonly interleave?: boolean;
  /** How many of the leading family come before the first of the other. Default 1. */
  readonly firstAddressFamilyCount?: number;
  /**
   * Between two starts; at least 10. Default 250. `'adaptive'`: when the first packet would be sent again on a path whose
   * round-trip time a connector knows; on another, 250.
   */
  readonly connectionAttemptDelay?: number | 'adaptive';
  /** The least that an adaptive delay may be; at least 10. Default 100. */
  readonly minimumConnectionAttemptDelay?: number;
  /**
   * The most that an adaptive or multiplied delay may be. It is also how long an attempt keeps its place when
   * `maxConcurrentAttempts` are in flight and another is due. Default 2000.
   */
  readonly maximumConnectionAttemptDelay?: number;
  /**
   * What each attempt in flight besides the first multiplies the delay before the next start by; 1 to 100. Failed attempts do
   * not count. The delay grows up to `maximumConnectionAttemptDelay`. Default 1.
   */
  readonly connectionAttemptDelayMultiplier?: number;
  /** How long the first attempt waits for the preferred family's answer once the other's has come. Default 50; 0 allowed. */
  readonly resolutionDelay?: number;
  /**
   * Attempts in flight. When that many are and another is due, the oldest that has had `maximumConnectionAttemptDelay` gives
   * way. Default 8; `Infinity` allowed.
   */
  readonly maxConcurrentAttempts?: number;
  /** Per-family pacing, with `attemptSpacingDelay`: how much later the other family starts. At least 10. */
  readonly familyStaggerDelay?: number;
  /** Per-family pacing, with `familyStaggerDelay`: between two starts of one family, instead of `connectionAttemptDelay`. At least 10. */
  readonly attemptSpacingDelay?: number;
  /** False: one attempt after another, no racing. Default true. */
  readonly enabled?: boolean;
  /**
   * The whole race, look-up included. One that is not longer than the delay between two starts leaves no time for a second
   * address that a silent first one makes necessary. Default 10 000; `Infinity` allowed.
   */
  readonly connectTimeout?: number;
  /** One attempt. Default `Infinity`. */
  readonly attemptTimeout?: number;
  /**
   * How IPv4 is reached where it has no route. `'auto'`: where IPv6 has one, by the NAT64 of the network, whose prefixes its DNS
   * tells; or by the prefixes that are given. An IPv6 address within one counts as the IPv4 address that it stands for. `false`:
   * addresses are what they are. Default `'auto'`.
   */
  readonly nat64?: 'auto' | false | Nat64Options;
  /**
   * Goes by the HTTPS records of the host: to which names and ports they lead, in which order, and for which protocols.
   * `true`: for https. Needs a resolver that asks for them: `systemResolver`, `dnsResolver`, `serviceResolver`. Default false.
   */
  readonly serviceRecords?: boolean | ServiceOptions;
  /** Ends the race; it errors with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike;
  /** Where chance is needed: a function like the default, `Math.random`. */
  readonly random?: () => number;
}

/** The value of every option that is not given and has one. */
export const defaults = Object.freeze({
  family: 0,
  interleave: true,
  firstAddressFamilyCount: 1,
  connectionAttemptDelay: 250,
  minimumConnectionAttemptDelay: 100,
  maximumConnectionAttemptDelay: 2000,
  connectionAttemptDelayMultiplier: 1,
  resolutionDelay: 50,
  maxConcurrentAttempts: 8,
  enabled: true,
  connectTimeout: 10_000,
  attemptTimeout: Infinity,
  scheduler: monotonicScheduler,
  random: Math.random,
} satisfies RacingOptions);

/** Racing options with every default filled in. */
export type RacingSettings = RacingOptions & Required<Pick<RacingOptions, keyof typeof defaults>>;

/** @throws TypeError, RangeError for what cannot be a port: a whole number from 1 to 65535 */
export function checkPort(port: unknown): asserts port is number {
  isPort('port', port);
}

const isPort: Check = integer(1, 65_535);

/** RFC 8305 section 5: the Connection Attempt Delay MUST NOT be under 10 ms. */
const attemptDelay = number(10, LONGEST_DELAY);

export const racingChecks: Checks<RacingOptions> = {
  family: oneOf(0, 4, 6),
  preferFamily: oneOf(4, 6),
  interleave: boolean,
  firstAddressFamilyCount: integer(1, Number.MAX_SAFE_INTEGER),
  connectionAttemptDelay: (name, value) => {
    if (value !== 'adaptive') attemptDelay(name, value);
  },
  minimumConnectionAttemptDelay: attemptDelay,
  maximumConnectionAttemptDelay: attemptDelay,
  connectionAttemptDelayMultiplier: number(1, 100),
  resolutionDelay: number(0, LONGEST_DELAY),
  maxConcurrentAttempts: orInfinity(integer(1, Number.MAX_SAFE_INTEGER)),
  familyStaggerDelay: attemptDelay,
  attemptSpacingDelay: attemptDelay,
  enabled: boolean,
  connectTimeout: orInfinity(number(1, LONGEST_DELAY)),
  attemptTimeout: orInfinity(number(1, LONGEST_DELAY)),
  nat64: checkNat64,
  serviceRecords: checkServiceRecords,
  signal: (name, value) => {
    const { aborted, addEventListener } = (isObject(value) ? value : {}) as Partial<AbortSignal>;
    if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') throw invalidType(name, 'an AbortSignal', value);
  },
  scheduler,
  random: callable,
};

/** Delays that only make sense with others. */
export function checkDelaysTogether(settings: RacingSettings): void {
  const { familyStaggerDelay, attemptSpacingDelay, minimumConnectionAttemptDelay, maximumConnectionAttemptDelay } = settings;
  if ((familyStaggerDelay === undefined) !== (attemptSpacingDelay === undefined)) {
    const [given, missing] =
      attemptSpacingDelay === undefined
        ? ['familyStaggerDelay', 'attemptSpacingDelay']
        : ['attemptSpacingDelay', 'familyStaggerDelay'];
    throw invalidValue(`options.${missing}`, `must be given together with options.${given}`, undefined);
  }
  if (maximumConnectionAttemptDelay < minimumConnectionAttemptDelay) {
    const least = `>= options.minimumConnectionAttemptDelay (${minimumConnectionAttemptDelay})`;
    throw outOfRange('options.maximumConnectionAttemptDelay', least, maximumConnectionAttemptDelay);
  }
}
