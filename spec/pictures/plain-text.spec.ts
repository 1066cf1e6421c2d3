import { columnsOf, cutColumns, wrap } from '../../src/pictures/text-columns.js';
import { plainText, toAscii } from '../../src/pictures/plain-text.js';

describe('plain', () => {
  it.each([
    ['two\r\n\tlines', 'two lines'],
    ['\u001b[2Jgone', '\ufffd[2Jgone'],
    ['\u202edetrevni\u200b', 'detrevni'],
    ['\ud800 half', '\ufffd half'],
    ['\ufffe\u0085', '\ufffd\ufffd'],
    ['e\u0301\u0301\u0301\u0301', 'e\u0301\u0301'],
    [' ', ''],
  ])('%j is %j', (text, line) => {
    expect(plainText(text)).toBe(line);
  });

  it('cuts what is too long, between characters', () => {
    expect(plainText('x'.repeat(500))).toBe('x'.repeat(500));
    expect(plainText('x'.repeat(501))).toBe(`${'x'.repeat(499)}…`);
    expect(plainText('💩💩💩', 2)).toBe('💩…');
    expect(plainText(`${' '.repeat(3000)}x`)).toBe('…');
  });

  it('can be had in ASCII', () => {
    expect(toAscii('naïve… 💩')).toBe('na?ve... ?');
  });
});

describe('columns', () => {
  it.each([
    ['abc', 3],
    ['漢字', 4],
    ['e\u0301', 1],
    ['💩', 2],
    ['├─●', 3],
  ])('%s takes %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('are cut to a width', () => {
    expect(cutColumns('abcdef', 6)).toBe('abcdef');
    expect(cutColumns('abcdefg', 6)).toBe('abcde…');
    expect(cutColumns('漢字漢字', 6)).toBe('漢字…');
  });

  it('are wrapped at spaces, in long words after their last sign, and never before ms', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('cancelled after 12 ms', 18)).toEqual(['cancelled after', '12 ms']);
    expect(wrap('2001:db8::1:2:3', 12, '  ')).toEqual(['2001:db8::1:', '  2:3']);
    expect(wrap('aaaaaaaaaa', 4)).toEqual(['aaaa', 'aaaa', 'aa']);
    expect(wrap('', 4)).toEqual(['']);
  });
});
