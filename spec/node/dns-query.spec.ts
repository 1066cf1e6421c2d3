import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode, type Answer, type Question } from 'dns-packet';
import fc from 'fast-check';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { serviceRecords } from '../../src/core/race/service-records.js';
import { answerFrom, type DnsAnswer } from '../../src/node/dns-answer.js';
import type { RecordData } from '../../src/node/dns-message.js';
import { dnsQuery, type DnsQueryOptions } from '../../src/node/dns-query.js';
import { dnsServer, HTTPS, httpsRecord, records, startOfAuthority, type Reply } from '../support/dns-server.js';
import { activeResources, leftOver, listen, open } from '../support/fixtures.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(reply: Parameters<typeof dnsServer>[0], host?: string) {
  const server = await dnsServer(reply, host);
  closing.push(server.close);
  return server;
}

const ask = (name: string, type: keyof RecordData, servers: readonly string[], options: DnsQueryOptions = {}) =>
  lastValueFrom(dnsQuery(name, type, { servers, timeout: 300, tries: 1, ...options }).pipe(toArray()));

/** A reply by name and type; the others are silent. */
const replies =
  (table: Readonly<Record<string, Reply>>) =>
  ({ name, type }: Question): Reply =>
    table[`${name} ${type}`] ?? { silent: true };

const GOOD: Reply = { records: records('example.com', 'A', ['192.0.2.1']) };
const good = { aliases: [], data: ['192.0.2.1'], ttl: 60 };

