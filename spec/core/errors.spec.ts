import { runInNewContext } from 'node:vm';
import { ConnectionError, type LostRace } from '../../src/core/race/connection-error.js';
import { attemptRecords } from '../../src/core/race/attempt-records.js';
import { codedError, toError } from '../../src/core/error-tools.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { A, AAAA, negative } from '../support/virtual-race.js';

const six = { address: '2001:db8::6', family: 6, port: 443 } as const;
const four = { address: '192.0.2.4', family: 4, port: 443 } as const;
const refused = codedError('ECONNREFUSED', 'connect ECONNREFUSED');
const unreachable = codedError('ENETUNREACH', 'connect ENETUNREACH');

const lost = (events: readonly RaceEvent[], race: Partial<LostRace> = {}) =>
  new ConnectionError({ host: 'example.com', port: 443, preferredFamily: 6, timedOut: false, endedAt: 300, events, ...race });

const bothFailed: readonly RaceEvent[] = [
  { type: 'answered', at: 0, answer: AAAA(six.address) },
  { type: 'answered', at: 0, answer: A(four.address) },
  { type: 'resolved', at: 0 },
  { type: 'queued', at: 0, endpoints: [six, four] },
  { type: 'started', at: 0, endpoint: six },
  { type: 'started', at: 250, endpoint: four },
  { type: 'failed', at: 260, endpoint: four, error: refused },
  { type: 'failed', at: 300, endpoint: six, error: unreachable },
];

