import { runNode } from '../support/dist.js';

/** Prints how many calls and branches each address of a race takes: without compilers, the same on every machine. */
const program = `
  import { Session } from 'node:inspector';
  import { connect$ } from './dist/index.mjs';
  import { connects, refuses, virtualNetwork } from './dist/testing.mjs';

  const session = new Session();
  session.connect();
  const post = (method, params) => {
    let answer;
    session.post(method, params, (error, result) => (answer = error ?? result));
    return answer;
  };
  post('Profiler.enable');
  const [, fate, ...counts] = process.argv;
  for (const count of counts.map(Number)) {
    const addresses = Array.from({ length: count }, (_, i) => '2001:db8::' + (i + 1).toString(16));
    const endpoints = Object.fromEntries(addresses.map((address) => [address, fate === 'refuses' ? refuses(5) : connects(1e9)]));
    post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    const network = virtualNetwork({ dns: addresses, endpoints });
    const options = { ...network, maxConcurrentAttempts: Infinity, connectTimeout: 1e8 };
    const { starts } = network.run(connect$('example.com', 443, options), { until: 1e9 });
    const { result } = post('Profiler.takePreciseCoverage');
    post('Profiler.stopPreciseCoverage');
    const ranges = result.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges));
    if (starts.length !== count) throw new Error(starts.length + ' starts');
    console.log(ranges.reduce((sum, { count }) => sum + count, 0) / count);
  }
`;

it.each([
  ['refused one after another', 'refuses'],
  ['in flight all at once', 'connects'],
])(
  'a race costs in proportion to its addresses, from 100 to 10,000 that are %s',
  async (_, fate) => {
    const flags = ['--no-opt', '--no-sparkplug', '--no-maglev', '--input-type=module', '-e', program];
    const { status, stdout, stderr } = await runNode(...flags, fate, '10', '100', '1000', '10000').ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [, hundred, ...more] = stdout.trim().split('\n').map(Number);
    expect(hundred).toBeGreaterThan(100);
    for (const each of more) expect(Math.abs(each / hundred! - 1)).toBeLessThan(0.1);
  },
  60_000,
);
