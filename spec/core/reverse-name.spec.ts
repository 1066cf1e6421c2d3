import { parseAddress } from '../../src/core/address/address.js';
import { reverseName } from '../../src/core/address/reverse-name.js';

describe('the name under which the names of an address are', () => {
  it.each([
    ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
    // The example of RFC 3596 section 2.5.
    ['4321:0:1:2:3:4:567:89ab', 'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa'],
    ['fe80::1%eth0', `1.${'0.'.repeat(28)}8.e.f.ip6.arpa`],
  ])('of %s is %s', (address, name) => {
    expect(reverseName(parseAddress(address)!)).toBe(name);
  });
});