describe('ConnectionError', () => {
  it('[A12] holds a record for each attempt in start order, every error, and the code of the first', () => {
    const error = lost(bothFailed);
    expect(error.attempts).toEqual([
      { endpoint: six, startedAt: 0, endedAt: 300, outcome: 'failed', error: unreachable, code: 'ENETUNREACH' },
      { endpoint: four, startedAt: 250, endedAt: 260, outcome: 'failed', error: refused, code: 'ECONNREFUSED' },
    ]);
    expect(error.errors).toEqual([unreachable, refused]);
    expect(error).toMatchObject({
      host: 'example.com',
      port: 443,
      code: 'ENETUNREACH',
      reason: 'attempts',
      preferredFamily: 6,
      cause: unreachable,
    });
  });

  it('says in its message where to, and of each endpoint why not', () => {
    expect(lost(bothFailed).message).toBe(
      'Could not connect to example.com:443: [2001:db8::6]:443 ENETUNREACH after 300 ms; 192.0.2.4:443 ECONNREFUSED after 10 ms',
    );
    expect(lost(bothFailed, { host: '2001:db8::6' }).message).toMatch(/^Could not connect to \[2001:db8::6\]:443: /);
  });

  it('skips attempts that were cancelled, and errors without a code, when it looks for its own', () => {
    const error = lost([
      { type: 'started', at: 0, endpoint: six },
      { type: 'started', at: 10, endpoint: four },
      { type: 'cancelled', at: 20, endpoint: six },
      { type: 'failed', at: 20, endpoint: four, error: refused },
    ]);
    expect(error.code).toBe('ECONNREFUSED');
    expect(error.attempts[0]).toEqual({ endpoint: six, startedAt: 0, endedAt: 20, outcome: 'cancelled' });
    expect(error.errors).toEqual([refused]);
  });

  it('is out of time with ETIMEDOUT, and names the attempts in flight and the queries without an answer', () => {
    const error = lost(
      [
        { type: 'answered', at: 0, answer: A(four.address) },
        { type: 'started', at: 50, endpoint: four },
      ],
      { timedOut: true, endedAt: 1000 },
    );
    expect(error).toMatchObject({ code: 'ETIMEDOUT', reason: 'timeout', errors: [] });
    expect(error.attempts).toEqual([{ endpoint: four, startedAt: 50, endedAt: 1000, outcome: 'cancelled' }]);
    expect(error.message).toBe(
      'Could not connect to example.com:443 within 1000 ms: 192.0.2.4:443 cancelled after 950 ms; AAAA not answered',
    );
  });

  it.each([
    [1, '192.0.2.4:443 cancelled after 25 ms; 1 more address was not tried; AAAA not answered'],
    [2, '192.0.2.4:443 cancelled after 25 ms; 2 more addresses were not tried; AAAA not answered'],
    [0, '192.0.2.4:443 cancelled after 25 ms; AAAA not answered'],
  ])('says that time ran out with %i candidates left', (untried, said) => {
    const events: RaceEvent[] = [
      { type: 'answered', at: 0, answer: A(four.address) },
      { type: 'started', at: 75, endpoint: four },
    ];
    const { message } = lost(events, { timedOut: true, endedAt: 100, untried });
    expect(message).toBe(`Could not connect to example.com:443 within 100 ms: ${said}`);
  });

  it('does not call an address unusable that was only waiting', () => {
    const events: RaceEvent[] = [{ type: 'answered', at: 0, answer: A(four.address) }];
    const { message } = lost(events, { timedOut: true, endedAt: 20, untried: 1 });
    expect(message).toBe('Could not connect to example.com:443 within 20 ms: 1 address was not tried; AAAA not answered');
  });

  it('says nothing of candidates that a terminal error leaves out', () => {
    expect(lost(bothFailed, { untried: 3 }).message).not.toContain('tried');
  });

  it.each([
    ['ENOTFOUND', 'ENOTFOUND', 'ENOTFOUND'],
    ['ENODATA', 'ENOTFOUND', 'ENODATA'],
    ['ENOTFOUND', 'ESERVFAIL', 'ESERVFAIL'],
    ['ETIMEOUT', 'ENOTFOUND', 'ETIMEOUT'],
  ])('[R8] without addresses (AAAA %s, A %s) has the code %s and says which query failed how', (aaaa, a, code) => {
    const error = lost([
      { type: 'answered', at: 1, answer: negative('AAAA', aaaa) },
      { type: 'answered', at: 2, answer: negative('A', a) },
      { type: 'resolved', at: 2 },
    ]);
    expect(error).toMatchObject({ code, reason: 'resolution', attempts: [] });
    expect(error.errors).toHaveLength(2);
    expect(error.message).toBe(`Could not connect to example.com:443: no addresses to try; AAAA ${aaaa}; A ${a}`);
    expect((error.cause as { code?: string }).code).toBe(code);
  });

  it('without addresses and without a code of the resolver says ENOTFOUND', () => {
    expect(lost([{ type: 'resolved', at: 0 }])).toMatchObject({ code: 'ENOTFOUND', reason: 'resolution', errors: [] });
  });

  it('keeps the error of a resolver that broke', () => {
    const broken = codedError('EBROKEN', 'it broke');
    expect(lost([{ type: 'resolved', at: 0, error: broken }])).toMatchObject({
      code: 'EBROKEN',
      errors: [broken],
      cause: broken,
    });
  });

  it('flattens errors that hold several', () => {
    const error = new AggregateError([refused, new AggregateError([unreachable])]);
    expect(
      lost([
        { type: 'started', at: 0, endpoint: six },
        { type: 'failed', at: 1, endpoint: six, error },
      ]).errors,
    ).toEqual([refused, unreachable]);
  });

  it('describes twenty attempts and counts the others', () => {
    const many = Array.from({ length: 25 }, (_, i) => ({ address: `192.0.2.${i}`, family: 4, port: 443 }) as const);
    const error = lost(
      many.flatMap((endpoint): RaceEvent[] => [
        { type: 'started', at: 0, endpoint },
        { type: 'failed', at: 1, endpoint, error: refused },
      ]),
    );
    expect(error.message).toMatch(/192\.0\.2\.19:443 ECONNREFUSED after 1 ms; and 5 more$/);
    expect(error.attempts).toHaveLength(25);
  });

  it('describes an error without a code by its message, or its name', () => {
    const of = (error: Error) =>
      lost([
        { type: 'started', at: 0, endpoint: six },
        { type: 'failed', at: 0.6, endpoint: six, error },
      ]);
    const boom = of(new Error('boom'));
    expect(boom.message).toMatch(/boom after 1 ms$/);
    expect(boom.code).toBeUndefined();
    expect(boom.attempts[0]).not.toHaveProperty('code');
    expect(of(new TypeError('')).message).toMatch(/TypeError after/);
    expect(of(Object.assign(new Error('boom'), { code: 20 })).code).toBeUndefined();
  });

  it('[R8] takes a code where there is one', () => {
    const unasked: RaceEvent = {
      type: 'answered',
      at: 0,
      answer: { type: 'AAAA', addresses: [], error: new Error('not asked for') },
    };
    expect(
      lost([unasked, { type: 'answered', at: 1, answer: negative('A', 'ESERVFAIL') }, { type: 'resolved', at: 1 }]).code,
    ).toBe('ESERVFAIL');
    expect(lost([unasked, { type: 'resolved', at: 1 }])).toMatchObject({
      code: 'ENOTFOUND',
      cause: { message: 'not asked for' },
    });
  });

  it('that is out of time has the failure before it as its cause; one of nothing has none', () => {
    const events: RaceEvent[] = [
      { type: 'answered', at: 0, answer: A(four.address) },
      { type: 'resolved', at: 0 },
      { type: 'started', at: 0, endpoint: four },
      { type: 'failed', at: 1, endpoint: four, error: refused },
    ];
    const error = lost(events, { timedOut: true });
    expect(error.cause).toBe(refused);
    expect(error.message).not.toContain('not answered');
    expect(lost([{ type: 'resolved', at: 0 }])).not.toHaveProperty('cause');
  });

  it('names a resolver that broke, a bracketed host once, and twenty attempts in full', () => {
    expect(lost([{ type: 'resolved', at: 0, error: codedError('EBROKEN', 'it broke') }]).message).toMatch(/; resolver EBROKEN$/);
    expect(lost(bothFailed, { host: '[2001:db8::6]' }).message).toMatch(/^Could not connect to \[2001:db8::6\]:443: /);
    const twenty = Array.from({ length: 20 }, (_, i) => ({ address: `192.0.2.${i}`, family: 4, port: 443 }) as const);
    const error = lost(
      twenty.flatMap((endpoint): RaceEvent[] => [
        { type: 'started', at: 0, endpoint },
        { type: 'failed', at: 1, endpoint, error: refused },
      ]),
    );
    expect(error.message).not.toContain('more');
  });

  it('is an Error, an AggregateError, and what a copy of this module makes', () => {
    const error = lost(bothFailed);
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.name).toBe('ConnectionError');
    jest.isolateModules(() => {
      const copy = jest.requireActual<typeof import('../../src/core/race/connection-error.js')>(
        '../../src/core/race/connection-error.js',
      );
      expect(copy.ConnectionError).not.toBe(ConnectionError);
      expect(error).toBeInstanceOf(copy.ConnectionError);
    });
    expect(refused).not.toBeInstanceOf(ConnectionError);
    class Own extends ConnectionError {}
    expect(error).not.toBeInstanceOf(Own);
    expect(new Own({ host: 'a', port: 1, preferredFamily: 6, timedOut: false, endedAt: 0, events: [] })).toBeInstanceOf(Own);
    for (const other of ['text', 5, null, undefined]) expect(other).not.toBeInstanceOf(ConnectionError);
  });
});