describe('a query', () => {
  it('brings the records of the type with the least of their times to live, once, and completes', async () => {
    const { address } = await serve(
      replies({
        'example.com AAAA': {
          records: [
            ...records('example.com', 'AAAA', ['2001:db8::1'], 300),
            ...records('Example.COM', 'AAAA', ['2001:db8::2'], 30),
            ...records('other.example', 'AAAA', ['2001:db8::3'], 3),
            ...records('example.com', 'A', ['192.0.2.1'], 2),
          ],
        },
      }),
    );
    await expect(ask('example.com', 'AAAA', [address])).resolves.toEqual([
      { aliases: [], data: ['2001:db8::1', '2001:db8::2'], ttl: 30 },
    ]);
  });

  it('brings HTTPS records as they came', async () => {
    const { address } = await serve(
      replies({ [`example.com ${HTTPS}`]: { records: [httpsRecord('example.com', '0001 00 0001 0003 026832')] } }),
    );
    const [answer] = await ask('example.com', 'HTTPS', [address]);
    expect(serviceRecords(answer!.data as Uint8Array[])).toEqual([{ priority: 1, target: '.', alpn: ['h2'] }]);
  });

  it('brings names, and the aliases that lead to them', async () => {
    const { address } = await serve(
      replies({
        '1.2.0.192.in-addr.arpa PTR': {
          records: [
            ...records('1.2.0.192.in-addr.arpa', 'CNAME', ['1.0-63.2.0.192.in-addr.arpa'], 20),
            ...records('1.0-63.2.0.192.in-addr.arpa', 'PTR', ['www.example.com']),
          ],
        },
        'a.example CNAME': { records: records('a.example', 'CNAME', ['b.example']) },
      }),
    );
    await expect(ask('1.2.0.192.in-addr.arpa.', 'PTR', [address])).resolves.toEqual([
      { aliases: ['1.0-63.2.0.192.in-addr.arpa'], data: ['www.example.com'], ttl: 20 },
    ]);
    await expect(ask('a.example', 'CNAME', [address])).resolves.toEqual([{ aliases: [], data: ['b.example'], ttl: 60 }]);
  });

  it.each(['a.example', 'b.example'])('makes room for the next server where aliases lead in a circle: by %s', async (by) => {
    const { address } = await serve(() => ({
      records: [...records('a.example', 'CNAME', [by]), ...records('b.example', 'CNAME', ['a.example'])],
    }));
    await expect(ask('a.example', 'A', [address])).rejects.toMatchObject({
      code: 'EBADRESP',
      message: `${address} answers with aliases without end for a.example`,
    });
    const { address: next } = await serve(() => ({ records: records('a.example', 'A', ['192.0.2.1']) }));
    await expect(ask('a.example', 'A', [address, next])).resolves.toEqual([good]);
  });

  it('tells that there are no records of the type', async () => {
    const { address } = await serve(() => ({}));
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([{ aliases: [], data: [] }]);
  });

  it('asks with recursion desired, EDNS and an id that cannot be guessed', async () => {
    const asked: ReturnType<typeof decode>[] = [];
    const { address } = await serve((_, query) => {
      asked.push(query as never);
      return GOOD;
    });
    for (let i = 0; i < 8; i++) await ask('example.com', 'A', [address]);
    expect(new Set(asked.map(({ id }) => id)).size).toBeGreaterThan(6);
    expect(asked[0]).toMatchObject({ flag_rd: true, additionals: [{ type: 'OPT', udpPayloadSize: 1232 }] });
  });

  it('asks a server that does not know EDNS without it', async () => {
    const { address, questions } = await serve((_, { additionals }) => (additionals!.length > 0 ? { rcode: 'FORMERR' } : GOOD));
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
    expect(questions).toHaveLength(2);
  });

  it('fails with an error that EDNS alone can tell', async () => {
    const { address } = await udpServer((query, reply) => {
      const { id, questions } = decode(query);
      const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 1, ednsVersion: 0, flags: 0, options: [] };
      reply(encode({ type: 'response', id, questions, additionals: [opt as unknown as Answer] })); // BADVERS
    });
    await expect(ask('example.com', 'A', [address])).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  it('asks over IPv6', async () => {
    const { address } = await serve(() => GOOD, '::1');
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
  });

  it('is asked again by each subscription, and not before', async () => {
    const { address, questions } = await serve(() => GOOD);
    const query$ = dnsQuery('example.com', 'A', { servers: [address] });
    expect(questions).toEqual([]);
    await firstValueFrom(query$);
    await firstValueFrom(query$);
    expect(questions).toHaveLength(2);
  });
});

describe('an alias that a server leaves open', () => {
  const alias = (name: string, target: string, ttl = 60) => records(name, 'CNAME', [target], ttl);
  const A = (name: string, ttl = 60) => records(name, 'A', ['192.0.2.1'], ttl);
  const elsewhere = { aliases: ['b.example'], data: ['192.0.2.1'], ttl: 20 };

  it('is asked for in turn, and the answer holds no longer than its shortest link', async () => {
    const { address, questions } = await serve(
      replies({
        'a.example A': { records: alias('a.example', 'b.example', 20) },
        'b.example A': { records: alias('b.example', 'c.example', 300) },
        'c.example A': { records: A('c.example', 40) },
      }),
    );
    await expect(ask('a.example', 'A', [address])).resolves.toEqual([
      { aliases: ['b.example', 'c.example'], data: ['192.0.2.1'], ttl: 20 },
    ]);
    expect(questions).toEqual(['a.example A udp', 'b.example A udp', 'c.example A udp']);
  });

  it('is not asked for when its records are in the additional section', async () => {
    const { address, questions } = await serve(() => ({
      records: alias('a.example', 'B.example'),
      additionals: [...A('b.example', 20), ...records('b.example', 'AAAA', ['2001:db8::1'], 5)],
    }));
    await expect(ask('a.example', 'A', [address])).resolves.toMatchObject([{ ...elsewhere, aliases: ['B.example'] }]);
    expect(questions).toEqual(['a.example A udp']);
  });

  it('is not asked for when its own alias and the records of that are in the additional section', async () => {
    const { address, questions } = await serve(() => ({
      records: alias('a.example', 'b.example'),
      additionals: [...A('c.example'), ...alias('b.example', 'c.example', 20)],
    }));
    await expect(ask('a.example', 'A', [address])).resolves.toMatchObject([
      { ...elsewhere, aliases: ['b.example', 'c.example'] },
    ]);
    expect(questions).toEqual(['a.example A udp']);
  });

  it.each<[string, readonly Answer[]]>([
    ['of other names', A('other.example')],
    ['of other types', records('b.example', 'AAAA', ['2001:db8::1'])],
    ['that only lead on', alias('b.example', 'c.example')],
    ['of the name itself', A('a.example')],
  ])('is asked for whatever else is in the additional section: records %s', async (_, additionals) => {
    const { address, questions } = await serve(
      replies({
        'a.example A': { records: alias('a.example', 'b.example'), additionals },
        'b.example A': { records: A('b.example', 20) },
      }),
    );
    await expect(ask('a.example', 'A', [address])).resolves.toMatchObject([elsewhere]);
    expect(questions).toEqual(['a.example A udp', 'b.example A udp']);
  });

  it('[R8] has no records when the server says so with the start of its zone, and when it is asked itself', async () => {
    const { address, questions } = await serve(
      replies({
        'a.example A': { records: alias('a.example', 'b.test'), authorities: [startOfAuthority('test')] },
        'b.example A': { records: alias('b.example', 'c.test'), authorities: [startOfAuthority('example')] },
        'c.test A': {},
      }),
    );
    await expect(ask('a.example', 'A', [address])).resolves.toEqual([{ aliases: ['b.test'], data: [], ttl: 60 }]);
    expect(questions).toEqual(['a.example A udp']);
    await expect(ask('b.example', 'A', [address])).resolves.toEqual([{ aliases: ['c.test'], data: [], ttl: 60 }]);
    expect(questions.slice(1)).toEqual(['b.example A udp', 'c.test A udp']);
  });

  it('fails as its target does', async () => {
    const { address } = await serve(
      replies({
        'a.example A': { records: alias('a.example', 'b.example') },
        'b.example A': { rcode: 'NXDOMAIN' },
        'c.example A': { records: alias('c.example', 'd.example') },
        'd.example A': { rcode: 'SERVFAIL' },
      }),
    );
    await expect(ask('a.example', 'A', [address])).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(ask('c.example', 'A', [address])).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  it('has no records when it cannot be asked for', async () => {
    const { address } = await serve(() => ({ records: alias('a.example', '.') }));
    await expect(ask('a.example', 'A', [address])).resolves.toMatchObject([{ data: [] }]);
  });

  it('is asked of the next server when the first is silent', async () => {
    const table = replies({ 'a.example A': { records: alias('a.example', 'b.example') } });
    const first = await serve(table);
    const second = await serve(() => ({ records: A('b.example', 20) }));
    await expect(ask('a.example', 'A', [first.address, second.address], { timeout: 50 })).resolves.toEqual([elsewhere]);
  });

  it('ends a circle, and a chain of more than 16', async () => {
    const { address, questions } = await serve(({ name }) => {
      const number = Number(name.slice(1, name.indexOf('.')));
      const following = name.startsWith('c') ? `c${(number + 1) % 3}.example` : `n${number + 1}.example`;
      return { records: name === 'n16.example' ? A(name) : alias(name, following) };
    });
    const endless = { code: 'EBADRESP', message: expect.stringContaining('have no end') };
    await expect(ask('c0.example', 'A', [address])).rejects.toMatchObject(endless);
    expect(questions).toHaveLength(3);
    await expect(ask('n0.example', 'A', [address])).resolves.toMatchObject([{ data: ['192.0.2.1'] }]);
    expect(questions).toHaveLength(3 + 17);
    await expect(ask('n17.example', 'A', [address])).rejects.toMatchObject(endless);
    expect(questions).toHaveLength(3 + 17 + 17);
  });

  it('closes everything when it is unsubscribed while its target is asked for', async () => {
    const { address, questions } = await serve(replies({ 'a.example A': { records: alias('a.example', 'b.example') } }));
    const before = activeResources();
    const query = dnsQuery('a.example', 'A', { servers: [address], timeout: 60_000 }).subscribe();
    while (questions.length < 2) await sleep(5);
    query.unsubscribe();
    await expect(leftOver(before)).resolves.toEqual({});
  });

  it('comes to an answer or to an error with a code, whatever is changed in the messages', async () => {
    let change: readonly (readonly [number, number])[] = [];
    const before = activeResources();
    const server = await dnsServer(({ name }) => ({
      records: alias(name, 'b.example'),
      additionals: [...alias('b.example', 'c.example'), ...A('c.example'), httpsRecord('c.example', '0001 00')],
      garble: (message) => {
        for (const [at, byte] of change) message[12 + (at % (message.length - 12))] = byte;
        return [message];
      },
    }));
    const byte = fc.tuple(fc.nat(200), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { minLength: 1, maxLength: 3 }), async (given) => {
        change = given;
        const outcome = await ask('a.example', 'A', [server.address], { timeout: 15 }).catch((error: unknown) => error);
        if (Array.isArray(outcome)) expect(outcome).toMatchObject([{ aliases: expect.any(Array), data: expect.any(Array) }]);
        else expect(outcome).toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/), message: expect.stringMatching(/./) });
      }),
      { seed: 2181, numRuns: 250 },
    );
    await server.close();
    await expect(leftOver(before)).resolves.toEqual({});
  }, 20_000);
});

