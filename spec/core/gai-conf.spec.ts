import { parseAddress } from '../../src/core/address/address.js';
import { addressWords } from '../../src/core/address/address-bits.js';
import { parseGaiConf, type GaiRow } from '../../src/core/race/gai-conf.js';

const row = (address: string, length: number, value: number): GaiRow => ({
  words: addressWords(parseAddress(address)!),
  length,
  value,
});

const NONE = { labels: undefined, precedences: undefined, scopes: undefined };
const REST = row('::', 0, 40);

/** What a file says of precedences, and the lines that it complains of. */
function read(text: string) {
  const ignored: string[] = [];
  const { precedences } = parseGaiConf(text, (line) => ignored.push(line));
  return { precedences, ignored };
}

describe('gai.conf', () => {
  it.each([[''], ['\n\n'], ['# precedence ::ffff:0:0/96 100\n'], ['  # only\n#comments'], ['reload yes\nreload no\nreload\n']])(
    '[S1] says nothing in %j',
    (text) => {
      const complain = jest.fn();
      expect(parseGaiConf(text, complain)).toEqual(NONE);
      expect(complain).not.toHaveBeenCalled();
    },
  );

  it('[S1] has a table for each keyword, with a row for all other addresses', () => {
    expect(parseGaiConf('label 2002::/16 2\nprecedence ::ffff:0:0/96 100\nscopev4 10.0.0.0/8 2\n')).toEqual({
      labels: [row('2002::', 16, 2), row('::', 0, 1)],
      precedences: [row('0.0.0.0', 96, 100), row('::', 0, 40)],
      scopes: [row('10.0.0.0', 104, 2), row('0.0.0.0', 96, 14)],
    });
  });

  it('[S1] keeps the row for all other addresses that it has', () => {
    expect(parseGaiConf('label ::/0 7\nprecedence ::/0 5\nscopev4 ::ffff:0.0.0.0/96 8')).toEqual({
      labels: [row('::', 0, 7)],
      precedences: [row('::', 0, 5)],
      scopes: [row('0.0.0.0', 96, 8)],
    });
    expect(parseGaiConf('scopev4 0.0.0.0/0 8')).toEqual({ ...NONE, scopes: [row('0.0.0.0', 96, 8)] });
  });

  it('[S1] replaces the tables alone that it has lines for', () => {
    expect(parseGaiConf('precedence ::ffff:0:0/96 100')).toMatchObject({ labels: undefined, scopes: undefined });
  });

  it.each([
    ['C’s white space', '\v\tprecedence\f::ffff:0:0/96 \t 100\r\n', row('0.0.0.0', 96, 100)],
    ['more on the line', 'precedence ::ffff:0:0/96 100 more and more', row('0.0.0.0', 96, 100)],
    ['a comment that follows at once', 'precedence ::ffff:0:0/96 100#7', row('0.0.0.0', 96, 100)],
    ['what follows a NUL', 'precedence ::ffff:0:0/96 100\0 7', row('0.0.0.0', 96, 100)],
    ['no length: a single address', 'precedence 2001:db8::1 100', row('2001:db8::1', 128, 100)],
    ['dotted IPv4-mapped notation', 'precedence ::FFFF:10.0.0.0/104 100', row('10.0.0.0', 104, 100)],
    ['a decimal value with a leading zero', 'precedence 2001:db8::/32 0100', row('2001:db8::', 32, 100)],
    ['a plus sign', 'precedence 2001:db8::/+32 +100', row('2001:db8::', 32, 100)],
    ['the greatest value', 'precedence 2001:db8::/32 2147483647', row('2001:db8::', 32, 2147483647)],
    ['0', 'precedence 2001:db8::/32 0', row('2001:db8::', 32, 0)],
    ['bits beyond the length', 'precedence 2001:db8::7/32 9', row('2001:db8::7', 32, 9)],
  ])('[S1] reads %s as glibc does', (_, line, expected) => {
    expect(read(line)).toEqual({ precedences: [expected, REST], ignored: [] });
  });

  it.each([
    ['a value that is missing', 'precedence ::ffff:0:0/96'],
    ['everything that is missing', 'precedence'],
    ['a prefix in dotted notation', 'precedence 10.0.0.0/8 100'],
    ['a value beyond the greatest', 'precedence ::ffff:0:0/96 2147483648'],
    ['a value beyond everything', `precedence ::ffff:0:0/96 ${'9'.repeat(400)}`],
    ['a negative value', 'precedence ::ffff:0:0/96 -1'],
    ['a hexadecimal value', 'precedence ::ffff:0:0/96 0x64'],
    ['a value with a fraction', 'precedence ::ffff:0:0/96 1.5'],
    ['a length beyond 128', 'precedence ::/129 100'],
    ['a length that is empty', 'precedence ::ffff:0:0/ 100'],
    ['two lengths', 'precedence ::ffff:0:0/96/96 100'],
    ['a zone', 'precedence fe80::%eth0/10 100'],
    ['a name', 'precedence example.com/96 100'],
    ['another case', 'Precedence ::ffff:0:0/96 100'],
    ['another keyword', 'preference ::ffff:0:0/96 100'],
    ['a keyword of JavaScript’s', 'constructor ::ffff:0:0/96 100'],
    ['a byte order mark', '\uFEFFprecedence ::ffff:0:0/96 100'],
    ['a no-break space', 'precedence\u00a0::ffff:0:0/96 100'],
  ])('[S1] ignores and reports a line with %s, and reads the others', (_, line) => {
    expect(read(line)).toEqual({ precedences: undefined, ignored: [line] });
    expect(read(`${line}\nprecedence 2002::/16 7`)).toEqual({ precedences: [row('2002::', 16, 7), REST], ignored: [line] });
  });

  it.each([
    ['scopev4 ::ffff:169.254.0.0/112 2', row('169.254.0.0', 112, 2)],
    ['scopev4 169.254.0.0/16 2', row('169.254.0.0', 112, 2)],
    ['scopev4 10.0.0.1 5', row('10.0.0.1', 128, 5)],
    ['scopev4 ::ffff:10.0.0.1 5', row('10.0.0.1', 128, 5)],
  ])('[S1] reads %j', (line, expected) => {
    expect(parseGaiConf(line)).toEqual({ ...NONE, scopes: [expected, row('0.0.0.0', 96, 14)] });
  });

  it.each([
    'scopev4 ::ffff:0:0/95 2',
    'scopev4 2001:db8::/100 2',
    'scopev4 ::/0 2',
    'scopev4 junk%10.0.0.0/8 2',
    'scopev4 10.0.0.0/33 2',
    'scopev4 10.0.0.0/104 2',
    'scopev4 10.1/16 2',
    'scopev4 010.0.0.0/8 2',
    'scopev4 10.0.0.0/8',
  ])('[S1] ignores and reports %j', (line) => {
    const ignored: string[] = [];
    expect(parseGaiConf(line, (one) => ignored.push(one))).toEqual(NONE);
    expect(ignored).toEqual([line]);
  });
});
