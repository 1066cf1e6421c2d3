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
  /**
   * Restricts the race to one family, 4 or 6. With 0, both are raced.
   *
   * @defaultValue 0
   * @example `{ family: 6 }`
   */
  readonly family?: 0 | Family | undefined;
  /**
   * The family that leads, whatever the order says, and whose answer the Resolution Delay waits for. Without this option the order
   * decides which family leads. The race then waits for IPv6 where this machine has a route for it and the policy table of `sort`
   * does not prefer IPv4; otherwise for IPv4.
   *
   * @defaultValue none
   * @example `{ preferFamily: 4 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3 | RFC 8305 section 3}
   */
  readonly preferFamily?: Family | undefined;
  /**
   * Whether the families alternate. With `false` the race follows the order as it is.
   *
   * @defaultValue true
   * @example `{ interleave: false }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-4 | RFC 8305 section 4}
   */
  readonly interleave?: boolean | undefined;
  /**
   * How many addresses of the leading family come before the first of the other family.
   *
   * @defaultValue 1
   * @example `{ firstAddressFamilyCount: 2 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-4 | RFC 8305 section 4}
   */
  readonly firstAddressFamilyCount?: number | undefined;
  /**
   * The time between the starts of two attempts, at least 10. A failed attempt ends the wait, so the next one starts at once.
   *
   * With `'adaptive'`, a connector derives the delay from the round-trip time of the path: it is the time after which TCP would
   * send its first packet again. Where the round-trip time is not known, the delay is 250 ms.
   *
   * @defaultValue 250
   * @example `{ connectionAttemptDelay: 200 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305 section 5}
   */
  readonly connectionAttemptDelay?: number | 'adaptive' | undefined;
  /**
   * The lower bound of an adaptive delay, at least 10.
   *
   * @defaultValue 100
   * @example `{ connectionAttemptDelay: 'adaptive', minimumConnectionAttemptDelay: 50 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305 section 5}
   */
  readonly minimumConnectionAttemptDelay?: number | undefined;
  /**
   * The upper bound of an adaptive or multiplied delay. It is also how long an attempt keeps its place when
   * `maxConcurrentAttempts` are in flight and the next one is due.
   *
   * @defaultValue 2000
   * @example `{ maximumConnectionAttemptDelay: 1000 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-5 | RFC 8305 section 5}
   */
  readonly maximumConnectionAttemptDelay?: number | undefined;
  /**
   * Multiplies the delay once for each attempt in flight after the first, from 1 to 100. Failed attempts do not count. With a delay
   * of 50 ms and a multiplier of 2, attempts start at 0, 50, 150, 350 and 750 ms. The delay never exceeds
   * `maximumConnectionAttemptDelay`.
   *
   * @defaultValue 1
   * @example `{ connectionAttemptDelay: 50, connectionAttemptDelayMultiplier: 2 }`
   */
  readonly connectionAttemptDelayMultiplier?: number | undefined;
  /**
   * How long the first attempt waits for the preferred family's answer once the other family's has arrived. 0 is allowed.
   *
   * @defaultValue 50
   * @example `{ resolutionDelay: 0 }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3 | RFC 8305 section 3}
   */
  readonly resolutionDelay?: number | undefined;
  /**
   * How many attempts may be in flight. At this limit the next attempt waits until one has failed, or until the oldest has been in
   * flight for `maximumConnectionAttemptDelay`; that one is then cancelled. `Infinity` is allowed.
   *
   * @defaultValue 8
   * @example `{ maxConcurrentAttempts: 2 }`
   */
  readonly maxConcurrentAttempts?: number | undefined;
  /**
   * Gives each family a queue of its own, and says how much later the second family starts. At least 10. Needs
   * `attemptSpacingDelay`.
   *
   * @defaultValue none
   * @example `{ familyStaggerDelay: 250, attemptSpacingDelay: 125 }`
   */
  readonly familyStaggerDelay?: number | undefined;
  /**
   * With a queue for each family, the time between the starts of two attempts of one family. It replaces `connectionAttemptDelay`.
   * At least 10. Needs `familyStaggerDelay`.
   *
   * @defaultValue none
   * @example `{ familyStaggerDelay: 250, attemptSpacingDelay: 125 }`
   */
  readonly attemptSpacingDelay?: number | undefined;
  /**
   * Whether attempts overlap. With `false` each attempt starts when the one before it has failed, so a silent address uses up the
   * whole `connectTimeout` unless there is an `attemptTimeout`.
   *
   * @defaultValue true
   * @example `{ enabled: false, attemptTimeout: 1000 }`
   */
  readonly enabled?: boolean | undefined;
  /**
   * The time limit of the whole race, look-up included. `Infinity` is allowed. Set it well above `connectionAttemptDelay`: when the
   * first address is silent, the second one starts only after that delay.
   *
   * @defaultValue 10000
   * @example `{ connectTimeout: 5000 }`
   */
  readonly connectTimeout?: number | undefined;
  /**
   * The time limit of one attempt. The attempt then fails with `ETIMEDOUT`, and the next one starts at once.
   *
   * @defaultValue Infinity
   * @example `{ attemptTimeout: 3000 }`
   */
  readonly attemptTimeout?: number | undefined;
  /**
   * How IPv4 addresses are reached on a network that has no IPv4. `'auto'`: through the network's NAT64, whose prefixes are looked
   * up in its DNS. An object names the prefixes. `false`: addresses are dialled as they are. An IPv6 address within a prefix counts
   * as the IPv4 address that it stands for.
   *
   * @defaultValue 'auto'
   * @example `{ nat64: { prefixes: ['64:ff9b::/96'] } }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc7050 | RFC 7050}
   */
  readonly nat64?: 'auto' | false | Nat64Options | undefined;
  /**
   * Whether the race follows the HTTPS records of the host: the names, ports and protocols that they lead to, by priority. `true`
   * means `{ scheme: 'https' }`. Has no effect with a resolver that does not ask for them; `systemResolver`, `dnsResolver` and
   * `serviceResolver` do.
   *
   * @defaultValue false
   * @example `{ tls: true, serviceRecords: true }`
   * @see {@link https://www.rfc-editor.org/rfc/rfc9460 | RFC 9460}
   */
  readonly serviceRecords?: boolean | ServiceOptions | undefined;
  /**
   * Cancels the race, which then errors with the signal's reason.
   *
   * @defaultValue none
   * @example `{ signal: AbortSignal.timeout(2000) }`
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The RxJS scheduler of every timer and timestamp in the race. The default is monotonic real time.
   *
   * @defaultValue none
   * @example `{ scheduler: asyncScheduler }`
   */
  readonly scheduler?: SchedulerLike | undefined;
  /**
   * The source of randomness, a function like `Math.random`. It decides which of a connector's races ignore its history, and the
   * order of service records of equal priority.
   *
   * @defaultValue Math.random
   * @example `{ random: () => 0.5 }`
   */
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
