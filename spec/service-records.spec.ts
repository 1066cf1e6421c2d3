import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { byProtocol, race$, type RaceOptions } from '../src/index.js';
import { dropsOf } from '../src/rx/service-drops.js';
import { record, placeOf, serviceRace, zoneResolver, type ServiceZone } from './support/service-zone.js';

/** Where attempts began, in order, without their times. */
const order = (zone: ServiceZone, options: RaceOptions = {}, port = 443) =>
  serviceRace({ zone, options: { connectTimeout: Infinity, attemptTimeout: 20, ...options }, port }).begun.map((line) =>
    line.slice(line.indexOf(' ') + 1),
  );

const host = { AAAA: [30, '2001:db8::1'], A: [30, '192.0.2.1'] } as const;
const alt = { AAAA: [30, '2001:db8:a::1'], A: [30, '198.51.100.1'] } as const;

describe('groups of service records', () => {
  it('[V3] tries the lowest priority first, and addresses without a record last', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [30, record(1, 'alt.example'), record(2, 'more.example')] },
      'alt.example': { ...alt, AAAA: [30, '2001:db8:a::1', '2001:db8:a::2'] },
      'more.example': { A: [30, '203.0.113.1'] },
    };
    expect(order(zone)).toEqual([
      '[2001:db8:a::1]:443 alt.example',
      '198.51.100.1:443 alt.example',
      '[2001:db8:a::2]:443 alt.example',
      '203.0.113.1:443 more.example',
      '[2001:db8::1]:443',
      '192.0.2.1:443',
    ]);
  });

  it('[V3] shuffles equals, by the random numbers that it is given', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [30, record(1, '.'), record(1, 'alt.example')] },
      'alt.example': { ...alt, along: [] },
    };
    expect(order(zone, { random: () => 0.99 })[0]).toBe('[2001:db8::1]:443 example.com');
    const first = (random: number) =>
      order({ ...zone, 'example.com': { ...zone['example.com'], AAAA: [60], A: [60] } }, { random: () => random })[0];
    expect(first(0)).toBe('[2001:db8:a::1]:443 alt.example');
  });

  it('[V3] keeps the order of equals through the race', () => {
    const hinted = (name: string, hint: string) => record(1, name, { ipv6hint: [hint] });
    const zone: ServiceZone = {
      'example.com': { HTTPS: [10, hinted('a.example', '2001:db8:a::1'), hinted('b.example', '2001:db8:b::1')] },
      'a.example': { AAAA: [300, '2001:db8:a::1', '2001:db8:a::2'] },
      'b.example': { AAAA: [300, '2001:db8:b::1'] },
    };
    const numbers = [0, 0.9, 0.1, 0.7, 0.3];
    expect(order(zone, { random: () => numbers.pop() ?? 0, attemptTimeout: Infinity, connectTimeout: 900 })).toEqual([
      '[2001:db8:b::1]:443 b.example?',
      '[2001:db8:a::1]:443 a.example?',
      '[2001:db8:a::2]:443 a.example',
    ]);
  });

  it('[V3] does not let what no record speaks of go before targets that are still looked up', () => {
    const zone: ServiceZone = { 'example.com': { ...host, HTTPS: [30, record(1, 'alt.example')] }, 'alt.example': alt };
    expect(serviceRace({ zone }).begun[0]).toBe('60 [2001:db8:a::1]:443 alt.example');
    const slow: ServiceZone = { ...zone, 'alt.example': { AAAA: [300, '2001:db8:a::1'], A: 'dropped' } };
    expect(serviceRace({ zone: slow, options: { connectTimeout: 400 } }).begun).toEqual([
      '80 [2001:db8::1]:443',
      '330 [2001:db8:a::1]:443 alt.example',
    ]);
  });

  it('[V3] goes on to addresses without a record at once where no target has any', () => {
    const zone: ServiceZone = { 'example.com': { ...host, HTTPS: [30, record(1, 'alt.example')] }, 'alt.example': {} };
    expect(serviceRace({ zone }).begun[0]).toBe('60 [2001:db8::1]:443');
  });

  it('[V3] an alias to a pool of two services, of which one has a port and the other hints', () => {
    const zone: ServiceZone = {
      'svc.example.com': { A: [30, '192.0.2.2'], AAAA: [30, '2001:db8::2'], HTTPS: [20, record(0, 'pool.svc.example')] },
      'pool.svc.example': {
        HTTPS: [
          20,
          record(1, 'svc2.example.net', { alpn: ['h2'], port: 8002 }),
          record(2, 'svc3.example.net', { alpn: ['h2'], ipv4hint: ['198.51.100.3'] }),
        ],
      },
      'svc2.example.net': { A: [20, '192.0.2.2'], AAAA: [20, '2001:db8::2'] },
      'svc3.example.net': { A: [20, '198.51.100.3'] },
    };
    expect(
      serviceRace({
        zone,
        host: 'svc.example.com',
        options: { connectTimeout: Infinity, attemptTimeout: 10, serviceRecords: { scheme: 'https', alpn: ['h2', 'http/1.1'] } },
      }).begun.map((line) => line.split(' ').slice(1).join(' ')),
    ).toEqual([
      '[2001:db8::2]:8002 svc2.example.net',
      '192.0.2.2:8002 svc2.example.net',
      '198.51.100.3:443 svc3.example.net',
      '[2001:db8::2]:443',
      '192.0.2.2:443',
    ]);
  });
});