describe('the additional section', () => {
  const svc = '0001 03737663 076578616d706c65 00'; // 1 svc.example
  const question = (name: string, type: Question['type']) => ({ name, type });
  const additionals = [
    ...records('svc.example', 'CNAME', ['host.example'], 7),
    ...records('host.example', 'A', ['192.0.2.1'], 30),
    ...records('example.com', 'A', ['192.0.2.2']),
    ...records('other.example', 'A', ['192.0.2.3']),
  ];
  const https = async (data: string) => {
    const { address } = await serve(() => ({ records: [httpsRecord('example.com', data)], additionals }));
    const [answer] = await ask('example.com', 'HTTPS', [address]);
    return answer as DnsAnswer<unknown>;
  };

  it('answers for the target of a service, with the times of its own records', async () => {
    const { additional, ttl } = await https(svc);
    expect(ttl).toBe(60);
    expect(answerFrom(question('svc.example', 'A'), additional)).toMatchObject({
      aliases: ['host.example'],
      data: ['192.0.2.1'],
      ttl: 7,
    });
    expect(answerFrom(question('host.example.', 'A'), additional)).toMatchObject({ data: ['192.0.2.1'], ttl: 30 });
  });

  it('answers for the owner of the records, where the service is there', async () => {
    const { additional } = await https('0001 00');
    expect(answerFrom(question('EXAMPLE.com', 'A'), additional)).toMatchObject({ data: ['192.0.2.2'] });
    expect(answerFrom(question('svc.example', 'A'), additional)).toBeUndefined();
  });

  it('answers for no other name, and says of nothing that it does not exist', async () => {
    const { additional } = await https(svc);
    expect(additional!.map(({ name }) => name)).not.toContain('other.example');
    expect(answerFrom(question('other.example', 'A'), additional)).toBeUndefined();
    expect(answerFrom(question('host.example', 'AAAA'), additional)).toBeUndefined();
    expect(answerFrom(question('svc.example', 'A'), undefined)).toBeUndefined();
  });

  it('does not lead on from a service record that cannot be read', async () => {
    const { data, additional } = await https('00');
    expect(data).toHaveLength(1);
    expect(additional).toMatchObject([{ name: 'example.com' }]);
  });
});

