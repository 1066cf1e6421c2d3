import type { Answer } from '../../src/core/race/answers.js';
import { firstExpiry, gatherEndpoints, type KnownEndpoint } from '../../src/core/race/known-endpoints.js';
import { A, AAAA, negative } from '../support/virtual-race.js';

const take = (
  known: readonly KnownEndpoint[],
  answer: Answer,
  { at = 0, family = 0 }: { at?: number; family?: 0 | 4 | 6 } = {},
) => gatherEndpoints(known, { type: 'answered', at, answer }, { port: 443, family });
const addresses = (known: readonly KnownEndpoint[]) => known.map(({ endpoint }) => endpoint.address);

describe('gather', () => {
  it('adds endpoints with family and port, in the order of the answer', () => {
    expect(take([], AAAA('2001:db8::2', '2001:db8::1')).map(({ endpoint }) => endpoint)).toEqual([
      { address: '2001:db8::2', family: 6, port: 443 },
      { address: '2001:db8::1', family: 6, port: 443 },
    ]);
  });

  it('[R14] takes an address once, however it is written, over all answers', () => {
    const known = take([], AAAA('2001:db8::1', '2001:DB8:0::1', '::ffff:192.0.2.1'));
    expect(addresses(take(known, A('192.0.2.1', '192.0.2.2', '192.0.2.2')))).toEqual(['2001:db8::1', '192.0.2.1', '192.0.2.2']);
  });

  it('keeps the endpoints that it knew, as the same objects', () => {
    const known = take([], AAAA('2001:db8::1'));
    expect(take(known, A('192.0.2.1'))[0]).toBe(known[0]);
    expect(take(known, { type: 'A', addresses: [] })).toBe(known);
  });

  it('leaves out the family that the race excludes, also where it is mapped', () => {
    const answer = AAAA('2001:db8::1', '::ffff:192.0.2.1');
    expect(addresses(take([], answer, { family: 4 }))).toEqual(['192.0.2.1']);
    expect(addresses(take([], answer, { family: 6 }))).toEqual(['2001:db8::1']);
  });

  it('[R10] knows until when an answer holds; one that holds for no time, for the race under way', () => {
    const expiries = (ttl?: number) => take([], { ...A('192.0.2.1'), ttl }, { at: 100 }).map(({ expiresAt }) => expiresAt);
    expect([expiries(5), expiries(0), expiries()]).toEqual([[5100], [Infinity], [Infinity]]);
    // No timer lasts so long.
    expect(expiries(30 * 24 * 3600)).toEqual([Infinity]);
  });

  it('[R10] keeps what has expired until a new answer of its type replaces it', () => {
    const known = take(take([], { ...A('192.0.2.1', '192.0.2.2'), ttl: 1 }), { ...AAAA('2001:db8::1'), ttl: 1 });
    const other = take(known, AAAA('2001:db8::2'), { at: 1000 });
    expect(addresses(other)).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::2']);
    const fresh = take(other, A('192.0.2.2', '192.0.2.3'), { at: 1000 });
    expect(addresses(fresh)).toEqual(['2001:db8::2', '192.0.2.2', '192.0.2.3']);
    expect(fresh[1]!.endpoint).toBe(known[1]!.endpoint);
    expect(addresses(take(known, A('192.0.2.3'), { at: 999 }))).toContain('192.0.2.1');
    expect(addresses(take(known, negative('A', 'ENODATA'), { at: 1000 }))).toEqual(['2001:db8::1']);
  });

  it.each(['ESERVFAIL', 'ETIMEOUT', 'EREFUSED'])('[R10] replaces nothing for an answer that says nothing: %s', (code) => {
    const known = take(take([], { ...A('192.0.2.1'), ttl: 1 }), { ...A('192.0.2.2'), stale: true });
    expect(take(known, negative('A', code), { at: 2000 })).toBe(known);
  });

  it('[R10] knows when the first of a type expires', () => {
    const known = take(take([], { ...A('192.0.2.1'), ttl: 3 }), { ...A('192.0.2.2'), ttl: 2 });
    expect([firstExpiry(known, 'A'), firstExpiry(known, 'AAAA'), firstExpiry([], 'A')]).toEqual([2000, Infinity, Infinity]);
  });

  it('[R11] replaces what is stale by a fresh answer of its type, which keeps the endpoints that it holds too', () => {
    const stale = take(take([], { ...AAAA('2001:db8::1', '2001:db8::2'), stale: true }), { ...A('192.0.2.1'), stale: true });
    const fresh = take(stale, AAAA('2001:db8::2', '2001:db8::3'));
    expect(addresses(fresh)).toEqual(['192.0.2.1', '2001:db8::2', '2001:db8::3']);
    expect(fresh[1]!.endpoint).toBe(stale[1]!.endpoint);
    expect(addresses(take(fresh, { type: 'A', addresses: [] }))).toEqual(['2001:db8::2', '2001:db8::3']);
  });
});
