import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Question } from 'dns-packet';
import { filter, firstValueFrom, of, take, toArray } from 'rxjs';
import {
  connect$,
  dnsResolver,
  race$,
  type Answer,
  type DnsResolverOptions,
  type Endpoint,
  type RaceEvent,
} from '../../src/index.js';
import { parseHosts } from '../../src/node/hosts-file.js';
import { activeResources, leftOver } from '../support/fixtures.js';
import { dnsServer, records, startOfAuthority, type DnsServer, type Reply } from '../support/dns-server.js';

const six = '2001:db8::1';
const four = '192.0.2.1';
const many = Array.from({ length: 60 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);

/** The zone of the server, by name and type. */
const zone: Record<string, Partial<Record<string, Reply>>> = {
  'both.example': {
    AAAA: { records: records('both.example', 'AAAA', [six], 30) },
    A: { records: records('both.example', 'A', [four], 60) },
  },
  'late-aaaa.example': {
    AAAA: { records: records('late-aaaa.example', 'AAAA', [six]), after: 200 },
    A: { records: records('late-aaaa.example', 'A', [four]) },
  },
  'lost-a.example': { AAAA: { records: records('lost-a.example', 'AAAA', [six]) }, A: { silent: true } },
  'lost-aaaa.example': { AAAA: { silent: true }, A: { records: records('lost-aaaa.example', 'A', [four]) } },
  'servfail.example': { AAAA: { rcode: 'SERVFAIL' }, A: { rcode: 'SERVFAIL' } },
  'half.example': { AAAA: { rcode: 'SERVFAIL' }, A: { records: records('half.example', 'A', [four]) } },
  'empty.example': { AAAA: {}, A: {} },
  'truncated.example': { AAAA: { records: records('truncated.example', 'AAAA', many), truncated: true }, A: {} },
  'now.example': { AAAA: { records: records('now.example', 'AAAA', [six], 0) }, A: {} },
  'alias.example': Object.fromEntries(
    (['AAAA', 'A'] as const).map((type) => [
      type,
      {
        records: [
          { name: 'alias.example', type: 'CNAME', ttl: 5, data: 'middle.example' },
          { name: 'middle.example', type: 'CNAME', ttl: 300, data: 'target.example' },
          ...records('target.example', type, [type === 'AAAA' ? six : four], 300),
        ],
      } satisfies Reply,
    ]),
  ),
  // A name of a CDN that has IPv4 alone.
  'v4-alias.example': {
    AAAA: {
      records: records('v4-alias.example', 'CNAME', ['v4.cdn.example'], 30),
      authorities: [startOfAuthority('cdn.example')],
    },
    A: {
      records: [...records('v4-alias.example', 'CNAME', ['v4.cdn.example'], 30), ...records('v4.cdn.example', 'A', [four], 60)],
    },
  },
  // Of a server that does not follow aliases, but adds what it knows of them.
  'added.example': Object.fromEntries(
    (['AAAA', 'A'] as const).map((type) => [
      type,
      {
        records: records('added.example', 'CNAME', ['target.example'], 30),
        additionals: [...records('target.example', 'AAAA', [six], 20), ...records('target.example', 'A', [four], 90)],
      } satisfies Reply,
    ]),
  ),
  'open.example': Object.fromEntries(
    (['AAAA', 'A'] as const).map((type) => [type, { records: records('open.example', 'CNAME', ['both.example'], 50) }]),
  ),
  'top-bit.example': { AAAA: { records: records('top-bit.example', 'AAAA', [six], 2 ** 31 + 5) }, A: {} },
  'xn--bcher-kva.example': { AAAA: { records: records('xn--bcher-kva.example', 'AAAA', [six]) }, A: {} },
};
const fromZone = ({ name, type }: Question): Reply => zone[name.toLowerCase()]?.[type] ?? { rcode: 'NXDOMAIN' };

describe('dnsResolver', () => {
  const servers: DnsServer[] = [];
  const serve = async (reply: (question: Question) => Reply, host?: string) => {
    const server = await dnsServer(reply, host);
    servers.push(server);
    return server;
  };
  let server: DnsServer;
  beforeEach(async () => {
    server = await serve(fromZone);
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((one) => one.close()));
  });

  const resolver = (options: DnsResolverOptions = {}) =>
    dnsResolver({ servers: [server.address], hostsFile: false, families: () => [6, 4], timeout: 200, tries: 1, ...options });
  const answers = async (host: string, options?: DnsResolverOptions) => {
    const all = await firstValueFrom(resolver(options)(host).pipe(toArray()));
    return Object.fromEntries(all.map((answer) => [answer.type, answer])) as Record<Answer['type'], Answer>;
  };
  const started$ = (host: string, options?: DnsResolverOptions) =>
    race$(host, 443, { resolver: resolver(options), transport: () => of('won') }).pipe(
      filter((event): event is Extract<RaceEvent<string>, { type: 'started' }> => event.type === 'started'),
      take(1),
    );

  it('[R1] asks for AAAA and A in queries of their own, AAAA first, and tells how long the answers hold', async () => {
    await expect(answers('both.example')).resolves.toEqual({
      AAAA: { type: 'AAAA', addresses: [six], ttl: 30 },
      A: { type: 'A', addresses: [four], ttl: 60 },
    });
    expect(server.questions).toEqual(['both.example AAAA udp', 'both.example A udp']);
  });

  it('[R3] lets IPv6 win at once while A is never answered', async () => {
    await expect(firstValueFrom(started$('lost-a.example', { timeout: 5000 }))).resolves.toMatchObject({
      endpoint: { address: six },
    });
  });

  it('[R4] lets IPv4 start 50 ms after A while AAAA is never answered', async () => {
    const events: RaceEvent<string>[] = [];
    await new Promise<void>((done, reject) =>
      race$('lost-aaaa.example', 443, { resolver: resolver({ timeout: 5000 }), transport: () => of('won') }).subscribe({
        next: (event) => events.push(event),
        complete: done,
        error: reject,
      }),
    );
    const [answered, , started] = events;
    expect([answered, started]).toMatchObject([
      { type: 'answered', answer: { type: 'A' } },
      { type: 'started', endpoint: { address: four } },
    ]);
    expect(started!.at - answered!.at).toBeGreaterThanOrEqual(50);
    expect(started!.at - answered!.at).toBeLessThan(2500); // long before the query is given up
  });

  it('[R7] lets AAAA that comes late join the race', async () => {
    const addresses: string[] = [];
    await new Promise<void>((done, reject) =>
      connect$('late-aaaa.example', 443, {
        resolver: resolver({ timeout: 5000 }),
        transport: (endpoint: Endpoint) => {
          addresses.push(endpoint.address);
          return endpoint.family === 6 ? of('won') : (new Promise<string>(() => undefined) as never);
        },
      }).subscribe({ complete: done, error: reject }),
    );
    expect(addresses).toEqual([four, six]);
  });

  it.each([
    ['servfail.example', 'ESERVFAIL'],
    ['nothing.example', 'ENOTFOUND'],
    ['empty.example', 'ENODATA'],
    [`${'a'.repeat(64)}.example`, 'EBADNAME'],
  ])('[R8] has negative answers for %s, with the code %s', async (host, code) => {
    const { AAAA, A } = await answers(host);
    expect([AAAA, A]).toEqual([
      { type: 'AAAA', addresses: [], error: expect.objectContaining({ code }) },
      { type: 'A', addresses: [], error: expect.objectContaining({ code }) },
    ]);
  });

  it('[R5] goes on with A when AAAA fails', async () => {
    await expect(firstValueFrom(started$('half.example'))).resolves.toMatchObject({ endpoint: { address: four } });
  });

  it('takes 60 addresses of a truncated answer over TCP', async () => {
    expect((await answers('truncated.example')).AAAA.addresses).toEqual(many);
    expect(server.questions).toContain('truncated.example AAAA tcp');
  });

  it('tells of a time to live of 0', async () => {
    expect((await answers('now.example')).AAAA).toEqual({ type: 'AAAA', addresses: [six], ttl: 0 });
  });

  it('follows a chain of CNAMEs, which holds no longer than its shortest link', async () => {
    const { AAAA, A } = await answers('alias.example');
    expect([AAAA, A]).toEqual([
      { type: 'AAAA', addresses: [six], ttl: 5 },
      { type: 'A', addresses: [four], ttl: 5 },
    ]);
  });

  it('[R8] has a negative answer with ENODATA, and without a time to live, for an alias whose target has nothing', async () => {
    const { AAAA, A } = await answers('v4-alias.example');
    expect(AAAA).toStrictEqual({ type: 'AAAA', addresses: [], error: expect.objectContaining({ code: 'ENODATA' }) });
    expect(AAAA.error?.message).toBe('v4-alias.example, an alias of v4.cdn.example, has no AAAA record');
    expect(A).toStrictEqual({ type: 'A', addresses: [four], ttl: 30 });
    expect(server.questions).toHaveLength(2);
  });

  it('takes the addresses of an alias from the additional section', async () => {
    await expect(answers('added.example')).resolves.toStrictEqual({
      AAAA: { type: 'AAAA', addresses: [six], ttl: 20 },
      A: { type: 'A', addresses: [four], ttl: 30 },
    });
    expect(server.questions).toEqual(['added.example AAAA udp', 'added.example A udp']);
  });

  it('asks for the end of an alias that the server has not followed', async () => {
    await expect(answers('open.example')).resolves.toStrictEqual({
      AAAA: { type: 'AAAA', addresses: [six], ttl: 30 },
      A: { type: 'A', addresses: [four], ttl: 50 },
    });
    expect(server.questions).toHaveLength(4);
  });

  it('takes a time to live with its top bit set for 0', async () => {
    expect((await answers('top-bit.example')).AAAA).toEqual({ type: 'AAAA', addresses: [six], ttl: 0 });
  });

  it('asks for the ASCII form of an internationalised name, and takes a final dot for what it is', async () => {
    expect((await answers('bücher.example')).AAAA.addresses).toEqual([six]);
    expect((await answers('both.example.')).A.addresses).toEqual([four]);
  });

  it('[R13] skips a server that does not answer', async () => {
    const dead = await serve(() => ({ silent: true }));
    expect((await answers('both.example', { servers: [dead.address, server.address], tries: 2 })).AAAA.addresses).toEqual([six]);
    expect(dead.questions).toContain('both.example AAAA udp');
  });

  it.each(['SERVFAIL', 'REFUSED', 'NOTIMP', 'FORMERR'] as const)('[R13] skips a server that answers %s', async (rcode) => {
    const bad = await serve(() => ({ rcode }));
    const { AAAA, A } = await answers('both.example', { servers: [bad.address, server.address] });
    expect([AAAA.addresses, A.addresses]).toEqual([[six], [four]]);
    expect(bad.questions).toContain('both.example AAAA udp');
    expect((await answers('both.example', { servers: [bad.address] })).A.error).toMatchObject({ code: `E${rcode}` });
  });

  it('[R8] asks no other server when the first says that there is no such name', async () => {
    const other = await serve(fromZone);
    const { A } = await answers('nothing.example', { servers: [server.address, other.address] });
    expect(A.error).toMatchObject({ code: 'ENOTFOUND' });
    expect(other.questions).toEqual([]);
  });

  it('[R8] has the code that says most when all servers have failed', async () => {
    const bad = await serve(() => ({ rcode: 'SERVFAIL' }));
    const dead = await serve(() => ({ silent: true }));
    const both = { servers: [bad.address, dead.address], timeout: 50, tries: 2 };
    expect((await answers('both.example', both)).A.error).toMatchObject({ code: 'ESERVFAIL' });
  });

  it('[R13] asks servers with IPv6 addresses first', async () => {
    const other = await serve(fromZone, '::1');
    await answers('both.example', { servers: [server.address, other.address] });
    expect(server.questions).toEqual([]);
    expect(other.questions).toHaveLength(2);
  });

  it('has the code ETIMEOUT when no server answers', async () => {
    const dead = await serve(() => ({ silent: true }));
    expect((await answers('both.example', { servers: [dead.address], timeout: 100 })).A.error).toMatchObject({
      code: 'ETIMEOUT',
    });
  });

  it('[R2] asks only for families that this machine can reach, and that are wanted', async () => {
    const { AAAA } = await answers('both.example', { families: () => [4] });
    expect(AAAA.error?.message).toContain('IPv6');
    await firstValueFrom(resolver()('both.example', { family: 4 }).pipe(toArray()));
    expect(server.questions).toEqual(['both.example A udp', 'both.example A udp']);
  });

  it('[R12] does not ask a server for literals and localhost', async () => {
    expect((await answers('localhost')).AAAA.addresses).toEqual(['::1']);
    expect((await answers('192.0.2.7')).A.addresses).toEqual(['192.0.2.7']);
    expect(server.questions).toEqual([]);
  });

  it('[A13] cancels its queries, and no others, when it is unsubscribed', async () => {
    const slow = resolver({ timeout: 5000 });
    const other = firstValueFrom(slow('late-aaaa.example').pipe(toArray()));
    const seen: Answer[] = [];
    const cancelled = slow('lost-a.example').subscribe((answer) => seen.push(answer));
    await sleep(50);
    const before = seen.length;
    cancelled.unsubscribe();
    expect((await other).map(({ type }) => type)).toEqual(['A', 'AAAA']);
    expect(seen).toHaveLength(before);
  });

  it('[A13] leaves nothing open when it is unsubscribed, however often it was to try', async () => {
    const gone = await dnsServer(fromZone);
    await gone.close();
    const before = activeResources();
    const tireless = resolver({ servers: [gone.address], tries: Number.MAX_SAFE_INTEGER });
    const seen: Answer[] = [];
    const query = tireless('both.example').subscribe((answer) => seen.push(answer));
    await sleep(100);
    query.unsubscribe();
    expect(seen).toEqual([]);
    await expect(leftOver(before)).resolves.toEqual({});
  });

  it.each([
    [{ servers: ['nonsense'] }, 'ERR_INVALID_IP_ADDRESS'],
    [{ servers: ['127.0.0.1:dns'] }, 'ERR_INVALID_IP_ADDRESS'],
    [{ servers: '192.0.2.53' }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: 'soon' }, 'ERR_INVALID_ARG_TYPE'],
    [{ tries: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ servers: [] }, 'ERR_INVALID_ARG_VALUE'],
    [{ servers: [5] }, 'ERR_INVALID_ARG_TYPE'],
    [{ hostsFile: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ family: 4 }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %j at the call', (options, code) => {
    expect(() => dnsResolver(options as never)).toThrow(expect.objectContaining({ code }));
  });

  describe('with a hosts file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
    const path = join(folder, 'hosts');
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    it('[R12] answers from it before it asks a server, and reads it again when it has changed', async () => {
      writeFileSync(path, `${six} db.example other\n192.0.2.9 DB.example # a comment\n192.0.2.8 v4.example\n`);
      const listed = resolver({ hostsFile: path });
      const ask = async (host: string) => (await firstValueFrom(listed(host).pipe(toArray()))).map(({ addresses }) => addresses);
      await expect(ask('db.example')).resolves.toEqual([[six], ['192.0.2.9']]);
      await expect(ask('OTHER.')).resolves.toEqual([[six], []]);
      await expect(ask('v4.example')).resolves.toEqual([[], ['192.0.2.8']]);
      expect(server.questions).toEqual([]);
      writeFileSync(path, `${six} changed.example\n`);
      await expect(ask('changed.example')).resolves.toEqual([[six], []]);
      rmSync(path);
      await expect(ask('both.example')).resolves.toEqual([[six], [four]]);
    });

    it('ignores rubbish in it', () => {
      const hosts = parseHosts(
        '\0\u0001garbage\n999.1.1.1 bad.example\n::1\n\n  # only a comment\n\t192.0.2.1\tgood.example\r\n127.1 short.example\n',
      );
      expect([...hosts]).toEqual([['good.example', [{ address: '192.0.2.1', family: 4 }]]]);
    });

    it('does without one that cannot be read', async () => {
      expect((await answers('both.example', { hostsFile: '\0' })).A.addresses).toEqual([four]);
      expect((await answers('both.example', { hostsFile: folder })).A.addresses).toEqual([four]);
    });
  });
});