describe('hints', () => {
  const hinted = record(1, 'alt.example', { ipv6hint: ['2001:db8:f::1', '2001:db8:f::2'], ipv4hint: ['203.0.113.9'] });

  it('[V2] are replaced by the addresses of their target; what was begun goes on', () => {
    const zone: ServiceZone = { 'example.com': { HTTPS: [10, hinted], AAAA: [10], A: [10] }, 'alt.example': { ...alt } };
    const { begun, ends } = serviceRace({ zone, options: { connectTimeout: 700 } });
    expect(begun).toEqual([
      '10 [2001:db8:f::1]:443 alt.example?',
      '260 198.51.100.1:443 alt.example',
      '510 [2001:db8:a::1]:443 alt.example',
    ]);
    expect(ends.every(([, outcome, at]) => outcome === 'cancelled' && at === 700)).toBe(true);
  });

  it('[V2] are replaced for each family by itself, and that there are no addresses replaces them too', () => {
    const zone: ServiceZone = {
      'example.com': { HTTPS: [10, hinted] },
      'alt.example': { AAAA: [10], A: 'dropped' },
    };
    expect(order(zone, { connectTimeout: 900 })).toEqual(['[2001:db8:f::1]:443 alt.example?', '203.0.113.9:443 alt.example?']);
  });

  it('[V2] stay where the query for the addresses has failed', () => {
    const zone: ServiceZone = {
      'example.com': { HTTPS: [10, hinted] },
      'alt.example': { AAAA: { after: 10, code: 'ESERVFAIL' }, A: { after: 10, code: 'ETIMEOUT' } },
    };
    expect(order(zone)).toHaveLength(3);
  });

  it("[V2] that are not confirmed stand at the end with hints: 'lastResort'", () => {
    const zone: ServiceZone = { 'example.com': { ...host, HTTPS: [10, hinted] }, 'alt.example': alt };
    const places = order(zone, {
      serviceRecords: { scheme: 'https', hints: 'lastResort' },
      resolutionDelay: 0,
      maxConcurrentAttempts: 1,
    });
    expect(places.at(-1)).toBe('[2001:db8:f::2]:443 alt.example?');
    expect(places).toEqual(expect.arrayContaining(['[2001:db8:a::1]:443 alt.example', '192.0.2.1:443']));
  });

  it('[V2] are in random order before they are sorted', () => {
    const zone: ServiceZone = {
      'example.com': { HTTPS: [10, hinted], AAAA: [100], A: [100] },
      'alt.example': { AAAA: 'dropped', A: 'dropped' },
    };
    const first = (random: number) => order(zone, { random: () => random, connectTimeout: 15 })[0];
    expect(new Set([first(0), first(0.5), first(0.99)]).size).toBe(2);
  });

  it('[V2] A and AAAA of the target are asked for all the same', () => {
    const zone: ServiceZone = { 'example.com': { HTTPS: [10, hinted] } };
    expect(serviceRace({ zone, options: { connectTimeout: 50 } }).asked.slice(3)).toEqual([
      '10 alt.example AAAA',
      '10 alt.example A',
    ]);
  });

  it('[V2] of the other family alone wait for the preferred one', () => {
    const zone: ServiceZone = {
      'example.com': { HTTPS: [10, record(1, '.', { ipv4hint: ['203.0.113.9'] })], AAAA: [200], A: [200] },
    };
    expect(serviceRace({ zone, options: { connectTimeout: 100 } }).begun).toEqual(['60 203.0.113.9:443 example.com?']);
  });
});

