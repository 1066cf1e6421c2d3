import fc from 'fast-check';
import { formatRecord, serviceRecord, serviceRecordName, serviceRecords } from '../../src/core/race/service-records.js';
import { runs } from '../support/runs.js';

/** Bytes in hexadecimal, with spaces wherever they help. */
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const FOO_EXAMPLE_COM = '03 666f6f 07 6578616d706c65 03 636f6d 00';
const EXAMPLE_COM = '07 6578616d706c65 03 636f6d 00';
const FOO_EXAMPLE_ORG = '03 666f6f 07 6578616d706c65 03 6f7267 00';

/** A record of priority 1 for foo.example.com with these parameters: number and value in hexadecimal. */
const withParams = (...params: readonly (readonly [key: number, value: string])[]) =>
  hex(
    `0001 ${FOO_EXAMPLE_COM} ${params
      .map(([key, value]) => word(key) + word(value.replaceAll(' ', '').length / 2) + value)
      .join('')}`,
  );
const word = (number: number) => number.toString(16).padStart(4, '0');

describe('RFC 9460 appendix D.1, AliasMode', () => {
  it('foo.example.com', () => {
    expect(serviceRecord(hex(`0000 ${FOO_EXAMPLE_COM}`))).toEqual({ priority: 0, target: 'foo.example.com' });
  });
});

