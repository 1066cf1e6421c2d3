import fc from 'fast-check';
import type { Endpoint } from '../src/index.js';
import { parseAddress } from '../src/core/address/address.js';
import { addressWords, commonPrefixLength } from '../src/core/address/address-bits.js';
import { defaultPolicyTable, policyLookup, type PolicyTableRow } from '../src/core/race/policy-table.js';
import {
  decision,
  destinationOf,
  firstDecision,
  ignoresHistory,
  rules,
  selectDestinations,
  type Destination,
} from '../src/core/race/rfc6724.js';

/** `destination < source`, best first; without a source: no route. */
type Destinations = readonly string[];

const endpointOf = (address: string): Endpoint => ({ ...parseAddress(address)!, port: 443 });

function select(destinations: Destinations, policyTable: readonly PolicyTableRow[] = defaultPolicyTable): Destinations {
  const policyOf = policyLookup(policyTable);
  const judged = destinations.map((text) => {
    const [destination, source] = text.split(' < ') as [string, string?];
    return destinationOf(endpointOf(destination), source, policyOf);
  });
  return selectDestinations(judged).map((destination) => destinations[judged.indexOf(destination)]!);
}

/** Both orders in which a resolver could give them come to the same. */
function expectOrder(destinations: Destinations, policyTable?: readonly PolicyTableRow[]): void {
  expect(select(destinations, policyTable)).toEqual(destinations);
  expect(select([...destinations].reverse(), policyTable)).toEqual(destinations);
}

const withPolicy = (...policies: readonly PolicyTableRow[]) => [
  ...defaultPolicyTable.filter(({ prefix }) => !policies.some((policy) => policy.prefix === prefix)),
  ...policies,
];

// The two examples of rules 3 and 4, deprecated and home addresses, need what Node does not tell.
describe('RFC 6724 section 10.2, examples of destination address selection', () => {
  it.each<[string, Destinations]>([
    ['matching scope', ['2001:db8:1::1 < 2001:db8:1::2', '198.51.100.121 < 169.254.13.78']],
    ['matching scope, for IPv4', ['198.51.100.121 < 198.51.100.117', '2001:db8:1::1 < fe80::1']],
    ['higher precedence', ['2001:db8:1::1 < 2001:db8:1::2', '10.1.2.3 < 10.1.2.4']],
    ['smaller scope', ['fe80::1 < fe80::2', '2001:db8:1::1 < 2001:db8:1::2']],
    ['longest matching prefix', ['2001:db8:1::1 < 2001:db8:1::2', '2001:db8:3ffe::1 < 2001:db8:3f44::2']],
    ['matching label', ['2002:c633:6401::1 < 2002:c633:6401::2', '2001:db8:1::1 < 2002:c633:6401::2']],
    ['higher precedence, before 6to4', ['2001:db8:1::1 < 2001:db8:1::2', '2002:c633:6401::1 < 2002:c633:6401::2']],
  ])('[S1] prefers %s', (_, destinations) => {
    expectOrder(destinations);
  });
});

describe('RFC 6724 sections 10.3 to 10.6, other policies', () => {
  const preferIPv4 = withPolicy({ prefix: '::ffff:0:0/96', precedence: 100, label: 4 });

  it.each<[string, readonly PolicyTableRow[], Destinations]>([
    ['IPv4 preferred, scope first', preferIPv4, ['2001:db8:1::1 < 2001:db8:1::2', '198.51.100.121 < 169.254.13.78']],
    ['IPv4 preferred, no scope to match', preferIPv4, ['198.51.100.121 < 198.51.100.117', '2001:db8:1::1 < fe80::1']],
    ['IPv4 preferred', preferIPv4, ['10.1.2.3 < 10.1.2.4', '2001:db8:1::1 < 2001:db8:1::2']],
    [
      'global scope preferred to link-local',
      withPolicy({ prefix: 'fe80::/10', precedence: 33, label: 1 }),
      ['2001:db8:1::1 < 2001:db8:1::2', 'fe80::1 < fe80::2'],
    ],
    [
      'the ULA of the site preferred',
      withPolicy({ prefix: 'fd11:1111:1111::/48', precedence: 45, label: 14 }),
      ['fd11:1111:1111::1 < fd11:1111:1111::2', '2001:db8:2::1 < 2001:db8:2::2', '192.0.2.1 < 192.0.2.2'],
    ],
  ])('[S1] %s', (_, policyTable, destinations) => {
    expectOrder(destinations, policyTable);
  });
});

