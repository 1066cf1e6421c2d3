import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';
import type { Zone } from '../support/zone-server.js';

const LINK = ['ip link add v0 type veth peer name v1', 'ip link set v0 up', 'ip link set v1 up'];

/** A machine with IPv6 alone, and a translator for these addresses. */
const ipv6Alone = (...translated: readonly string[]) => [
  ...LINK,
  'ip -6 addr add 2001:db8:99::2/64 dev v0 nodad',
  'ip -6 route add default dev v0',
  ...translated.map((address) => `ip -6 addr add ${address}/128 dev lo`),
];

const wellKnown = (prefix: string) => ({ AAAA: [`${prefix}c000:aa`, `${prefix}c000:ab`] });

async function races(network: readonly string[], zone: Zone, ...hosts: readonly string[]) {
  const printed = await runSpecsInNamespace('nat64.ts', {
    network,
    files: { hosts: '', 'resolv.conf': 'nameserver 127.0.0.1\n', 'nsswitch.conf': 'hosts: files dns\n' },
    env: { ZONE: JSON.stringify(zone), HOSTS: hosts.join(' ') },
  });
  const [, outcome] = /\noutcome: (.*)\n/.exec(printed)!;
  return JSON.parse(outcome!) as {
    outcomes: { starts: number; address?: string; dialled?: string }[];
    asked: string[];
  };
}

describeInNamespace('a network with NAT64', () => {
  it('[N1] [N4] reaches names with A alone, and IPv4 literals, by the prefix that the DNS tells', async () => {
    const zone: Zone = { 'ipv4only.arpa': wellKnown('64:ff9b::'), 'name.example': { A: ['192.0.2.1'] } };
    const { outcomes, asked } = await races(ipv6Alone('64:ff9b::c000:201'), zone, 'name.example', '192.0.2.1', 'name.example');
    const won = { starts: 1, address: '192.0.2.1', dialled: '64:ff9b::c000:201' };
    expect(outcomes).toEqual([won, won, won]);
    expect(asked.filter((question) => question.startsWith('ipv4only'))).toEqual(['ipv4only.arpa AAAA']);
  }, 60_000);

  it('[N1] by a prefix of 64 bits that is the network’s own', async () => {
    const zone: Zone = {
      'ipv4only.arpa': { AAAA: ['2001:db8:122:344:c0:0:aa00::', '2001:db8:122:344:c0:0:ab00::'] },
      'name.example': { A: ['192.0.2.33'] },
    };
    const { outcomes } = await races(ipv6Alone('2001:db8:122:344:c0:2:2100::'), zone, 'name.example');
    expect(outcomes).toEqual([{ starts: 1, address: '192.0.2.33', dialled: '2001:db8:122:344:c0:2:2100:0' }]);
  }, 60_000);

  it('[N2] asks for A beside AAAA once a prefix is known', async () => {
    const zone: Zone = {
      'ipv4only.arpa': wellKnown('64:ff9b::'),
      'dead.example': { AAAA: ['2001:db8:dead::1'], A: ['192.0.2.1'] },
    };
    const network = [...ipv6Alone('64:ff9b::c000:201'), 'ip -6 route add unreachable 2001:db8:dead::/48'];
    const { outcomes, asked } = await races(network, zone, 'dead.example');
    expect(outcomes[0]).toMatchObject({ address: '192.0.2.1', dialled: '64:ff9b::c000:201' });
    expect(asked).toContain('dead.example A');
  }, 60_000);

  it('[N3] takes what DNS64 made for the IPv4 address, and dials that where IPv4 has a route', async () => {
    const pod = [
      ...LINK,
      'ip addr add 169.254.172.2/32 dev v0',
      'ip route add default dev v0',
      'ip addr add 10.0.145.28/32 dev lo',
      'ip -6 addr add 2001:db8:99::2/64 dev v0 nodad',
      'ip -6 route add default dev v0',
    ];
    const zone: Zone = { 'db.example': { AAAA: ['64:ff9b::a00:911c'], A: ['10.0.145.28'] } };
    const { outcomes } = await races(pod, zone, 'db.example');
    expect(outcomes).toEqual([{ starts: 1, address: '10.0.145.28', dialled: '10.0.145.28' }]);
  }, 60_000);

  it('[N1] fails as usual where the network has no NAT64', async () => {
    const zone: Zone = { 'ipv4only.arpa': { A: ['192.0.0.170'] }, 'name.example': { A: ['192.0.2.1'] } };
    const { outcomes } = await races(ipv6Alone(), zone, 'name.example');
    expect(outcomes).toEqual([{ starts: 1 }]);
  }, 60_000);
});
