import { raceRows } from '../../src/pictures/race-rows.js';
import { verdict } from '../../src/pictures/verdict.js';
import type { Answer, Endpoint, RaceEvent } from '../../src/index.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';
const at4: Endpoint = { address: four, family: 4, port: 443 };
const at5: Endpoint = { address: five, family: 4, port: 443 };
const started = (at: number, endpoint = at4): RaceEvent => ({ type: 'started', at, endpoint });
const failed = (at: number, error: Error, endpoint = at4): RaceEvent => ({ type: 'failed', at, endpoint, error });
const coded = (code: string, message = code) => Object.assign(new Error(message), { code });

/** `label from–to outcome what` of each row. */
const told = (events: readonly RaceEvent[]) =>
  raceRows(events).rows.map(({ label, from, to, outcome, what }) => `${label} ${from}–${to} ${outcome}: ${what}`);

describe('the rows of a race', () => {
  it('are its answers, then its attempts', () => {
    const { events } = runRace({
      lookup: answering([12, AAAA(six)], [20, A(four, five)]),
      fates: { [six]: hangs(), [four]: refuses(30), [five]: connects(35) },
    });
    expect(told(events)).toEqual([
      'AAAA 0–12 found: 1 address',
      'A 0–20 found: 2 addresses',
      '[2001:db8::6]:443 12–327 cancelled: cancelled',
      '192.0.2.4:443 262–292 failed: ECONNREFUSED',
      '192.0.2.5:443 292–327 connected: connected',
    ]);
  });

  it('tell a stale answer from the fresh one after it', () => {
    const stale: Answer = { ...AAAA(six), stale: true };
    expect(
      told([
        { type: 'answered', at: 0, answer: stale },
        { type: 'answered', at: 40, answer: AAAA(six, '::2') },
      ]),
    ).toEqual(['AAAA 0–0 found: 1 stale address', 'AAAA 0–40 found: 2 addresses']);
  });

  it('tell when an answer was asked for that was not asked for at first', () => {
    const answered = (at: number, askedAt?: number): RaceEvent => ({
      type: 'answered',
      at,
      answer: A(four),
      ...(askedAt !== undefined && { askedAt }),
    });
    expect(told([answered(5), answered(1020, 1000), answered(2000, 3000), answered(2000, NaN)])).toEqual([
      'A 0–5 found: 1 address',
      'A 1000–1020 found: 1 address',
      'A 2000–2000 found: 1 address',
      'A 0–2000 found: 1 address',
    ]);
  });

  it('tell that there is nothing, with the reason where there is one', () => {
    const error = new TypeError('the resolver broke');
    expect(
      told([
        { type: 'answered', at: 5, answer: negative('AAAA', 'ESERVFAIL') },
        { type: 'answered', at: 6, answer: A() },
        { type: 'resolved', at: 7, error },
      ]),
    ).toEqual(['AAAA 0–5 nothing: ESERVFAIL', 'A 0–6 nothing: 0 addresses', 'resolver 0–7 failed: the resolver broke']);
  });

  it('tell what gave way from what was cancelled', () => {
    const gaveWay: RaceEvent = { type: 'cancelled', at: 2003, endpoint: at4, error: coded('ETIMEDOUT', 'gave way') };
    expect(told([started(3), gaveWay])).toEqual(['192.0.2.4:443 3–2003 cancelled: gave way']);
    expect(raceRows([started(3), gaveWay]).rows[0]).toMatchObject({ code: 'ETIMEDOUT', message: 'gave way' });
  });

  it('tell what was blocked from what failed', () => {
    expect(told([started(3), failed(3, coded('ERR_IP_BLOCKED'))])).toEqual(['192.0.2.4:443 3–3 blocked: blocked']);
  });

  it('have each stage of an attempt', () => {
    const { events } = runRace({ lookup: answering([5, A(four)]), fates: { [four]: connects(20).thenTls(30) } });
    expect(raceRows(events).rows.at(-1)).toMatchObject({ from: 5, to: 55, stages: [{ stage: 'tls', at: 25 }] });
  });

  it('keep what goes on open up to the last instant that is known', () => {
    expect(told([started(10), { type: 'queued', at: 70, endpoints: [] }])).toEqual(['192.0.2.4:443 10–70 open: in flight']);
  });

  it('know endpoints by what they say: events may have been JSON', () => {
    const events: RaceEvent[] = [started(10), { type: 'cancelled', at: 30, endpoint: at4 }];
    expect(told(JSON.parse(JSON.stringify(events)) as RaceEvent[])).toEqual(told(events));
  });

  it('are not changed by events of attempts that have not begun or are over', () => {
    const connected: RaceEvent = { type: 'connected', at: 50, endpoint: at4, value: 0 };
    expect(told([connected, started(10), failed(20, coded('EPIPE')), connected])).toEqual(['192.0.2.4:443 10–20 failed: EPIPE']);
  });

  it('hold no text of others as it came', () => {
    const [row] = raceRows([started(0), failed(1, new Error('\u001b[31mred\u0000\nnext'))]).rows;
    expect(row).toMatchObject({ what: '\ufffd[31mred\ufffd next', message: '\ufffd[31mred\ufffd next' });
  });

  it('are made of an array', () => {
    expect(() => raceRows('events' as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });
});

describe('the verdict', () => {
  const say = (...events: readonly RaceEvent[]) => verdict(raceRows(events));
  const resolved: RaceEvent = { type: 'resolved', at: 1 };

  it('names the winner, and what became of the others', () => {
    const won: RaceEvent = { type: 'connected', at: 35, endpoint: at5, value: 0 };
    const cancelled: RaceEvent = { type: 'cancelled', at: 35, endpoint: at4 };
    expect(say(started(0, at5), won)).toEqual({
      outcome: 'connected',
      text: '192.0.2.5:443 won after 35 ms. It was the only attempt.',
    });
    expect(say(started(0), started(5, at5), cancelled, won).text).toBe(
      '192.0.2.5:443 won after 35 ms. The other attempt was cancelled.',
    );
    const gaveWay: RaceEvent = { ...cancelled, at: 30, error: coded('ETIMEDOUT') };
    expect(say(started(0), gaveWay, started(30, at5), won).text).toBe(
      '192.0.2.5:443 won after 35 ms. The other attempt gave way.',
    );
    const at6: Endpoint = { address: six, family: 6, port: 443 };
    const at7: Endpoint = { ...at6, address: '2001:db8::7' };
    const others = [started(0), gaveWay, started(0, at6), failed(31, coded('EPIPE'), at6), started(31, at7)];
    expect(say(...others, { ...cancelled, endpoint: at7 }, started(31, at5), won).text).toBe(
      '192.0.2.5:443 won after 35 ms. Of the 3 others, 1 failed, 1 gave way and 1 was cancelled.',
    );
  });

  it.each<[string, 'failed' | 'open', readonly RaceEvent[]]>([
    ['Nothing has happened yet.', 'open', []],
    ['No winner: there was no address to try.', 'failed', [resolved]],
    ['No winner: the only attempt failed, after 9 ms.', 'failed', [resolved, started(2), failed(9, coded('EPIPE'))]],
    [
      'No winner: all 2 attempts failed, the last after 9 ms.',
      'failed',
      [resolved, started(2), failed(3, coded('EPIPE')), started(3, at5), failed(9, coded('EPIPE'), at5)],
    ],
    [
      'No winner: all 2 attempts failed or gave way, the last after 9 ms.',
      'failed',
      [
        resolved,
        started(2),
        { type: 'cancelled', at: 3, endpoint: at4, error: coded('ETIMEDOUT') },
        started(3, at5),
        failed(9, coded('EPIPE'), at5),
      ],
    ],
    [
      'No winner: the race was ended after 9 ms, with 1 attempt in flight; 1 had given way.',
      'failed',
      [
        started(2),
        { type: 'cancelled', at: 3, endpoint: at4, error: coded('ETIMEDOUT') },
        started(3, at5),
        { type: 'cancelled', at: 9, endpoint: at5 },
      ],
    ],
    [
      'No winner: the race was ended after 9 ms, with 1 attempt in flight; 1 had failed.',
      'failed',
      [started(2), failed(3, coded('EPIPE')), started(3, at5), { type: 'cancelled', at: 9, endpoint: at5 }],
    ],
    [
      'No winner: 192.0.2.4:443 ended the race (EAUTH after 7 ms).',
      'failed',
      [started(2), { type: 'failed', at: 9, endpoint: at4, error: coded('EAUTH'), terminal: true }],
    ],
    ['No winner yet: after 5 ms, 2 attempts are in flight.', 'open', [resolved, started(2), started(5, at5)]],
    [
      'No winner yet: after 9 ms, nothing is in flight.',
      'open',
      [resolved, { type: 'queued', at: 1, endpoints: [at4, at5] }, started(2), failed(9, coded('EPIPE'))],
    ],
  ])('%s', (text, outcome, events) => {
    expect(say(...events)).toEqual({ outcome, text });
  });
});