describe('aliases and targets', () => {
  it('[V4] follows an alias to its records, and "." is the owner there', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [10, record(0, 'svc.example')] },
      'svc.example': { ...alt, HTTPS: [10, record(1, '.', { port: 8443 })] },
    };
    expect(order(zone)).toEqual([
      '[2001:db8:a::1]:8443 svc.example',
      '198.51.100.1:8443 svc.example',
      '[2001:db8:a::1]:443 svc.example',
      '198.51.100.1:443 svc.example',
      '[2001:db8::1]:443',
      '192.0.2.1:443',
    ]);
  });

  it('[V9] tries the name to which an alias leads with the port of the authority, before the host itself', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [10, record(0, 'svc.example')] },
      'svc.example': { ...alt, HTTPS: [10] },
    };
    expect(order(zone, {}, 8443)).toEqual(['[2001:db8::1]:8443', '192.0.2.1:8443']);
    expect(order({ ...zone, '_8443._https.example.com': { HTTPS: [10, record(0, 'svc.example')] } }, {}, 8443)).toEqual([
      '[2001:db8:a::1]:8443 svc.example',
      '198.51.100.1:8443 svc.example',
      '[2001:db8::1]:8443',
      '192.0.2.1:8443',
    ]);
  });

  it('[V9] also where the query for the records of the alias fails', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [10, record(0, 'svc.example')] },
      'svc.example': { ...alt, HTTPS: { after: 10, code: 'ESERVFAIL' } },
    };
    expect(order(zone)[0]).toBe('[2001:db8:a::1]:443 svc.example');
  });

  it('[V4] a loop of aliases counts as no record', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [5, record(0, 'a.example')] },
      'a.example': { ...alt, HTTPS: [5, record(0, 'b.example')] },
      'b.example': { HTTPS: [5, record(0, 'A.Example')] },
    };
    expect(order(zone)).toEqual(['[2001:db8::1]:443', '192.0.2.1:443']);
  });

  it('[V4] [V12] follows aliases over 8 names in all, and a longer chain counts as no record', () => {
    const chain = (names: number): ServiceZone => ({
      'example.com': { ...host, HTTPS: [1, record(0, 'n2.example')] },
      ...Object.fromEntries(
        Array.from({ length: names - 1 }, (_, index) => [
          `n${index + 2}.example`,
          {
            A: [1, `198.51.100.${index + 2}`],
            AAAA: [1],
            HTTPS: [1, index + 2 < names ? record(0, `n${index + 3}.example`) : record(1, '.')],
          },
        ]),
      ),
    });
    expect(order(chain(8))[0]).toBe('198.51.100.8:443 n8.example');
    const { asked } = serviceRace({ zone: chain(9), options: { connectTimeout: 400 } });
    expect(new Set(asked.map((line) => line.split(' ')[1])).size).toBe(8);
    expect(order(chain(9))[0]).toBe('[2001:db8::1]:443');
  });

  it('[V4] of several aliases one at random is followed', () => {
    const zone: ServiceZone = {
      'example.com': { ...host, HTTPS: [10, record(0, 'a.example'), record(0, 'b.example')] },
      'a.example': { A: [10, '198.51.100.1'] },
      'b.example': { A: [10, '198.51.100.2'] },
    };
    expect(order(zone, { random: () => 0.99 })[0]).toBe('198.51.100.1:443 a.example');
    expect(order(zone, { random: () => 0 })[0]).toBe('198.51.100.2:443 b.example');
  });

  it('[V4] an alias to "." says that there is no such service, and is ignored', () => {
    expect(order({ 'example.com': { ...host, HTTPS: [10, record(0, '.')] } })).toEqual(['[2001:db8::1]:443', '192.0.2.1:443']);
  });

  it('[V12] looks up at most 8 names, three targets at a time, those with the lowest priority first', () => {
    const records = Array.from({ length: 12 }, (_, index) => record(12 - index, `t${12 - index}.example`));
    const { asked } = serviceRace({
      zone: { 'example.com': { ...host, HTTPS: [10, ...records] } },
      options: { connectTimeout: 500 },
    });
    expect(asked.slice(3).filter((line) => line.endsWith('AAAA'))).toEqual([
      '10 t1.example AAAA',
      '10 t2.example AAAA',
      '10 t3.example AAAA',
      '40 t4.example AAAA',
      '40 t5.example AAAA',
      '40 t6.example AAAA',
      '70 t7.example AAAA',
    ]);
  });

  it('[V11] uses addresses that came along, and asks for the missing family alone', () => {
    const zone = (...along: object[]): ServiceZone => ({
      'example.com': { ...host, HTTPS: [10, record(1, 'alt.example')], along: along as never },
      'alt.example': alt,
    });
    const six = { type: 'AAAA', name: 'alt.example', addresses: ['2001:db8:a::1'] };
    const four = { type: 'A', name: 'alt.example', addresses: ['198.51.100.1'] };
    const both = serviceRace({ zone: zone(six, four), options: { connectTimeout: 100 } });
    expect(both.asked).toHaveLength(3);
    expect(both.begun[0]).toBe('10 [2001:db8:a::1]:443 alt.example');
    expect(serviceRace({ zone: zone(six), options: { connectTimeout: 100 } }).asked.slice(3)).toEqual(['10 alt.example A']);
  });
});

