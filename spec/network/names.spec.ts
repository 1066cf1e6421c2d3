import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';

/** Every address of both blocks is this machine's, so that it refuses at once. */
const EVERYWHERE = ['ip route add local 10.0.0.0/8 dev lo', 'ip -6 route add local fd00::/8 dev lo'];
const FILES = { hosts: '', 'resolv.conf': '', 'nsswitch.conf': 'hosts: files dns\n' };

describeInNamespace('names as the system means them', () => {
  it('[R16] of hosts files and [R17] search lists lead to the addresses of getaddrinfo for both families', async () => {
    await runSpecsInNamespace('system-names.ts', { network: EVERYWHERE, files: FILES });
  }, 300_000);
});
