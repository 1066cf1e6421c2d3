import { identity } from 'rxjs';
import { policy, type Policy } from '../../src/policy/index.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => policy<string>(identity, name)) as [
  Policy<string>,
  Policy<string>,
  Policy<string>,
  Policy<string>,
];

/** The template whose operands are these letters' policies. */
const read = (text: string): Policy<string> => {
  const strings = text.split(/[a-d]/);
  const operands = [...text.matchAll(/[a-d]/g)].map(([letter]) => ({ a, b, c, d })[letter as 'a']);
  return policy(Object.assign(strings, { raw: strings }), ...operands);
};

describe('the template', () => {
  it.each([
    ['a', a],
    ['a & b', a.and(b)],
    ['a | b', a.or(b)],
    ['a + b', a.wrap(b)],
    ['a &50 b', a.hedge(b, 50)],
    ['a &0.5 b &Infinity c', a.hedge(b, 0.5).hedge(c, Infinity)],
    ['a + b & c | d', a.wrap(b).and(c).or(d)],
    ['a | b & c + d', a.or(b.and(c.wrap(d)))],
    ['(a | b) & c', a.or(b).and(c)],
    ['a + (b & c)', a.wrap(b.and(c))],
    ['(a | b & c) + d', a.or(b.and(c)).wrap(d)],
    ['a & (b &50 c)', a.and(b.hedge(c, 50))],
    ['a &50 b & c', a.hedge(b, 50).and(c)],
    ['a &50 (b & c)', a.hedge(b.and(c), 50)],
    ['a & (b &50 c & d)', a.and(b.hedge(c, 50).and(d))],
    ['a | (b | c) & d', a.or(b.or(c).and(d))],
  ])('[H2] reads %s as it is written by methods, and both print it so', (text, made) => {
    expect(String(made)).toBe(text);
    expect(String(read(text))).toBe(text);
  });

  it.each([
    ['((a))', 'a'],
    ['(a + b) & (c)', 'a + b & c'],
    ['a & (b & c)', 'a & b & c'],
    ['a | (b | (c | d))', 'a | b | c | d'],
    [' a\n+\tb', 'a + b'],
    ['a+b&c|d', 'a + b & c | d'],
  ])('prints %s with no more parentheses than it needs', (text, printed) => {
    expect(String(read(text))).toBe(printed);
  });

  it.each([
    ['', '', 'expected a policy or "(", but found the end', '^'],
    ['a &', '${a} &', 'expected a policy or "(", but found the end', '      ^'],
    ['a & | b', '${a} & | ${b}', 'expected a policy or "(", but found "|"', '       ^'],
    ['a b', '${a} ${b}', 'expected "+", "&", "|", but found a policy', '     ^'],
    ['a & (b | c', '${a} & (${b} | ${c}', 'expected "+", "&", "|" or ")", but found the end', '                   ^'],
    ['a) & b', '${a}) & ${b}', 'expected "+", "&", "|", but found ")"', '    ^'],
    ['()', '()', 'expected a policy or "(", but found ")"', ' ^'],
    ['a && b', '${a} && ${b}', 'expected a policy or "(", but found "&"', '      ^'],
    ['a & 50 b', '${a} & 50 ${b}', 'expected a policy or "(", but found "50"', '       ^'],
    ['a &-5 b', '${a} &-5 ${b}', 'expected a policy or "(", but found "-5"', '      ^'],
    ['a & !', '${a} & !', 'expected a policy or "(", but found "!"', '       ^'],
    ['a\n  | b b\n', '  | ${b} ${b}', 'expected "+", "&", "|", but found a policy', '         ^'],
  ])('points at the place where %j is wrong', (text, line, message, mark) => {
    expect(() => read(text)).toThrow(new SyntaxError(`${message}\n  ${line}\n  ${mark}`));
    expect(() => read(text)).toThrow(SyntaxError);
  });
});
