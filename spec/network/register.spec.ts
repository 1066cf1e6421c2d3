import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/dist.js';
import { describeInNamespace } from '../support/namespace.js';

/** The third address, too, never answers: Node gives the second 250 ms, and waits for the last. */
const HOSTS = '::1 slow.example\n127.0.0.3 slow.example\n127.0.0.4 slow.example\n::1 localhost\n127.0.0.1 localhost\n';

describeInNamespace('unchanged programs on a link that is slower than Node waits', () => {
  it('come through with NODE_OPTIONS, and do not without', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
    const files = { hosts: HOSTS, 'nsswitch.conf': 'hosts: files\n' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const mounts = Object.keys(files).map((name) => `mount --bind ${folder}/${name} /etc/${name}`);
    const enter = ['ip link set lo up', ...mounts, 'exec "$@"'].join('; ');
    const jest = [process.execPath, 'node_modules/jest/bin/jest.js', '--testMatch', '**/spec/network/slow-link.ts'];
    const { status, stderr } = await runCommand('unshare', '--net', '--mount', 'sh', '-ec', enter, 'sh', ...jest).ended;
    rmSync(folder, { recursive: true });
    const [table] = /\nprogram [^]*?\n\n/.exec(stderr) ?? [];
    process.stdout.write(table ?? '');
    expect({ status, stderr }).toMatchObject({ status: 0 });
  }, 60_000);
});
