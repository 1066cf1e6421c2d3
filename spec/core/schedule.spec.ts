import type { Answer, Endpoint, RaceEvent } from '../../src/index.js';
import { Schedule, type Pacing } from '../../src/core/race/schedule.js';

const endpoint = (address: string, family: 4 | 6): Endpoint => ({ address, family, port: 443 });
const [a, b, c] = ['2001:db8::a', '2001:db8::b', '2001:db8::c'].map((address) => endpoint(address, 6)) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const [x, y] = ['192.0.2.1', '192.0.2.2'].map((address) => endpoint(address, 4)) as [Endpoint, Endpoint];

const PACING: Pacing = {
  preferredFamily: 6,
  resolutionDelay: 50,
  attemptDelay: () => 250,
  attemptDelayMultiplier: 1,
  maximumAttemptDelay: 2000,
  maxConcurrentAttempts: 8,
};

const answered = (at: number, type: Answer['type'], addresses: readonly string[] = ['::']): RaceEvent => ({
  type: 'answered',
  at,
  answer: { type, addresses },
});
const queued = (...endpoints: readonly Endpoint[]): RaceEvent => ({ type: 'queued', at: 0, endpoints });
const started = (at: number, endpoint: Endpoint): RaceEvent => ({ type: 'started', at, endpoint });
const failed = (at: number, endpoint: Endpoint): RaceEvent => ({ type: 'failed', at, endpoint, error: new Error('refused') });
const tcp = (at: number, endpoint: Endpoint, after: number): RaceEvent => ({
  type: 'progressed',
  at,
  endpoint,
  stage: 'tls',
  after,
});
const resolved = (at: number): RaceEvent => ({ type: 'resolved', at });
const gaveWay = (at: number, endpoint: Endpoint): RaceEvent => ({
  type: 'cancelled',
  at,
  endpoint,
  error: new Error('gave way'),
});

/** When the next attempt may start, and on what, after these events. */
function next(events: readonly RaceEvent[], pacing: Partial<Pacing> = {}): readonly [at: number, endpoint: Endpoint | undefined] {
  const schedule = new Schedule({ ...PACING, ...pacing });
  for (const event of events) schedule.fold(event);
  return [schedule.nextStart, schedule.nextCandidate];
}

describe('the schedule', () => {
  const both = [answered(0, 'AAAA'), answered(0, 'A'), queued(a, x, b, y), resolved(0)];

  it.each<[rule: string, events: readonly RaceEvent[], at: number, endpoint: Endpoint | undefined, pacing?: Partial<Pacing>]>([
    ['[R3] AAAA opens at once', [answered(20, 'AAAA'), queued(a)], 20, a],
    ['[R4] A waits for AAAA', [answered(20, 'A'), queued(x)], 70, x],
    ['suspect addresses of the preferred family wait', [answered(20, 'AAAA'), queued(a)], 70, a, { suspects: () => true }],
    ['an answer without addresses is not suspect', [answered(20, 'AAAA', []), answered(20, 'A'), queued(x)], 20, x, { suspects: () => true }],
    ['[R5] a negative AAAA ends that', [answered(20, 'A'), queued(x), answered(30, 'AAAA', [])], 30, x],
    ['nothing is due before an answer has been put in order', [answered(20, 'AAAA')], Infinity, undefined],
    ['[A1] the next starts the delay after the last', [...both, started(10, a)], 260, x],
    ['[A2] or at once when that failed', [...both, started(10, a), failed(30, a)], 30, x],
    ['[A2] another’s failure changes nothing', [...both, started(10, a), started(260, x), failed(300, a)], 510, b],
    ['[A10] only a failure starts the next where the delay has no end', [...both, started(10, a)], Infinity, x, { attemptDelay: () => Infinity }],
    ['[T2] a handshake under way is given two round trips', [...both, started(0, a), tcp(200, a, 200)], 600, x],
    ['[T2] and never more than the maximum', [...both, started(0, a), tcp(1500, a, 1500)], 2000, x],
    ['[T2] until it has failed', [...both, started(0, a), started(250, x), tcp(400, a, 400), failed(450, a)], 500, b],
    ['[A15] at the cap the oldest has its time', [...both, started(0, a), started(250, x)], 2000, b, { maxConcurrentAttempts: 2 }],
    ['[A15] and then gives way, which hurries no one', [...both, started(0, a), started(1900, x), gaveWay(2000, a)], 2150, b, { maxConcurrentAttempts: 2 }],
    ['[A16] the delay grows with the attempts in flight', [...both, started(0, a), started(250, x)], 750, b, { attemptDelayMultiplier: 2 }],
    ['[A16] of which failed ones do not count', [...both, started(0, a), started(250, x), failed(260, a)], 500, b, { attemptDelayMultiplier: 2 }],
    ['[A9] the other family opens after the stagger', [...both, started(0, a)], 100, x, { familyStaggerDelay: 100 }],
    ['[A9] or at once when nothing is in flight', [...both, started(0, a), failed(40, a)], 40, b, { familyStaggerDelay: 100 }],
    ['an empty answer counts, whatever is suspect', [answered(10, 'AAAA', []), answered(20, 'AAAA'), queued(a)], 20, a, { suspects: () => true }],
    ['a failure relieves no lane that has no candidate yet', [answered(0, 'AAAA'), queued(a, b), started(0, a), failed(40, a), started(40, b), answered(45, 'A'), queued(x)], 100, x, { familyStaggerDelay: 100 }],
    ['the other family waits while an attempt is in flight', [...both, started(0, a), started(10, b), failed(40, a)], 100, x, { familyStaggerDelay: 100 }],
  ])('%s', (_, events, at, endpoint, pacing = {}) => {
    expect(next(events, pacing)).toEqual([at, endpoint]);
  }); // prettier-ignore

  it('[R7] leaves out what has been started when a late answer is put in order', () => {
    const schedule = new Schedule(PACING);
    for (const event of [answered(0, 'A'), queued(x, y), started(50, x), answered(60, 'AAAA'), queued(a, x, b, y)])
      schedule.fold(event);
    expect(schedule.candidates).toEqual([a, b, y]);
    expect(schedule.unstarted([x, c])).toEqual([c]);
  });

  it('lists the candidates of both lanes, each once, the next one first', () => {
    const schedule = new Schedule({ ...PACING, familyStaggerDelay: 100 });
    for (const event of both) schedule.fold(event);
    expect(schedule.candidates).toEqual([a, b, x, y]);
    schedule.fold(started(0, a));
    expect(schedule.candidates).toEqual([x, y, b]);
  });

  it('is exhausted when nothing runs, waits or can come, or when nothing shall', () => {
    const exhausted = (...events: readonly RaceEvent[]) => {
      const schedule = new Schedule(PACING);
      for (const event of events) schedule.fold(event);
      return schedule.exhausted;
    };
    expect(exhausted(answered(0, 'AAAA', []), answered(0, 'A', []))).toBe(false);
    expect(exhausted(answered(0, 'AAAA', []), answered(0, 'A', []), resolved(0))).toBe(true);
    expect(exhausted(answered(0, 'A'), resolved(0))).toBe(false); // its order is still being decided
    const attempted = [answered(0, 'A'), queued(x), resolved(0), started(0, x)];
    expect(exhausted(...attempted)).toBe(false);
    expect(exhausted(...attempted, failed(1, x))).toBe(true);
    expect(exhausted(...attempted, failed(1, x), answered(2, 'AAAA', []))).toBe(false); // another question is under way
    expect(exhausted(...both, started(0, a), { ...failed(1, a), terminal: true } as RaceEvent)).toBe(true);
  });
});