describe('RFC 9460 appendix D.2, ServiceMode', () => {
  it.each([
    ['the target is "."', '0001 00', { priority: 1, target: '.' }],
    ['a port', `0010 ${FOO_EXAMPLE_COM} 0003 0002 0035`, { priority: 16, target: 'foo.example.com', port: 53 }],
    ['a generic key', `0001 ${FOO_EXAMPLE_COM} 029b 0005 68656c6c6f`, { priority: 1, target: 'foo.example.com' }],
    [
      'a generic key, its value with a decimal escape',
      `0001 ${FOO_EXAMPLE_COM} 029b 0009 68656c6c6fd2716f6f`,
      { priority: 1, target: 'foo.example.com' },
    ],
    [
      'two IPv6 hints',
      `0001 ${FOO_EXAMPLE_COM} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
      { priority: 1, target: 'foo.example.com', ipv6hint: ['2001:db8::1', '2001:db8::53:1'] },
    ],
    [
      'an IPv6 hint in embedded IPv4 syntax',
      `0001 ${EXAMPLE_COM} 0006 0010 20010db80122034400000000c0000221`,
      { priority: 1, target: 'example.com', ipv6hint: ['2001:db8:122:344::c000:221'] },
    ],
    [
      'parameters in order, mandatory keys first',
      `0010 ${FOO_EXAMPLE_ORG} 0000 0004 0001 0004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201`,
      {
        priority: 16,
        target: 'foo.example.org',
        alpn: ['h2', 'h3-19'],
        ipv4hint: ['192.0.2.1'],
        mandatory: ['alpn', 'ipv4hint'],
      },
    ],
    [
      'a comma and a backslash in a protocol',
      `0010 ${FOO_EXAMPLE_ORG} 0001 000c 08 665c6f6f2c626172 02 6832`,
      { priority: 16, target: 'foo.example.org', alpn: ['f\\oo,bar', 'h2'] },
    ],
  ])('%s', (_, bytes, record) => {
    expect(serviceRecord(hex(bytes))).toEqual(record);
  });
});

describe('RFC 9460 appendix D.3, what a record must not be', () => {
  it.each([
    ['the same key twice', withParams([123, '616263'], [123, '646566']), 'key123 comes after key123'],
    ['mandatory without a value', withParams([0, '']), 'mandatory is empty'],
    ['alpn without a value', withParams([1, '']), 'alpn is empty'],
    ['port without a value', withParams([3, '']), 'port has 0 bytes'],
    ['ipv4hint without a value', withParams([4, '']), 'ipv4hint is empty'],
    ['ipv6hint without a value', withParams([6, '']), 'ipv6hint is empty'],
    ['no-default-alpn with a value', withParams([1, '02 6832'], [2, '616263']), 'no-default-alpn has a value'],
    ['a mandatory parameter that is not there', withParams([0, '007b']), 'key123 is mandatory and not there'],
    ['mandatory among the mandatory ones', withParams([0, '0000']), 'mandatory names itself'],
    ['a mandatory key twice', withParams([0, '007b 007b'], [123, '616263']), 'the keys of mandatory are not in order'],
  ])('%s', (_, bytes, reason) => {
    expect(() => serviceRecord(bytes)).toThrow(
      expect.objectContaining({ code: 'EBADRESP', message: `malformed service record: ${reason}` }),
    );
  });
});

describe('RFC 9460 sections 2.2, 7 and 8', () => {
  it.each([
    ['no record at all', hex('')],
    ['half a priority', hex('00')],
    ['no target', hex('0001')],
    ['a target without end', hex('0001 03 666f6f')],
    ['a compressed target', hex('0001 c00c')],
    ['a target of over 255 bytes', hex(`0001 ${`3f${'61'.repeat(63)}`.repeat(4)} 00`)],
    ['half a key', hex('0001 00 00')],
    ['half a length', hex('0001 00 0003 00')],
    ['a value that ends too early', hex('0001 00 0003 0002 00')],
    ['keys out of order', withParams([3, '0035'], [1, '02 6832'])],
    ['a protocol that ends too early', withParams([1, '03 6832'])],
    ['an empty protocol', withParams([1, '02 6832 00'])],
    ['no-default-alpn without alpn', withParams([2, ''])],
    ['a port of three bytes', withParams([3, '000035'])],
    ['an IPv4 hint of five bytes', withParams([4, 'c000020100'])],
    ['an IPv6 hint of four bytes', withParams([6, 'c0000201'])],
    ['an empty ech', withParams([5, ''])],
    ['half a mandatory key', withParams([0, '000100'], [1, '02 6832'])],
    ['mandatory keys out of order', withParams([0, '0003 0001'], [1, '02 6832'], [3, '0035'])],
  ])('refuses %s', (_, bytes) => {
    expect(() => serviceRecord(bytes)).toThrow(expect.objectContaining({ code: 'EBADRESP' }));
  });

  it('reads every parameter', () => {
    const bytes = withParams([1, '02 6833'], [2, ''], [3, '20fb'], [4, 'c0000201c0000202'], [5, '0004feed'], [7, '2f']);
    expect(serviceRecord(bytes)).toEqual({
      priority: 1,
      target: 'foo.example.com',
      alpn: ['h3'],
      noDefaultAlpn: true,
      port: 8443,
      ipv4hint: ['192.0.2.1', '192.0.2.2'],
      ech: Uint8Array.of(0, 4, 0xfe, 0xed),
    });
  });

  it('names mandatory keys that it does not know by their number', () => {
    expect(serviceRecord(withParams([0, '0003 0009'], [3, '0035'], [9, ''])).mandatory).toEqual(['port', 'key9']);
  });

  it('does not look at the parameters of an alias', () => {
    expect(serviceRecord(hex(`0000 ${FOO_EXAMPLE_COM} 0003 0001 00`))).toEqual({ priority: 0, target: 'foo.example.com' });
  });

  it('writes a target as zone files do', () => {
    expect(serviceRecord(hex('0000 04 612e1b5c 00')).target).toBe('a\\.\\027\\\\');
  });

  it('sorts the records of an answer by priority, and keeps equals in order', () => {
    const of = (priority: number, label: string) => hex(`${word(priority)} 01 ${label} 00`);
    const targets = (...records: Uint8Array[]) => serviceRecords(records).map(({ target }) => target);
    expect(targets(of(2, '61'), of(1, '62'), of(2, '63'), of(1, '64'))).toEqual(['b', 'd', 'a', 'c']);
    expect(targets(of(2, '61'), of(0, '62'), of(1, '63'))).toEqual(['b']);
    expect(targets()).toEqual([]);
  });

  it('[V10] rejects a whole answer when one of its records is malformed', () => {
    expect(() => serviceRecords([hex('0001 00'), withParams([1, ''])])).toThrow(expect.objectContaining({ code: 'EBADRESP' }));
  });

  it.each([
    ['no-default-alpn without alpn', withParams([2, ''])],
    ['a mandatory parameter that is not there', withParams([0, '007b'])],
  ])('[V10] leaves out a record that contradicts itself, and no other: %s', (_, contradictory) => {
    expect(serviceRecords([contradictory, hex('0002 00')])).toEqual([{ priority: 2, target: '.' }]);
    expect(serviceRecords([contradictory])).toEqual([]);
  });

  it.each([
    ['mandatory among the mandatory ones', withParams([0, '0000'])],
    ['mandatory keys out of order', withParams([0, '0003 0001'], [1, '02 6832'], [3, '0035'])],
    ['keys out of order', withParams([3, '0035'], [1, '02 6832'])],
  ])('[V10] takes %s for malformed', (_, malformed) => {
    expect(() => serviceRecords([malformed, hex('0002 00')])).toThrow(expect.objectContaining({ code: 'EBADRESP' }));
  });

  it('writes a record as zone files do, without its keys', () => {
    const bytes = withParams([1, '02 6833'], [2, ''], [3, '20fb'], [4, 'c0000201'], [5, '0004feed']);
    expect(formatRecord(serviceRecord(bytes))).toBe('1 foo.example.com alpn=h3 no-default-alpn port=8443 ipv4hint=192.0.2.1 ech');
  });

  it('reads or refuses any bytes, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, begun) => {
        try {
          expect(serviceRecord(begun ? Uint8Array.from([0, 1, 0, ...bytes]) : bytes)).toMatchObject({
            priority: expect.any(Number),
          });
        } catch (error) {
          expect(error).toMatchObject({ code: 'EBADRESP' });
        }
      }),
      { seed: 9460, numRuns: runs(5000) },
    );
  });
});

describe('RFC 9460 section 9.1, the name of the records', () => {
  it.each([
    [443, 'example.com'],
    [8443, '_8443._https.example.com'],
  ])('for port %i is %s', (port, name) => {
    expect(serviceRecordName('example.com', port)).toBe(name);
  });
});

describe('what the messages about records say', () => {
  it.each([
    ['no-default-alpn stands without alpn', withParams([2, ''])],
    ['a protocol of alpn is empty', withParams([1, '02 6832 00'])],
  ])('%s', (reason, bytes) => {
    expect(() => serviceRecord(bytes)).toThrow(`malformed service record: ${reason}`);
  });

  it('every parameter, and only those of the record', () => {
    const hints = { ipv4hint: ['192.0.2.1', '192.0.2.2'], ipv6hint: ['2001:db8::1', '2001:db8::2'] };
    expect(formatRecord({ priority: 1, target: 'b', mandatory: ['alpn', 'port'], alpn: ['h2', 'h3'], port: 0, ...hints })).toBe(
      '1 b mandatory=alpn,port alpn=h2,h3 port=0 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1,2001:db8::2',
    );
    expect(formatRecord({ priority: 2, target: '.' })).toBe('2 .');
  });
});
