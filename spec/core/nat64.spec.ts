import fc from 'fast-check';
import { addressWords } from '../../src/core/address/address-bits.js';
import { parseAddress } from '../../src/core/address/address.js';
import { formatPrefix, nat64Prefixes, translatedIPv4, type Nat64Length } from '../../src/core/address/nat64.js';

const found = (answers: readonly string[]) => nat64Prefixes(answers).map(formatPrefix);

/** RFC 6052 section 2.2, told otherwise than in the code: bit by bit, around bits 64 to 71. */
function embed(prefix: string, length: Nat64Length, ipv4: string): string {
  const bits = addressWords(parseAddress(prefix)!)
    .map((word) => word.toString(2).padStart(16, '0'))
    .join('')
    .slice(0, length);
  const four = ipv4.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  const joined = bits + four.join('');
  const all = length === 96 ? joined : `${joined.slice(0, 64)}${'0'.repeat(8)}${joined.slice(64)}`.padEnd(128, '0');
  const groups = all.match(/.{16}/g)!.map((group) => parseInt(group, 2).toString(16));
  return parseAddress(groups.join(':'))!.address;
}

describe('RFC 6052 section 2.4, the text representation of 192.0.2.33', () => {
  it.each([
    ['2001:db8::/32', '2001:db8:c000:221::'],
    ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
    ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
    ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
    ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100::'],
    ['2001:db8:122:344::/96', '2001:db8:122:344::192.0.2.33'],
    ['64:ff9b::/96', '64:ff9b::192.0.2.33'],
  ])('%s makes %s', (prefix, address) => {
    const [start, length] = prefix.split('/') as [string, string];
    expect(embed(start, Number(length) as Nat64Length, '192.0.2.33')).toBe(parseAddress(address)!.address);
    expect(translatedIPv4(addressWords(parseAddress(address)!), Number(length) as Nat64Length)).toBe('192.0.2.33');
  });
});

describe('RFC 7050 section 3, the prefixes of the network', () => {
  const prefix = fc
    .tuple(fc.constantFrom<Nat64Length[]>(32, 40, 48, 56, 64, 96), fc.array(fc.nat(255), { minLength: 12, maxLength: 12 }))
    .map(([length, bytes]) => {
      // Byte 8 is 0 within a prefix of 96 bits, too: RFC 6052 section 2.2. None begins like an IPv4-mapped address.
      const kept = bytes.map((byte, index) => (index * 8 >= length || index === 8 ? 0 : index === 0 ? 0x20 : byte));
      const hex = kept.map((byte) => byte.toString(16).padStart(2, '0')).join('');
      return { prefix: parseAddress(`${hex.match(/.{4}/g)!.join(':')}::`)!.address, length };
    });

  it('finds any prefix from the two answers of its DNS64', () => {
    fc.assert(
      fc.property(prefix, (one) => {
        const answers = ['192.0.0.170', '192.0.0.171'].map((ipv4) => embed(one.prefix, one.length, ipv4));
        expect(found(answers)).toEqual([formatPrefix(one)]);
      }),
      { seed: 7050, numRuns: 2000 },
    );
  });

  it('finds several prefixes, each once, in the order of the answers', () => {
    const answers = ['2001:db8:122:c000:0:aa00::', '64:ff9b::192.0.0.170', '64:ff9b::192.0.0.171', '2001:db8:122:c000:0:ab00::'];
    expect(found(answers)).toEqual(['2001:db8:122::/48', '64:ff9b::/96']);
  });

  it('finds none where there is no NAT64', () => {
    expect(found([])).toEqual([]);
    expect(found(['2001:db8::1', '64:ff9b::192.0.2.1', '192.0.0.170', '::ffff:192.0.0.170', 'nonsense'])).toEqual([]);
  });

  it('finds none where byte 8 is not 0, as it must be', () => {
    expect(found(['2001:db8:122:344:c0:0:aa00::'])).toEqual(['2001:db8:122:344::/64']);
    expect(found(['2001:db8:122:344:1c0:0:aa00::'])).toEqual([]);
  });

  it('lets the other well-known address decide where one stands in two places', () => {
    // A prefix of 96 bits that itself holds 192.0.0.170 where a prefix of 32 bits would have it.
    const [first, second] = ['2001:db8:c000:aa::192.0.0.170', '2001:db8:c000:aa::192.0.0.171'] as const;
    expect(found([first, second])).toEqual(['2001:db8:c000:aa::/96']);
    expect(found([second, first])).toEqual(['2001:db8:c000:aa::/96']);
    expect(found([first])).toEqual(['2001:db8:c000:aa::/96']);
  });
});
