import { defaultPolicyTable, policyLookup } from '../../src/core/race/policy-table.js';
import { destinationOf } from '../../src/core/race/rfc6724.js';
import { parseAddress } from '../../src/core/address/address.js';

const policyOf = policyLookup(defaultPolicyTable);
const of = (address: string, source?: string) => destinationOf({ ...parseAddress(address)!, port: 443 }, source, policyOf);

it.each<[string, number]>([
  ['ff02::1', 0x2],
  ['ff05::1', 0x5],
  ['ff0e::1', 0xe],
  ['fe80::1', 0x2],
  ['fec0::1', 0x5],
  ['::1', 0x2],
  ['::2', 0xe],
  ['2001:db8::1', 0xe],
  ['2001:db8::ffff:7f00:1', 0xe],
  ['127.0.0.1', 0x2],
  ['169.254.1.1', 0x2],
  ['169.253.1.1', 0xe],
  ['10.254.1.1', 0xe],
  ['::ffff:169.254.1.1', 0x2],
])('the scope of %s is %i', (address, scope) => {
  expect(of(address, address)).toMatchObject({ scope, sourceScope: scope, usable: true });
});

it('a destination without a source matches nothing', () => {
  const nothing = { usable: false, sourceScope: -1, sourceLabel: -1, commonPrefixLength: -1 };
  expect(of('2001:db8::1')).toMatchObject(nothing);
  expect(of('192.0.2.1')).toMatchObject(nothing);
});
