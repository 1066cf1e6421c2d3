import type { Answer, Family } from '../../src/index.js';
import type { Lookup } from './virtual-race.js';

/**
 * What becomes of an attempt: so many ms after its start, or never. `at once`: within the call that starts it. `tcpAfter`: a
 * handshake follows TCP, and that is up so many ms after the start.
 */
export type Plan =
  | { readonly outcome: 'connects' | 'fails' | 'completes'; readonly after: number | 'at once'; readonly tcpAfter?: number }
  | { readonly outcome: 'hangs'; readonly tcpAfter?: number }
  | { readonly outcome: 'throws' };

/** The settings that a race and the oracle are given alike. */
export interface Rules {
  readonly family: 0 | Family;
  readonly preferFamily?: Family;
  readonly sort?: 'none';
  readonly interleave: boolean;
  readonly firstAddressFamilyCount: number;
  readonly connectionAttemptDelay: number;
  readonly maximumConnectionAttemptDelay: number;
  readonly connectionAttemptDelayMultiplier: number;
  readonly resolutionDelay: number;
  readonly maxConcurrentAttempts: number;
  readonly familyStaggerDelay?: number;
  readonly attemptSpacingDelay?: number;
  readonly enabled: boolean;
  readonly connectTimeout: number;
  readonly attemptTimeout: number;
}

export interface Prediction {
  readonly starts: readonly (readonly [address: string, at: number])[];
  readonly ends: readonly (readonly [address: string, outcome: string, at: number])[];
  readonly winner?: string;
  readonly lost?: 'attempts' | 'timeout' | 'resolution';
  readonly finish: number;
}

interface Attempt {
  readonly address: string;
  readonly at: number;
  readonly lane: number;
  failedAt?: number;
  /** When its handshake is expected to be over, once TCP is up. */
  securedBy?: number;
}

/**
 * What a race must do, worked out in plain time: a list of what will happen, taken in order, and after each thing the
 * question, asked of the whole history, what may start now. No RxJS and no code of the package.
 */
