import fc from 'fast-check';
import type { Answer } from '../../src/index.js';
import { EMPTY, ignoreElements, timer, type SchedulerLike } from 'rxjs';
import { behaves, connects, hangs, refuses, type Fate } from '../../src/testing/index.js';
import type { Plan, Rules } from './oracle.js';
import type { Lookup } from './virtual-race.js';

/** A millisecond of these races. Its low bits tell apart the events of one race, so that none fall together by accident. */
const MS = 2 ** 20;

const SIX = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'];
const FOUR = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];

export interface Scenario {
  readonly lookup: Lookup;
  readonly plans: Readonly<Record<string, Plan>>;
  readonly rules: Rules;
}

/** A duration of whole ms and a trace of its own. */
const duration = (most: number, trace: number) => fc.integer({ min: 0, max: most }).map((ms) => ms * MS + 2 ** trace);

const plan = (index: number): fc.Arbitrary<Plan> => {
  const after = fc.oneof(
    { weight: 4, arbitrary: duration(600, index) },
    { weight: 1, arbitrary: fc.constant('at once' as const) },
  );
  // Twice such a duration has a trace of its own, too.
  const tcpAfter = fc.integer({ min: 0, max: 400 }).map((ms) => ms * MS + 2 ** (-2 * index - 2));
  return fc.oneof(
    { weight: 2, arbitrary: fc.record({ outcome: fc.constantFrom('connects', 'fails'), after, tcpAfter }).map(inOrder) },
    { weight: 2, arbitrary: tcpAfter.map((tcpAfter): Plan => ({ outcome: 'hangs', tcpAfter })) },
    { weight: 3, arbitrary: after.map((after): Plan => ({ outcome: 'connects', after })) },
    { weight: 6, arbitrary: after.map((after): Plan => ({ outcome: 'fails', after })) },
    { weight: 1, arbitrary: after.map((after): Plan => ({ outcome: 'completes', after })) },
    { weight: 2, arbitrary: fc.constant<Plan>({ outcome: 'hangs' }) },
    { weight: 1, arbitrary: fc.constant<Plan>({ outcome: 'throws' }) },
  );
};

/** The handshake takes what the whole was to take. */
const inOrder = (plan: Extract<Plan, { after: unknown }>): Plan =>
  plan.after === 'at once' ? { outcome: plan.outcome, after: plan.after } : { ...plan, after: plan.after + plan.tcpAfter! };

/** What is planned, as the network has it. */
export const fate =
  (plan: Plan) =>
  (scheduler: SchedulerLike): Fate => {
    switch (plan.outcome) {
      case 'throws':
        return behaves(() => {
          throw new Error('the transport throws');
        });
      case 'completes':
        return behaves(() => (plan.after === 'at once' ? EMPTY : timer(plan.after, scheduler).pipe(ignoreElements())));
      case 'hangs':
        return plan.tcpAfter === undefined ? hangs() : connects(plan.tcpAfter).thenTls(hangs());
      default: {
        const ends = plan.outcome === 'connects' ? connects : refuses;
        if (plan.tcpAfter === undefined) return ends(plan.after);
        return connects(plan.tcpAfter).thenTls(ends(Number(plan.after) - plan.tcpAfter));
      }
    }
  };

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.subarray(SIX, { minLength: 0 }).map((addresses): Answer => ({ type: 'AAAA', addresses })),
  fc.subarray(FOUR, { minLength: 0 }).map((addresses): Answer => ({ type: 'A', addresses })),
);

/** Up to four answers, at once, in one instant or apart; then an end at once, later, by an error, or never. */
const lookup: fc.Arbitrary<Lookup> = fc
  .record({
    steps: fc.array(fc.record({ answer, gap: fc.constantFrom('together', 'apart'), ms: fc.integer({ min: 0, max: 200 }) }), {
      maxLength: 4,
    }),
    atOnce: fc.integer({ min: 0, max: 4 }),
    ends: fc.constantFrom('with the last', 'later', 'by an error', 'never'),
  })
  .map(({ steps, atOnce, ends }) => {
    let at = 0;
    const answers = steps.map(({ answer, gap, ms }, index) => {
      if (index < atOnce) return { after: 'at once' as const, answer };
      if (at === 0 || gap === 'apart') at += ms * MS + 2 ** (10 + index);
      return { after: at, answer };
    });
    if (ends === 'never') return { answers, ends };
    const last = answers.at(-1)?.after ?? 'at once';
    const after = ends === 'later' ? at + 30 * MS + 2 ** 16 : last;
    return { answers, ends: { after, ...(ends === 'by an error' && { error: new Error('the resolver broke') }) } };
  });

const rules: fc.Arbitrary<Rules> = fc
  .record({
    family: fc.constantFrom(0, 0, 0, 4, 6),
    preferFamily: fc.constantFrom(undefined, undefined, 4, 6),
    sort: fc.constantFrom(undefined, undefined, 'none'),
    interleave: fc.constantFrom(true, true, false),
    firstAddressFamilyCount: fc.integer({ min: 1, max: 3 }),
    connectionAttemptDelay: fc.integer({ min: 10, max: 300 }).map((ms) => ms * MS),
    maximumConnectionAttemptDelay: fc.constantFrom(100, 300, 700, 2000).map((ms) => ms * MS + 2 ** 15),
    // Products of these and whole ms are exact.
    connectionAttemptDelayMultiplier: fc.constantFrom(1, 1, 1.5, 2, 3),
    resolutionDelay: fc.constantFrom(0, 50 * MS),
    maxConcurrentAttempts: fc.constantFrom(1, 2, 3, Infinity),
    perFamily: fc.option(
      fc.record({
        familyStaggerDelay: fc.constantFrom(20 * MS, 250 * MS),
        attemptSpacingDelay: fc.constantFrom(10 * MS, 125 * MS),
      }),
    ),
    enabled: fc.constantFrom(true, true, true, false),
    connectTimeout: fc.constantFrom(300 * MS + 2 ** 18, 2000 * MS + 2 ** 18),
    attemptTimeout: fc.constantFrom(Infinity, Infinity, 150 * MS + 2 ** 19),
  })
  .map(({ perFamily, ...rest }) => ({ ...rest, ...perFamily }));

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  lookup,
  plans: fc
    .tuple(...[...SIX, ...FOUR].map((_, index) => plan(index)))
    .map((plans) => Object.fromEntries([...SIX, ...FOUR].map((address, i) => [address, plans[i]!]))),
  rules,
});
