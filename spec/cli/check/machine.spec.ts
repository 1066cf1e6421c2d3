import { addressesIn } from '../../../src/cli/check/probe/machine.js';
import { ipv4DefaultRoutes, ipv6DefaultRoutes } from '../../../src/cli/check/probe/routes.js';

const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
wg0	00000000	00000000	0001	0	0	50	00000000	0	0	0
wg1	00000000	00000000	0001	0	0	50	00000080	0	0	0
eth1	00000000	010200C0	0002	0	0	0	00000000	0	0	0
eth2	00000000	00000000	0201	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;

const NONE = '0'.repeat(32);
const IPV6 = `fd000000000000000000000000000000 40 ${NONE} 00 ${NONE} 00000100 00000001 00000000 00000001     eth0
${NONE} 00 ${NONE} 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
${NONE} 00 ${NONE} 00 ${NONE} 00000064 00000003 00000000 00000001      wg0
${NONE} 01 ${NONE} 00 ${NONE} 00000064 00000003 00000000 00000001      wg1
${NONE} 00 ${NONE} 00 ${NONE} ffffffff 00000001 00000000 00200200       lo
`;

describe('the default routes of Linux', () => {
  it('are read for IPv4, in the byte order of the machine', () => {
    expect(ipv4DefaultRoutes(IPV4, 'LE')).toEqual([
      { family: 4, gateway: '192.0.2.1', interface: 'eth0', metric: 100 },
      { family: 4, gateway: null, interface: 'wg0', metric: 50 },
    ]);
    expect(ipv4DefaultRoutes(IPV4.replaceAll('010200C0', 'C0000201'), 'BE')[0]?.gateway).toBe('192.0.2.1');
  });

  it('are read for IPv6, without those that refuse', () => {
    expect(ipv6DefaultRoutes(IPV6)).toEqual([
      { family: 6, gateway: 'fe80::1', interface: 'eth0', metric: 1024 },
      { family: 6, gateway: null, interface: 'wg0', metric: 100 },
    ]);
  });

  it.each(['', '\n\n', 'nonsense', '00000000', 'eth0 00000000 zz 0003 0 0 0'])('are absent in %j', (table) => {
    expect(ipv4DefaultRoutes(table, 'LE')).toEqual([]);
    expect(ipv6DefaultRoutes(table)).toEqual([]);
  });
});

describe('the addresses of a machine', () => {
  it('are those that reach others, IPv6 first', () => {
    const info = (address: string, internal = false) => ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' });
    const interfaces = {
      lo: [info('127.0.0.1', true), info('::1', true)],
      eth0: [info('192.0.2.5'), info('2001:DB8::5'), info('fe80::5'), info('169.254.0.5')],
    };
    expect(addressesIn(interfaces as never)).toEqual([
      { address: '2001:db8::5', family: 6, interface: 'eth0' },
      { address: '192.0.2.5', family: 4, interface: 'eth0' },
    ]);
  });
});
