import { runInNewContext } from 'node:vm';
import { printer } from '../../src/connector/print.js';

class Named {
  constructor(readonly name: string) {}
}

/** An object that contains itself, at a depth. */
function cycle(depth: number): object {
  const whole: Record<string, unknown> = { name: 'a' };
  let inner = whole;
  for (let i = 1; i < depth; i++) inner = inner.next = { name: 'a' };
  inner.next = whole;
  return whole;
}

describe('what a session is remembered under', () => {
  it.each<[string, unknown, unknown]>([
    ['texts', 'a', 'a'],
    ['nothing', undefined, undefined],
    ['lists', ['a', ['b']], ['a', ['b']]],
    ['objects, whatever the order of their properties', { a: 1, b: [2], c: 3 }, { c: 3, b: [2], a: 1 }],
    ['objects within lists', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    ['objects without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ['objects of another realm', runInNewContext('({ a: { b: [1] } })'), { a: { b: [1] } }],
    ['bytes', Buffer.from('key'), Buffer.from('key')],
    ['bytes, whatever holds them', Buffer.from('key'), new Uint8Array(Buffer.from('-key-')).subarray(1, 4)],
    ['objects that contain themselves', cycle(1), cycle(1)],
    ['objects that contain themselves further down', cycle(3), cycle(3)],
  ])('is the same for equal %s', (_, one, other) => {
    const print = printer();
    expect(print(one)).toBe(print(other));
  });

  it.each<[string, unknown, unknown]>([
    ['a number and its text', 1, '1'],
    ['a bigint and a number', 1n, 1],
    ['nothing and its name', undefined, 'undefined'],
    ['null and nothing', null, undefined],
    ['true and its name', true, 'true'],
    ['a text and a list of it', 'a', ['a']],
    ['bytes and their text', Buffer.from('a'), Buffer.from('a').toString('base64')],
    ['other bytes', Buffer.from('a'), Buffer.from('b')],
    ['an object and the list of its entries', { a: 1 }, [['a', 1]]],
    ['an object and what it is printed as', {}, ['object']],
    ['a property that is there and one that is not', { a: undefined }, {}],
    ['lists in another order', ['a', 'b'], ['b', 'a']],
    ['properties with each other’s values', { a: 1, b: 2 }, { a: 2, b: 1 }],
    ['cycles of different lengths', cycle(1), cycle(2)],
    ['functions that look alike', () => 1, () => 1],
    ['instances that look alike', new Named('a'), new Named('a')],
    ['an instance and a plain object', new Named('a'), { name: 'a' }],
    ['a function and a plain object', Object.assign(() => 1, { a: 1 }), { a: 1 }],
    ['functions without a prototype of their own', Object.setPrototypeOf(() => 1, null), Object.setPrototypeOf(() => 1, null)],
  ])('tells apart %s', (_, one, other) => {
    const print = printer();
    expect(print(one)).not.toBe(print(other));
  });

  it('is the same for the same function or instance, as long as it lives', () => {
    const print = printer();
    const check = () => undefined;
    const named = new Named('a');
    const first = print({ check, named, again: [named] });
    print({ other: () => undefined });
    expect(print({ named, again: [named], check })).toBe(first);
  });

  it('does not confuse equal objects beside each other with one that contains itself', () => {
    const print = printer();
    const part = { a: 1 };
    expect(print([part, part])).toBe(print([{ a: 1 }, { a: 1 }]));
    expect(print({ part })).not.toBe(print(cycle(1)));
  });

  it('holds no text that was in the bytes', () => {
    expect(printer()({ key: Buffer.from('PRIVATE') })).not.toContain('PRIVATE');
  });
});
