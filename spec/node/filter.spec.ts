import net from 'node:net';
import { of, VirtualTimeScheduler } from 'rxjs';
import { filtersOf, refusal } from '../../src/node/filter.js';
import {
  connect,
  connect$,
  race$,
  ssrf,
  staticResolver,
  type ConnectionError,
  type RaceOptions,
  type Endpoint,
} from '../../src/index.js';
import { embeddedIPv4 } from '../../src/core/address/embedded-ipv4.js';
import { parseAddress } from '../../src/core/address/address.js';
import { healthy } from '../../src/cli/lab.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6';
const four = '192.0.2.4';

/** IPv4 addresses that are not public: the ends of each block, and the famous ones. */
const PRIVATE_IPV4 = [
  '0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1', '127.255.255.255',
  '169.254.0.0', '169.254.169.254', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.0', '192.0.0.170', '192.0.2.1',
  '192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1',
  '239.255.255.255', '240.0.0.1', '255.255.255.255',
]; // prettier-ignore

/** IPv6 addresses that are not public. */
const PRIVATE_IPV6 = [
  '::', '::1', '::1%lo', 'fe80::1', 'fe80::1%eth0', 'febf:ffff::1', 'fec0::1', 'feff::1', 'fc00::1', 'fd00::1', 'fdff:ffff::1', 'ff02::1', 'ff05::1:3',
  'ff0e::1', '100::1', '100:0:0:1::1', '2001:2::1', '2001:10::1', '2001:db8::1', '3fff::1', '3fff:fff::1', '5f00::1', '2001:100::1', '64:ff9b:2::1',
  '4000::1', 'e000::1', '1::1', '0:1::1',
]; // prettier-ignore

const hex = (ipv4: string) => {
  const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number];
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)] as const;
};
const inverted = (ipv4: string) => ipv4.split('.').map((byte) => 255 - Number(byte)).join('.'); // prettier-ignore

/** The ways in which an IPv6 address can hold an IPv4 address. */
const ENCODINGS: Readonly<Record<string, (ipv4: string) => string>> = {
  'IPv4-mapped': (ipv4) => `::ffff:${ipv4}`,
  'IPv4-mapped in hex': (ipv4) => `::FFFF:${hex(ipv4).join(':')}`,
  'IPv4-mapped with a zone': (ipv4) => `::ffff:${ipv4}%eth0`,
  'IPv4-compatible': (ipv4) => `::${ipv4}`,
  NAT64: (ipv4) => `64:ff9b::${ipv4}`,
  'NAT64 of the network': (ipv4) => `64:ff9b:1::${ipv4}`,
  '6to4': (ipv4) => `2002:${hex(ipv4).join(':')}::1`,
  'a Teredo client': (ipv4) => `2001:0:808:808:0:0:${hex(inverted(ipv4)).join(':')}`,
  'a Teredo server': (ipv4) => `2001:0:${hex(ipv4).join(':')}:0:0:${hex(inverted('8.8.8.8')).join(':')}`,
};

const PUBLIC = [
  '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '93.184.216.34', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1', '169.253.255.255',
  '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.0.9', '192.0.1.0', '192.0.3.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0',
  '203.0.112.255', '203.0.114.0', '223.255.255.255', '2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450:4001::200e', '2620:fe::fe', '2400:cb00::1',
  '2001:1::1', '2001:20::1', '2001:4:112::1', '2003::1', '3ffe::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '2002:808:808::1', ENCODINGS['a Teredo client']!('8.8.4.4'),
]; // prettier-ignore

/** Which of the addresses a race dials. */
function dialled(addresses: readonly string[], options: RaceOptions): readonly string[] {
  const seen: string[] = [];
  const transport = ({ address }: Endpoint) => {
    seen.push(address);
    throw new Error('dialled');
  };
  // In virtual time they all begin at once, however many they are.
  const scheduler = new VirtualTimeScheduler();
  for (const address of addresses)
    connect$(address, 443, { transport, scheduler, ...options }).subscribe({ error: () => undefined });
  return seen;
}