/** The bit of the third byte that says that an answer is cut short. */
const TC = 0x02;

describe('an answer that does not fit', () => {
  it('is asked for again over TCP', async () => {
    const addresses = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`);
    const { address, questions } = await serve(() => ({ records: records('example.com', 'A', addresses), truncated: true }));
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([{ aliases: [], data: addresses, ttl: 60 }]);
    expect(questions).toEqual(['example.com A udp', 'example.com A tcp']);
  });

  it.each<[string, number]>([
    ['within a record', 40],
    ['within the question', 20],
    ['after the header', 12],
  ])('is asked for again over TCP when it is cut %s', async (_, length) => {
    const cut = (message: Buffer) => message.fill(message[2]! | TC, 2, 3).subarray(0, length);
    const garble = (message: Buffer, protocol: string) => [protocol === 'udp' ? cut(message) : message];
    const { address, questions } = await serve(() => ({ ...GOOD, garble }));
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
    expect(questions).toEqual(['example.com A udp', 'example.com A tcp']);
  });

  it('is whole over TCP, whatever it says', async () => {
    const garble = (message: Buffer) => [message.fill(message[2]! | TC, 2, 3)];
    const { address } = await serve(() => ({ ...GOOD, garble }));
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
  });

  it('is taken in whatever pieces it comes', async () => {
    const { address } = await truncating((socket, answer) => {
      void (async () => {
        for (const byte of answer) {
          socket.write(Buffer.of(byte));
          await sleep(1);
        }
      })();
    });
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
  });

  it.each<[string, string, (socket: net.Socket, answer: Buffer) => unknown]>([
    ['is closed before it', 'ECONNRESET', (socket) => socket.end()],
    ['is closed within it', 'ECONNRESET', (socket, answer) => socket.end(answer.subarray(0, 10))],
    ['is reset', 'ECONNRESET', (socket) => socket.resetAndDestroy()],
    ['stays silent', 'ETIMEOUT', () => undefined],
    ['brings what cannot be read', 'EBADRESP', (socket, answer) => socket.write(answer.fill(0xff, 6))],
    ['answers another question', 'EBADRESP', (socket, answer) => socket.write(answer.fill(0, 2, 4))],
  ])('fails when the connection %s', async (_, code, act) => {
    const before = activeResources();
    const { address, close } = await truncating(act);
    await expect(ask('example.com', 'A', [address])).rejects.toMatchObject({ code });
    await close();
    await expect(leftOver(before)).resolves.toEqual({});
  });

  it('fails when there is no TCP', async () => {
    const { address } = await udpServer((message, reply) => reply(truncated(message)));
    await expect(ask('example.com', 'A', [address])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('what does not answer the question', () => {
  const answer = (query: Buffer, change: (message: Buffer) => Buffer = (message) => message) => change(response(query));

  it.each<[string, (message: Buffer) => Buffer]>([
    ['another id', (message) => Buffer.concat([Buffer.of(message[0]! ^ 1), message.subarray(1)])],
    ['a query', (message) => message.fill(message[2]! & 0x7f, 2, 3)],
    ['an answer to another operation', (message) => message.fill(message[2]! | 0x20, 2, 3)],
    ['another class', (message) => message.fill(3, 28, 29)],
    [
      'another name, cut short',
      (message) =>
        message
          .fill('x', 13, 14)
          .fill(message[2]! | TC, 2, 3)
          .subarray(0, 40),
    ],
    ['another name', (message) => message.fill('x', 13, 14)],
    ['another type', (message) => message.fill(28, 26, 27)],
    ['no question', (message) => message.fill(0, 4, 8).subarray(0, 12)],
    ['too few bytes', (message) => message.subarray(0, 11)],
    ['the right id, and rubbish', (message) => message.fill(0xff, 4)],
    ['the right id, and a question that is cut', (message) => message.subarray(0, 20)],
    ['the right id, and a name that leads to itself', (message) => message.fill(0xc0, 12, 13).fill(12, 13, 14)],
    ['nothing', () => Buffer.alloc(0)],
  ])('is ignored: %s', async (_, change) => {
    const { address } = await udpServer((query, reply) => {
      reply(answer(query, change));
      reply(answer(query));
    });
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
    const { address: alone } = await udpServer((query, reply) => reply(answer(query, change)));
    await expect(ask('example.com', 'A', [alone], { timeout: 50 })).rejects.toMatchObject({ code: 'ETIMEOUT' });
  });

  it('is ignored: from another address or port', async () => {
    const stranger = dgram.createSocket('udp4').bind(0, '127.0.0.2');
    await once(stranger, 'listening');
    closing.push(async () => {
      stranger.close();
      await once(stranger, 'close');
    });
    const { address } = await udpServer((query, reply, { port }) => {
      const forged = Buffer.from(answer(query));
      forged.writeUInt8(66, forged.length - 1);
      stranger.send(forged, port, '127.0.0.1', () => setTimeout(() => reply(answer(query)), 20));
    });
    await expect(ask('example.com', 'A', [address])).resolves.toEqual([good]);
  });
});

describe('a server that cannot be read', () => {
  it.each<[string, (message: Buffer) => Buffer]>([
    ['ends too early', (message) => message.subarray(0, message.length - 1)],
    ['has more records than it says', (message) => message.fill(9, 7, 8)],
    ['has a name that leads to itself', (message) => message.fill(0xc0, 29, 30).fill(29, 30, 31)],
  ])('makes room for the next when its answer %s', async (_, change) => {
    const { address } = await udpServer((query, reply) => reply(change(response(query))));
    await expect(ask('example.com', 'A', [address], { tries: 3 })).rejects.toMatchObject({ code: 'EBADRESP' });
    const { address: next } = await serve(() => GOOD);
    await expect(ask('example.com', 'A', [address, next])).resolves.toEqual([good]);
  });

  it('comes to an answer or to an error with a code, whatever its bytes are', async () => {
    let bytes = new Uint8Array();
    let kept = 0;
    const before = activeResources();
    const { address, close } = await udpServer((query, reply) => {
      const message = response(query);
      reply(Buffer.concat([message.subarray(0, kept), bytes.subarray(0, 400)]));
    });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(2, 4, 6, 12, 29, 35, 40), async (given, from) => {
        [bytes, kept] = [given, from];
        const outcome = await ask('example.com', 'A', [address], { timeout: 15 }).catch((error: unknown) => error);
        if (Array.isArray(outcome))
          expect(outcome).toEqual([{ aliases: expect.any(Array), data: expect.any(Array), ...ttlOf(outcome) }]);
        else expect(outcome).toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/), message: expect.stringMatching(/./) });
      }),
      { seed: 1035, numRuns: 250 },
    );
    await close();
    await expect(leftOver(before)).resolves.toEqual({});
  }, 20_000);
});

const ttlOf = ([answer]: readonly { ttl?: number }[]) => (answer?.ttl === undefined ? {} : { ttl: answer.ttl });

describe('several servers', () => {
  it.each(['SERVFAIL', 'REFUSED', 'NOTIMP'] as const)(
    'makes room for the next on %s, and does not ask it again',
    async (rcode) => {
      const bad = await serve(() => ({ rcode }));
      const next = await serve(() => GOOD);
      await expect(ask('example.com', 'A', [bad.address, next.address])).resolves.toEqual([good]);
      await expect(ask('example.com', 'A', [bad.address], { tries: 3 })).rejects.toMatchObject({
        code: `E${rcode}`,
        message: `${bad.address} answers ${rcode} for example.com`,
      });
      expect(bad.questions).toHaveLength(2);
    },
  );

  it('makes room for the next on FORMERR, with EDNS and without', async () => {
    const bad = await serve(() => ({ rcode: 'FORMERR' }));
    const next = await serve(() => GOOD);
    await expect(ask('example.com', 'A', [bad.address, next.address], { tries: 3 })).resolves.toEqual([good]);
    await expect(ask('example.com', 'A', [bad.address], { tries: 3 })).rejects.toMatchObject({ code: 'EFORMERR' });
    expect(bad.questions).toHaveLength(4);
  });

  it('[R13] are asked in their order, those with IPv6 addresses first', async () => {
    const asked: string[] = [];
    const silent = (name: string, host?: string) =>
      serve(() => {
        asked.push(name);
        return { silent: true };
      }, host);
    const all = [await silent('one'), await silent('two', '::1'), await silent('three'), await silent('four', '::1')];
    const addresses = all.map(({ address }) => address);
    await expect(ask('example.com', 'A', addresses, { timeout: 20, tries: 2 })).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(asked).toEqual(['two', 'four', 'one', 'three', 'two', 'four', 'one', 'three']);
  });

  // The question is repeated, so that it is the server that answers.
  const rubbish: Reply = { garble: (message) => [message.fill(0xff, 6, 12)] };
  it.each<[string, Reply | 'gone', Reply | 'gone']>([
    ['ESERVFAIL', { rcode: 'SERVFAIL' }, { silent: true }],
    ['ESERVFAIL', { silent: true }, { rcode: 'SERVFAIL' }],
    ['ESERVFAIL', { rcode: 'SERVFAIL' }, { rcode: 'REFUSED' }],
    ['EREFUSED', { rcode: 'REFUSED' }, { rcode: 'NOTIMP' }],
    ['ENOTIMP', { rcode: 'FORMERR' }, { rcode: 'NOTIMP' }],
    ['EFORMERR', { rcode: 'FORMERR' }, rubbish],
    ['EBADRESP', rubbish, { silent: true }],
    ['ETIMEOUT', { silent: true }, 'gone'],
    ['ETIMEOUT', 'gone', { silent: true }],
    ['ECONNREFUSED', 'gone', 'gone'],
  ])('fail with the error that says most of the name: %s', async (code, ...both) => {
    const servers = both.map(async (reply) => {
      const server = await dnsServer(() => (reply === 'gone' ? {} : reply));
      if (reply === 'gone') await server.close();
      else closing.push(server.close);
      return server.address;
    });
    await expect(ask('example.com', 'A', await Promise.all(servers), { timeout: 50, tries: 2 })).rejects.toMatchObject({ code });
  });

  it('ends with the first that says that there is no such name', async () => {
    const first = await serve(() => ({ rcode: 'NXDOMAIN' }));
    const next = await serve(() => GOOD);
    await expect(ask('example.com', 'A', [first.address, next.address])).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(next.questions).toEqual([]);
  });

  it('asks those that do not answer again, in turn, with twice the time', async () => {
    const first = await serve(() => ({ silent: true }));
    let asked = 0;
    const second = await serve(() => (++asked === 2 ? GOOD : { silent: true }));
    const began = performance.now();
    await expect(ask('example.com', 'A', [first.address, second.address], { tries: 2, timeout: 50 })).resolves.toEqual([good]);
    expect(performance.now() - began).toBeGreaterThan(195);
    expect([first.questions.length, second.questions.length]).toEqual([2, 2]);
  });

  it('skips one that is not there at once', async () => {
    const gone = await dnsServer(() => GOOD);
    await gone.close();
    const next = await serve(() => GOOD);
    const began = performance.now();
    await expect(ask('example.com', 'A', [gone.address, next.address], { timeout: 5000 })).resolves.toEqual([good]);
    expect(performance.now() - began).toBeLessThan(2000);
    await expect(ask('example.com', 'A', [gone.address])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says which server has not answered, and for how long', async () => {
    const { address } = await serve(() => ({ silent: true }));
    await expect(ask('example.com', 'A', [address], { timeout: 20, tries: 2 })).rejects.toMatchObject({
      code: 'ETIMEOUT',
      message: `${address} has not answered within 40 ms`,
    });
  });
});

describe('unsubscribing', () => {
  it.each<[string, Reply]>([
    ['while a server is silent', { silent: true }],
    ['while TCP is silent', { truncated: true, garble: (message, protocol) => (protocol === 'udp' ? [message] : []) }],
  ])('closes everything %s', async (_, reply) => {
    const { address, questions } = await serve(() => reply);
    const before = activeResources();
    const query = dnsQuery('example.com', 'A', { servers: [address], timeout: 60_000 }).subscribe();
    while (questions.length < (reply.truncated ? 2 : 1)) await sleep(5);
    query.unsubscribe();
    await expect(leftOver(before)).resolves.toEqual({});
  });

  it('closes everything within the turn in which it was subscribed', async () => {
    const before = activeResources();
    for (const server of ['127.0.0.1:9', '[::1]:9']) {
      dnsQuery('example.com', 'A', { servers: [server] })
        .subscribe()
        .unsubscribe();
    }
    await sleep(20);
    await expect(leftOver(before)).resolves.toEqual({});
  });
});

describe('what cannot be asked', () => {
  it.each(['', '.', 'a..b', `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}aa`, 'a b', 'ä.example', '\x1b'])(
    'errors with EBADNAME: %j',
    async (name) => {
      await expect(ask(name, 'A', ['127.0.0.1'])).rejects.toMatchObject({ code: 'EBADNAME' });
    },
  );

  it.each<[string, unknown, unknown, string, string]>([
    ['an invalid name', 5, 'A', 'ERR_INVALID_ARG_TYPE', 'name'],
    ['an invalid type', 'example.com', 'ANY', 'ERR_INVALID_ARG_VALUE', 'type'],
  ])('refuses %s', (_, name, type, code, named) => {
    expect(() => dnsQuery(name as string, type as 'A')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(named) }),
    );
  });

  it.each<[object, string]>([
    [{ servers: '127.0.0.1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ servers: [] }, 'ERR_INVALID_ARG_VALUE'],
    [{ servers: [5] }, 'ERR_INVALID_ARG_TYPE'],
    [{ servers: ['dns.example'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ servers: ['127.0.0.1:0'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ servers: ['127.0.0.1:dns'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ timeout: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ tries: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ retries: 1 }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses the options %j with %s', (options, code) => {
    expect(() => dnsQuery('example.com', 'A', options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('options.') }),
    );
  });
});

/** The answer to a query for example.com as it is sent, without a name that is compressed. */
function response(query: Buffer): Buffer {
  const { id, questions } = decode(query);
  return encode({ type: 'response', id, questions, answers: records('example.com', 'A', ['192.0.2.1']) });
}

function truncated(query: Buffer): Buffer {
  const { id, questions } = decode(query);
  return encode({ type: 'response', id, flags: 0x200, questions });
}

async function udpServer(
  serve: (query: Buffer, reply: (message: Buffer) => void, peer: dgram.RemoteInfo) => void,
  port = 0,
): Promise<{ address: string; close: () => Promise<void> }> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, peer) => {
    serve(query, (message) => socket.send(message, peer.port, peer.address), peer);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= (async () => {
      socket.close();
      await once(socket, 'close');
    })());
  closing.push(close);
  return { address: `127.0.0.1:${socket.address().port}`, close };
}

/** A server that cuts its answers short over UDP, and does over TCP what it is told with the whole answer. */
async function truncating(act: (socket: net.Socket, answer: Buffer) => unknown) {
  const server = net.createServer((socket) => {
    socket.on('data', (data) => {
      const answer = response(data.subarray(2));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      act(socket, Buffer.concat([length, answer]));
    });
  });
  const tcp = await open(listen(server));
  const udp = await udpServer((query, reply) => reply(truncated(query)), tcp.port);
  return {
    address: udp.address,
    close: async () => {
      await tcp.close();
      await udp.close();
    },
  };
}
