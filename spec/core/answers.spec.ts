import { gather } from '../../src/core/answers.js';
import { A, AAAA } from '../support/virtual-race.js';

const addresses = (...args: Parameters<typeof gather>) => gather(...args).map(({ address }) => address);

describe('gather', () => {
  it('adds endpoints with family and port, in the order of the answer', () => {
    expect(gather([], AAAA('2001:db8::2', '2001:db8::1'), 443, 0)).toEqual([
      { address: '2001:db8::2', family: 6, port: 443 },
      { address: '2001:db8::1', family: 6, port: 443 },
    ]);
  });

  it('[R14] takes an address once, however it is written, over all answers', () => {
    const known = gather([], AAAA('2001:db8::1', '2001:DB8:0::1', '::ffff:192.0.2.1'), 443, 0);
    expect(addresses(known, A('192.0.2.1', '192.0.2.2', '192.0.2.2'), 443, 0)).toEqual(['2001:db8::1', '192.0.2.1', '192.0.2.2']);
  });

  it('keeps the endpoints that it knew, as the same objects', () => {
    const known = gather([], AAAA('2001:db8::1'), 443, 0);
    expect(gather(known, A('192.0.2.1'), 443, 0)[0]).toBe(known[0]);
    expect(gather(known, AAAA('2001:db8::1'), 443, 0)).toBe(known);
  });

  it('leaves out what is no address, or of another family than the answer', () => {
    expect(addresses([], AAAA('nonsense', '192.0.2.1', '2001:db8::1'), 443, 0)).toEqual(['2001:db8::1']);
    expect(addresses([], A('127.1', '2001:db8::1', '192.0.2.1'), 443, 0)).toEqual(['192.0.2.1']);
  });

  it('leaves out the family that the race excludes, also where it is mapped', () => {
    expect(addresses([], AAAA('2001:db8::1', '::ffff:192.0.2.1'), 443, 4)).toEqual(['192.0.2.1']);
    expect(addresses([], AAAA('2001:db8::1', '::ffff:192.0.2.1'), 443, 6)).toEqual(['2001:db8::1']);
  });
});
