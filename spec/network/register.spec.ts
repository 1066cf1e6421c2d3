import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';

/** The third address, too, never answers: Node gives the second 250 ms, and waits for the last. */
const HOSTS = '::1 slow.example\n127.0.0.3 slow.example\n127.0.0.4 slow.example\n::1 localhost\n127.0.0.1 localhost\n';

describeInNamespace('unchanged programs on a link that is slower than Node waits', () => {
  it('come through with NODE_OPTIONS, and do not without', async () => {
    const printed = await runSpecsInNamespace('slow-link.ts', {
      files: { hosts: HOSTS, 'nsswitch.conf': 'hosts: files\n' },
    });
    const [table] = /\nprogram [^]*?\n\n/.exec(printed) ?? [];
    process.stdout.write(table ?? '');
  }, 60_000);
});
