import { usableRecords } from '../../src/core/race/usable-records.js';
import type { ServiceRecord } from '../../src/core/race/service-records.js';

it.each<[Partial<ServiceRecord>, string | undefined]>([
  [{}, undefined],
  [{ port: 8443, mandatory: ['port'] }, undefined],
  [{ mandatory: ['key9'] }, '1 b mandatory=key9" is not used: its mandatory parameter key9 is not supported'],
  [{ port: 22 }, '1 b port=22" is not used: port 22 is not for HTTP'],
  [{ alpn: ['h3'], noDefaultAlpn: true }, 'it has no protocol in common with this client'],
])('a record with %j is usable, or the complaint says why not', (part, complaint) => {
  const complaints: string[] = [];
  const record = { priority: 1, target: 'b', ...part };
  const usable = usableRecords([record], ['h2', 'http/1.1'], (one) => complaints.push(one));
  expect(usable).toEqual(complaint === undefined ? [{ record, alpn: ['http/1.1'] }] : []);
  expect(complaints).toEqual(complaint === undefined ? [] : [expect.stringContaining(complaint)]);
});
