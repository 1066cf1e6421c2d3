import { ordered } from '../../../src/cli/check/probe/order.js';
import { parseAddress, type Address } from '../../../src/core/address/address.js';
import { parseGaiConf } from '../../../src/core/race/gai-conf.js';
import { gaiPolicyLookup } from '../../../src/core/race/gai-policy.js';
import { defaultSelection, selectionBy } from '../../../src/node/address-selection.js';

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

  describe('where an administrator has configured it', () => {
    const sourceOf = ({ family }: Address) => (family === 6 ? '2001:db8::5' : '192.0.2.5');
    const byFile = (text: string, ...addresses: readonly string[]) => {
      const policy = {
        ...selectionBy(gaiPolicyLookup(parseGaiConf(text), defaultSelection.policyOf)),
        file: '/etc/gai.conf',
      };
      const given = addresses.map((address) => parseAddress(address)!);
      return ordered(given, 443, (all) => all.map(sourceOf), policy).map(({ address, before }) => ({ address, before }));
    };

    it('[S1] names the file where its tables decide, and not where the RFC’s would do the same', () => {
      expect(byFile('precedence ::ffff:0:0/96 100', '2001:db8::1', '192.0.2.1', '2002::1', '192.0.2.2')).toEqual([
        { address: '192.0.2.1', before: { rule: 10, name: 'otherwise, leave the order unchanged' } },
        { address: '192.0.2.2', before: { rule: 6, name: 'prefer higher precedence', by: '/etc/gai.conf' } },
        { address: '2001:db8::1', before: { rule: 5, name: 'prefer matching label' } },
        { address: '2002::1', before: null },
      ]);
    });

    it('[S1] names the file where it decides by another rule to the same end', () => {
      expect(byFile('label ::ffff:192.0.2.1/128 9', '2001:db8::1', '192.0.2.1')).toEqual([
        { address: '2001:db8::1', before: { rule: 5, name: 'prefer matching label', by: '/etc/gai.conf' } },
        { address: '192.0.2.1', before: null },
      ]);
      expect(byFile('precedence ::ffff:0:0/96 20', '2001:db8::1', '192.0.2.1')[0]).toEqual({
        address: '2001:db8::1',
        before: { rule: 6, name: 'prefer higher precedence' },
      });
    });
  });

  it('is that of this machine, whose kernel tells the sources', () => {
    const addresses = ['127.0.0.1', '::1'].map((text) => parseAddress(text)!);
    expect(ordered(addresses, 443).map(({ address, source }) => [address, source])).toEqual([
      ['::1', '::1'],
      ['127.0.0.1', '127.0.0.1'],
    ]);
  });
});