describe('which records are used', () => {
  const only = (params: Parameters<typeof record>[2], options: RaceOptions = {}, target = '.') =>
    order({ 'example.com': { A: [10, '192.0.2.1'], AAAA: [10], HTTPS: [10, record(1, target, params)] } }, options)[0];
  const used = '192.0.2.1:443 example.com';
  const notUsed = '192.0.2.1:443';
  const speaking = (...alpn: string[]): RaceOptions => ({ serviceRecords: { scheme: 'https', alpn } });

  it.each([
    ['no alpn: HTTP/1.1', {}, [], used],
    ['h2 and the default', { alpn: ['h2'] }, [], used],
    ['h2 alone, and a client of HTTP/1.1', { alpn: ['h2'], noDefaultAlpn: true }, [], notUsed],
    ['h2 alone, and a client of h2', { alpn: ['h2'], noDefaultAlpn: true }, ['h2'], used],
    ['h3 alone, over TCP', { alpn: ['h3'], noDefaultAlpn: true }, ['h2', 'http/1.1'], notUsed],
    ['the default, and a client of h2 alone', {}, ['h2'], notUsed],
  ])('[V5] %s', (_, params, alpn, expected) => {
    expect(only(params, alpn.length > 0 ? speaking(...alpn) : {})).toBe(expected);
  });

  it.each([
    [['alpn', 'port'], used],
    [['no-default-alpn'], used],
    [['ipv4hint', 'ipv6hint'], used],
    [['key7'], notUsed],
    [['alpn', 'key65400'], notUsed],
    [['ech'], notUsed],
  ])('[V5] mandatory %j', (mandatory, expected) => {
    expect(only({ mandatory, alpn: ['h2'] }, speaking('h2', 'http/1.1'))).toBe(expected);
  });

  it('[V14] ech excludes nothing, and is carried to the endpoint', () => {
    const ech = Uint8Array.of(1, 2);
    const { events } = serviceRace({ zone: { 'example.com': { A: [10, '192.0.2.1'], HTTPS: [10, record(1, '.', { ech })] } } });
    const started = events.find((event) => event.type === 'started');
    expect(started?.endpoint.service?.record?.ech).toBe(ech);
  });

  it('[V7] the endpoint carries the protocols that record and client share', () => {
    const { events } = serviceRace({
      zone: { 'example.com': { A: [10, '192.0.2.1'], HTTPS: [10, record(1, '.', { alpn: ['h3', 'h2'] })] } },
      options: speaking('h2', 'http/1.1'),
    });
    const started = events.find((event) => event.type === 'started');
    expect(started?.endpoint).toMatchObject({ service: { target: 'example.com', alpn: ['h2', 'http/1.1'] } });
    expect(started?.endpoint.protocol).toBeUndefined();
  });

  it('[V7] an endpoint that speaks h3 is dialled by QUIC first, where the client does', () => {
    const scheduler = new VirtualTimeScheduler();
    const zone: ServiceZone = {
      'example.com': { A: [10, '192.0.2.1'], AAAA: [10], HTTPS: [10, record(1, '.', { alpn: ['h3', 'h2'] })] },
    };
    const dialled: string[] = [];
    const silent = (protocol: string) => () => {
      dialled.push(`${scheduler.now()} ${protocol}`);
      return NEVER;
    };
    const events$ = race$('example.com', 443, {
      ...speaking('h3', 'h2'),
      scheduler,
      resolver: zoneResolver(zone, scheduler),
      transport: byProtocol({ tcp: silent('tcp'), quic: silent('quic') }),
      connectTimeout: 900,
    });
    events$.subscribe({ error: () => undefined });
    scheduler.flush();
    expect(dialled).toEqual(['10 quic', '260 tcp']);
  });

  it('[V7] h3 is refused where there is no transport for it', () => {
    expect(() => race$('example.com', 443, speaking('h3', 'h2') as object)).toThrow(
      'names h3, which needs a transport that speaks QUIC',
    );
  });

  it('[V6] the port of a record, else that of the authority; the name has the port unless that is 443', () => {
    expect(only({ port: 8443 })).toBe('192.0.2.1:8443 example.com');
    const zone: ServiceZone = {
      'example.com': { A: [10, '192.0.2.1'], AAAA: [10] },
      '_8443._https.example.com': { HTTPS: [10, record(1, 'example.com')] },
    };
    expect(serviceRace({ zone, port: 8443, options: { connectTimeout: 100 } }).asked[0]).toBe('0 _8443._https.example.com HTTPS');
    expect(order(zone, {}, 8443)[0]).toBe('192.0.2.1:8443 example.com');
  });

  it.each([
    ['http', 80, 'example.com', '192.0.2.1:443 example.com'],
    ['ws', 80, 'example.com', '192.0.2.1:443 example.com'],
    ['http', 8080, '_8080._https.example.com', '192.0.2.1:8080 example.com'],
    ['https', 80, '_80._https.example.com', '192.0.2.1:80 example.com'],
    ['wss', 443, 'example.com', '192.0.2.1:443 example.com'],
  ] as const)('[V6] %s and port %i: asks for %s', (scheme, port, name, place) => {
    const zone: ServiceZone = {
      'example.com': { A: [10, '192.0.2.1'], AAAA: [10], HTTPS: [10, record(1, 'example.com')] },
      [`_${port}._https.example.com`]: { HTTPS: [10, record(1, 'example.com')] },
    };
    const { asked } = serviceRace({ zone, port, options: { serviceRecords: { scheme }, connectTimeout: 100 } });
    expect(asked[0]).toBe(`0 ${name} HTTPS`);
    expect(order(zone, { serviceRecords: { scheme } }, port)[0]).toBe(place);
  });

  it('[V13] refuses the bad ports of the fetch standard in a record', () => {
    for (const port of [22, 25, 6000, 6667, 10080]) expect(only({ port })).toBe(notUsed);
    for (const port of [80, 8080, 8443]) expect(only({ port })).toBe(`192.0.2.1:${port} example.com`);
  });

  it('[V13] lets filters see target, hint and port of each endpoint', () => {
    const seen = new Set<string>();
    const zone: ServiceZone = {
      'example.com': { HTTPS: [10, record(1, 'alt.example', { port: 8443, ipv6hint: ['2001:db8:f::1'] })], A: [10, '192.0.2.1'] },
      'alt.example': { AAAA: [10], A: [10, '127.0.0.1'] },
    };
    const report = serviceRace({
      zone,
      options: {
        filter: (endpoint) => {
          seen.add(placeOf(endpoint));
          return !endpoint.address.startsWith('127.');
        },
      },
    });
    expect([...seen]).toEqual(['[2001:db8:f::1]:8443 alt.example?', '127.0.0.1:8443 alt.example', '192.0.2.1:443']);
    expect(report.ends.find(([address]) => address === '127.0.0.1')?.[1]).toBe('failed');
  });
});

