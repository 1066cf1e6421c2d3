import fc from 'fast-check';
import { addressWords } from '../../src/core/address/address-bits.js';
import { parseAddress } from '../../src/core/address/address.js';
import {
  desynthesized,
  formatPrefix,
  isNeverTranslated,
  nat64Prefixes,
  parseNat64Prefix,
  synthesized,
  translatedIPv4,
  translation,
  type Nat64Length,
} from '../../src/core/address/nat64.js';
import { runs } from '../support/runs.js';

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
    const parsed = parseNat64Prefix(prefix)!;
    expect(synthesized('192.0.2.33', parsed)).toBe(parseAddress(address)!.address);
    expect(desynthesized(parseAddress(address)!.address, [parsed])).toBe('192.0.2.33');
  });

  it('[N4] synthesises any address within any prefix as RFC 6052 has it, and back', () => {
    const lengths = fc.constantFrom<Nat64Length[]>(32, 40, 48, 56, 64, 96);
    const bytes = fc.array(fc.nat(255), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(lengths, bytes, (length, given) => {
        const kept = given
          .slice(0, 12)
          .map((byte, index) => (index * 8 >= length || index === 8 ? 0 : index === 0 ? 0x20 : byte));
        const hex = kept.map((byte) => byte.toString(16).padStart(2, '0')).join('');
        const { address: prefix } = parseAddress(`${hex.match(/.{4}/g)!.join(':')}::`)!;
        const ipv4 = given.slice(12).join('.');
        const made = synthesized(ipv4, { prefix, length });
        expect(made).toBe(embed(prefix, length, ipv4));
        expect(desynthesized(made, [{ prefix, length }])).toBe(isNeverTranslated(ipv4) ? undefined : ipv4);
      }),
      { seed: 6052, numRuns: runs(2000) },
    );
  });
});

describe('what an address counts as, and what is dialled for it', () => {
  const known = [parseNat64Prefix('2001:db8:64::/96')!, parseNat64Prefix('64:ff9b::/96')!];
  const of = (text: string, { prefixes = known, routed = false } = {}) =>
    (translation({ prefixes: () => prefixes, hasRoute: () => routed })(parseAddress(text)!) ?? [parseAddress(text)!]).map(
      ({ address, via }: { address: string; via?: string }) => (via === undefined ? address : `${address} via ${via}`),
    );

  it('[N3] an IPv6 address within a known prefix is the IPv4 address in it, and is dialled as it came', () => {
    expect(of('2001:db8:64::c000:201')).toEqual(['192.0.2.1 via 2001:db8:64::c000:201']);
    expect(of('2001:db8:65::c000:201')).toEqual(['2001:db8:65::c000:201']);
    expect(of('2001:db8:64::c000:201', { prefixes: [] })).toEqual(['2001:db8:64::c000:201']);
  });

  it('[N3] one within 64:ff9b::/96 is in any case', () => {
    expect(of('64:ff9b::a00:911c', { prefixes: [] })).toEqual(['10.0.145.28 via 64:ff9b::a00:911c']);
    expect(of('64:ff9b::a00:911c', { prefixes: [], routed: true })).toEqual(['10.0.145.28']);
    expect(of('64:ff9b:1::a00:911c', { prefixes: [] })).toEqual(['64:ff9b:1::a00:911c']);
    expect(of('64:ff9b:0:1::a00:911c', { prefixes: [] })).toEqual(['64:ff9b:0:1:0:0:a00:911c'.replace(':0:0:', '::')]);
  });

  it('[N3] one with a zone is an address of this link, and stands for none', () => {
    expect(desynthesized('64:ff9b::a00:911c%eth0', [])).toBeUndefined();
    expect(desynthesized('2001:db8:64::c000:201%eth0', [parseNat64Prefix('2001:db8:64::/96')!])).toBeUndefined();
  });

  it('[N4] an IPv4 address is dialled as such where it has a route, else by every prefix in order', () => {
    expect(of('192.0.2.1', { routed: true })).toEqual(['192.0.2.1']);
    expect(of('192.0.2.1')).toEqual(['192.0.2.1 via 2001:db8:64::c000:201', '192.0.2.1 via 64:ff9b::c000:201']);
    expect(of('192.0.2.1', { prefixes: [] })).toEqual(['192.0.2.1']);
  });

  it.each(['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.254', '169.254.169.254', '255.255.255.255'])(
    '[N4] %s is never synthesised, and nothing that stands for it is taken for it',
    (ipv4) => {
      expect(of(ipv4)).toEqual([ipv4]);
      const { address } = parseAddress(`64:ff9b::${ipv4}`)!;
      expect(of(address)).toEqual([address]);
    },
  );

  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '255.255.255.254',
    '1.0.0.0',
    '126.255.255.255',
    '169.253.0.1',
  ])('[N4] %s is', (ipv4) => {
    expect(of(ipv4)).toHaveLength(2);
  });

  it('[N3] one whose byte 8 is not 0 stands for none', () => {
    const prefix = parseNat64Prefix('2001:db8:122:344::/64')!;
    expect(of('2001:db8:122:344:c0:2:2100::', { prefixes: [prefix] })).toEqual(['192.0.2.33 via 2001:db8:122:344:c0:2:2100:0']);
    expect(of('2001:db8:122:344:1c0:2:2100::', { prefixes: [prefix] })).toEqual(['2001:db8:122:344:1c0:2:2100:0']);
  });

  it.each([
    '64:ff9b::/97',
    '64:ff9b::',
    '64:ff9b::1/96',
    '192.0.2.0/32',
    '2001:db8::/0',
    'fe80::%1/64',
    '2001:db8:1::/40 ',
    '',
    '2001:db8:0:0:100::/96',
    '0.0.0.0/96',
    '::/97',
    'nonsense/96',
    'x/2001:db8::/32',
    '2001:db8::/32x',
  ])('[N1] %j is no prefix', (text) => {
    expect(parseNat64Prefix(text)).toBeUndefined();
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
      { seed: 7050, numRuns: runs(2000) },
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

  it('[N1] lets the other well-known address decide where one stands in two places, and finds none where it does not', () => {
    // A prefix of 96 bits that itself holds 192.0.0.170 where a prefix of 32 bits would have it.
    const [first, second] = ['2001:db8:c000:aa::192.0.0.170', '2001:db8:c000:aa::192.0.0.171'] as const;
    expect(found([first, second])).toEqual(['2001:db8:c000:aa::/96']);
    expect(found([second, first])).toEqual(['2001:db8:c000:aa::/96']);
    expect(found([first])).toEqual([]);
  });
});
