import { codedError } from '../../src/core/error-tools.js';
import { ConnectionError } from '../../src/core/race/connection-error.js';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { compared } from '../../src/cli/node-alone.js';
import type { RaceResult } from '../../src/cli/run-race.js';

// Addresses of this machine, so that their order does not depend on its routes.
const DESTINATION = { host: 'name.example', port: 80 };
const SIX: Endpoint = { address: '::1', family: 6, port: 80 };
const FOUR: Endpoint = { address: '127.0.0.1', family: 4, port: 80 };

/** ms of a race. */
const PATIENCE = 10_000;

const BOTH: readonly RaceEvent[] = [
  { type: 'answered', at: 0, answer: { type: 'A', addresses: [FOUR.address] } },
  { type: 'answered', at: 0, answer: { type: 'AAAA', addresses: [SIX.address] } },
  { type: 'resolved', at: 0 },
];
const started = (endpoint: Endpoint, at: number): RaceEvent => ({ type: 'started', at, endpoint });
const failed = (endpoint: Endpoint, at: number, code: string): RaceEvent => ({
  type: 'failed',
  at,
  endpoint,
  error: codedError(code, code),
});
const cancelled = (endpoint: Endpoint, at: number): RaceEvent => ({ type: 'cancelled', at, endpoint });

const won = (endpoint: Endpoint, at: number, ...events: readonly RaceEvent[]): RaceResult => ({
  outcome: 'connected',
  winner: { endpoint, after: at },
  events: [...events, { type: 'connected', at, endpoint, value: null }],
});
const lost = (...events: readonly RaceEvent[]): RaceResult => {
  const { at } = events.at(-1)!;
  const timedOut = at === PATIENCE;
  return {
    outcome: 'failed',
    error: new ConnectionError({ ...DESTINATION, preferredFamily: 6, timedOut, endedAt: at, events }),
    events,
  };
};
const said = (race: RaceResult) => compared(race, DESTINATION).nodeAlone?.text;

describe('what Node alone would have done', () => {
  it.each<[string, RaceResult, string]>([
    ['as much', won(SIX, 12, ...BOTH, started(SIX, 1)), 'Node alone would have connected as fast.'],
    [
      'later, after its timeout',
      won(FOUR, 270, ...BOTH, started(SIX, 0), started(FOUR, 250), cancelled(SIX, 270)),
      'Node 20 alone would have connected as fast; Node 26 would have connected to 127.0.0.1:80 after at most 520 ms.',
    ],
    [
      'later in both',
      won(FOUR, 30, ...BOTH, started(SIX, 0), started(FOUR, 10), cancelled(SIX, 30)),
      'Node 20 alone would have connected to 127.0.0.1:80 after at most 270 ms; Node 26 after at most 520 ms.',
    ],
    [
      'give up on a slow winner',
      won(SIX, 400, ...BOTH, started(SIX, 0), started(FOUR, 250), cancelled(FOUR, 400)),
      'Node 20 alone would have given up on [::1]:80 after 250 ms; Node 26 would have connected as fast.',
    ],
    [
      'fail without a message',
      lost(...BOTH, started(SIX, 0), failed(SIX, 2, 'ECONNREFUSED'), started(FOUR, 2), failed(FOUR, 5, 'ECONNRESET')),
      'Node alone would have failed after 5 ms: AggregateError [ECONNREFUSED], without a message.',
    ],
    [
      'fail as well',
      lost(started(FOUR, 0), failed(FOUR, 1, 'ECONNREFUSED')),
      'Node alone would have failed after 1 ms: connect ECONNREFUSED 127.0.0.1:80.',
    ],
    [
      'go on trying',
      lost(...BOTH, started(SIX, 0), started(FOUR, 250), cancelled(SIX, PATIENCE), cancelled(FOUR, PATIENCE)),
      'Node alone would still have been trying 127.0.0.1:80.',
    ],
    ['wait for an answer', won(SIX, 12, BOTH[1]!, started(SIX, 0)), 'Node alone would still have been waiting for the DNS.'],
    [
      'wait for TLS',
      won(
        FOUR,
        290,
        ...BOTH,
        started(SIX, 0),
        { type: 'progressed', at: 10, endpoint: SIX, stage: 'tls', after: 10 },
        started(FOUR, 250),
        { type: 'progressed', at: 260, endpoint: FOUR, stage: 'tls', after: 10 },
        cancelled(SIX, 290),
      ),
      'Node alone would still have been waiting for TLS from [::1]:80.',
    ],
  ])('%s', (_, race, text) => {
    expect(said(race)).toBe(text);
  });

  it('is not said of races that have seen too little', () => {
    expect(said({ outcome: 'cancelled', events: BOTH })).toBeUndefined();
    expect(said(lost(...BOTH, started(SIX, 0), failed(SIX, 0, 'ERR_IP_BLOCKED')))).toBeUndefined();
  });
});