describe('ssrf()', () => {
  const encoded = Object.entries(ENCODINGS).flatMap(([name, encode]) =>
    PRIVATE_IPV4.map((ipv4) => [name, encode(ipv4)] as const),
  );

  it(`[F1] lets none of ${PRIVATE_IPV4.length + PRIVATE_IPV6.length + encoded.length} forms of private addresses be dialled`, () => {
    const all = [...PRIVATE_IPV4, ...PRIVATE_IPV6, ...encoded.map(([, address]) => address)];
    expect(new Set(all).size).toBeGreaterThan(120);
    expect(all.filter((address) => !parseAddress(address))).toEqual([]);
    expect(dialled(all, { filter: ssrf() })).toEqual([]);
    // Asked by itself, without a race around it.
    expect(all.filter((address) => ssrf()({ ...parseAddress(address)!, port: 443 }))).toEqual([]);
  });

  it('[F1] lets public addresses pass', () => {
    expect(dialled(PUBLIC, { filter: ssrf() })).toEqual(PUBLIC.map((address) => parseAddress(address)!.address));
  });

  it('[F1] judges what a name has resolved to', () => {
    const resolver = staticResolver({ 'rebinding.example': ['8.8.8.8', '169.254.169.254', 'fd00::1'] });
    const seen: string[] = [];
    const transport = ({ address }: Endpoint) => {
      seen.push(address);
      throw new Error('dialled');
    };
    connect$('rebinding.example', 443, { resolver, transport, filter: ssrf() }).subscribe({ error: () => undefined });
    connect$('localhost', 443, { transport, filter: ssrf() }).subscribe({ error: () => undefined });
    expect(seen).toEqual(['8.8.8.8']);
  });
});

describe('a filter', () => {
  it.each([{ filter: () => true }, { blockList: new net.BlockList() }])(
    '[T2] that refuses nothing lets the race know when a handshake begins: %j',
    (options) => {
      const race = {
        lookup: answering([0, AAAA(six)], [0, A(four)]),
        fates: { [six]: connects(100).thenTls(200), [four]: hangs() },
      };
      const { starts } = runRace({ ...race, options });
      expect(starts).toEqual(runRace(race).starts);
      expect(starts).toEqual([[six, 0]]);
    },
  );
});

describe('embeddedIPv4', () => {
  it.each([
    ['::192.0.2.1', ['192.0.2.1']],
    ['::', []],
    ['::1', []],
    ['::2', ['0.0.0.2']],
    ['64:ff9b::c000:201', ['192.0.2.1']],
    ['2002:c000:201::', ['192.0.2.1']],
    ['2001:0:c000:201::3fff:fdfe', ['192.0.2.1', '192.0.2.1']],
    ['2001:db8::192.0.2.1', []],
    ['192.0.2.1', []],
  ])('of %s are %j', (address, expected) => {
    expect(embeddedIPv4(parseAddress(address)!)).toEqual(expected);
  });

  // The examples of RFC 6052 section 2.4, with the prefix of RFC 8215.
  it.each(['64:ff9b:1:c000:2:2100::', '64:ff9b:1:c0:0:221::', '64:ff9b:1::c0:2:2100:0', '64:ff9b:1::192.0.2.33'])(
    '[F1] finds 192.0.2.33 in %s, at whichever place the network has put it',
    (address) => {
      expect(embeddedIPv4(parseAddress(address)!)).toContain('192.0.2.33');
    },
  );
});

