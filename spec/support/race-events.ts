import fc from 'fast-check';
import type { Answer, Endpoint, RaceEvent } from '../../src/index.js';

/** Of the properties of pictures: fixed, so that a run can be repeated; another comes from the environment. */
export const seed = Number(process.env.PICTURES_SEED ?? 8305);

/** What servers, resolvers and the programs of others might say to those who draw it. */
export const HOSTILE = [
  '</title></svg><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  ']]>&lt;&#60;&bogus;<!--',
  '\u001b[2J\u001b]0;owned\u0007',
  'two\nlines\r\nand\u2028more\u0085',
  '\u0000\u0001\u000b\ufffe\uffff',
  '\ud800 half, and \udc00 half',
  '\u202edetrevni\u202c \u2066',
  'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324',
  '漢字かな交じり文 👩‍👩‍👧 🇪🇺',
  'x'.repeat(5000),
  '',
  ' ',
];

const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 90 }));

const endpoint: fc.Arbitrary<Endpoint> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom<Endpoint>(
      { address: '2001:db8::1', family: 6, port: 443 },
      { address: '2001:db8:85a3:8d3:1319:8a2e:1370:7348', family: 6, port: 65535 },
      { address: 'fe80::1%enp0s31f6', family: 6, port: 443 },
      { address: '192.0.2.1', family: 4, port: 443 },
      { address: '192.0.2.2', family: 4, port: 80 },
    ),
  },
  { weight: 1, arbitrary: fc.record({ address: text, family: fc.constantFrom(4, 6), port: fc.nat(65535) }) },
);

const error = fc
  .record({ message: text, code: fc.option(fc.oneof(fc.constantFrom('ECONNREFUSED', 'ERR_IP_BLOCKED', 'ERR_X'), text)) })
  .map(({ message, code }) => Object.assign(new Error(message), code === null ? {} : { code }));

const answer: fc.Arbitrary<Answer> = fc.record(
  {
    type: fc.constantFrom('AAAA', 'A'),
    addresses: fc.array(fc.constant('2001:db8::1'), { maxLength: 3 }),
    stale: fc.boolean(),
    error,
  },
  { requiredKeys: ['type', 'addresses'] },
);

const at = fc.oneof(
  { weight: 10, arbitrary: fc.nat(3000) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, NaN, Infinity, 1e300, 5e-324) },
);

const event: fc.Arbitrary<RaceEvent> = fc.oneof(
  fc.record({ type: fc.constant('answered'), at, answer }),
  fc.record({ type: fc.constant('resolved'), at, error }, { requiredKeys: ['type', 'at'] }),
  fc.record({ type: fc.constant('queued'), at, endpoints: fc.array(endpoint, { maxLength: 4 }) }),
  fc.record({ type: fc.constant('started'), at, endpoint }),
  fc.record({ type: fc.constant('started'), at, endpoint }),
  fc.record({ type: fc.constant('progressed'), at, endpoint, stage: fc.constantFrom('tls', 'setup'), after: at }),
  fc.record({ type: fc.constant('failed'), at, endpoint, error, terminal: fc.boolean() }),
  fc.record({ type: fc.constant('cancelled'), at, endpoint, error }, { requiredKeys: ['type', 'at', 'endpoint'] }),
  fc.record({ type: fc.constant('connected'), at, endpoint, value: fc.constant(undefined) }),
);

/** Events as no race has them: in any order, some twice, some of attempts that never began. Half of them are sorted by time. */
export const raceEvents: fc.Arbitrary<readonly RaceEvent[]> = fc
  .tuple(fc.array(event, { maxLength: 30 }), fc.boolean())
  .map(([events, sorted]) => (sorted ? events.toSorted((a, b) => a.at - b.at) : events));

/** A race of so many attempts: each begins 10 ms after the last and fails, but for the last, which wins. */
export function longRace(attempts: number): RaceEvent[] {
  const events: RaceEvent[] = [];
  for (let i = 0; i < attempts; i++) {
    const endpoint: Endpoint = { address: `2001:db8::${(i + 1).toString(16)}`, family: 6, port: 443 };
    events.push({ type: 'started', at: 10 * i, endpoint });
    const at = 10 * i + 8;
    if (i < attempts - 1) {
      events.push({ type: 'failed', at, endpoint, error: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    } else events.push({ type: 'connected', at, endpoint, value: undefined });
  }
  return events;
}
