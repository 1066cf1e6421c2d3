import { describeInNamespace, runSpecsInNamespace } from '../support/namespace.js';

/** Sixteen ports for all connections that go out: the next one to the same address and port finds none. */
const FEW_PORTS = ['echo "40000 40015" > /proc/sys/net/ipv4/ip_local_port_range'];

describeInNamespace('a machine without a free local port', () => {
  it('[A14] fails attempts, and not the races that have others', async () => {
    await runSpecsInNamespace('local-ports.ts', { network: FEW_PORTS });
  }, 120_000);
});