describe('resolvers that do not answer for HTTPS', () => {
  const zone: ServiceZone = { 'example.com': { ...host, HTTPS: 'dropped' } };

  it('[V15] a dropped query costs the Resolution Delay, and a refused one nothing', () => {
    expect(serviceRace({ zone }).begun[0]).toBe('80 [2001:db8::1]:443');
    const refused: ServiceZone = { 'example.com': { ...host, HTTPS: { after: 10, code: 'EREFUSED' } } };
    expect(serviceRace({ zone: refused }).begun[0]).toBe('30 [2001:db8::1]:443');
  });

  /** Races one after the other in one virtual time; `sees`: whether a race is told at once that there is nothing. */
  const inARow = (network: () => string) => {
    const scheduler = new VirtualTimeScheduler();
    const resolver = zoneResolver(zone, scheduler);
    const drops = dropsOf(resolver.serviceRecords!, network, () => scheduler.now());
    return { scheduler, drops };
  };

  it('[V15] after three in a row nothing waits for ten minutes, and the query is made all the same', () => {
    const scheduler = new VirtualTimeScheduler();
    const asked: string[] = [];
    const resolver = zoneResolver(zone, scheduler, asked);
    const startOfRace = () => {
      let start: number | undefined;
      const began = scheduler.now();
      const events$ = race$('example.com', 443, {
        serviceRecords: true,
        scheduler,
        resolver,
        transport: () => NEVER,
        connectTimeout: 200,
      });
      events$.subscribe({ next: (event) => event.type === 'started' && (start ??= event.at), error: () => undefined });
      scheduler.flush();
      return [start, asked.filter((line) => line === `${began} example.com HTTPS`).length];
    };
    const later = (ms: number) => {
      scheduler.schedule(() => undefined, ms);
      scheduler.flush();
    };
    expect([1, 2, 3].map(startOfRace)).toEqual([80, 80, 80].map((start) => [start, 1]));
    expect([1, 2, 3].map(startOfRace)).toEqual([30, 30, 30].map((start) => [start, 1]));
    later(599_000);
    expect(startOfRace()).toEqual([30, 1]);
    later(1000);
    expect(startOfRace()).toEqual([80, 1]);
    expect(startOfRace()).toEqual([80, 1]);
  });

  it('[V15] an answer ends the row, and each network has its own', () => {
    let network = 'home';
    const { drops } = inARow(() => network);
    drops.hasDropped();
    drops.hasDropped();
    drops.hasAnswered();
    drops.hasDropped();
    drops.hasDropped();
    expect(drops.isUnanswered()).toBe(false);
    drops.hasDropped();
    expect(drops.isUnanswered()).toBe(true);
    network = 'office';
    expect(drops.isUnanswered()).toBe(true); // a race stays in the network in which it began
    expect(inARow(() => network).drops.isUnanswered()).toBe(false);
  });

  it('[V15] records that come although nothing waits for them join the race', () => {
    const scheduler = new VirtualTimeScheduler();
    const resolver = zoneResolver(
      { ...zone, 'slow.example': { ...host, HTTPS: [100, record(1, '.', { port: 8443 })] } },
      scheduler,
    );
    const places: string[] = [];
    const to = (name: string) => {
      const events$ = race$(name, 443, {
        serviceRecords: true,
        scheduler,
        resolver,
        transport: () => NEVER,
        connectTimeout: 400,
      });
      events$.subscribe({
        next: (event) => event.type === 'started' && places.push(placeOf(event.endpoint)),
        error: () => undefined,
      });
      scheduler.flush();
    };
    for (let race = 0; race < 3; race++) to('example.com');
    places.length = 0;
    to('slow.example');
    expect(places).toEqual(['[2001:db8::1]:443', '[2001:db8::1]:8443 slow.example']);
  });
});

