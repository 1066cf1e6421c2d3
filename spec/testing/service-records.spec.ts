import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { connect$, createConnector, race$, type ServiceRecord } from '../../src/index.js';
import {
  after,
  alias,
  assertMarbles,
  connects,
  expectAttempts,
  hangs,
  lost,
  refuses,
  service,
  servfail,
  virtualNetwork,
  type Dns,
} from '../../src/testing/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4';

/** When what was answered for HTTPS: `at targets code`. */
const answersOf = (HTTPS: unknown) => {
  const network = virtualNetwork({ dns: { 'db.example': { HTTPS, A: four } } as Dns, endpoints: () => connects(1000) });
  const { events } = network.run(race$('db.example', 443, { ...network, serviceRecords: true, connectTimeout: 500 }));
  return events.flatMap((event) => {
    if (event.type !== 'answered' || event.answer.type !== 'HTTPS') return [];
    const { records, error } = event.answer;
    const targets = records.map(({ priority, target }) => `${priority} ${target}`);
    return [[event.at, ...targets, (error as { code?: string } | undefined)?.code ?? ''].join(' ').trim()];
  });
};

describe('service records in virtual time', () => {
  it.each<[string, unknown, string[]]>([
    ['a record', service('.'), ['0 1 .']],
    ['records, the lowest priority first', [service('b.example', { priority: 2 }), service('.')], ['0 1 . 2 b.example']],
    ['a late record', after(20, service('.')), ['20 1 .']],
    ['late records', after(20, [service('.'), service('.', { port: 8443 })]), ['20 1 . 1 .']],
    ['an alias', alias('b.example'), ['0 0 b.example', '0 ENOTFOUND']],
    ['a lost answer', lost(), []],
    ['SERVFAIL', after(9, servfail()), ['9 ESERVFAIL']],
    ['a reply in full', { after: 3, records: [service('.')], ttl: 60 }, ['3 1 .']],
    ['a reply without records', { after: 3 }, ['3 ENODATA']],
    ['no record', [], ['0 ENODATA']],
    ['nothing of the type', undefined, ['0 ENODATA']],
    ['marbles', { marbles: '--h', h: service('.') }, ['2 1 .']],
    ['marbles of several records', { marbles: '--h', h: [service('.'), service('c.example')] }, ['2 1 . 1 c.example']],
    ['marbles without records', '---#', ['3 ESERVFAIL']],
  ])('has %s', (_, HTTPS, answers) => {
    expect(answersOf(HTTPS)).toEqual(answers);
  });

  it('leads a race to the target and the port of a record, and is written down', () => {
    const network = virtualNetwork({
      dns: {
        'db.example': { HTTPS: after(5, service('cdn.example', { port: 8443 })), AAAA: after(5, six), A: lost() },
        'cdn.example': { A: after(10, four) },
      },
      endpoints: { [six]: connects(20), [four]: hangs(), [`${four}:8443`]: refuses(30) },
    });
    const report = network.run(connect$('db.example', 443, { ...network, serviceRecords: true }));
    expect(report.starts.map(({ address, port, at }) => `${at} ${address} ${port}`)).toEqual([
      `15 ${four} 8443`,
      `45 ${six} 443`,
    ]);
    expect(report.winner).toBe(six);
    expect(report.lookups.map(({ host, type, at, outcome }) => [host, type ?? 'addresses', at, outcome])).toEqual([
      ['db.example', 'HTTPS', 0, 'answered'],
      ['db.example', 'addresses', 0, 'cancelled'],
      ['cdn.example', 'addresses', 5, 'answered'],
    ]);
    report.expectClean();
  });

  it('asks for none without the option', () => {
    const network = virtualNetwork({ dns: { HTTPS: service('.', { port: 1 }), A: four }, endpoints: { [four]: connects(1) } });
    const { lookups, starts } = network.run(connect$('db.example', 443, network));
    expect(lookups).toEqual([{ host: 'db.example', at: 0, endedAt: 0, outcome: 'answered' }]);
    expect(starts).toMatchObject([{ port: 443 }]);
  });

  it('has them under the name that a port has', () => {
    const network = virtualNetwork({
      dns: { 'db.example': [four], '_8443._https.db.example': { HTTPS: service('db.example', { port: 9443 }) } },
      endpoints: { [four]: connects(1) },
    });
    const { starts } = network.run(connect$('db.example', 8443, { ...network, serviceRecords: true }));
    expect(starts).toMatchObject([{ address: four, port: 9443 }]);
  });

  it('keeps them in the cache of a connector for their time to live', async () => {
    const network = virtualNetwork({
      dns: { HTTPS: { records: [service('.')], ttl: 10 }, A: { addresses: [four], ttl: 1000 } },
      endpoints: { [four]: connects(1) },
    });
    const connector = createConnector({ ...network, serviceRecords: true, cache: {} });
    const asked = async () => {
      const { lookups } = await network.settle(async () => (await connector.connect('db.example', 443)).destroy());
      return lookups.filter(({ type }) => type === 'HTTPS').length;
    };
    expect(await asked()).toBe(1);
    expect(await asked()).toBe(0);
    network.advance(11_000);
    expect(await asked()).toBe(1);
  });

  it('tells the fate of an attempt of the service, and counts QUIC by itself', () => {
    const seen: string[] = [];
    const network = virtualNetwork({
      dns: { HTTPS: service('.', { alpn: ['h3', 'h2'] }), A: four },
      endpoints:
        ({ protocol = 'tcp', service: of }) =>
        (attempt) => {
          seen.push(`${protocol} ${attempt} ${of?.target}`);
          return protocol === 'quic' ? refuses(5) : connects(5);
        },
    });
    const serviceRecords = { scheme: 'https', alpn: ['h3', 'h2'] } as const;
    network.run(connect$('db.example', 443, { ...network, serviceRecords }));
    expect(seen).toEqual(['quic 1 db.example', 'tcp 1 db.example']);
  });

  it('compares attempts with marbles: a hint, and the address that takes its place', () => {
    const scheduler = new TestScheduler(assertMarbles);
    scheduler.run(({ expectObservable, expectSubscriptions, flush }) => {
      const network = virtualNetwork({
        scheduler,
        dns: {
          HTTPS: { marbles: '--h', h: service('.', { ipv6hint: ['2001:db8::1'] }) },
          AAAA: { marbles: '-----a', a: ['2001:db8::2'] },
          A: '-n',
        },
        endpoints: { '2001:db8::1': '----------', '2001:db8::2': '----c' },
      });
      const winner$ = connect$('db.example', 443, { ...network, serviceRecords: true, connectionAttemptDelay: 10 });
      expectObservable(winner$.pipe(map(({ remoteAddress }) => remoteAddress))).toBe('----------------(w|)', {
        w: '2001:db8::2',
      });
      expectSubscriptions(network.subscriptions('2001:db8::1')).toBe('--^-------------!');
      flush();
      expectAttempts(network, {
        '2001:db8::1': '--^-------------!',
        '2001:db8::2': '------------^---!',
      });
    });
  });

  it.each<[string, unknown, string]>([
    [
      'a hint without a fate',
      service('.', { ipv4hint: ['192.0.2.99'] }),
      "lists an address that has no fate in endpoints. Received '192.0.2.99'",
    ],
    ['addresses', [four], '"dns.HTTPS.addresses" is of AAAA and A, and not of HTTPS'],
    ['what is stale', { stale: true }, '"dns.HTTPS.stale" is of AAAA and A, and not of HTTPS'],
    ['an unknown parameter', { priority: 1, target: '.', hints: [] }, 'dns.HTTPS.hints'],
    ['no priority', { target: '.' }, 'dns.HTTPS.priority'],
  ])('refuses %s', (_, HTTPS, message) => {
    expect(() => virtualNetwork({ dns: { HTTPS } as Dns, endpoints: { [four]: connects() } })).toThrow(message);
  });

  it.each<[string, () => ServiceRecord, string]>([
    ['no name', () => service(''), 'must be a name, or .'],
    ['the priority of an alias', () => service('.', { priority: 0 }), 'is that of an alias'],
    ['an invalid port', () => service('.', { port: 70_000 }), 'port'],
    ['a hint of the other family', () => service('.', { ipv4hint: [six] }), 'must hold IPv4 addresses'],
    ['an alias of nothing', () => alias(''), 'must be a name, or .'],
  ])('service() and alias() refuse %s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it('refuses records among addresses', () => {
    expect(() => virtualNetwork({ dns: { A: service('.') } as never })).toThrow('"dns.A.records" is of HTTPS, and not of A');
  });
});
