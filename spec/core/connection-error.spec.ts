import { inspect } from 'node:util';
import { ConnectionError, type LostRace } from '../../src/core/race/connection-error.js';
import type { Endpoint, RaceEvent } from '../../src/index.js';

const endpoint: Endpoint = { address: '192.0.2.1', family: 4, port: 443 };
const second: Endpoint = { address: '2001:db8::1', family: 6, port: 443 };
const coded = (code: string) => Object.assign(new Error(code.toLowerCase()), { code });
const errorOf = (events: readonly RaceEvent[], race: Partial<LostRace> = {}) =>
  new ConnectionError({ host: 'a.example', port: 443, preferredFamily: 6, timedOut: false, endedAt: 100, ...race, events });
const attempt = (of: Endpoint, error: Error, more: { terminal?: boolean } = {}): readonly RaceEvent[] => [
  { type: 'started', at: 0, endpoint: of },
  { type: 'failed', at: 10, endpoint: of, error, ...more },
];
const reasons = (error: Error) => error.message.replace('Could not connect to a.example:443: ', '');

describe('the error of a lost race', () => {
  it.each([null, undefined, 5, 'text', {}, new Error('other'), () => undefined])('is not %p', (value) => {
    expect(value instanceof ConnectionError).toBe(false);
  });

  it('is recognised by its brand', () => {
    expect(errorOf([]) instanceof ConnectionError).toBe(true);
    expect({ [Symbol.for('rx-happy-eyeballs.ConnectionError')]: {} } instanceof ConnectionError).toBe(true);
  });

  it('prints its fields and its errors without their stacks', () => {
    const error = errorOf(attempt(endpoint, coded('ECONNREFUSED')));
    const text = inspect(error);
    expect(text).toContain('ConnectionError: Could not connect to a.example:443: 192.0.2.1:443 ECONNREFUSED after 10 ms');
    expect(text).toMatch(/host: 'a\.example'/);
    expect(text).toMatch(/code: 'ECONNREFUSED'/);
    expect(text).toMatch(/reason: 'attempts'/);
    expect(text).toMatch(/preferredFamily: 6/);
    expect(text).toMatch(/\[errors\]: \[ \[Error: econnrefused\] \]/);
    expect(text).toContain('connection-error.spec.ts');
    expect(text).not.toMatch(/attempts: |cause|name: |Symbol\(/);
    expect(inspect({ error }, { depth: -1 })).toBe('[Object]');
    expect(inspect({ error }, { depth: 0 })).toContain('[ConnectionError]');
  });

  it('takes code and cause from a terminal error, wherever it stands', () => {
    const terminal = coded('CERT_HAS_EXPIRED');
    const events = [...attempt(endpoint, coded('ECONNREFUSED')), ...attempt(second, terminal, { terminal: true })];
    expect(errorOf(events)).toMatchObject({ code: 'CERT_HAS_EXPIRED', cause: terminal, reason: 'attempts' });
  });

  it('takes code and cause from the first attempt otherwise', () => {
    const first = coded('ECONNREFUSED');
    const events = [...attempt(endpoint, new Error('no code')), ...attempt(second, first)];
    expect(errorOf(events)).toMatchObject({ code: 'ECONNREFUSED', cause: first });
    const unmarked = attempt(second, coded('EHOSTUNREACH'), { terminal: false });
    expect(errorOf([...attempt(endpoint, first), ...unmarked]).cause).toBe(first);
  });

  it('is blocked only if every attempt was', () => {
    const blocked = coded('ERR_IP_BLOCKED');
    const all = errorOf(attempt(endpoint, blocked));
    expect(all).toMatchObject({ reason: 'blocked', code: 'ERR_IP_BLOCKED' });
    expect(reasons(all)).toBe('192.0.2.1:443 is blocked');
    expect(errorOf([...attempt(endpoint, blocked), ...attempt(second, coded('ECONNREFUSED'))])).toMatchObject({
      reason: 'attempts',
      code: 'ECONNREFUSED',
    });
  });

  it('prefers the code of a failure to that of an attempt that gave way', () => {
    const gaveWay: RaceEvent = { type: 'cancelled', at: 20, endpoint, error: coded('ETIMEDOUT') };
    const error = errorOf([{ type: 'started', at: 0, endpoint }, gaveWay, ...attempt(second, coded('ECONNREFUSED'))]);
    expect(error.code).toBe('ECONNREFUSED');
    expect(reasons(error)).toBe('192.0.2.1:443 gave way after 20 ms; [2001:db8::1]:443 ECONNREFUSED after 10 ms');
  });

  it.each<[string, Partial<Endpoint>, string]>([
    ['nothing', {}, '192.0.2.1:443'],
    ['its target', { service: { target: 'cdn.example', alpn: [] } }, '192.0.2.1:443 (of cdn.example)'],
    ['its NAT64 address', { via: '64:ff9b::1' }, '192.0.2.1:443 (by 64:ff9b::1)'],
    ['both', { via: '64:ff9b::1', service: { target: 'b', alpn: [] } }, '192.0.2.1:443 (of b, by 64:ff9b::1)'],
  ])('says of an endpoint %s', (_, more, where) => {
    const of = { ...endpoint, ...more };
    expect(reasons(errorOf(attempt(of, coded('ECONNREFUSED'))))).toBe(`${where} ECONNREFUSED after 10 ms`);
    expect(reasons(errorOf([{ type: 'started', at: 0, endpoint: of }]))).toBe(`${where} cancelled after 100 ms`);
  });

  it('mentions a failed HTTPS query by its name, but never as a cause', () => {
    const answer = { type: 'HTTPS', records: [], error: coded('ESERVFAIL') } as const;
    const named = errorOf([{ type: 'answered', at: 0, answer: { ...answer, name: 'b.example' } }]);
    expect(reasons(named)).toBe('no addresses to try; HTTPS of b.example ESERVFAIL');
    expect(named).toMatchObject({ errors: [], code: 'ENOTFOUND', reason: 'resolution' });
    expect(reasons(errorOf([{ type: 'answered', at: 0, answer }]))).toBe('no addresses to try; HTTPS ESERVFAIL');
  });

  it('counts the error of an assumed answer only if the query was never made', () => {
    const assumed: RaceEvent = { type: 'answered', at: 0, answer: { type: 'A', addresses: [], assumed: true, error: coded('ENETUNREACH') } };
    const asked: RaceEvent = { type: 'answered', at: 5, answer: { type: 'A', addresses: [], error: coded('ESERVFAIL') } };
    expect(reasons(errorOf([assumed]))).toBe('no addresses to try; A ENETUNREACH');
    expect(reasons(errorOf([assumed, assumed]))).toBe('no addresses to try; A ENETUNREACH; A ENETUNREACH');
    expect(reasons(errorOf([assumed, asked]))).toBe('no addresses to try; A ESERVFAIL');
  }); // prettier-ignore
});
