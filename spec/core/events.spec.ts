import { inFlight } from '../../src/core/race/events.js';
import { lessons } from '../../src/core/race/path-records.js';
import type { Endpoint, RaceEvent } from '../../src/index.js';

const endpoints = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'].map((address): Endpoint => ({
  address,
  family: 4,
  port: 443,
}));
const [a, b, c, d] = endpoints as [Endpoint, Endpoint, Endpoint, Endpoint];
const started = (at: number, endpoint: Endpoint): RaceEvent => ({ type: 'started', at, endpoint });
const error = new Error('text');

it('an attempt is in flight until it has failed, was cancelled or has won', () => {
  const events: readonly RaceEvent[] = [
    ...endpoints.map((endpoint) => started(0, endpoint)),
    { type: 'failed', at: 1, endpoint: a, error },
    { type: 'cancelled', at: 2, endpoint: b },
    { type: 'connected', at: 3, endpoint: c, value: 0 },
  ];
  expect([...inFlight(events)]).toEqual([d]);
});

it('an attempt that gave way counts as failed, even if it began after the winner; a cancelled one does not', () => {
  const events: readonly RaceEvent[] = [
    started(0, a),
    started(10, b),
    started(20, c),
    { type: 'cancelled', at: 30, endpoint: b, error },
    { type: 'cancelled', at: 40, endpoint: c },
    { type: 'connected', at: 40, endpoint: a, value: 0 },
  ];
  expect(lessons(events)).toEqual([
    { endpoint: b, outcome: 'failed' },
    { endpoint: a, outcome: 'succeeded', rtt: 40 },
  ]);
});

it('a race without a winner teaches only failures, also of attempts that had progressed', () => {
  const progressed: RaceEvent = { type: 'progressed', at: 5, endpoint: a, stage: 'tls', after: 5 };
  const events: readonly RaceEvent[] = [started(0, a), progressed, { type: 'failed', at: 9, endpoint: a, error }];
  expect(lessons(events)).toEqual([{ endpoint: a, outcome: 'failed' }]);
});