describe("cases of other implementations' tests", () => {
  it.each<[string, Destinations]>([
    [
      'Go: a ULA source does not match a global destination, so IPv4 leads',
      ['198.51.100.121 < 192.0.2.7', '2001:db8:1::1 < fd00::2'],
    ],
    ['Go: no route comes last', ['198.51.100.121 < 192.0.2.7', '2001:db8:1::1']],
    ['glibc: ULA to ULA is after IPv4, by precedence', ['192.0.2.1 < 192.0.2.7', 'fd00::1 < fd00::2']],
    ['glibc: Teredo is after IPv4', ['192.0.2.1 < 192.0.2.7', '2001::1 < 2001::2']],
    ['glibc: 6to4 is after IPv4', ['192.0.2.1 < 192.0.2.7', '2002:c633:6401::1 < 2002:c633:6401::2']],
    ['glibc: site-local is after native IPv6', ['2001:db8::1 < 2001:db8::2', 'fec0::1 < fec0::2']],
    ['the loopback addresses: IPv6 first', ['::1 < ::1', '127.0.0.1 < 127.0.0.1']],
    ['loopback before global, by scope of equal precedence', ['::1 < ::1', '2001:db8::1 < 2001:db8::2', '192.0.2.1 < 192.0.2.2']],
    ['a multicast scope that the source has not comes after', ['2001:db8::1 < 2001:db8::2', 'ff02::1 < 2001:db8::2']],
  ])('[S1] %s', (_, destinations) => {
    expectOrder(destinations);
  });

  it('[S1] Go issue 13283: IPv4 addresses are left in the order of the DNS server, whatever prefix they share', () => {
    const answer = ['54.83.193.112', '184.72.238.214', '23.23.172.185', '75.101.148.21', '23.23.134.56', '23.21.50.150'];
    expect(select(answer.map((address) => `${address} < 10.2.3.4`)).map((text) => text.split(' ')[0])).toEqual(answer);
  });

  it('[S1] the prefix counts for its first 64 bits', () => {
    const same = ['2001:db8::aaaa < 2001:db8::1', '2001:db8::2 < 2001:db8::1'];
    expect(select(same)).toEqual(same);
  });
});

