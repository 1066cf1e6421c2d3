import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';

interface Outcome {
  readonly asked: readonly string[];
  readonly assumed: readonly string[];
  readonly winner?: string;
  /** ms from the first answer with addresses to the first start */
  readonly waited: number;
}

const LINK = ['ip link add v0 type veth peer name v1', 'ip link set v0 up', 'ip link set v1 up'];

async function race(network: readonly string[], addresses: { A?: readonly string[]; AAAA?: readonly string[] }) {
  const printed = await runSpecsInNamespace('routes.ts', {
    network: [...LINK, ...network],
    files: { hosts: '', 'resolv.conf': 'nameserver 127.0.0.1\n', 'nsswitch.conf': 'hosts: files dns\n' },
    env: { ADDRESSES: JSON.stringify({ A: [], AAAA: [], ...addresses }) },
  });
  const [, outcome] = /\noutcome: (.*)\n/.exec(printed)!;
  return JSON.parse(outcome!) as Outcome;
}

describeInNamespace('connectivity is a route, not an address', () => {
  it('[R2] asks for A where a link-local address has a default route', async () => {
    const pod = ['ip addr add 169.254.172.2/32 dev v0', 'ip route add default dev v0', 'ip addr add 10.0.0.1/32 dev lo'];
    const { asked, winner } = await race(pod, { A: ['10.0.0.1'] });
    expect({ asked, winner }).toEqual({ asked: expect.arrayContaining(['A']), winner: '10.0.0.1' });
  }, 120_000);

  it('[R2] does not ask for A where it has none', async () => {
    const lonely = [
      'ip addr add 169.254.7.7/16 dev v0',
      'ip -6 addr add fd00::2/64 dev v0 nodad',
      'ip -6 route add default dev v0',
    ];
    const { asked, assumed, winner } = await race(lonely, { AAAA: ['fd00::2'], A: ['10.0.0.1'] });
    expect({ asked, assumed, winner }).toEqual({ asked: ['AAAA'], assumed: ['A'], winner: 'fd00::2' });
  }, 120_000);

  it('[R2] asks for AAAA after all where the only global IPv6 address is on loopback', async () => {
    const onLoopback = ['ip -6 addr add 2001:db8::7/128 dev lo', 'ip addr add 10.0.0.2/24 dev v0', 'ip route add default dev v0'];
    const { winner } = await race(onLoopback, { AAAA: ['2001:db8::7'] });
    expect(winner).toBe('2001:db8::7');
  }, 120_000);

  it('[R2] asks for AAAA before the race would be lost, where every IPv4 address has failed', async () => {
    const refusing = ['ip -6 addr add 2001:db8::7/128 dev lo', 'ip addr add 10.0.0.2/24 dev v0', 'ip route add default dev v0'];
    // No machine has the first: it is unreachable at once.
    const { winner, assumed } = await race([...refusing, 'ip route add unreachable 10.9.0.0/16'], {
      A: ['10.9.0.1'],
      AAAA: ['2001:db8::7'],
    });
    expect({ winner, assumed }).toEqual({ winner: '2001:db8::7', assumed: ['AAAA'] });
  }, 120_000);

  it('[R6] does not wait for AAAA where IPv6 has an address and no route', async () => {
    const network = ['ip addr add 10.0.0.2/24 dev v0', 'ip route add default dev v0', 'ip -6 addr add fd00::2/64 dev v0 nodad'];
    const { winner, waited } = await race(network, { A: ['10.0.0.2'], AAAA: [] });
    expect(winner).toBe('10.0.0.2');
    expect(waited).toBeLessThan(500); // of a Resolution Delay of 1000
  }, 120_000);
});
