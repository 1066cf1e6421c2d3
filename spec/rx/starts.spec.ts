import { Observable } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { Schedule, type Pacing } from '../../src/core/race/schedule.js';
import type { Answer, Endpoint, RaceEvent } from '../../src/index.js';
import { EventLoop } from '../../src/rx/event-loop.js';
import { Starts } from '../../src/rx/starts.js';
import { assertMarbles } from '../../src/testing/index.js';

// The pace alone: what has happened is given, and no attempt is made. In these diagrams `s` and `t` are the starts of IPv6
// endpoints and `e` that of an IPv4 one; `S` and `E` are their failures. The Resolution Delay is 5 frames, the Connection Attempt
// Delay 10.

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  s: { address: '2001:db8::5', family: 6, port: 443 },
  t: { address: '2001:db8::6', family: 6, port: 443 },
  e: { address: '192.0.2.8', family: 4, port: 443 },
};

const PACING: Pacing = {
  preferredFamily: 6,
  resolutionDelay: 5,
  attemptDelay: () => 10,
  attemptDelayMultiplier: 1,
  maximumAttemptDelay: 30,
  maxConcurrentAttempts: 8,
};

/** What happens: `6` and `4` answers, `q` an order of these endpoints, `r` that no answer will follow, capitals failures. */
function happening(order: string): Readonly<Record<string, (at: number) => RaceEvent>> {
  const answered = (type: Answer['type'], address: string) => (at: number) =>
    ({ type: 'answered', at, answer: { type, addresses: [address] } }) as const;
  const failed = (letter: string) => (at: number) =>
    ({ type: 'failed', at, endpoint: ENDPOINTS[letter]!, error: new Error('refused') }) as const;
  return {
    6: answered('AAAA', '::'),
    4: answered('A', '0.0.0.0'),
    q: (at) => ({ type: 'queued', at, endpoints: Array.from(order, (letter) => ENDPOINTS[letter]!) }),
    r: (at) => ({ type: 'resolved', at }),
    S: failed('s'),
    T: failed('t'),
    E: failed('e'),
  };
}

/** Expects these starts; `x`, `y` and `z` say that `s`, `t` and `e` gave way. */
function expectStarts(
  race: (helpers: RunHelpers) => { order: string; events: string; starts: string; pacing?: Partial<Pacing> },
): void {
  const scheduler = new TestScheduler(assertMarbles);
  scheduler.run((helpers) => {
    const { order, events, starts, pacing } = race(helpers);
    const letterOf = ({ address }: Endpoint) => Object.keys(ENDPOINTS).find((letter) => ENDPOINTS[letter]!.address === address)!;
    const starts$ = new Observable<string>((subscriber) => {
      const at = () => scheduler.now();
      const schedule = new Schedule({ ...PACING, ...pacing });
      const loop = new EventLoop<RaceEvent>((event) => {
        if (event.type === 'started') subscriber.next(letterOf(event.endpoint));
        if (event.type === 'cancelled') subscriber.next(`-${letterOf(event.endpoint)}`);
        schedule.fold(event);
        paced.derive();
      });
      const paced = new Starts(schedule, at, scheduler, loop);
      loop.open();
      subscriber.add(() => paced.stop());
      return helpers.cold(events, happening(order)).subscribe((happened) => loop.raise(happened(at())));
    });
    const letters = { s: 's', t: 't', e: 'e', x: '-s', y: '-t', z: '-e' };
    helpers.expectObservable(starts$).toBe(starts, letters);
  });
}

describe('the pace of a race, in marbles', () => {
  it('[R3] starts the preferred family at once, and [A1] the next when the delay is over', () => {
    expectStarts(() => ({
      order: 'set',
      events: '--(6q)',
      starts: '--s---------e---------t',
    }));
  });

  it('[R4] holds the other family for the Resolution Delay, [R3] or until the preferred family answers', () => {
    expectStarts(() => ({
      order: 'e',
      events: '--(4q)',
      starts: '-------e',
    }));
    expectStarts(() => ({
      order: 'se',
      events: '--4--(6q)',
      starts: '-----s---------e',
    }));
  });

  it('[A2] starts the next at once when the latest has failed, and waits on when another has', () => {
    expectStarts(() => ({
      order: 'set',
      events: '(6q)--S',
      starts: 's-----e---------t',
    }));
    expectStarts(() => ({
      order: 'set',
      events: '(6q)---------S',
      starts: 's---------e---------t',
    }));
  });

  it('starts nothing before addresses are in order, and goes by the latest order', () => {
    expectStarts(() => ({
      order: 'se',
      events: '6--q',
      starts: '---s---------e',
    }));
  });

  it('[A15] lets the oldest give way at the cap, once it has had its time', () => {
    expectStarts(() => ({
      order: 'set',
      events: '(6q)',
      pacing: { maxConcurrentAttempts: 1 },
      starts: 's-----------------------------(xe)--------------------------(zt)',
    }));
  });

  it('[A15] starts at once when a place becomes free', () => {
    expectStarts(() => ({
      order: 'set',
      events: '(6q)--------S',
      pacing: { maxConcurrentAttempts: 1 },
      starts: 's-----------e-----------------------------(zt)',
    }));
  });

  it('[A9] gives each family a lane of its own, the other opening after the stagger', () => {
    expectStarts(() => ({
      order: 'ste',
      events: '(6q)',
      pacing: { familyStaggerDelay: 4 },
      starts: 's---e-----t',
    }));
  });
});

describe('the attempt that gives way', () => {
  const started = (letter: string, at: number): RaceEvent => ({ type: 'started', at, endpoint: ENDPOINTS[letter]! });

  it('[A15] waits for an event that may end it, and says how long it had', () => {
    const schedule = new Schedule({ ...PACING, maxConcurrentAttempts: 1 });
    const { 6: answered, q: queued } = happening('st');
    for (const event of [answered!(0), queued!(0), started('s', 0)]) schedule.fold(event);
    const followed: RaceEvent[] = [];
    const loop = { isPending: true, follow: (event: RaceEvent) => followed.push(event) };
    const starts = new Starts(schedule, () => 30, new TestScheduler(assertMarbles), loop);
    starts.derive();
    expect(followed).toEqual([]);
    loop.isPending = false;
    starts.derive();
    expect(followed).toMatchObject([
      {
        type: 'cancelled',
        at: 30,
        endpoint: ENDPOINTS.s,
        error: { code: 'ETIMEDOUT', message: 'gave way to the next attempt after 30 ms' },
      },
    ]);
  });

  it('does not keep a start at a free place waiting', () => {
    const schedule = new Schedule(PACING);
    const { 6: answered, q: queued, r: resolved } = happening('s');
    for (const event of [answered!(0), queued!(0), resolved!(0)]) schedule.fold(event);
    const followed: RaceEvent[] = [];
    const loop = { isPending: true, follow: (event: RaceEvent) => followed.push(event) };
    new Starts(schedule, () => 0, new TestScheduler(assertMarbles), loop).derive();
    expect(followed).toEqual([started('s', 0)]);
  });
});
