import { addressWords, commonPrefixLength, wordsOf } from '../../src/core/address/address-bits.js';
import { parseAddress } from '../../src/core/address/address.js';

describe('parseAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 4],
    ['0.0.0.0', '0.0.0.0', 4],
    ['255.255.255.255', '255.255.255.255', 4],
    ['::1', '::1', 6],
    ['::', '::', 6],
    ['2001:DB8:0::1', '2001:db8::1', 6],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1', 6],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 6],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 6],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201', 6],
    ['fe80::1%eth0', 'fe80::1%eth0', 6],
    ['FE80::1%Eth0.100', 'fe80::1%Eth0.100', 6],
  ])('reads %s as %s', (text, address, family) => {
    expect(parseAddress(text)).toEqual({ address, family });
  });

  it.each(['::ffff:192.0.2.1', '::FFFF:c000:0201', '0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1%eth0'])(
    '[R14] reads the IPv4-mapped %s as the IPv4 address that it is',
    (text) => {
      expect(parseAddress(text)).toEqual({ address: '192.0.2.1', family: 4 });
    },
  );

  it.each([
    '',
    'example.com',
    '127.1',
    '127',
    '010.0.0.1',
    '0x7f000001',
    '256.0.0.1',
    '1.2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '[::1]',
    '::1 ',
    '::1\t',
    '1::2::3',
    ':::',
    '12345::',
    '2001:db8::g',
    '::1%',
    '::1%a b',
    '::1/64',
    '1.2.3.4%eth0',
    '::1@x',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('the length of an address', () => {
  const zoned = (length: number) => `fe80::1%${'e'.repeat(length - 'fe80::1%'.length)}`;

  it('is at most 300 characters, zone included', () => {
    expect(parseAddress(zoned(300))).toEqual({ address: zoned(300), family: 6 });
    expect(parseAddress(zoned(301))).toBeUndefined();
  });
});

describe('the bits of an address', () => {
  it.each([
    ['198.51.100.7', [0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6407]],
    ['2001:db8::1', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]],
    ['2001:db8:1:2:3:4:5:6', [0x2001, 0xdb8, 1, 2, 3, 4, 5, 6]],
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['fe80::%eth0.100', [0xfe80, 0, 0, 0, 0, 0, 0, 0]],
    ['fe80::1%eth0.100', [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
  ])('of %s count without its zone', (address, words) => {
    expect(addressWords(parseAddress(address)!)).toEqual(words);
  });

  it.each([
    ['2001:db8::1', '2001:db8::1', 128],
    ['2001:db8::1', '2001:db8::3', 126],
    ['2001:db8::', '2001:db9::', 31],
    ['::', '8000::', 0],
    ['192.0.2.1', '192.0.2.129', 120],
  ])('of %s and %s have %i in common from the first on', (a, b, length) => {
    expect(commonPrefixLength(wordsOf(a), wordsOf(b))).toBe(length);
  });
});
