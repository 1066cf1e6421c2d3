import fc from 'fast-check';
import { parseAddress } from '../../src/core/address/address.js';
import { parseGaiConf } from '../../src/core/race/gai-conf.js';
import { gaiPolicyLookup } from '../../src/core/race/gai-policy.js';
import { defaultPolicyTable, policyLookup } from '../../src/core/race/policy-table.js';
import { decision, destinationOf, firstDecision, rules } from '../../src/core/race/rfc6724.js';

const byRfc = policyLookup(defaultPolicyTable);

/** `destination < source`. */
function judged(conf: string, text: string) {
  const [address, source] = text.split(' < ') as [string, string?];
  return destinationOf({ ...parseAddress(address)!, port: 443 }, source, gaiPolicyLookup(parseGaiConf(conf), byRfc));
}

const six = '2001:db8:1::1 < 2001:db8:1::2';
const four = '192.0.2.1 < 192.0.2.7';
const ten = '10.1.2.3 < 10.1.2.4';

describe('selection by the tables of a gai.conf', () => {
  it.each<[string, string, string, number]>([
    ['', six, four, 6],
    ['precedence ::ffff:0:0/96 100', four, six, 6],
    ['precedence ::ffff:10.0.0.0/104 100', ten, six, 6],
    ['precedence ::ffff:10.0.0.0/104 100', six, '198.51.100.1', 1],
    // The row for all others is for IPv4 as well: nothing but the prefix tells the families apart.
    ['precedence 2002::/16 1', six, four, 9],
    // The file's table replaces the RFC's as a whole.
    ['precedence ::ffff:0:0/96 30', 'fd00::1 < fd00::2', four, 6],
    ['label 2001:db8:1::1/128 9', four, six, 5],
    ['label ::/0 7', '2001:db8:1::1 < 2002:c633:6401::2', four, 6],
    // 10/8 is link-local like its sources: smaller than global where precedences are equal.
    ['scopev4 10.0.0.0/8 2\nprecedence ::/0 40', ten, six, 8],
    ['scopev4 ::ffff:10.0.0.0/104 2\nprecedence ::/0 40', ten, four, 8],
    ['scopev4 10.0.0.0/8 2\nprecedence ::ffff:0:0/96 100', six, '192.0.2.1 < 10.1.2.4', 2],
    // The file's scopes replace the RFC's: link-local addresses are global now.
    ['scopev4 10.0.0.0/8 2\nprecedence ::ffff:0:0/96 100', '192.0.2.1 < 169.254.1.1', six, 6],
    ['precedence ::ffff:0:0/96 100', six, '192.0.2.1 < 169.254.1.1', 2],
    ['precedence ::ffff:0:0/96 100\nprecedence ::ffff:0:0/96 1', four, six, 6],
    ['precedence ::ffff:0:0/96 1\nprecedence ::ffff:0:0/96 100', six, four, 6],
  ])('[S1] %j puts %s before %s by rule %i', (conf, one, other, rule) => {
    const [a, b] = [judged(conf, one), judged(conf, other)];
    expect([Math.sign(firstDecision(rules, a, b)), Math.sign(firstDecision(rules, b, a))]).toEqual([-1, 1]);
    expect(decision(a, b).rule).toBe(rule);
  });
});

// A model of its own: addresses are numbers of 128 bits, and tables are searched from the longest mask down.

const MAPPED = 0xffff00000000n;

function bits(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((all, byte) => all * 256n + BigInt(byte), 0n) + MAPPED;
  const [left, right = ''] = text.split('::') as [string, string?];
  const [head, tail] = [left, right].map((side) => side.split(':').filter(Boolean)) as [string[], string[]];
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.reduce((all, group) => all * 65536n + BigInt(`0x${group}`), 0n);
}

interface ModelRow {
  readonly prefix: string;
  readonly length: number;
  readonly value: number;
}

function valueIn(rows: readonly ModelRow[], rest: number, address: string): number {
  for (let length = 128; length >= 0; length--) {
    const shift = BigInt(128 - length);
    const row = rows.find((one) => one.length === length && bits(one.prefix) >> shift === bits(address) >> shift);
    if (row) return row.value;
  }
  return rest;
}

function rfcScope(address: string): number {
  if (!address.includes(':')) return /^(?:127|169\.254)\./.test(address) ? 2 : 14;
  return /^(?:fe80:|::1$)/.test(address) ? 2 : 14;
}