export function predict(lookup: Lookup, plans: Readonly<Record<string, Plan>>, rules: Rules): Prediction {
  const perFamily = rules.enabled && rules.familyStaggerDelay !== undefined;
  const preferred = rules.family || rules.preferFamily || 6;
  const cap = rules.enabled ? rules.maxConcurrentAttempts : 1;
  const delay = !rules.enabled ? Infinity : perFamily ? rules.attemptSpacingDelay! : rules.connectionAttemptDelay;

  interface Happening {
    at: number;
    do: () => void;
    /** Whose end makes that it never happens. */
    of?: Attempt;
  }
  /** In order of time; what falls in the same instant, in the order in which it was foreseen. */
  const future: Happening[] = [];
  const later = (at: number, work: () => void, of?: Attempt) => {
    const place = future.findIndex((other) => other.at > at);
    future.splice(place === -1 ? future.length : place, 0, { at, do: work, of });
  };
  /** What ends within the call that starts it, in order. */
  const atOnce: (() => void)[] = [];

  let now = 0;
  const answers: { at: number; answer: Answer }[] = [];
  let resolvedAt = Infinity;
  let answersMayFollowInThisInstant = false as boolean;
  let relievedAt = Infinity;
  const attempts: Attempt[] = [];
  const ends: [string, string, number][] = [];
  let outcome: Pick<Prediction, 'winner' | 'lost'> | undefined;

  const ended = (attempt: Attempt) => ends.some(([address]) => address === attempt.address);
  const inFlight = () => attempts.filter((attempt) => !ended(attempt));

  const finish = (how: NonNullable<typeof outcome>) => {
    for (const { address } of inFlight()) if (address !== how.winner) ends.push([address, 'cancelled', now]);
    if (how.winner) ends.push([how.winner, 'connected', now]);
    outcome = how;
  };

  const order = (): string[] => {
    const known = [...new Set(answers.flatMap(({ answer }) => answer.addresses))];
    const isSix = (address: string) => address.includes(':');
    const wanted = known.filter((address) => !rules.family || isSix(address) === (rules.family === 6));
    const sorted = rules.sort === 'none' ? wanted : [...wanted.filter(isSix), ...wanted.filter((address) => !isSix(address))];
    const leader = rules.preferFamily ?? (sorted[0] !== undefined && isSix(sorted[0]) ? 6 : 4);
    const lead = sorted.filter((address) => isSix(address) === (leader === 6));
    const rest = sorted.filter((address) => isSix(address) !== (leader === 6));
    if (!rules.interleave) return rules.preferFamily ? [...lead, ...rest] : sorted;
    const mixed = lead.splice(0, rules.firstAddressFamilyCount - 1);
    while (lead.length + rest.length > 0) mixed.push(...lead.splice(0, 1), ...rest.splice(0, 1));
    return mixed;
  };

  const laneOf = (address: string) => (perFamily && address.includes(':') !== (preferred === 6) ? 1 : 0);
  const waiting = (lane: number) =>
    order().filter((address) => laneOf(address) === lane && !attempts.some((attempt) => attempt.address === address));

  /** When the first attempt may start: RFC 8305 section 3. */
  const gate = (): number => {
    const positive = answers.find(({ answer }) => answer.addresses.length > 0);
    if (!positive) return Infinity;
    const awaited = answers.find(({ answer }) => (answer.type === 'AAAA') === (preferred === 6))?.at ?? Infinity;
    return Math.min(positive.at + rules.resolutionDelay, Math.max(positive.at, Math.min(awaited, resolvedAt)));
  };

  /** Each attempt of the lane in flight besides the first makes the delay longer, to a limit that the delay itself may exceed. */
  const delayIn = (lane: number): number => {
    let grown = delay;
    for (let others = inFlight().filter((attempt) => attempt.lane === lane).length - 1; others > 0; others--) {
      grown *= rules.connectionAttemptDelayMultiplier;
    }
    return Math.max(delay, Math.min(grown, rules.maximumConnectionAttemptDelay));
  };

  const dueAt = (lane: number): number => {
    if (waiting(lane).length === 0) return Infinity;
    const latest = attempts.filter((attempt) => attempt.lane === lane).at(-1);
    if (latest) {
      const handshakes = inFlight().flatMap((attempt) => (attempt.lane === lane ? (attempt.securedBy ?? []) : []));
      const held = Math.min(Math.max(0, ...handshakes), latest.at + rules.maximumConnectionAttemptDelay);
      return Math.min(Math.max(latest.at + delayIn(lane), held), latest.failedAt ?? Infinity);
    }
    if (lane === 0) return gate();
    if (inFlight().length === 0 && waiting(0).length === 0) return gate();
    return Math.min(gate() + rules.familyStaggerDelay!, relievedAt);
  };

  const nextLane = () => (perFamily && dueAt(1) < dueAt(0) ? 1 : 0);
  /** At the cap, whose place the next attempt gets. */
  const oldest = (): Attempt | undefined => (inFlight().length < cap ? undefined : inFlight()[0]);
  const nextDue = () => Math.max(dueAt(nextLane()), (oldest()?.at ?? -Infinity) + rules.maximumConnectionAttemptDelay);

  const fail = (attempt: Attempt) => {
    if (ended(attempt)) return;
    attempt.failedAt = now;
    ends.push([attempt.address, 'failed', now]);
    answersMayFollowInThisInstant = false;
    if (perFamily && inFlight().length === 0 && waiting(1).length > 0) relievedAt = Math.min(relievedAt, now);
  };

  const start = () => {
    const inTheWay = oldest();
    if (inTheWay) {
      ends.push([inTheWay.address, 'cancelled', now]);
      answersMayFollowInThisInstant = false;
      return;
    }
    const lane = nextLane();
    const attempt: Attempt = { address: waiting(lane)[0]!, at: now, lane };
    attempts.push(attempt);
    answersMayFollowInThisInstant = false;
    const plan = plans[attempt.address]!;
    if (plan.outcome !== 'throws' && plan.tcpAfter !== undefined) {
      const { tcpAfter } = plan;
      const progress = () => {
        attempt.securedBy = now + 2 * tcpAfter;
        answersMayFollowInThisInstant = false;
      };
      later(now + tcpAfter, progress, attempt);
    }
    if (plan.outcome === 'throws')
      atOnce.push(() => {
        fail(attempt);
      });
    else if (plan.outcome !== 'hangs') {
      const end = () => {
        if (ended(attempt)) return;
        if (plan.outcome === 'connects') finish({ winner: attempt.address });
        else fail(attempt);
      };
      if (plan.after === 'at once') atOnce.push(end);
      else later(now + plan.after, end, attempt);
    }
    if (rules.attemptTimeout < Infinity) {
      const timeOut = () => {
        fail(attempt);
      };
      later(now + rules.attemptTimeout, timeOut, attempt);
    }
  };

  later(rules.connectTimeout, () => {
    finish({ lost: 'timeout' });
  });
  const schedule = (after: number | 'at once', work: () => void) => {
    if (after === 'at once') work();
    else later(after, work);
  };
  for (const { after, answer } of lookup.answers) {
    schedule(after, () => {
      answers.push({ at: now, answer });
      answersMayFollowInThisInstant = resolvedAt === Infinity;
    });
  }
  if (lookup.ends !== 'never') {
    schedule(lookup.ends.after, () => {
      resolvedAt = now;
      answersMayFollowInThisInstant = false;
    });
  }

  for (;;) {
    if (outcome) return { starts: attempts.map(({ address, at }) => [address, at]), ends, ...outcome, finish: now };
    while (future[0]!.of && ended(future[0]!.of)) future.shift();
    const soon = future[0]!;
    const startAt = Math.max(nextDue(), now);
    // None gives way while the end of an attempt has happened already.
    const held = (answersMayFollowInThisInstant && soon.at === now) || (oldest() !== undefined && atOnce.length > 0);
    if (startAt === now && !held) start();
    else if (atOnce.length > 0) atOnce.shift()!();
    else if (resolvedAt < Infinity && inFlight().length === 0 && waiting(0).length + waiting(1).length === 0) {
      finish({ lost: attempts.length > 0 ? 'attempts' : 'resolution' });
    } else if (startAt < soon.at) now = startAt;
    else {
      now = soon.at;
      future.shift();
      soon.do();
    }
  }
}
