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

/** The options of a race that do not depend on the machine. Durations are in ms of the scheduler's time. */
export interface RacingOptions {
  /** Restricts the race to IPv4 or IPv6. Default 0: both. */
  readonly family?: 0 | Family | undefined;
  /**
   * The family that leads, whatever `sort` says, and that the Resolution Delay waits for. Default: IPv6, unless the policy table of
   * `sort` prefers IPv4.
   */
  readonly preferFamily?: Family | undefined;
  /** Whether the families alternate. Default true. */
  readonly interleave?: boolean | undefined;
  /** The number of addresses of the leading family before the first of the other. Default 1. */
  readonly firstAddressFamilyCount?: number | undefined;
  /**
   * The delay between the starts of two attempts; at least 10. Default 250. `'adaptive'`: the retransmission timeout of a path whose
   * round-trip time a connector knows; 250 on any other.
   */
  readonly connectionAttemptDelay?: number | 'adaptive' | undefined;
  /** The lower bound of an adaptive delay; at least 10. Default 100. */
  readonly minimumConnectionAttemptDelay?: number | undefined;
  /**
   * The upper bound of an adaptive or multiplied delay. With `maxConcurrentAttempts` in flight and another due, it is also how long
   * an attempt keeps its place. Default 2000.
   */
  readonly maximumConnectionAttemptDelay?: number | undefined;
  /**
   * Multiplies the delay before the next start once for each attempt in flight beyond the first, up to
   * `maximumConnectionAttemptDelay`; 1 to 100. Failed attempts do not count. Default 1.
   */
  readonly connectionAttemptDelayMultiplier?: number | undefined;
  /** How long the first attempt waits for the preferred family's answer after the other's has arrived. Default 50; 0 allowed. */
  readonly resolutionDelay?: number | undefined;
  /**
   * The most attempts in flight. When the limit is reached and another attempt is due, the oldest one gives way once it has had
   * `maximumConnectionAttemptDelay`. Default 8; `Infinity` allowed.
   */
  readonly maxConcurrentAttempts?: number | undefined;
  /** Per-family pacing, together with `attemptSpacingDelay`: how much later the other family starts. At least 10. */
  readonly familyStaggerDelay?: number | undefined;
  /**
   * Per-family pacing, together with `familyStaggerDelay`: the delay between two starts of one family, instead of
   * `connectionAttemptDelay`. At least 10.
   */
  readonly attemptSpacingDelay?: number | undefined;
  /** If false, attempts run one after another, without racing. Default true. */
  readonly enabled?: boolean | undefined;
  /**
   * The limit for the whole race, including the look-up. It should be longer than the delay between two starts, or a silent first
   * address leaves no time for a second. Default 10 000; `Infinity` allowed.
   */
  readonly connectTimeout?: number | undefined;
  /** The limit for one attempt. Default `Infinity`. */
  readonly attemptTimeout?: number | undefined;
  /**
   * How IPv4 is reached without an IPv4 route. `'auto'`: through the network's NAT64, whose prefixes are discovered from its DNS.
   * `{ prefixes }`: through these prefixes. An IPv6 address under a prefix counts as the IPv4 address that it represents. `false`:
   * addresses are never translated. Default `'auto'`.
   */
  readonly nat64?: 'auto' | false | Nat64Options | undefined;
  /**
   * Uses the host's HTTPS records, which name other targets and ports, their order and their protocols. `true`: for https. Requires a
   * resolver that queries them: `systemResolver`, `dnsResolver`, `serviceResolver`. Default false.
   */
  readonly serviceRecords?: boolean | ServiceOptions | undefined;
  /** Aborts the race, which errors with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Used for every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
  /** The source of randomness. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The default values of options. */
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

/** {@link RacingOptions} including all defaults. */
export type RacingSettings = RacingOptions & Required<Pick<RacingOptions, keyof typeof defaults>>;

/** @throws TypeError, RangeError unless the port is an integer from 1 to 65535 */
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
