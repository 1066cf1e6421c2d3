import { getSystemErrorMap } from 'node:util';
import net from 'node:net';
import { once } from 'node:events';
import { NEVER, of, throwError } from 'rxjs';
import { connect$, race$, type RaceEvent } from '../../src/index.js';
import {
  behaves,
  connects,
  fails,
  flaky,
  hangs,
  refuses,
  unreachable,
  virtualNetwork,
  type Endpoints,
} from '../../src/testing/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4';

const endsOf = (endpoints: Endpoints, options: object = {}) => {
  const network = virtualNetwork({ dns: [six], endpoints });
  const report = network.run(race$('example.com', 443, { ...network, connectTimeout: 1000, ...options }));
  return report.ends.map(({ at, outcome, error }) => [outcome, at, (error as { code?: string } | undefined)?.code] as const);
};

describe('a fate', () => {
  it.each([
    ['connects', connects(40), ['connected', 40, undefined]],
    ['connects in no time', connects(), ['connected', 0, undefined]],
    ['connects within the call', connects('at once'), ['connected', 0, undefined]],
    ['is refused', refuses(5), ['failed', 5, 'ECONNREFUSED']],
    ['has no route', unreachable(), ['failed', 0, 'ENETUNREACH']],
    ['hangs', hangs(), ['cancelled', 1000, undefined]],
    ['fails as the system does', fails(30, 'EHOSTUNREACH'), ['failed', 30, 'EHOSTUNREACH']],
    ['fails with an error of your own', fails(3, Object.assign(new Error('no'), { code: 'EMINE' })), ['failed', 3, 'EMINE']],
    ['connects, then TLS', connects(40).thenTls(30), ['connected', 70, undefined]],
    ['connects within the call, then TLS', connects('at once').thenTls(30), ['connected', 30, undefined]],
    ['connects, TLS within the call', connects(30).thenTls('at once'), ['connected', 30, undefined]],
    ['connects, and TLS hangs', connects(40).thenTls(hangs()), ['cancelled', 1000, undefined]],
    ['connects, and TLS fails', connects(40).thenTls(fails(10, 'ECONNRESET')), ['failed', 50, 'ECONNRESET']],
    ['behaves like a transport', behaves(() => of('connection')), ['connected', 0, undefined]],
    ['behaves like one that fails', behaves(() => throwError(() => new Error('no'))), ['failed', 0, undefined]],
    ['behaves like one that throws', behaves(() => JSON.parse('{') as never), ['failed', 0, undefined]],
    ['behaves like one that ends', behaves(() => []), ['failed', 0, 'ECONNABORTED']],
    ['connects, in marbles', '---c', ['connected', 3, undefined]],
    ['is refused, in marbles', '--x', ['failed', 2, 'ECONNREFUSED']],
    ['has no route, in marbles', 'u', ['failed', 0, 'ENETUNREACH']],
    ['hangs, in marbles', '---', ['cancelled', 1000, undefined]],
    ['connects, then TLS, in marbles', '--t--c', ['connected', 5, undefined]],
    ['connects, and TLS hangs, in marbles', ' --t', ['cancelled', 1000, undefined]],
    ['takes its time in marbles', '300ms c', ['connected', 300, undefined]],
  ] as const)('%s', (_, fate, end) => {
    expect(endsOf({ [six]: fate })).toEqual([end]);
  });

  it('with TLS tells the race when the handshake begins', () => {
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: connects(40).thenTls(30) } });
    const { values, events } = network.run(race$('example.com', 443, network));
    const told = (all: readonly RaceEvent[]) => all.filter(({ type }) => type === 'progressed');
    expect(told(values)).toMatchObject([{ at: 40, stage: 'tls', after: 40 }]);
    expect(told(events)).toMatchObject([{ at: 40, stage: 'tls', after: 40 }]);
  });

  it('can be another for each attempt', () => {
    const asked: [number, string][] = [];
    const network = virtualNetwork({
      dns: [six],
      endpoints: {
        [six]: (attempt, { address }) => {
          asked.push([attempt, address]);
          return attempt < 3 ? refuses(5) : '-------c';
        },
      },
    });
    const finishes = [1, 2, 3, 4].map(() => network.run(connect$('example.com', 443, network)).finish);
    expect(finishes).toEqual([5, 5, 7, 7]);
    expect(asked).toEqual([1, 2, 3, 4].map((attempt) => [attempt, six]));
  });

  it('can be another for each port, which goes before that of all ports', () => {
    const endpoints = { [six]: connects(1), [`[${six}]:80`]: connects(2), [four]: connects(3), [`${four}:80`]: connects(4) };
    const network = virtualNetwork({ endpoints });
    const finishes = [six, four].flatMap((address) =>
      [443, 80].map((port) => network.run(connect$(address, port, network)).finish),
    );
    expect(finishes).toEqual([1, 2, 3, 4]);
  });

  it('can come from a function of the endpoint', () => {
    const network = virtualNetwork({
      dns: [six, four],
      endpoints: ({ family, port }) => (family === 6 ? hangs() : (attempt) => connects(attempt * port)),
    });
    expect([1, 2].map(() => network.run(connect$('example.com', 10, network)).finish)).toEqual([260, 270]);
  });

  it('is found by whatever form of the address', () => {
    const network = virtualNetwork({ dns: ['2001:DB8:0::6'], endpoints: { '2001:db8::0:6': connects(7) } });
    expect(network.run(connect$('example.com', 443, network))).toMatchObject({ winner: six, finish: 7 });
    const mapped = virtualNetwork({ dns: { AAAA: ['::ffff:192.0.2.4'] }, endpoints: { [four]: connects(7) } });
    expect(mapped.run(connect$('example.com', 443, mapped))).toMatchObject({ winner: four, finish: 7 });
  });

  it('has the error that Node has', async () => {
    const socket = net.connect({ host: '127.0.0.1', port: 1 });
    const [real] = (await once(socket, 'error')) as [Error];
    const network = virtualNetwork({ endpoints: { '127.0.0.1': refuses() } });
    const { ends } = network.run(race$('127.0.0.1', 1, network));
    const virtual = ends[0]!.error!;
    expect(Object.entries(virtual)).toEqual(Object.entries(real));
    expect([virtual.message, virtual.constructor]).toEqual([real.message, Error]);
    const [errno] = [...getSystemErrorMap()].find(([, [code]]) => code === 'ENETUNREACH')!;
    const none = virtualNetwork({ endpoints: { [six]: unreachable() } });
    expect(none.run(race$(six, 443, none)).ends[0]!.error).toMatchObject({
      message: `connect ENETUNREACH ${six}:443`,
      errno,
      code: 'ENETUNREACH',
      syscall: 'connect',
      address: six,
      port: 443,
    });
  });

  it('is written as it was made', () => {
    const all = [
      connects(40).thenTls(30).latency(5).losesAfter(100).resetsAfter(9),
      connects('at once').thenTls(hangs()),
      connects(0, () => undefined),
      refuses(5),
      unreachable(),
      fails(30, 'EHOSTUNREACH'),
      behaves(() => NEVER),
    ];
    expect(all.map(String)).toEqual([
      'connects(40).thenTls(30).latency(5).losesAfter(100).resetsAfter(9)',
      "connects('at once').thenTls(hangs())",
      'connects(0).serves(…)',
      'refuses(5)',
      'unreachable(0)',
      "fails(30, 'EHOSTUNREACH')",
      'behaves(…)',
    ]);
  });
});

describe('a flaky endpoint', () => {
  const outcomes = (probability: number, seed: number, address = six) => {
    const network = virtualNetwork({ endpoints: { [address]: flaky(probability, seed) } });
    return Array.from({ length: 1000 }, () => network.run(connect$(address, 443, network)).error === undefined);
  };

  it.each([0, 0.3, 0.9, 1])('fails with its probability of %p', (probability) => {
    const failures = outcomes(probability, 1).filter((well) => !well).length / 1000;
    expect(Math.abs(failures - probability)).toBeLessThan(0.05);
  });

  it('fails the same way for the same seed, and another for others and elsewhere', () => {
    expect(outcomes(0.3, 7)).toEqual(outcomes(0.3, 7));
    expect(outcomes(0.3, 7)).not.toEqual(outcomes(0.3, 8));
    expect(outcomes(0.3, 7)).not.toEqual(outcomes(0.3, 7, four));
  });

  it('has fates of your own', () => {
    const endpoints = { [six]: flaky(1, 1, connects(1), hangs()), [four]: flaky(0, 1, connects(1)) };
    const network = virtualNetwork({ dns: [six, four], endpoints });
    expect(network.run(connect$('example.com', 443, network))).toMatchObject({ winner: four, finish: 251 });
  });
});
