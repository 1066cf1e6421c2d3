import { runCommand } from '../support/dist.js';
import { describeInNamespace } from '../support/namespace.js';

describeInNamespace('the demo of a machine without IPv6', () => {
  const NO_IPV6 = 'ip link set lo up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1; exec "$@"';
  const demo = (name: string) =>
    runCommand('unshare', '--net', 'sh', '-ec', NO_IPV6, 'sh', process.execPath, 'dist/cli.mjs', 'demo', name).ended;

  it('leaves out what there is not, or says that it is needed', async () => {
    const mixed = await demo('mixed');
    expect({ status: mixed.status, stderr: mixed.stderr }).toEqual({ status: 0, stderr: '' });
    expect(mixed.stdout).toMatch(/^A name with 3 addresses [^]*\n {2}::1 left out, for this machine has no IPv6\n/);
    for (const name of ['blackhole', 'late-aaaa', 'tls-stall'])
      expect(await demo(name)).toEqual({
        status: 1,
        stdout: '',
        stderr: `The scenario ${name} needs ::1, which cannot be used here, for this machine has no IPv6. The scenario mixed does without.\n`,
      });
  });
});

describeInNamespace('the command line of a machine without a network', () => {
  const connect = (...args: readonly string[]) =>
    runCommand('unshare', '--net', process.execPath, 'dist/cli.mjs', 'connect', ...args).ended;

  it('says so of an address', async () => {
    const { status, stderr } = await connect('192.0.2.1', '80');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'Could not connect to 192.0.2.1:80: ENETUNREACH; there is no route to it: is this machine connected to a network?\n',
    );
  });

  it('says so of a name', async () => {
    const { status, stderr } = await connect('example.com', '80');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Could not connect to example\.com:80: the name could not be looked up \(EAI_AGAIN\); is there a network, and does its DNS server answer\?\n$/,
    );
  });
});