interface Tables {
  readonly label: readonly ModelRow[];
  readonly precedence: readonly ModelRow[];
  readonly scopev4: readonly ModelRow[];
}

/** -1, 0, 1: by rules 2, 5, 6 and 8 alone. */
function modelOrder(tables: Tables, [a, sourceA]: readonly [string, string], [b, sourceB]: readonly [string, string]): number {
  const rfc = (key: 'label' | 'precedence') =>
    defaultPolicyTable.map((row) => ({
      prefix: row.prefix.split('/')[0]!,
      length: Number(row.prefix.split('/')[1]),
      value: row[key],
    }));
  const label = (address: string) => valueIn(tables.label.length > 0 ? tables.label : rfc('label'), 1, address);
  const precedence = (address: string) =>
    valueIn(tables.precedence.length > 0 ? tables.precedence : rfc('precedence'), 40, address);
  const scope = (address: string) =>
    address.includes(':') || tables.scopev4.length === 0 ? rfcScope(address) : valueIn(tables.scopev4, 14, address);
  const steps = [
    Number(scope(b) === scope(sourceB)) - Number(scope(a) === scope(sourceA)),
    Number(label(b) === label(sourceB)) - Number(label(a) === label(sourceA)),
    precedence(b) - precedence(a),
    scope(a) - scope(b),
  ];
  return Math.sign(steps.find((step) => step !== 0) ?? 0);
}

describe('300 random tables', () => {
  const sixes = ['2001:db8:1::1', '2001:db8:2::2', '2002:c633:6401::1', 'fd00::1', 'fe80::1', '::1', '2001:db8:1::2'];
  const fours = ['10.1.2.3', '10.9.9.9', '192.0.2.1', '127.0.0.1', '169.254.7.7', '198.51.100.1'];
  const value = fc.integer({ min: 0, max: 15 });
  const sixRow = fc.record({
    prefix: fc.constantFrom(...sixes, '::'),
    length: fc.constantFrom(0, 1, 7, 16, 17, 32, 46, 48, 64, 127, 128),
    value,
  });
  const fourRow = fc.record({
    prefix: fc.constantFrom(...fours),
    length: fc.constantFrom(96, 97, 104, 112, 113, 127, 128),
    value,
  });
  const table = (row: fc.Arbitrary<ModelRow>) =>
    fc.uniqueArray(row, { maxLength: 6, selector: ({ prefix, length }) => `${bits(prefix) >> BigInt(128 - length)}/${length}` });
  const tables = fc.record({
    label: table(fc.oneof(sixRow, fourRow)),
    precedence: table(fc.oneof(sixRow, fourRow)),
    scopev4: table(fourRow),
  });
  const destination = fc.oneof(
    fc.tuple(fc.constantFrom(...sixes), fc.constantFrom(...sixes)),
    fc.tuple(fc.constantFrom(...fours), fc.constantFrom(...fours)),
  );

  const written = (all: Tables) =>
    Object.entries(all)
      .flatMap(([keyword, rows]) =>
        (rows as readonly ModelRow[]).map(({ prefix, length, value: given }, index) => {
          const dotted = keyword === 'scopev4' && index % 2 === 0;
          const text = prefix.includes(':') || dotted ? prefix : `::ffff:${prefix}`;
          return `${keyword} ${text}/${dotted ? length - 96 : length} ${given}`;
        }),
      )
      .join('\n');

  it('[S1] put pairs of addresses in the order that a plain model of the rules gives', () => {
    fc.assert(
      fc.property(tables, fc.array(fc.tuple(destination, destination), { minLength: 5, maxLength: 5 }), (all, pairs) => {
        const policyOf = gaiPolicyLookup(parseGaiConf(written(all)), byRfc);
        for (const [one, other] of pairs) {
          const [a, b] = [one, other].map(([address, source]) =>
            destinationOf({ ...parseAddress(address)!, port: 1 }, source, policyOf),
          );
          const expected = modelOrder(all, one, other);
          if (expected !== 0) expect(Math.sign(firstDecision(rules, a!, b!))).toBe(expected);
          else expect([9, 10]).toContain(decision(a!, b!).rule);
        }
      }),
      { seed: 13, numRuns: 300 },
    );
  });
});
