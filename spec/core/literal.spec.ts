import { isLocalhost, parseLiteral } from '../../src/core/address/literal.js';

describe('a host that is an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 4],
    ['2001:DB8::1', '2001:db8::1', 6],
    ['[2001:db8::1]', '2001:db8::1', 6],
    ['fe80::1%eth0', 'fe80::1%eth0', 6],
    ['[fe80::1%25eth0]', 'fe80::1%eth0', 6],
    ['[fe80::1%eth0]', 'fe80::1%eth0', 6],
    ['[::ffff:192.0.2.1]', '192.0.2.1', 4],
  ])('%s', (host, address, family) => {
    expect(parseLiteral(host)).toEqual({ address, family });
  });

  it.each(['[192.0.2.1]', '[2001:db8::1', '2001:db8::1]', '[]', '', 'example.com', '[example.com]', '[fe80::1%25]'])(
    'is not %s',
    (host) => {
      expect(parseLiteral(host)).toBeUndefined();
    },
  );
});

describe('localhost', () => {
  it.each(['localhost', 'LocalHost', 'localhost.', 'a.localhost', 'a.b.localhost.'])('is %s', (name) => {
    expect(isLocalhost(name)).toBe(true);
  });

  it.each(['localhost.example', 'mylocalhost', '.localhost', 'localhost..', ''])('is not %s', (name) => {
    expect(isLocalhost(name)).toBe(false);
  });
});
