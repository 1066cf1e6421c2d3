import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';

const HOSTS = `
127.0.0.1 one.example
::1 two.example four.example
127.0.0.1 two.example four.example
fd00::2 four.example
127.0.0.2 four.example
`;

describeInNamespace('the model of Node alone', () => {
  it('agrees with the Node that runs this', async () => {
    const files = { hosts: HOSTS, 'resolv.conf': 'nameserver 127.0.0.1\n', 'nsswitch.conf': 'hosts: files\n', 'gai.conf': '' };
    // Node asks for the families of which the machine has an address beyond loopback.
    const network = ['ip -6 addr add fd00::2/128 dev lo', 'ip addr add 10.0.0.1/32 dev lo'];
    await runSpecsInNamespace('node-alone.ts', { network, files });
  }, 120_000);
});
