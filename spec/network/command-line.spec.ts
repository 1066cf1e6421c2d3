import { runCommand } from '../support/dist.js';
import { describeInNamespace } from '../support/namespace.js';

describeInNamespace('the command line of a machine without a network', () => {
  const connect = (...args: readonly string[]) =>
    runCommand('unshare', '--net', process.execPath, 'dist/cli.mjs', 'connect', ...args).ended;

  it('says so of an address', async () => {
    const { status, stderr } = await connect('192.0.2.1', '80');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'Could not connect to 192.0.2.1:80: ENETUNREACH; no way leads there: is this machine connected to a network?\n',
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
