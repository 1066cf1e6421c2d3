import { decode, encode, type Answer, type Packet } from 'dns-packet';
import { readMessage } from '../../src/node/dns-reader.js';
import { generator } from '../support/random.js';
import { expectLinear } from '../support/growth.js';

const record = (type: string, name: string, data: unknown) => ({ type, name, ttl: 60, class: 'IN', data }) as Answer;

const message = encode({
  type: 'response',
  id: 1,
  questions: [{ type: 'A', name: 'example.com' }],
  answers: [
    record('CNAME', 'example.com', 'a.example'),
    record('A', 'a.example', '192.0.2.1'),
    record('AAAA', 'a.example', '2001:db8::1'),
    record('UNKNOWN_65', 'a.example', Buffer.from([0, 1, 0])),
  ],
  authorities: [record('SOA', '.', { mname: 'ns.example', rname: 'root.example', serial: 1 })],
  additionals: [record('PTR', '1.2.0.192.in-addr.arpa', 'a.example')],
});

/** A message of 64 kB: first pointers, each of which leads to the one before, then records that begin with the last of them. */
function pointersToPointers(pointers: number, records: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records, 6);
  const chain = Buffer.alloc(pointers * 2);
  for (let i = 1; i < pointers; i++) chain.writeUInt16BE(0xc000 | (12 + 5 + (i - 1) * 2), i * 2);
  // A question, and a record whose data the pointers are.
  const question = Buffer.from([0, 0, 1, 0, 1]);
  const last = 12 + 5 + (pointers - 1) * 2;
  const row = Buffer.alloc(12);
  row.writeUInt16BE(0xc000 | last, 0);
  row.writeUInt16BE(1, 2);
  return Buffer.concat([head, question, chain, ...Array.from({ length: records }, () => row)]);
}

describe('readMessage', () => {
  it('reads what dns-packet reads', () => {
    const ours = readMessage(message);
    const theirs = decode(message);
    expect(ours.questions).toEqual([{ name: 'example.com', type: 'A', class: 1 }]);
    const named = (records: Packet['answers']) => records!.map((each) => [each.name, each.type]);
    expect(ours.answers.map(({ name, type }) => [name, type])).toEqual(named(theirs.answers));
    expect(ours.answers.map(({ data }) => data)).toEqual(['a.example', '192.0.2.1', '2001:db8::1', Uint8Array.from([0, 1, 0])]);
    expect(ours.authorities).toMatchObject([{ name: '.', type: 'SOA', ttl: 60 }]);
    expect(ours.additionals).toMatchObject([{ type: 'PTR', data: 'a.example' }]);
  });

  it.each<[string, Buffer]>([
    ['ends within a record', message.subarray(0, -1)],
    ['ends within its header', message.subarray(0, 11)],
    ['says that it has more questions', Buffer.from(message).fill(0xff, 4, 6)],
    ['has an address of three bytes', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0, 0, 0, 0, 0, 1, 7])],
  ])('refuses one that %s', (_, bytes) => {
    expect(() => readMessage(bytes)).toThrow();
  });

  it('follows pointers backwards alone, and at most 127 of them', () => {
    const leading = (at: number, to: number) => {
      const bytes = Buffer.from(message);
      bytes.writeUInt16BE(0xc000 | to, at);
      return () => readMessage(bytes);
    };
    expect(leading(12, 12)).toThrow('leads nowhere');
    expect(leading(12, 40)).toThrow('leads nowhere');
    expect(() => readMessage(pointersToPointers(128, 1))).toThrow();
  });

  it('takes no longer than the message is long, whatever it leads to', () => {
    expectLinear((size) => {
      try {
        readMessage(pointersToPointers(Math.min(size, 8000), size / 2));
      } catch {
        // malformed
      }
    }, 8000);
  });

  it('reads a message or refuses it with an Error, whatever bytes are changed', () => {
    const random = generator(1035);
    let read = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(message);
      for (let change = 0; change < 3; change++) bytes[12 + Math.floor(random() * (bytes.length - 12))] = random() * 256;
      try {
        readMessage(bytes);
        read++;
      } catch (error) {
        // Node's own errors are of another realm than the spec.
        expect(Object.prototype.toString.call(error)).toBe('[object Error]');
      }
    }
    expect(read).toBeGreaterThan(1000);
  });
});