describe('a block list', () => {
  const blockList = new net.BlockList();
  blockList.addSubnet('127.0.0.0', 8);
  blockList.addAddress('fe80::1', 'ipv6');

  it('[F1] is not passed by in any form of an address', () => {
    const forms = ['127.0.0.1', ...Object.values(ENCODINGS).map((encode) => encode('127.0.0.1')), 'fe80::1', 'fe80::1%eth0'];
    expect(dialled(forms, { blockList })).toEqual([]);
    expect(dialled(['127.0.0.1', '8.8.8.8', '::1'], { blockList })).toEqual(['8.8.8.8', '::1']);
  });

  it('[F1] acts before any packet, on real sockets too', async () => {
    const server = await healthy('127.0.0.1');
    await expect(connect('127.0.0.1', server.port, { blockList })).rejects.toMatchObject({
      reason: 'blocked',
      code: 'ERR_IP_BLOCKED',
    });
    await server.close();
  });
});

describe('a filter', () => {
  const refuse =
    (...addresses: string[]) =>
    ({ address }: Endpoint) =>
      !addresses.includes(address);

  it('[F2] costs no delay, and stands in the records', () => {
    const race = runRace({
      lookup: answering(['at once', AAAA(six)], ['at once', A(four)]),
      fates: { [six]: connects(1), [four]: refuses(30) },
      options: { filter: refuse(six) },
    });
    expect(race.ends).toEqual([
      [six, 'failed', 0],
      [four, 'failed', 30],
    ]);
    expect(race.error).toMatchObject({
      reason: 'attempts',
      code: 'ECONNREFUSED',
      attempts: [
        { endpoint: { address: six }, startedAt: 0, endedAt: 0, outcome: 'blocked', code: 'ERR_IP_BLOCKED' },
        { endpoint: { address: four }, outcome: 'failed', code: 'ECONNREFUSED' },
      ],
      cause: { code: 'ECONNREFUSED' },
    });
    expect(race.error?.message).toBe(
      `Could not connect to example.com:443: [${six}]:443 is blocked; ${four}:443 ECONNREFUSED after 30 ms`,
    );
  });

  it('[F2] that refuses everything is a clear error', () => {
    const transport = jest.fn(() => of('won'));
    const errors: ConnectionError[] = [];
    connect$('example.com', 443, { resolver: staticResolver([six, four]), transport, filter: () => false }).subscribe({
      error: (error: ConnectionError) => errors.push(error),
    });
    expect(errors).toMatchObject([
      { reason: 'blocked', code: 'ERR_IP_BLOCKED', attempts: [{ outcome: 'blocked' }, { outcome: 'blocked' }] },
    ]);
    expect(errors[0]!.message).toBe(`Could not connect to example.com:443: [${six}]:443 is blocked; ${four}:443 is blocked`);
    expect(transport).not.toHaveBeenCalled();
  });

  it('goes on with the race', () => {
    const race = runRace({
      lookup: answering(['at once', AAAA(six)], ['at once', A(four)]),
      fates: { [six]: hangs(), [four]: connects(30) },
      options: { filter: refuse(six) },
    });
    expect(race.winner).toBe(four);
    expect(race.finish).toBe(30);
  });

  it('that throws refuses', () => {
    const broken = () => {
      throw new Error('no opinion');
    };
    const race = runRace({
      lookup: answering(['at once', AAAA(six)]),
      fates: { [six]: connects(1) },
      options: { filter: broken },
    });
    expect(race.error?.message).toContain('no opinion');
    expect(race.mostInFlight).toBe(0);
  });

  it.each<[string, (endpoint: Endpoint) => unknown]>([
    ["() => 'no'", () => 'no'],
    ['() => 1', () => 1],
    ['() => ({})', () => ({})],
    ['() => undefined', () => undefined],
    ['ssrf, which is not called', ssrf],
    ['() => new Boolean(true)', () => Object(true) as object],
  ])('[F4] lets nothing pass but by true: %s', (_name, filter) => {
    expect(dialled(['8.8.8.8', '::1'], { filter: filter as never })).toEqual([]);
  });

  it('[F4] says so where it was to be called', async () => {
    await expect(connect('8.8.8.8', 443, { filter: ssrf as never })).rejects.toMatchObject({
      code: 'ERR_IP_BLOCKED',
      errors: [expect.objectContaining({ message: expect.stringMatching(/returned a function: .*ssrf\(\)/) as string })],
    });
  });

  it.each([
    ['async () => true', async () => Promise.resolve(true)],
    ['async () => false', async () => Promise.resolve(false)],
    ['async () => { throw … }', async () => Promise.reject(new Error('late'))],
    ['() => a thenable', () => ({ then: (done: (verdict: boolean) => void) => { done(true); } })],
  ] as const)('[F4] is an error where it gives a promise: %s', async (_name, filter) => {
    const options = { filter: filter as never };
    expect(dialled(['8.8.8.8'], options)).toEqual([]);
    await expect(connect('8.8.8.8', 443, options)).rejects.toMatchObject({
      code: 'ERR_INVALID_RETURN_VALUE',
      message: expect.stringContaining('options.filter') as string,
    });
  }); // prettier-ignore

  it.each([undefined, 0, '', null, {}, Promise.resolve(false)])(
    '[F4] and a block list lets pass by false alone: %p',
    (verdict) => {
      expect(dialled(['8.8.8.8'], { blockList: { check: () => verdict } as never })).toEqual([]);
    },
  );

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
    ['::%lo', '::1'],
  ])('[F1] sees %s as the %s that it leads to', (host, own) => {
    const seen: string[] = [];
    dialled([host], { filter: ({ address }) => seen.push(address) > 0 });
    expect(seen).toContain(own);
  });

  it('sees each endpoint as it is, without its zone, and as the IPv4 address that it leads to', () => {
    const seen: string[] = [];
    const filter = ({ address }: Endpoint) => seen.push(address) > 0;
    for (const host of ['fe80::1%eth0', '64:ff9b::192.0.2.1'])
      race$(host, 443, { filter, transport: () => of('won') }).subscribe();
    expect(seen).toEqual(['fe80::1%eth0', 'fe80::1', '64:ff9b::c000:201', '192.0.2.1']);
  });

  it.each<[object, string]>([
    [{ blockList: [] }, 'blockList'],
    [{ filter: true }, 'filter'],
  ])('%j is refused at the call', (options, name) => {
    expect(() => connect$('example.com', 443, options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining(name) }),
    );
  });
});

