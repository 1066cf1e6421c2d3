import { ordered } from '../../../src/cli/check/probe/order.js';
import { parseAddress } from '../../../src/core/address/address.js';

describe('the order of the addresses', () => {
  it('has the source of each, and the rule that puts it before the next one', () => {
    const sources: Record<string, string> = { '2001:db8::1': '2001:db8::5', '192.0.2.1': '192.0.2.5', '192.0.2.2': '192.0.2.5' };
    const addresses = ['192.0.2.1', '198.51.100.1', '192.0.2.2', '2001:db8::1'].map((text) => parseAddress(text)!);
    expect(ordered(addresses, 443, (all) => all.map(({ address }) => sources[address]))).toEqual([
      { address: '2001:db8::1', family: 6, source: '2001:db8::5', before: { rule: 6, name: 'prefer higher precedence' } },
      {
        address: '192.0.2.1',
        family: 4,
        source: '192.0.2.5',
        before: { rule: 10, name: 'otherwise, leave the order unchanged' },
      },
      { address: '192.0.2.2', family: 4, source: '192.0.2.5', before: { rule: 1, name: 'avoid unusable destinations' } },
      { address: '198.51.100.1', family: 4, source: null, before: null },
    ]);
  });

  it('is that of this machine, whose kernel tells the sources', () => {
    const addresses = ['127.0.0.1', '::1'].map((text) => parseAddress(text)!);
    expect(ordered(addresses, 443).map(({ address, source }) => [address, source])).toEqual([
      ['::1', '::1'],
      ['127.0.0.1', '127.0.0.1'],
    ]);
  });
});