describe('what service records leave as it is', () => {
  it('[V17] the Connection Attempt Delay, whether a session is resumed or not', () => {
    const zone: ServiceZone = { 'example.com': { ...host, HTTPS: [10, record(1, '.')] } };
    const starts = [true, false].map((serviceRecords) =>
      serviceRace({ zone, options: { serviceRecords, connectTimeout: 500 } }).starts.map(([, at]) => at),
    );
    expect(starts).toEqual([
      [30, 280],
      [30, 280],
    ]);
  });
});

describe('RFC 9460 section 10.4.4, a customer of several CDNs', () => {
  // The addresses of the first pool are there before those of the second, or the race would begin with what it has.
  const cdns: ServiceZone = {
    'cdn1.svc1.example': {
      HTTPS: [1, record(1, 'h3pool.svc1.example', { alpn: ['h3'] }), record(2, '.', { alpn: ['h2'] })],
      A: [20, '192.0.2.2'],
      AAAA: [20, '2001:db8:192::4'],
    },
    'h3pool.svc1.example': { A: [10, '192.0.2.3'], AAAA: [10, '2001:db8:192:7::3'] },
    'customer.svc2.example': {
      HTTPS: [1, record(1, '.', { alpn: ['h2'] })],
      A: [20, '198.51.100.2', '198.51.100.3', '198.51.100.4'],
      AAAA: [20, '2001:db8:198::7', '2001:db8:198::12'],
    },
    'cdn3.svc3.example': { A: [20, '203.0.113.8'], AAAA: [20, '2001:db8:113::8'] },
  };
  const apex: ServiceZone = {
    'customer.example': {
      HTTPS: [1, record(0, 'www.customer.example')],
      A: [20, '203.0.113.82'],
      AAAA: [20, '2001:db8:203::2'],
    },
  };
  /** Where races go for `www`, which is a CNAME for one of the CDNs, and for the apex. */
  const places = (cdn: string, alpn: readonly string[]) => {
    const zone: ServiceZone = { ...cdns, ...apex, 'www.customer.example': cdns[cdn]! };
    const options: RaceOptions = { serviceRecords: { scheme: 'https', alpn }, attemptTimeout: 10 };
    const [www, all] = ['www.customer.example', 'customer.example'].map((host) =>
      serviceRace({ zone, host, options }).events.flatMap((event) => {
        if (event.type !== 'started') return [];
        return [`${placeOf(event.endpoint)}${event.endpoint.protocol === 'quic' ? ' h3' : ''}`];
      }),
    );
    return { www, apex: all };
  };
  const own = ['[2001:db8:203::2]:443', '203.0.113.82:443'];

  it.each([
    // h3pool speaks the default protocol as well, for it has no no-default-alpn.
    [['h2', 'http/1.1'], ['']],
    [['h3', 'h2'], [' h3']],
    [
      ['h3', 'h2', 'http/1.1'],
      [' h3', ''],
    ],
  ])('[V3] [V4] cdn1.svc1.example has another service for HTTP/3: a client of %j', (alpn, protocols) => {
    const pool = ['[2001:db8:192:7::3]:443', '192.0.2.3:443'];
    const cdn1 = [
      ...protocols.flatMap((protocol) => pool.map((place) => `${place} h3pool.svc1.example${protocol}`)),
      '[2001:db8:192::4]:443 www.customer.example',
      '192.0.2.2:443 www.customer.example',
    ];
    expect(places('cdn1.svc1.example', alpn)).toEqual({ www: cdn1, apex: [...cdn1, ...own] });
  });

  it('[V3] [V4] customer.svc2.example speaks HTTP/2 alone', () => {
    const svc2 = [
      '[2001:db8:198::7]:443',
      '198.51.100.2:443',
      '[2001:db8:198::12]:443',
      '198.51.100.3:443',
      '198.51.100.4:443',
    ].map((place) => `${place} www.customer.example`);
    expect(places('customer.svc2.example', ['h3', 'h2'])).toEqual({ www: svc2, apex: [...svc2, ...own] });
  });

  it('[V9] cdn3.svc3.example has no HTTPS records', () => {
    const cdn3 = ['[2001:db8:113::8]:443', '203.0.113.8:443'];
    const aliased = cdn3.map((place) => `${place} www.customer.example`);
    expect(places('cdn3.svc3.example', ['h2', 'http/1.1'])).toEqual({ www: cdn3, apex: [...aliased, ...own] });
  });
});
