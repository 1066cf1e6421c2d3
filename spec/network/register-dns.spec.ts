import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/dist.js';
import { describeInNamespace } from '../support/namespace.js';

describeInNamespace('unchanged programs whose DNS answers are late or lost', () => {
  it('run the whole race under register', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'resolv-'));
    const files = { 'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n', 'nsswitch.conf': 'hosts: dns\n' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const enter = [
      'ip link set lo up',
      // 192.0.2.1 and 2001:db8::1 are nobody: what is sent there is never answered.
      'ip addr add 192.0.2.254/32 dev lo',
      'ip route add 192.0.2.1/32 dev lo',
      'ip addr add 2001:db8::254/64 dev lo nodad',
      ...Object.keys(files).map((name) => `mount --bind ${folder}/${name} /etc/${name}`),
      'exec "$@"',
    ].join('; ');
    const jest = [process.execPath, 'node_modules/jest/bin/jest.js', '--testMatch', '**/spec/network/late-answers.ts'];
    const { status, stderr } = await runCommand('unshare', '--net', '--mount', 'sh', '-ec', enter, 'sh', ...jest).ended;
    rmSync(folder, { recursive: true });
    if (status !== 0) throw new Error(stderr);
  }, 60_000);
});
