import { wellFormed, type Answer } from '../../src/core/race/answers.js';
import { A, AAAA } from '../support/virtual-race.js';

describe('wellFormed', () => {
  const check = (answer: unknown) => {
    const complaints: string[] = [];
    return { answer: wellFormed(answer as Answer, (complaint) => complaints.push(complaint)), complaints };
  };

  it('leaves a good answer as it is', () => {
    const answer = { ...AAAA('2001:db8::1', '::ffff:192.0.2.1', 'fe80::1%eth0'), ttl: 0 };
    expect(check(answer)).toEqual({ answer, complaints: [] });
    expect(check(answer).answer).toBe(answer);
  });

  it.each<[unknown, unknown, string]>([
    [AAAA('not:an:address', '2001:db8::1'), AAAA('2001:db8::1'), "'not:an:address'"],
    [AAAA('nonsense', '192.0.2.1', '2001:db8::1'), AAAA('2001:db8::1'), "'nonsense'"],
    [A('127.1', '2001:db8::1', '192.0.2.1'), A('192.0.2.1'), "'127.1'"],
    [{ type: 'A', addresses: ['192.0.2.1', null, 5] }, A('192.0.2.1'), 'null'],
    [{ type: 'A', addresses: undefined }, A(), 'no list'],
    [{ type: 'A', addresses: '192.0.2.1' }, A(), 'no list'],
    [{ ...A('192.0.2.1'), ttl: -1 }, A('192.0.2.1'), '-1'],
    [{ ...A('192.0.2.1'), ttl: NaN }, A('192.0.2.1'), 'NaN'],
    [{ ...A('192.0.2.1'), ttl: '5' }, A('192.0.2.1'), 'a time to live of 5 is left out of an A answer'],
    [{ type: 'MX', addresses: [] }, undefined, 'neither'],
    [null, undefined, 'neither'],
    ['192.0.2.1', undefined, 'neither'],
  ])('makes of %j %j, and says so', (given, expected, complaint) => {
    const { answer, complaints } = check(given);
    expect(answer).toEqual(expected);
    expect(complaints.join('; ')).toContain(complaint);
  });
});

it('complains only about what is dropped', () => {
  const complaints: string[] = [];
  wellFormed(A('nonsense'), (complaint) => complaints.push(complaint));
  expect(complaints).toEqual(["'nonsense' is left out of an A answer"]);
});