describe('the order', () => {
  const sixes = [
    '::1',
    '2001:db8:1::1',
    '2001:db8:2::1',
    '2001::1',
    '2002:c633:6401::1',
    'fd00::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'ff0e::1',
    '::192.0.2.1',
  ];
  const fours = ['127.0.0.1', '192.0.2.1', '10.0.0.1', '169.254.1.1', '198.51.100.1'];
  const destination = fc.oneof(
    fc.tuple(
      fc.constantFrom(...sixes),
      fc.option(fc.constantFrom('::1', '2001:db8:1::2', '2002:c633:6401::2', 'fd00::2', 'fe80::2', '2001::2')),
    ),
    fc.tuple(fc.constantFrom(...fours), fc.option(fc.constantFrom('127.0.0.1', '192.0.2.7', '169.254.13.78'))),
  );
  const destinations = fc
    .uniqueArray(destination, { maxLength: 12, selector: ([address]) => address })
    .map((all) => all.map(([address, source]) => (source === null ? address : `${address} < ${source}`)));
  const tables = fc.constantFrom(defaultPolicyTable, withPolicy({ prefix: '::ffff:0:0/96', precedence: 40, label: 1 }), []);

  it('[S1] is the same for every permutation of the input, up to rule 10', () => {
    fc.assert(
      fc.property(destinations, tables, fc.infiniteStream(fc.nat()), (given, table, chances) => {
        const shuffled = [...given]
          .map((text) => [chances.next().value as number, text] as const)
          .sort(([a], [b]) => a - b)
          .map(([, text]) => text);
        const policyOf = policyLookup(table);
        const keys = (order: Destinations) =>
          select(order, table).map((text) => {
            const [address, source] = text.split(' < ') as [string, string?];
            const seen = destinationOf(endpointOf(address), source, policyOf);
            // What the rules compare; two with the same keys are rule 10's.
            return [
              seen.usable,
              seen.scope === seen.sourceScope,
              seen.label === seen.sourceLabel,
              seen.precedence,
              seen.scope,
              seen.commonPrefixLength,
            ];
          });
        expect(keys(shuffled)).toEqual(keys(given));
      }),
      { seed: 6724, numRuns: 1000 },
    );
  });

  const record = fc.record({ smoothedRtt: fc.constantFrom(10, 20), usedAt: fc.constant(1) }, { requiredKeys: [] });
  const recorded = fc
    .tuple(destination, record)
    .map(([[address, source], known]) => ({ address, source: source ?? undefined, known }));

  it('[S1] [S2] [S3] is total: of three, what is before what is before a third is before the third', () => {
    fc.assert(
      fc.property(fc.tuple(recorded, recorded, recorded), tables, (given, table) => {
        const [a, b, c] = given.map(({ address, source, known }) =>
          destinationOf(endpointOf(address), source, policyLookup(table), known),
        ) as [Destination, Destination, Destination];
        const compare = (one: Destination, other: Destination) => firstDecision(rules, one, other);
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
      { seed: 6724, numRuns: 3000 },
    );
  });

  it('[S2] [S3] goes by history where rules 1 to 8 do not decide, and before rule 9', () => {
    const policyOf = policyLookup(defaultPolicyTable);
    const six = (address: string, known = {}) => destinationOf(endpointOf(address), '2001:db8:1::2', policyOf, known);
    const nearest = six('2001:db8:1::1');
    const used = six('2001:db8:3::1', { usedAt: 1 });
    const slow = six('2001:db8:4::1', { smoothedRtt: 80, usedAt: 1 });
    const fast = six('2001:db8:5::1', { smoothedRtt: 20, usedAt: 1 });
    expect(selectDestinations([nearest, used, slow, fast])).toEqual([fast, slow, used, nearest]);
    const ula = destinationOf(endpointOf('fd00::1'), 'fd00::2', policyOf, { smoothedRtt: 1, usedAt: 1 });
    expect(selectDestinations([ula, nearest])).toEqual([nearest, ula]);
    expect([[nearest], [nearest, ula], [ula, nearest]].map(ignoresHistory)).toEqual([true, true, true]);
    expect(
      [
        [fast, slow],
        [fast, ula, fast],
        [fast, slow, ula],
      ].map(ignoresHistory),
    ).toEqual([false, true, false]);
  });

  it('[S2] [S3] ignores history only where no history changes the order', () => {
    const policyOf = policyLookup(defaultPolicyTable);
    const known = fc.record({
      smoothedRtt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      usedAt: fc.constant(1),
    });
    const somewhere = fc.constantFrom(
      '2001:db8:1::1',
      '2001:db8:2::1',
      'fd00::1',
      '192.0.2.1',
      '198.51.100.1',
      '2002:c000:201::1',
    );
    const sources = fc.constantFrom('2001:db8:1::2', 'fd00::2', '192.0.2.2', undefined);
    const machine = fc.array(fc.tuple(somewhere, sources, known, known), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(machine, (all) => {
        const by = (record: (one: (typeof all)[number]) => object) =>
          selectDestinations(all.map((one) => destinationOf(endpointOf(one[0]), one[1], policyOf, record(one))));
        const addresses = (sorted: readonly Destination[]) =>
          sorted.map(({ endpoint, usable }) => `${endpoint.address} ${usable}`);
        const plain = by(() => ({}));
        if (!ignoresHistory(plain)) return;
        for (const of of [2, 3] as const) expect(addresses(by((one) => one[of]))).toEqual(addresses(plain));
      }),
      { seed: 6724, numRuns: 2000 },
    );
  });

  it('[S1] is stable: what no rule tells apart keeps its order', () => {
    const same = ['192.0.2.3 < 192.0.2.7', '192.0.2.1 < 192.0.2.7', '192.0.2.2 < 192.0.2.7'];
    expect(select(same)).toEqual(same);
  });
});

describe('the rule that decides between two destinations', () => {
  const policyOf = policyLookup(defaultPolicyTable);
  const judged = (text: string, known = {}) => {
    const [address, source] = text.split(' < ') as [string, string?];
    return destinationOf(endpointOf(address), source, policyOf, known);
  };
  const six = '2001:db8:1::1 < 2001:db8:1::2';

  it.each([
    [six, '192.0.2.1', 1, 'avoid unusable destinations'],
    ['198.51.100.121 < 198.51.100.117', '2001:db8:1::1 < fe80::1', 2, 'prefer matching scope'],
    ['2002:c633:6401::1 < 2002:c633:6401::2', '2001:db8:1::1 < 2002:c633:6401::2', 5, 'prefer matching label'],
    [six, '10.1.2.3 < 10.1.2.4', 6, 'prefer higher precedence'],
    ['fe80::1 < fe80::2', six, 8, 'prefer smaller scope'],
    ['2001:db8:1::1 < 2001:db8:1::2', '2001:db8:3ffe::1 < 2001:db8:1::2', 9, 'use longest matching prefix'],
    ['192.0.2.1 < 192.0.2.7', '192.0.2.2 < 192.0.2.7', 10, 'otherwise, leave the order unchanged'],
  ])('[S1] %s is before %s by rule %i', (a, b, rule, name) => {
    expect(decision(judged(a), judged(b))).toEqual({ rule, name });
    expect(decision(judged(b), judged(a))).toEqual({ rule, name });
  });

  it('[S2] [S3] may be history', () => {
    expect(decision(judged(six, { smoothedRtt: 1 }), judged(six))).toMatchObject({ rule: 'history' });
    expect(decision(judged(six, { usedAt: 1 }), judged(six))).toMatchObject({ rule: 'history' });
  });
});

describe('the policy table', () => {
  const policyOf = policyLookup(defaultPolicyTable);
  const policy = (address: string) => {
    const { precedence, label } = policyOf(addressWords(parseAddress(address)!));
    return [precedence, label];
  };

  it.each([
    ['::1', 50, 0],
    ['2001:db8::1', 40, 1],
    ['192.0.2.1', 35, 4],
    ['2002::1', 30, 2],
    ['2001::1', 5, 5],
    ['fd00::1', 3, 13],
    ['::c000:201', 1, 3],
    ['fec0::1', 1, 11],
    ['3ffe::1', 1, 12],
  ])('[S1] gives %s precedence %i and label %i', (address, precedence, label) => {
    expect(policy(address)).toEqual([precedence, label]);
  });

  it.each([
    [[{ prefix: '2001:db8::', precedence: 1, label: 1 }], 'ERR_INVALID_ARG_VALUE'],
    [[{ prefix: '192.0.2.0/24', precedence: 1, label: 1 }], 'ERR_INVALID_ARG_VALUE'],
    [[{ prefix: '2001:db8::/129', precedence: 1, label: 1 }], 'ERR_INVALID_ARG_VALUE'],
    [[{ prefix: 5, precedence: 1, label: 1 }], 'ERR_INVALID_ARG_TYPE'],
    [[{ prefix: '::/0', precedence: NaN, label: 1 }], 'ERR_OUT_OF_RANGE'],
    [[{ prefix: '::/0', precedence: 1 }], 'ERR_INVALID_ARG_TYPE'],
    ['::/0', 'ERR_INVALID_ARG_TYPE'],
  ])('refuses %j with %s', (table, code) => {
    expect(() => policyLookup(table as never)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('policyTable') }),
    );
  });
});

describe('addresses as bits', () => {
  it.each([
    ['::', '::', 128],
    ['::', '8000::', 0],
    ['2001:db8::1', '2001:db8::', 127],
    ['2001:db8:1::', '2001:db8:3::', 46],
    ['192.0.2.1', '192.0.2.2', 126],
    ['fe80::1%eth0', 'fe80::1', 128],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:9', 127],
  ])('%s and %s share %i', (a, b, bits) => {
    expect(commonPrefixLength(addressWords(parseAddress(a)!), addressWords(parseAddress(b)!))).toBe(bits);
  });
});
