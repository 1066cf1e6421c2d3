import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';

describeInNamespace('unchanged programs whose DNS answers are late or lost', () => {
  it('run the whole race under register', async () => {
    await runSpecsInNamespace('late-answers.ts', {
      network: [
        // 192.0.2.1 and 2001:db8::1 belong to no machine: what is sent there is never answered.
        'ip addr add 192.0.2.254/32 dev lo',
        'ip route add 192.0.2.1/32 dev lo',
        'ip addr add 2001:db8::254/64 dev lo nodad',
      ],
      files: {
        'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
        'nsswitch.conf': 'hosts: dns\n',
      },
    });
  }, 60_000);
});
