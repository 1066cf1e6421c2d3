import { defaultPolicyTable, policyLookup } from '../../src/core/race/policy-table.js';
import { oncePerRace, selectingBy } from '../../src/core/race/source-selection.js';
import type { Endpoint } from '../../src/index.js';

const policyOf = policyLookup(defaultPolicyTable);
const four: Endpoint = { address: '192.0.2.1', family: 4, port: 443 };
const [six, other] = ['2001:db8::1', '2001:db8::2'].map((address): Endpoint => ({ address, family: 6, port: 443 })) as [
  Endpoint,
  Endpoint,
];

describe('destination address selection', () => {
  it('sorts by the source of each endpoint', () => {
    const sourcesOf = jest.fn((endpoints: readonly Endpoint[]) =>
      endpoints.map(({ family }) => (family === 4 ? '192.0.2.9' : undefined)),
    );
    const sort = selectingBy(policyOf, sourcesOf);
    expect(sort([six, four])).toEqual([four, six]);
    expect(sort([four, six])).toEqual([four, six]);
    expect(sourcesOf).toHaveBeenCalledTimes(2);
  });

  it('sorts by what is known of paths', () => {
    const sort = selectingBy(policyOf, () => ['2001:db8::9', '2001:db8::9'], ({ address }) => (address === other.address ? { usedAt: 1 } : {})); // prettier-ignore
    expect(sort([six, other])).toEqual([other, six]);
  });

  it('needs no source where there is no choice', () => {
    const sourcesOf = jest.fn(() => []);
    const sort = selectingBy(policyOf, sourcesOf);
    const one = [six];
    expect(sort(one)).toBe(one);
    expect(sort([])).toEqual([]);
    expect(sourcesOf).not.toHaveBeenCalled();
  });

  it('finds the source of each endpoint once, also of one without a route', () => {
    const find = jest.fn((endpoints: readonly { address: string }[]) =>
      endpoints.map(({ address }) => (address === six.address ? undefined : `source of ${address}`)),
    );
    const sourcesOf = oncePerRace(find);
    expect(sourcesOf([six, four])).toEqual([undefined, 'source of 192.0.2.1']);
    expect(sourcesOf([other, four, six])).toEqual(['source of 2001:db8::2', 'source of 192.0.2.1', undefined]);
    expect(find.mock.calls.map(([endpoints]) => endpoints)).toEqual([[six, four], [other]]);
  });
});