describe('the filters among options', () => {
  const blockList = new net.BlockList();
  blockList.addAddress(four);
  const filter = ssrf();

  it.each([
    [{}, undefined],
    [{ blockList }, { blockList }],
    [{ filter }, { filter }],
    [
      { blockList, filter },
      { blockList, filter },
    ],
  ])('[F1] are those that are given, and none where none is: %#', (options, filters) => {
    expect(filtersOf({ connectTimeout: 1, ...options } as object)).toStrictEqual(filters);
  });

  it('[F2] name what has refused', () => {
    const endpoint = { address: four, family: 4, port: 443 } as const;
    expect(refusal(endpoint, { blockList })?.message).toBe(`${four}:443 is blocked by the block list`);
    expect(refusal(endpoint, { filter: () => false })?.message).toBe(`${four}:443 is blocked by the filter`);
    expect(refusal(endpoint, { filter: () => ({ ok: true }) as unknown as boolean })?.message).toBe(
      `${four}:443 is blocked by the filter`,
    );
    const promised = (() => Promise.resolve(true)) as unknown as () => boolean;
    expect(() => refusal(endpoint, { filter: promised })).toThrow('true or false at once, and no promise');
  });

  it('[N3] judge where a translator leads, and not the address by which it is reached', () => {
    const behind = (address: string) => ({ address, family: 4, port: 443, via: 'fd00:64::808:808' }) as const;
    expect(ssrf()(behind('8.8.8.8'))).toBe(true);
    expect(ssrf()(behind('10.0.0.1'))).toBe(false);
  });
});
