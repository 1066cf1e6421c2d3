import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { of } from 'rxjs';
import type { Answer } from '../../src/core/race/answers.js';
import type { ConnectionError } from '../../src/core/race/connection-error.js';
import { codedError } from '../../src/core/error-tools.js';
import { Attempt } from '../../src/stand-in/attempt.js';
import { HeadStart, type Begun } from '../../src/stand-in/head-start.js';
import { racing } from '../../src/stand-in/racing.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';
import { generator } from '../support/random.js';

/** What becomes of an attempt: it connects or fails after a time in ms, or neither. */
type Fate = readonly ['connects' | 'fails', number] | 'silent';
type Fates = Readonly<Record<string, Fate>>;

const DELAY = 250;
const PORT = 80;

/** An attempt in virtual time. */
class VirtualAttempt extends Attempt {
  constructor(
    private readonly fates: Fates,
    private readonly scheduler: VirtualScheduler,
    private readonly say: (what: string) => void,
  ) {
    super((work) => {
      work();
    });
  }

  private address = '';

  protected override begin({ host }: { readonly host: string }): void {
    this.address = host;
    this.say(`${host} begins`);
    const fate = this.fates[host]!;
    if (fate === 'silent') return;
    const [outcome, after] = fate;
    this.scheduler.schedule(() => {
      if (this.isOver) return;
      if (outcome === 'connects') this.hasConnected(undefined);
      else this.fail(codedError('ECONNREFUSED', 'refused'));
    }, after);
  }

  protected override release(): void {
    this.say(`${this.address} ends`);
  }
}

/** What happens, and when, in a race of addresses with such fates. */
function happenings(fates: Fates, { ahead }: { readonly ahead: boolean }): readonly string[] {
  const scheduler = new VirtualScheduler();
  scheduler.frame = 0;
  const lines: string[] = [];
  const say = (what: string) => void lines.push(`${scheduler.now()} ${what}`);
  const answer: Answer = { type: 'A', addresses: Object.keys(fates) };
  const resolver = Object.assign(() => of<Answer[]>(answer, { type: 'AAAA', addresses: [] }), { decides: true });
  const { race$ } = racing({ scheduler, connectionAttemptDelay: DELAY, history: false, sort: 'none' });
  let headStart: HeadStart | undefined;

  const race = (begun?: Begun) => {
    const socketFactory = (endpoint: { address: string; family: 4 | 6; port: number }) =>
      (headStart?.takeFor(endpoint) ?? new VirtualAttempt(fates, scheduler, say)) as unknown as Socket;
    race$('raced.example', PORT, { socketFactory, resolver, ...(begun && { begun }) }).subscribe({
      next: (event) => {
        if (event.type === 'started') headStart?.caughtUp();
        if (event.type === 'connected') say(`${event.endpoint.address} wins`);
      },
      error: (error: ConnectionError) => {
        for (const { endpoint, startedAt, endedAt, code } of error.attempts)
          say(`${endpoint.address} ${startedAt} ${endedAt} ${code}`);
      },
    });
  };

  if (ahead) {
    const endpoint = { address: Object.keys(fates)[0]!, family: 4, port: PORT } as const;
    const attempt = new VirtualAttempt(fates, scheduler, say);
    headStart = new HeadStart({ endpoint, delay: DELAY, scheduler, learn: () => undefined }, attempt, {
      connected: () => {
        say(`${endpoint.address} wins`);
      },
      overtaken: () => {
        race(headStart!.begun);
      },
    });
    headStart.begin();
  } else race();
  scheduler.maxFrames = 10_000;
  scheduler.flush();
  return lines;
}

describe('a race whose first attempt began before it', () => {
  const [ONE, TWO, THREE] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const;

  it.each<readonly [what: string, Fates, readonly string[]]>([
    [
      '[A6] is no race where that attempt connects at once',
      { [ONE]: ['connects', 100], [TWO]: 'silent' },
      [`0 ${ONE} begins`, `100 ${ONE} wins`],
    ],
    [
      '[A1] starts the second when the delay after the first is over, not a delay later',
      { [ONE]: 'silent', [TWO]: ['connects', 20], [THREE]: 'silent' },
      [`0 ${ONE} begins`, `250 ${TWO} begins`, `270 ${ONE} ends`, `270 ${TWO} wins`],
    ],
    [
      '[A1] lets the first go on, which may still win',
      { [ONE]: ['connects', 400], [TWO]: 'silent' },
      [`0 ${ONE} begins`, `250 ${TWO} begins`, `400 ${TWO} ends`, `400 ${ONE} wins`],
    ],
    [
      '[A2] starts the second at once when the first fails',
      { [ONE]: ['fails', 5], [TWO]: ['connects', 20] },
      [`0 ${ONE} begins`, `5 ${ONE} ends`, `5 ${TWO} begins`, `25 ${TWO} wins`],
    ],
    [
      '[A12] fails with the records of all attempts',
      { [ONE]: ['fails', 300], [TWO]: ['fails', 100] },
      [
        `0 ${ONE} begins`,
        `250 ${TWO} begins`,
        `300 ${ONE} ends`,
        `350 ${TWO} ends`,
        `350 ${ONE} 0 300 ECONNREFUSED`,
        `350 ${TWO} 250 350 ECONNREFUSED`,
      ],
    ],
  ])('%s', (_what, fates, expected) => {
    expect(happenings(fates, { ahead: true })).toEqual(expected);
  });

  it('[A1] is the race that it would have been from the beginning', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = generator(seed);
      const fate = (): Fate => {
        const after = Math.floor(random() * 8) * 100 + 1;
        return random() < 0.3 ? 'silent' : [random() < 0.5 ? 'connects' : 'fails', after];
      };
      const addresses = [ONE, TWO, THREE].slice(0, 2 + Math.floor(random() * 2));
      const fates = Object.fromEntries(addresses.map((address) => [address, fate()]));
      // What ends it in the end.
      fates['192.0.2.9'] = ['connects', 50];
      expect([seed, ...happenings(fates, { ahead: true })]).toEqual([seed, ...happenings(fates, { ahead: false })]);
    }
  });
});

