import { interleave, type Interleaving } from '../../src/core/race/interleave.js';

/** `6a 4b` as endpoints, and back. */
const endpoints = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((name) => ({ address: name, family: name.startsWith('6') ? (6 as const) : (4 as const), port: 443 }));

const order = (sorted: string, options: Partial<Interleaving> = {}) =>
  interleave(endpoints(sorted), { interleave: true, firstAddressFamilyCount: 1, ...options })
    .map(({ address }) => address)
    .join(' ');

describe('interleave', () => {
  it.each([
    ['6a 6b 6c 4a 4b', '6a 4a 6b 4b 6c'],
    ['4a 6a 4b 6b', '4a 6a 4b 6b'],
    ['4a 4b 6a', '4a 6a 4b'],
    ['6a 4a 4b 4c', '6a 4a 4b 4c'],
    ['6a 6b 6c', '6a 6b 6c'],
    ['4a', '4a'],
    ['', ''],
  ])('[S6] lets the first family of "%s" lead and alternates: "%s"', (sorted, expected) => {
    expect(order(sorted)).toBe(expected);
  });

  it.each([
    [2, '6a 6b 4a 6c 4b'],
    [3, '6a 6b 6c 4a 4b'],
    [9, '6a 6b 6c 4a 4b'],
  ])('[S6] puts %i of the leading family first', (firstAddressFamilyCount, expected) => {
    expect(order('6a 6b 6c 4a 4b', { firstAddressFamilyCount })).toBe(expected);
  });

  it('lets the preferred family lead whatever the order says', () => {
    expect(order('6a 6b 4a 4b', { preferFamily: 4 })).toBe('4a 6a 4b 6b');
    expect(order('6a 6b', { preferFamily: 4 })).toBe('6a 6b');
  });

  it('keeps the order when told not to interleave, with the preferred family in front', () => {
    expect(order('6a 4a 6b 4b', { interleave: false })).toBe('6a 4a 6b 4b');
    expect(order('6a 4a 6b 4b', { interleave: false, preferFamily: 4 })).toBe('4a 4b 6a 6b');
  });
});
