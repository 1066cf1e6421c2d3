// What specs cost that are made with rx-happy-eyeballs/testing: races in virtual time, from a network's description to its report.
import { connect, connect$ } from '../dist/index.mjs';
import { after, connects, explore, hangs, refuses, virtualNetwork } from '../dist/testing.mjs';

const measured = async (work) => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const RACES = 10_000;
const race = () => {
  const network = virtualNetwork({
    dns: { AAAA: after(10, ['2001:db8::1']), A: ['192.0.2.1'] },
    endpoints: { '2001:db8::1': hangs(), '192.0.2.1': connects(40) },
  });
  const report = network.run(connect$('example.com', 443, network));
  if (report.finish !== 300) throw new Error(`finished at ${report.finish} ms`);
};
for (const round of ['cold', 'warm']) {
  const took = await measured(() => {
    for (let i = 0; i < RACES; i++) race();
  });
  console.log(`${RACES} races of two addresses, ${round}: ${took.toFixed(0)} ms`);
}

const promised = async () => {
  const network = virtualNetwork({
    dns: ['2001:db8::1', '192.0.2.1'],
    endpoints: { '2001:db8::1': hangs(), '192.0.2.1': connects(40) },
  });
  await network.settle(connect('example.com', 443, network));
};
const took = await measured(async () => {
  for (let i = 0; i < RACES; i++) await promised();
});
console.log(`${RACES} races as promises: ${took.toFixed(0)} ms`);

const fates = { 'refused, one after another': refuses(5), 'in flight, all at once': connects(1e9) };
for (const [title, fate] of Object.entries(fates)) {
  for (const count of [100, 1000, 10_000]) {
    const addresses = Array.from({ length: count }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
    const endpoints = Object.fromEntries(addresses.map((address) => [address, fate]));
    const lost = () => {
      const network = virtualNetwork({ dns: addresses, endpoints });
      const options = { ...network, maxConcurrentAttempts: Infinity, connectTimeout: 1e8 };
      const { starts } = network.run(connect$('example.com', 443, options), { until: 1e9 });
      if (starts.length !== count) throw new Error(`${starts.length} starts`);
    };
    const repeated = 10_000 / count;
    const took = await measured(() => {
      for (let i = 0; i < repeated; i++) lost();
    });
    console.log(
      `${count} addresses, ${title}: ${(took / repeated).toFixed(1)} ms, ${((took * 1000) / 10_000).toFixed(0)} µs each`,
    );
  }
}

const NETWORKS = 5000;
const explored = await measured(() =>
  explore(
    async (network) => {
      const socket = await connect('example.com', 443, network).catch(() => undefined);
      socket?.destroy();
    },
    { runs: NETWORKS },
  ),
);
console.log(`${NETWORKS} networks explored: ${explored.toFixed(0)} ms`);
