import { policyLookup } from '../../src/core/race/policy-table.js';

const row = { prefix: '::/0', precedence: 1, label: 1 };

it.each<[object, string]>([
  [{ prefix: 5 }, '"policyTable[0].prefix" must be of type string. Received 5'],
  [{ prefix: '10.0.0.0/8' }, '"policyTable[0].prefix" must be an IPv6 prefix. Received '],
  [{ precedence: 'x' }, '"policyTable[0].precedence" must be of type number. Received '],
  [{ label: null }, '"policyTable[0].label" must be of type number. Received null'],
])('the error for a row with %j names it', (part, message) => {
  expect(() => policyLookup([{ ...row, ...part }])).toThrow(message);
});