describe('attemptRecords', () => {
  it('leaves out the winner', () => {
    const events: RaceEvent[] = [
      { type: 'started', at: 0, endpoint: six },
      { type: 'connected', at: 3, endpoint: six, value: 'six' },
    ];
    expect(attemptRecords(events, 3)).toEqual([]);
  });
});

describe('toError', () => {
  it.each([
    ['text', 'text was thrown'],
    [undefined, 'undefined was thrown'],
    [{ a: 1 }, '[object Object] was thrown'],
    [Object.create(null), '[object Object] was thrown'],
  ])('makes an Error with a message of %p', (thrown, message) => {
    expect(toError(thrown).message).toContain(message);
    expect(toError(thrown).cause).toBe(thrown);
  });

  it('leaves an Error as it is, also that of another realm, and one with a tag of its own', () => {
    const foreign = runInNewContext('new Error("x")') as Error;
    class Tagged extends Error {
      readonly [Symbol.toStringTag] = 'Tagged';
    }
    const tagged = new Tagged();
    expect([refused, foreign, tagged].map(toError)).toEqual([refused, foreign, tagged]);
    expect(toError(foreign)).toBe(foreign);
  });

  it('makes Errors of what an AggregateError holds', () => {
    const error = new AggregateError(['text']);
    const { errors } = lost([
      { type: 'started', at: 0, endpoint: six },
      { type: 'failed', at: 1, endpoint: six, error },
    ]);
    expect(errors.map(({ message }) => message)).toEqual(['text was thrown, which is not an Error']);
  });
});