describe('a head start', () => {
  const endpoint = { address: '192.0.2.1', family: 4, port: PORT } as const;
  const other = { ...endpoint, address: '192.0.2.2' };

  function create({ atOnce, at = 0 }: { atOnce?: 'connect' | 'error'; at?: number } = {}) {
    const scheduler = new VirtualScheduler();
    scheduler.frame = at;
    const error = codedError('ECONNREFUSED', 'refused');
    const emitter = new EventEmitter();
    const connect = jest.fn(() => {
      if (atOnce) emitter.emit(atOnce, error);
      return emitter;
    });
    const attempt = Object.assign(emitter, { connect, destroy: jest.fn() });
    const given: unknown = attempt;
    const [learn, connected, overtaken] = [jest.fn(), jest.fn(), jest.fn()];
    const ahead = { endpoint, delay: DELAY, scheduler, learn };
    const headStart = new HeadStart(ahead, given as Attempt, { connected, overtaken });
    const after = (time: number) => {
      scheduler.maxFrames = time;
      scheduler.flush();
    };
    const counts = () => [connected, overtaken, attempt.destroy].map(({ mock }) => mock.calls.length);
    return { headStart, attempt, connect, error, learn, scheduler, after, counts };
  }

  it('connects to its endpoint, and is over when the next attempt is due', () => {
    const { headStart, connect, after, counts } = create();
    headStart.begin();
    expect(connect.mock.calls).toEqual([[{ host: endpoint.address, port: PORT, family: 4 }]]);
    expect(headStart.isCatchingUp).toBe(false);
    after(DELAY - 1);
    expect(counts()).toEqual([0, 0, 0]);
    after(DELAY);
    expect(counts()).toEqual([0, 1, 0]);
    expect(headStart.isCatchingUp).toBe(true);
    headStart.caughtUp();
    expect(headStart.isCatchingUp).toBe(false);
  });

  it('reports how long its connection took, and that no other attempt is due', () => {
    const { headStart, attempt, scheduler, learn, after, counts } = create({ at: 30 });
    headStart.begin();
    scheduler.schedule(() => attempt.emit('connect'), 70);
    after(10_000);
    expect(counts()).toEqual([1, 0, 0]);
    expect(learn.mock.calls).toEqual([[70]]);
    headStart.stop();
    expect(counts()).toEqual([1, 0, 0]);
  });

  it.each([
    ['connect', [1, 0, 0]],
    ['error', [0, 1, 0]],
  ] as const)('may be over at once: %s', (event, expected) => {
    const { headStart, after, counts } = create({ atOnce: event });
    headStart.begin();
    after(10_000);
    expect(counts()).toEqual(expected);
  });

  it('is overtaken once, however it fails', () => {
    const { headStart, attempt, error, after, counts } = create();
    headStart.begin();
    attempt.emit('error', error);
    attempt.emit('error', error);
    after(10_000);
    expect(counts()).toEqual([0, 1, 0]);
  });

  it.each([true, false])('ends its attempt once if it is stopped: begun %p', (isBegun) => {
    const { headStart, after, counts } = create();
    if (isBegun) headStart.begin();
    headStart.stop();
    headStart.stop();
    after(10_000);
    expect(counts()).toEqual([0, 0, 1]);
  });

  it('leaves an attempt alone that belongs to the race', () => {
    const { headStart, after, counts } = create();
    headStart.begin();
    after(DELAY);
    headStart.stop();
    expect(counts()).toEqual([0, 1, 0]);
  });

  it('gives its attempt to the race, for the first endpoint only, and says there how it failed', () => {
    for (const isFailed of [false, true]) {
      const { headStart, attempt, connect, error, after, counts } = create();
      headStart.begin();
      if (isFailed) attempt.emit('error', error);
      else after(DELAY);
      expect(headStart.takeFor(endpoint)).toBe(attempt);
      const heard = jest.fn();
      attempt.on('error', heard);
      expect((attempt.connect as () => unknown)()).toBe(attempt);
      expect(heard.mock.calls).toEqual(isFailed ? [[error]] : []);
      expect(connect).toHaveBeenCalledTimes(1);
      expect(headStart.takeFor(endpoint)).toBeUndefined();
      attempt.emit('connect');
      expect(counts()).toEqual([0, 1, 0]);
      expect([attempt.listenerCount('connect'), attempt.listenerCount('error')]).toEqual([0, 1]);
    }
  });

  it('ends its attempt if the race begins with another endpoint', () => {
    const { headStart, after, counts } = create();
    headStart.begin();
    after(DELAY);
    expect(headStart.takeFor(other)).toBeUndefined();
    expect(headStart.takeFor(endpoint)).toBeUndefined();
    expect(counts()).toEqual([0, 1, 1]);
  });

  it('lets time stand still until the race has caught up', () => {
    const { headStart, scheduler, after } = create();
    headStart.begin();
    after(DELAY);
    const { begun } = headStart;
    expect(begun.endpoint).toBe(endpoint);
    expect([begun.scheduler.now(), scheduler.now()]).toEqual([0, DELAY]);
    headStart.caughtUp();
    expect(begun.scheduler.now()).toBe(DELAY);
    const work = jest.fn();
    begun.scheduler.schedule(work, 5);
    after(DELAY + 5);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
