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
