import {
  concat,
  delay,
  map,
  mergeMap,
  NEVER,
  of,
  throwError,
  timer,
  VirtualTimeScheduler,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import {
  cached,
  ConnectionError,
  race$,
  type AnyAnswer,
  type Answer,
  type Query,
  type RaceOptions,
  type Resolver,
} from '../../src/index.js';
import { connects, refuses, type Fate } from '../../src/testing/index.js';
import { record, serviceRace, type ServiceZone } from '../support/service-zone.js';
import { A, AAAA, answering, negative, runRace, type RaceReport } from '../support/virtual-race.js';

const six = '2001:db8::6';
const seven = '2001:db8::7';
const eight = '2001:db8::8';
const four = '192.0.2.4';
const five = '192.0.2.5';

const assumed = (answer: Answer): Answer => ({ ...answer, assumed: true });
const notAsked: Answer = { type: 'AAAA', addresses: [], error: new Error('not asked for'), assumed: true };
const noSix = negative('AAAA', 'ENODATA');

/** What a resolver answers to its n-th question, from 0. */
type Script = (query: Query, nth: number, scheduler: SchedulerLike) => Observable<Answer>;

interface AskedRace {
  readonly script: Script;
  readonly fates: Record<string, Fate>;
  readonly options?: RaceOptions;
  /** Puts something between the race and the resolver. */
  readonly through?: (resolver: Resolver, scheduler: SchedulerLike) => Resolver;
}

/** A race and the questions that its resolver was asked: `family ms`. */
function ask({ script, fates, options = {}, through = (resolver) => resolver }: AskedRace): RaceReport & { asked: string[] } {
  const asked: string[] = [];
  const race = runRace({
    lookup: answering(),
    fates,
    options: (scheduler) => {
      const resolver: Resolver = (_host, query = {}) => {
        const { family, insist } = query;
        asked.push(`${family ?? 'both'}${insist ? ' insisting' : ''} ${scheduler.now()}`);
        return script(query, asked.length - 1, scheduler);
      };
      return { resolver: through(resolver, scheduler), ...options };
    },
  });
  return { ...race, asked };
}

/** Both families at once, as far as they are asked for. */
const both =
  (...answers: readonly Answer[]): Script =>
  ({ family }) =>
    of(...answers.filter(({ type }) => family === undefined || type === (family === 6 ? 'AAAA' : 'A')));

/** One script for each question, the last for all that follow. */
const inTurn =
  (...scripts: readonly Script[]): Script =>
  (query, nth, scheduler) =>
    scripts[Math.min(nth, scripts.length - 1)]!(query, nth, scheduler);

/** After some ms. */
const later =
  (ms: number, script: Script): Script =>
  (query, nth, scheduler) =>
    script(query, nth, scheduler).pipe(delay(ms, scheduler));

const addressesOf = ({ starts }: RaceReport) => starts.map(([address]) => address);

describe('an answer that expires during a race', () => {
  const ADDRESSES = [1, 2, 3, 4, 5, 9].map((n) => `2001:db8::${n}`);
  const good = ADDRESSES.at(-1)!;
  const fates = { [good]: connects(10) };
  const throughCache = (resolver: Resolver, clock: SchedulerLike) => cached(resolver, { clock });

  describe.each<[string, AskedRace['through']]>([
    ['a resolver', undefined],
    ['a cache', throughCache],
    ['a cache with stale answers', (resolver, clock) => cached(resolver, { clock, staleFor: 60 })],
    [
      'a cache that knew it',
      (resolver, clock) => {
        const cache = throughCache(resolver, clock);
        cache('example.com').subscribe();
        return cache;
      },
    ],
  ])('of %s', (_, through) => {
    it.each([undefined, 0, 0.5, 1, 1.25, 2, 60])(
      '[R10] loses no race: six addresses with a TTL of %p s, only the last good',
      (ttl) => {
        const race = ask({ script: both({ ...AAAA(...ADDRESSES), ttl }, negative('A', 'ENODATA')), fates, through });
        expect(race.winner).toBe(good);
        expect(race.starts.at(-1)).toEqual([good, 1250]);
      },
    );
  });

  it('[R10] is asked for again, by its family alone', () => {
    const race = ask({ script: both({ ...AAAA(six, seven), ttl: 1 }, A(four)), fates: { [four]: connects(1500) } });
    expect(race.asked).toEqual(['both 0', '6 1000']);
    expect(race.winner).toBe(four);
  });

  it('[R10] stays in the queue until the new answer is there, which replaces what was not started', () => {
    const fresh = later(100, both(AAAA(six, good)));
    const race = ask({ script: inTurn(both({ ...AAAA(...ADDRESSES.slice(0, -1), eight, six), ttl: 0.6 }), fresh), fates });
    // It has expired when the fifth starts. The answer of 1100 ms has neither the sixth nor those that were started.
    expect(race.asked).toEqual(['both 0', '6 1000']);
    expect(race.starts).toEqual([...ADDRESSES.slice(0, 5).map((address, i) => [address, i * 250]), [six, 1250], [good, 1500]]);
  });

  it('[R10] is not tried when a new answer says that there is nothing any more', () => {
    const race = ask({
      script: inTurn(both({ ...AAAA(...ADDRESSES), ttl: 1 }, A(four)), both(noSix)),
      fates: { ...fates, [ADDRESSES[0]!]: connects(1600) },
    });
    expect(addressesOf(race)).toEqual([ADDRESSES[0], four, ...ADDRESSES.slice(1, 3)]);
    expect(race.winner).toBe(ADDRESSES[0]);
  });

  it.each<[string, Script]>([
    ['SERVFAIL', both(negative('AAAA', 'ESERVFAIL'))],
    ['a timeout', later(100, both(negative('AAAA', 'ETIMEOUT')))],
    ['an error', () => throwError(() => new Error('broken'))],
    ['an assumption', both(notAsked)],
    ['nothing at all', () => of()],
    ['silence', () => NEVER],
  ])('[R10] loses nothing by %s', (_, script) => {
    const race = ask({ script: inTurn(both({ ...AAAA(...ADDRESSES), ttl: 1 }), script), fates });
    expect(race.winner).toBe(good);
  });

  it('[R10] leads to one question a second and type at most, and to one at a time', () => {
    const options = { connectTimeout: 5500 };
    const always = ask({ script: both({ ...AAAA(six), ttl: 0.1 }, { ...A(four), ttl: 1 }), fates: {}, options });
    const times = (family: number) => [1, 2, 3, 4, 5].map((second) => `${family} ${second * 1000}`);
    expect([...always.asked].sort()).toEqual(['both 0', ...times(4), ...times(6)].sort());
    const slow = ask({
      script: inTurn(both({ ...AAAA(six), ttl: 1 }), later(1800, both({ ...AAAA(six), ttl: 1 }))),
      fates: {},
      options,
    });
    expect(slow.asked).toEqual(['both 0', '6 1000', '6 3800']);
  });

  it('[R10] is asked for again while the other family is still awaited', () => {
    const script: Script = ({ family }, _nth, scheduler) =>
      family === undefined
        ? concat(of({ ...A(four, five), ttl: 1 }), timer(5000, scheduler).pipe(mergeMap(() => of(noSix))))
        : of(A('192.0.2.6'));
    const race = ask({ script, fates: { [four]: refuses(1200), '192.0.2.6': connects(10) } });
    expect(race.asked).toEqual(['both 0', '4 1000']);
    expect(race.winner).toBe('192.0.2.6');
  });

  it('[R10] holds a race while it is asked for', () => {
    const script = inTurn(both({ ...AAAA(six), ttl: 1 }), later(500, both(AAAA(seven))));
    const race = ask({ script, fates: { [six]: refuses(1100), [seven]: connects(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [seven, 1500],
    ]);
    const lost = ask({ script, fates: { [six]: refuses(1100), [seven]: refuses(10) } });
    expect(lost.finish).toBe(1510);
    expect(lost.error).toMatchObject({ reason: 'attempts', attempts: { length: 2 } });
  });

  it('[R10] is not asked for again once an answer without a time to live has replaced it', () => {
    const script: Script = (_query, _nth, scheduler) =>
      concat(of({ ...AAAA(six), ttl: 0.2 }), timer(500, scheduler).pipe(map(() => AAAA(six))));
    const race = ask({ script, fates: {}, options: { connectTimeout: 4000 } });
    expect(race.asked).toEqual(['both 0']);
  });

  it('[R10] is not asked for again once the race is over', () => {
    const race = ask({ script: both({ ...AAAA(six), ttl: 1 }), fates: { [six]: connects(10) } });
    expect(race.asked).toEqual(['both 0']);
  });
});

describe('before a race is lost', () => {
  it('[R10] asks once more for what was remembered, and tries the new address', () => {
    const race = ask({
      script: inTurn(both(assumed(AAAA(six)), assumed(A(four))), later(20, both(AAAA(six), A(five)))),
      fates: { [six]: refuses(10), [four]: refuses(10), [five]: connects(10) },
    });
    expect(race.asked).toEqual(['both 0', 'both insisting 20']);
    expect(race.starts).toEqual([
      [six, 0],
      [four, 10],
      [five, 40],
    ]);
  });

  it('says of each answer when it was asked for, where that was not at first', () => {
    const race = ask({
      script: inTurn(both({ ...AAAA(six), ttl: 1 }, assumed(A(four))), later(20, both(AAAA(seven), A(four)))),
      fates: { [six]: refuses(1100), [four]: refuses(1), [seven]: refuses(10) },
    });
    expect(
      race.events.flatMap((event) => (event.type === 'answered' ? [[event.answer.type, event.askedAt, event.at]] : [])),
    ).toEqual([
      ['AAAA', undefined, 0],
      ['A', undefined, 0],
      ['AAAA', 1000, 1020],
      ['A', 1100, 1120],
    ]);
    expect(race.events.filter(({ type }) => type === 'resolved').map(({ at }) => at)).toEqual([0, 1020, 1120]);
  });

  it('[R10] fails at once when the answer is the same, after exactly one question', () => {
    const script = both(assumed(AAAA(six)), assumed(A(four)));
    const race = ask({ script, fates: { [six]: refuses(10), [four]: refuses(10) } });
    expect(race.asked).toEqual(['both 0', 'both insisting 20']);
    expect(race.finish).toBe(20);
    expect(race.error).toMatchObject({ reason: 'attempts', code: 'ECONNREFUSED', attempts: { length: 2 } });
  });

  it.each<[string, Answer, Answer, string]>([
    ['IPv4', AAAA(six), assumed(A(four)), '4 insisting'],
    ['IPv6', assumed(AAAA(six)), A(four), '6 insisting'],
    ['IPv6, of which it was remembered that there is nothing', assumed(noSix), A(four), '6 insisting'],
    ['IPv6, for which it has not asked', notAsked, A(four), '6 insisting'],
  ])('[R10] asks for what was assumed alone: %s', (_, first, second, question) => {
    const race = ask({
      script: inTurn(both(first, second), both(AAAA(seven), A(five))),
      fates: { [six]: refuses(5), [four]: refuses(5), [seven]: connects(5), [five]: connects(5) },
    });
    expect(race.asked[1]).toContain(question);
    expect(race.winner).toBe(question.startsWith('6') ? seven : five);
  });

  it('asks for a family that was not asked for where the other has nothing either', () => {
    const race = ask({
      script: inTurn(both(notAsked, negative('A', 'ENOTFOUND')), both(AAAA(six))),
      fates: { [six]: connects(5) },
    });
    expect(race.asked).toEqual(['both 0', '6 insisting 0']);
    expect(race.winner).toBe(six);
  });

  it('[R8] tells of the fresh answers, not of those that were assumed', () => {
    const race = ask({
      script: inTurn(both(notAsked, negative('A', 'ENOTFOUND')), both(negative('AAAA', 'ESERVFAIL'))),
      fates: {},
    });
    expect(race.error).toMatchObject({ reason: 'resolution', code: 'ESERVFAIL', errors: { length: 2 } });
    expect(race.error!.message).not.toContain('not asked for');
  });

  it('[R10] believes a memory that has nothing but that there is nothing', () => {
    const race = ask({ script: both(assumed(noSix), assumed(negative('A'))), fates: {} });
    expect(race.asked).toEqual(['both 0']);
    expect(race.error).toMatchObject({ reason: 'resolution' });
  });

  it('does not ask for what has been asked for in the meantime', () => {
    const race = ask({
      script: inTurn(both({ ...assumed(AAAA(six)), ttl: 1 }), both(AAAA(six))),
      fates: { [six]: refuses(2000) },
    });
    expect(race.asked).toEqual(['both 0', '6 1000']);
  });

  it('asks once more and no more, whatever is assumed of the answer', () => {
    const script: Script = (_query, nth) => of(assumed(AAAA(`2001:db8::${nth + 1}`)));
    const race = ask({ script, fates: { '2001:db8::1': refuses(1), '2001:db8::2': refuses(1) } });
    expect(race.asked).toEqual(['both 0', '6 insisting 1']);
    expect(race.error).toBeInstanceOf(ConnectionError);
  });

  it('asks for no family that the race excludes', () => {
    const race = ask({
      script: inTurn(both(notAsked, assumed(A(four))), both(AAAA(six), A(four))),
      fates: { [four]: refuses(1), [six]: connects(1) },
      options: { family: 4 },
    });
    expect(race.asked).toEqual(['4 0', '4 insisting 1']);
    expect(race.error).toMatchObject({ reason: 'attempts' });
  });

  it('asks for no family that the race excludes, though the resolver speaks of it', () => {
    const race = ask({
      script: inTurn(() => of(assumed(AAAA(six)), assumed(A(four)))),
      fates: { [four]: refuses(1), [six]: connects(1) },
      options: { family: 4 },
    });
    expect(race.asked).toEqual(['4 0', '4 insisting 1']);
  });

  it('asks once more for nothing where only the excluded family is in doubt', () => {
    const race = ask({
      script: inTurn(() => of(assumed(AAAA(six)), A(four))),
      fates: { [four]: refuses(1), [six]: connects(1) },
      options: { family: 4 },
    });
    expect(race.asked).toEqual(['4 0']);
  });

  it('says of a query that failed once, and not again when a later one has ended', () => {
    const failing: Script = () =>
      concat(
        of({ ...AAAA(six), ttl: 1 }),
        throwError(() => new Error('broken')),
      );
    const race = ask({ script: inTurn(failing, both(AAAA(seven))), fates: { [six]: refuses(1100), [seven]: connects(10) } });
    expect(race.events.flatMap((event) => (event.type === 'resolved' ? [event.error?.message] : []))).toEqual([
      'broken',
      undefined,
    ]);
  });

  it('takes answers of the last question that come together together', () => {
    const race = ask({
      script: inTurn(both(assumed(AAAA(six)), assumed(A(four))), (_query, _nth, scheduler) =>
        timer(5, scheduler).pipe(mergeMap(() => of(AAAA(seven), A(five)))),
      ),
      fates: { [six]: refuses(1), [four]: refuses(1), [five]: connects(1) },
      options: { preferFamily: 4 },
    });
    expect(addressesOf(race)).toEqual([four, six, five]);
  });

  it.each<[string, Script, object]>([
    ['that is never answered: until the race is out of time', () => NEVER, { reason: 'timeout', code: 'ETIMEDOUT' }],
    ['that fails', () => throwError(() => new Error('broken')), { reason: 'attempts', code: 'ECONNREFUSED' }],
    [
      'that cannot be asked',
      () => {
        throw new Error('broken');
      },
      { reason: 'attempts', code: 'ECONNREFUSED' },
    ],
  ])('survives a last question %s', (_, script, error) => {
    const race = ask({ script: inTurn(both(assumed(AAAA(six))), script), fates: { [six]: refuses(1) } });
    expect(race.error).toMatchObject(error);
  });

  it('asks within the time that the race has', () => {
    const script = inTurn(both(assumed(AAAA(six))), later(500, both(AAAA(seven))));
    const race = ask({ script, fates: { [six]: refuses(10), [seven]: connects(10) }, options: { connectTimeout: 400 } });
    expect(race.error).toMatchObject({ reason: 'timeout' });
    expect(race.finish).toBe(400);
  });

  it('asks after a filter too, and stays blocked', () => {
    const race = ask({
      script: both(assumed(AAAA(six))),
      fates: {},
      options: { filter: () => false },
    });
    expect(race.asked).toEqual(['both 0', '6 insisting 0']);
    expect(race.error).toMatchObject({ reason: 'blocked', code: 'ERR_IP_BLOCKED' });
  });

  it('does not ask after an error that ends the race', () => {
    const race = ask({
      script: both(assumed(AAAA(six))),
      fates: { [six]: connects(1) },
      options: { setup: () => throwError(() => new Error('wrong password')), isTerminal: () => true } as RaceOptions,
    });
    expect(race.asked).toEqual(['both 0']);
    expect(race.error!.message).toContain('wrong password');
  });

  it('never asks a resolver again whose answers are its own', () => {
    const race = ask({
      script: both(AAAA(six, seven, eight)),
      fates: { [six]: refuses(1), [seven]: refuses(1), [eight]: refuses(1) },
    });
    expect(race.asked).toEqual(['both 0']);
  });
});

describe('stale answers', () => {
  const stale = (answer: Answer): Answer => ({ ...answer, ttl: 0, stale: true });

  it('[R11] hold a race that has tried all of them until the fresh ones are there', () => {
    const script: Script = (_query, _nth, scheduler) =>
      concat(of(stale(AAAA(six))), timer(800, scheduler).pipe(mergeMap(() => of(AAAA(seven)))));
    const race = ask({ script, fates: { [six]: refuses(5), [seven]: connects(5) } });
    expect(race.starts).toEqual([
      [six, 0],
      [seven, 800],
    ]);
  });

  it('[R11] are lost with fresh ones that are the same', () => {
    const script: Script = (_query, _nth, scheduler) =>
      concat(of(stale(AAAA(six))), timer(800, scheduler).pipe(mergeMap(() => of(AAAA(six)))));
    const race = ask({ script, fates: { [six]: refuses(5) } });
    expect(race.finish).toBe(800);
    expect(race.asked).toEqual(['both 0']);
  });

  it('[R11] that there was no IPv6 do not take its Resolution Delay', () => {
    const race = ask({
      script: inTurn(both(noSix, A(four)), later(30, both(AAAA(six), A(four)))),
      fates: { [six]: connects(5), [four]: connects(5) },
      through: (resolver, scheduler) => {
        let slept = 0;
        const clock = { now: () => scheduler.now() + slept };
        const cache = cached(resolver, { clock, staleFor: 600 });
        cache('example.com').subscribe();
        slept = 60_000;
        return cache;
      },
    });
    expect(race.asked).toHaveLength(2);
    expect(race.starts[0]).toEqual([six, 30]);
  });
});

describe('the queries for service records', () => {
  const host = { AAAA: [30, six], A: [30, four] } as const;
  const alt = { AAAA: [30, seven], A: [30, five] } as const;
  /** What was answered, as `type name`, and when everything had been. */
  const answered = ({ events }: RaceReport) =>
    events.flatMap((event) => {
      if (event.type === 'resolved') return [`resolved${event.error ? ` with ${event.error.message}` : ''}`];
      return event.type === 'answered' ? [`${event.answer.type} ${event.answer.name ?? '-'}`] : [];
    });

  it('[V4] name what is answered, unless it is the host', () => {
    const zone: ServiceZone = { 'example.com': { ...host, HTTPS: [30, record(1, 'alt.example')] }, 'alt.example': alt };
    expect(answered(serviceRace({ zone }))).toEqual([
      'HTTPS -',
      'AAAA -',
      'A -',
      'AAAA alt.example',
      'A alt.example',
      'resolved',
    ]);
    expect(answered(serviceRace({ zone, host: 'EXAMPLE.com.' })).slice(0, 3)).toEqual(['HTTPS -', 'AAAA -', 'A -']);
  });

  it('[R1] have ended once, however many there were at once', () => {
    const resolver = Object.assign(() => of(AAAA(six), A(four)), {
      serviceRecords: (name: string) =>
        of<AnyAnswer>({ type: 'HTTPS', records: name === 'example.com' ? [record(1, 'alt.example')] : [] }),
    });
    const race = runRace({ lookup: answering(), fates: {}, options: { resolver, serviceRecords: true, connectTimeout: 1000 } });
    expect(answered(race)).toEqual(['HTTPS -', 'AAAA -', 'A -', 'AAAA alt.example', 'A alt.example', 'resolved']);
  });

  it('[V15] may fail: the race goes on, and its error says why', () => {
    const resolver = Object.assign(() => of(AAAA(six), A(four)), {
      serviceRecords: () => throwError(() => new Error('records are broken')),
    });
    const options = { resolver, serviceRecords: true } as const;
    const won = runRace({ lookup: answering(), fates: { [six]: connects(10) }, options });
    expect(won.winner).toBe(six);
    expect(answered(won)).toEqual(['AAAA -', 'A -', 'resolved with records are broken']);
    const lost = runRace({ lookup: answering(), fates: { [six]: refuses(10), [four]: refuses(10) }, options });
    expect(lost.error).toMatchObject({ reason: 'attempts', code: 'ECONNREFUSED' });
  });

  it('[V11] use the well-formed addresses that come along', () => {
    const zone: ServiceZone = {
      'example.com': {
        AAAA: [300],
        A: [300],
        HTTPS: [30, record(1, 'alt.example')],
        along: [{ type: 'AAAA', name: 'alt.example', addresses: ['nonsense', seven] }],
      },
      'alt.example': {},
    };
    const race = serviceRace({ zone });
    expect(race.begun[0]).toBe(`30 [${seven}]:443 alt.example`);
    const along = race.events.find((event) => event.type === 'answered' && event.answer.name === 'alt.example');
    expect(along).toMatchObject({ answer: { addresses: [seven] } });
  });

  it('[V15] that no one waits for have an assumed answer', () => {
    const seen: unknown[] = [];
    const scheduler = new VirtualTimeScheduler();
    const resolver = Object.assign(() => of(AAAA(six)), { serviceRecords: () => NEVER });
    const options = { resolver, serviceRecords: true, scheduler, transport: () => NEVER, connectTimeout: 200 } as const;
    for (let race = 0; race < 4; race++) {
      seen.length = 0;
      race$('example.com', 443, options).subscribe({
        next: (event) => event.type === 'answered' && seen.push(event.answer),
        error: () => undefined,
      });
      scheduler.flush();
      scheduler.schedule(() => undefined, 1);
      scheduler.flush();
    }
    expect(seen[0]).toEqual({ type: 'HTTPS', records: [], assumed: true });
  });
});
