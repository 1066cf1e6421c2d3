import { blackhole, healthy } from '../../../src/cli/lab.js';
import { showProgress } from '../../../src/cli/check/progress.js';
import { createAuthority, type Authority } from '../../support/certificates.js';
import { check, named, reversed, zone } from '../../support/check.js';
import { HTTPS, httpsRecord, records, type DnsServer, type Reply } from '../../support/dns-server.js';
import { fakeTerminal } from '../../support/terminal.js';
import { schema } from '../../support/schema.js';
import { activeResources, leftOver, open, tcpServer, tlsServer } from '../../support/fixtures.js';

const NAME = 'www.example';

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority();
});

const servers: DnsServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function dns(table: Readonly<Record<string, Reply>>): Promise<readonly string[]> {
  const server = await zone(table);
  servers.push(server);
  return [server.address];
}

const BOTH = named(NAME, '::1', '127.0.0.1');

/** Something on ::1 and something on 127.0.0.1, on one port. */
async function dualStack(six: (port: number) => Promise<unknown>, four = (): ReturnType<typeof healthy> => healthy('127.0.0.1')) {
  const { port } = await open(four());
  await six(port);
  return port;
}

const onSix = (port: number) => open(healthy('::1', port));

/** Without what is of this machine, its ports and this day. */
function comparable(stdout: string, ports: readonly number[]): string {
  const text = stdout.slice(stdout.indexOf('\n\n') + 2).replaceAll(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD');
  return ports.reduce((all, port) => all.replaceAll(String(port), 'PORT'), text);
}

describe('check, of a host that is ready', () => {
  it('reads the certificate, the protocol and ALPN, and the HTTPS record', async () => {
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, { ...credentials, ALPNProtocols: ['h2'] });
    await tlsServer('::1', port, { ...credentials, ALPNProtocols: ['http/1.1'] });
    const owner = `_${port}._https.${NAME}`;
    const query = await dns({
      ...BOTH,
      [`${owner} ${HTTPS}`]: {
        records: [
          httpsRecord(owner, '0001 00 0001 0003 026832 0003 0002 20fb 0004 0004 7f000001 0006 0010' + '0'.repeat(31) + '1'),
        ],
      },
    });
    const options = { servers: query, tls: true, ca: authority.ca, fixedClock: true };
    const { status, stdout } = await check([`${NAME}:${port}`], options, { columns: 200 });
    const text = comparable(stdout, [port]);
    expect(text).toContain('✓ ok         HTTPS: priority 1, target _PORT._https.www.example, ALPN h2, port 8443, ');
    expect(text).toContain(', IPv6 hints ::1, IPv4 hints 127.0.0.1 for 60 s; after 10 ms\n');
    expect(text).toContain('✓ ok         ::1 TLS: TLSv1.3, ALPN http/1.1; after 10 ms\n');
    expect(text).toContain('✓ ok         127.0.0.1 TLS: TLSv1.3, ALPN h2; after 10 ms\n');
    const certificate = 'certificate: www.example, by An Authority, until YYYY-MM-DD: only 0 days left: renew it\n';
    expect(text).toContain(`! warning    ::1 ${certificate}`);
    expect(text).toContain(`! warning    127.0.0.1 ${certificate}`);
    expect(text).toContain('IPv6: 1 of 1 address works; best TCP 10 ms, best TLS 10 ms\n');
    expect(text).toMatch(/\n✓ www\.example is ready for IPv6, with 2 warnings\.\n$/);
    expect(status).toBe(0);
  });

  it('is ready with warnings when one of its IPv6 addresses is of no use', async () => {
    const port = await dualStack(onSix);
    // Link-local, and without a zone: no system connects to it.
    const query = await dns(named(NAME, '::1', 'fe80::1', '127.0.0.1'));
    const { status, stdout } = await check([NAME, String(port)], { servers: query });
    expect(stdout).toContain('! warning    IPv6: 1 of 2 addresses work; best TCP');
    expect(stdout).toMatch(/✓ www\.example is ready for IPv6, with .*\d warnings?\.\n$/);
    expect(status).toBe(0);
    expect((await check([NAME, String(port)], { servers: query, strict: true })).status).toBe(1);
  });

  it('fits 40 columns, and a terminal that knows only ASCII', async () => {
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tlsServer('::1', port, credentials);
    const options = { servers: await dns(BOTH), tls: true, ca: authority.ca, ascii: true };
    const { status, stdout } = await check([NAME, String(port)], options, { columns: 40 });
    expect(stdout.split('\n').filter((line) => line.length > 40)).toEqual([]);
    expect(stdout).toMatch(/^[\n\x20-\x7e]+$/);
    expect(stdout).toContain('\n+ ok: ::1 TCP: connected; after');
    expect(status).toBe(0);
  });

  it('follows aliases', async () => {
    const port = await dualStack(onSix);
    const alias = records(NAME, 'CNAME', ['cdn.example']);
    const query = await dns({
      [`${NAME} AAAA`]: { records: [...alias, ...records('cdn.example', 'AAAA', ['::1'])] },
      [`${NAME} A`]: { records: alias },
    });
    const { status, stdout } = await check([NAME, String(port)], { servers: query });
    expect(stdout).toContain('✓ ok         alias: www.example is cdn.example\n');
    expect(stdout).toContain('! warning    A: none: clients without IPv6 do not get there; after');
    expect(stdout).toContain('! warning    if IPv6 was dropped: no connection: ');
    expect(status).toBe(0);
  });

  it('is found without the DNS where it is localhost, or an address', async () => {
    const port = await dualStack(onSix);
    const query = await dns({});
    const { status, stdout } = await check(['localhost', `[::1]:${port}`, '::1', String(port)], { servers: query });
    expect(stdout).toContain('✓ ok         AAAA: ::1 from RFC 6761\n');
    expect(stdout).toContain(`\n[::1]:${port}\n\nReverse names\n  ✓ ok         ::1: none; after`);
    expect(stdout).toMatch(/\n✓ 3 of 3 hosts are ready for IPv6\.\n$/);
    expect(status).toBe(0);
  });
});

describe('check, of a host that is not ready', () => {
  it.each<[string, Record<string, Reply>, string]>([
    ['no AAAA record', named(NAME, '127.0.0.1'), 'it has no AAAA record. Publish one, once its servers listen on IPv6.'],
    [
      'no such name',
      { [`${NAME} AAAA`]: { rcode: 'NXDOMAIN' }, [`${NAME} A`]: { rcode: 'NXDOMAIN' } },
      'there is no such name. See whether www.example is spelt as it should be.',
    ],
    [
      'SERVFAIL',
      { ...named(NAME, '127.0.0.1'), [`${NAME} AAAA`]: { rcode: 'SERVFAIL' } },
      'its AAAA records cannot be had. See that the DNS servers of its zone answer for them.',
    ],
    [
      'no answer for AAAA',
      { ...named(NAME, '127.0.0.1'), [`${NAME} AAAA`]: { silent: true } },
      'its AAAA records cannot be had. See that the DNS servers of its zone answer for them.',
    ],
  ])('%s', async (_, table, why) => {
    const { port } = await open(healthy('127.0.0.1'));
    const { status, stdout } = await check([NAME, String(port)], { servers: await dns(table) }, { columns: 200 });
    expect(stdout).toMatch(/\n {2}✗ failed +AAAA: /);
    expect(stdout.endsWith(`\n✗ www.example is not ready for IPv6: ${why}\n`)).toBe(true);
    expect(status).toBe(1);
  });

  it('AAAA leads to an address that never answers', async () => {
    const port = await dualStack((same) => open(blackhole('::1', same)));
    const { status, stdout } = await check(
      [NAME, String(port)],
      { servers: await dns(BOTH), fixedClock: true },
      { columns: 200 },
    );
    expect(stdout).toContain('✗ failed     ::1 TCP: no answer in time (ETIMEDOUT); after 10 ms\n');
    expect(stdout).toContain('✗ failed     IPv6: 0 of 1 address works\n');
    expect(stdout).toContain('! warning    now: connected over IPv4 to 127.0.0.1; after 10 ms\n');
    expect(stdout).toContain('✓ ok         if IPv6 was dropped: connected over IPv4 to 127.0.0.1; after 10 ms\n');
    expect(stdout).toContain(
      `is not ready for IPv6: [::1]:${port}: no answer in time (ETIMEDOUT). See that firewalls let this port`,
    );
    expect(status).toBe(1);
  });

  it('AAAA leads to an address that refuses', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    const { status, stdout } = await check([NAME, String(port)], { servers: await dns(BOTH) }, { columns: 200 });
    expect(stdout).toContain('✗ failed     ::1 TCP: refused: nothing listens there (ECONNREFUSED); after');
    expect(stdout).toContain(`[::1]:${port}: refused: nothing listens there (ECONNREFUSED). Let the server listen on IPv6`);
    expect(status).toBe(1);
  });

  it('TLS stalls over IPv6', async () => {
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tcpServer('::1', port);
    const options = { servers: await dns(BOTH), tls: true, ca: authority.ca };
    const { status, stdout } = await check([NAME, String(port)], options, { columns: 200 });
    expect(stdout).toContain('✓ ok         ::1 TCP: connected; after');
    expect(stdout).toContain('✗ failed     ::1 TLS: no answer in time (ETIMEDOUT); after');
    expect(stdout).toContain(`[::1]:${port}: TLS fails, no answer in time (ETIMEDOUT). See what the server says`);
    expect(status).toBe(1);
  });

  it('speaks no TLS over IPv6', async () => {
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tcpServer('::1', port, (socket) => socket.write('220 smtp.example ESMTP\r\n'));
    const options = { servers: await dns(BOTH), tls: true, ca: authority.ca };
    const { status, stdout } = await check([NAME, String(port)], options, { columns: 200 });
    expect(stdout).toMatch(/✗ failed +::1 TLS: wrong version number \(\w+\); after/);
    expect(status).toBe(1);
  });

  it.each<[string, () => Promise<object>, string, string]>([
    [
      'is for another name',
      async () => ({ ...(await authority.issue(['other.example'])) }),
      'it is not for www.example (ERR_TLS_CERT_ALTNAME_INVALID)',
      'Give the server one for www.example.',
    ],
    [
      'has expired',
      async () => ({ ...(await authority.issue([NAME], { expired: true })) }),
      'it has expired (CERT_HAS_EXPIRED)',
      'Renew it.',
    ],
    [
      'is of an unknown authority',
      async () => ({ ...(await (await createAuthority('Another')).issue([NAME])) }),
      'its authority is not known here, or the server does not send the whole chain (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      'Let the server send the whole chain. If you trust it, name its authority (--ca) or accept any (--insecure).',
    ],
  ])('its certificate %s', async (_, issue, problem, advice) => {
    const credentials = await issue();
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tlsServer('::1', port, credentials);
    const options = { servers: await dns(BOTH), tls: true, ca: authority.ca };
    const { status, stdout } = await check([NAME, String(port)], options, { columns: 400 });
    expect(stdout).toMatch(/✗ failed +::1 certificate: .*: it/);
    expect(stdout).toContain(`[::1]:${port}, and IPv4 likewise: the certificate is not accepted, ${problem}. ${advice}\n`);
    const lost = `no connection: [::1]:${port}, 127.0.0.1:${port}: the certificate is not accepted, ${problem}; after`;
    expect(stdout).toContain(`✗ failed     now: ${lost}`);
    expect(status).toBe(1);

    const overlooked = await check([NAME, String(port)], { ...options, insecure: true }, { columns: 300 });
    expect(overlooked.stdout).toMatch(/\? not known +::1 certificate: .*: not verified, as was asked for\n/);
    expect(overlooked.status).toBe(0);
  });

  it('cannot be told without a DNS server', async () => {
    const [query] = (await dns({})) as [string];
    await servers.pop()!.close();
    const { status, stdout } = await check([NAME], { servers: [query] }, { columns: 200 });
    expect(stdout).toContain('✗ failed     AAAA: no DNS server is there (ECONNREFUSED); after');
    expect(stdout).toMatch(/\n\? Whether .* cannot be told from here: no DNS server answers\. .*\(--dns-server\)\.\n$/);
    expect(status).toBe(1);
  });

  it('cannot be told without a route to it', async () => {
    const query = await dns(named(NAME, 'fe80::1', '127.0.0.1'));
    const { port } = await open(healthy('127.0.0.1'));
    const { status, stdout } = await check([NAME, String(port)], { servers: query }, { columns: 200 });
    expect(stdout).toContain('? not known  fe80::1: this machine has no route to it\n');
    expect(stdout).toContain('? not known  IPv6: cannot be told from here\n');
    expect(stdout).toMatch(/\n\? Whether www\.example is ready for IPv6 cannot be told from here: this machine has no way/);
    expect(status).toBe(1);
  });
});

describe('check, of records that are not as they should be', () => {
  it.each<[string, Reply, RegExp]>([
    ['no answer', { silent: true }, /! warning +HTTPS: no answer in time \(ETIMEOUT\)/],
    [
      'malformed',
      { records: [httpsRecord(NAME, '0001 00 0001 0000')] },
      /! warning +HTTPS: malformed .*: alpn is empty \(EBADRESP\)/,
    ],
    ['an alias', { records: [httpsRecord(NAME, '0000 03 63646e 00')] }, /✓ ok +HTTPS: alias of cdn for 60 s/],
    ['no service', { records: [httpsRecord(NAME, '0000 00')] }, /✗ failed +HTTPS: says that there is no service/],
    [
      'hints for IPv4 alone',
      { records: [httpsRecord(NAME, '0001 00 0004 0004 7f000001')] },
      /! warning +HTTPS: hints for IPv4 without/,
    ],
    [
      'a stray hint',
      { records: [httpsRecord(NAME, `0001 00 0006 0010 ${'0'.repeat(31)}2`)] },
      /! warning +HTTPS: the IPv6 hints ::2 are not among the AAAA records/,
    ],
    [
      'everything',
      { records: [httpsRecord(NAME, '0001 00 0000 0002 0001 0001 0003 026833 0002 0000 0005 0001 00')] },
      /✓ ok .*ALPN h3 alone, mandatory alpn, ECH/,
    ],
    [
      'a parameter that is mandatory, and not known',
      { records: [httpsRecord(NAME, '0001 00 0000 0002 029b 029b 0000')] },
      /! warning +HTTPS: .*, mandatory key667 for 60 s: clients that do not know key667 ignore it; after/,
    ],
  ])('the HTTPS record: %s', async (_, reply, line) => {
    const query = await dns({ ...BOTH, [`${NAME} ${HTTPS}`]: reply });
    const { stdout } = await check([NAME], { servers: query, probeTimeout: 100 }, { columns: 200 });
    expect(stdout).toMatch(line);
  });

  it('an IPv4-mapped address in AAAA', async () => {
    const port = await dualStack(onSix);
    const query = await dns({
      ...BOTH,
      [`${NAME} AAAA`]: { records: records(NAME, 'AAAA', ['::ffff:127.0.0.1', '::1']) },
    });
    const { stdout } = await check([NAME, String(port)], { servers: query }, { columns: 200 });
    expect(stdout).toContain('✗ failed     AAAA: ::ffff:127.0.0.1: an IPv4-mapped address is no use in AAAA\n');
    expect(stdout).toMatch(/\n✓ www\.example is ready for IPv6, with 1 failure/);
  });

  it('more addresses than are tried', async () => {
    const many = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
    const query = await dns(named(NAME, ...many(60, 'fe80::'), ...many(20, '127.0.1.')));
    const options = { servers: query, json: true, probeTimeout: 100 };
    const { stdout } = await check([NAME, '9'], options);
    const [{ addresses, untried, findings }] = (schema('check')(stdout) as { hosts: [Record<string, unknown[]>] }).hosts;
    expect([addresses!.length, untried]).toEqual([32, 48]);
    expect(findings).toContainEqual({ section: 'Reachability', verdict: 'unknown', text: 'and 48 more addresses, not tried' });
    expect(servers[0]!.questions.filter((question) => question.includes('PTR'))).toHaveLength(32);
  });

  it('a reverse name that does not lead back, and one that may', async () => {
    const [six] = Object.keys(reversed(NAME)) as [string];
    const owner = six.split(' ')[0]!;
    const port = await dualStack(onSix);
    const stray = await dns({ ...BOTH, [six]: { records: records(owner, 'PTR', ['other.example', 'a b']) } });
    const one = await check([NAME, String(port)], { servers: stray }, { columns: 200 });
    expect(one.stdout).toMatch(/! warning +::1: other\.example, a b, which does not lead back; after/);
    const unsure = await dns({
      ...BOTH,
      [six]: { records: records(owner, 'PTR', ['other.example']) },
      'other.example AAAA': { rcode: 'SERVFAIL' },
      '1.0.0.127.in-addr.arpa PTR': { rcode: 'REFUSED' },
    });
    const two = await check([NAME, String(port)], { servers: unsure }, { columns: 200 });
    expect(two.stdout).toMatch(/\? not known +::1: other\.example; whether that leads back is not known; after/);
    expect(two.stdout).toMatch(/\? not known +127\.0\.0\.1: .* answers REFUSED for .* \(EREFUSED\); after/);
  });

  it('tells the prefix of a NAT64', async () => {
    const answer = { records: records('ipv4only.arpa', 'AAAA', ['64:ff9b::192.0.0.170', '64:ff9b::192.0.0.171']) };
    const query = await dns({ 'ipv4only.arpa AAAA': answer });
    const { stdout } = await check(['::1', '9'], { servers: query, probeTimeout: 100 }, { columns: 200 });
    expect(stdout).toContain('NAT64: this network reaches IPv4 by 64:ff9b::/96; after');
    const failing = await check(['::1', '9'], { servers: await dns({ 'ipv4only.arpa AAAA': { rcode: 'SERVFAIL' } }) });
    expect(failing.stdout).toMatch(/\? not known +NAT64: .* answers SERVFAIL/);
  });
});

describe('check, of several hosts', () => {
  it('keeps their order, shows each as soon as it can, and tells how many are ready', async () => {
    const port = await dualStack(onSix);
    const slow = { records: records('slow.example', 'AAAA', ['::1']), after: 150 };
    const query = await dns({ ...BOTH, ...named('four.example', '127.0.0.1'), 'slow.example AAAA': slow });
    const { status, stdout } = await check(['slow.example', NAME, 'four.example', String(port)], { servers: query });
    const order = [...stdout.matchAll(/^(\S+), port/gm)].map(([, name]) => name);
    expect(order).toEqual(['slow.example', NAME, 'four.example']);
    expect(stdout).toMatch(/\n✗ 2 of 3 hosts are ready for IPv6\.\n$/);
    expect(status).toBe(1);
  });

  it('shows on a terminal what is being done, in one line, and wipes it away', async () => {
    const port = await dualStack(onSix);
    const targets = Array.from({ length: 12 }, () => NAME);
    const { stderr } = await check([...targets, String(port)], { servers: await dns(BOTH) }, { isTTY: true, columns: 40 });
    expect(stderr).toContain(`0 of 12 checked; www.example:${port}`);
    expect(stderr).toContain('11 of 12 checked');
    const lines = stderr.split('\r\x1b[1A\x1b[J');
    expect(lines.filter((line) => line.length > 40 || !/^[^\n]*\n?$/.test(line))).toEqual([]);
    expect(lines.at(-1)).toBe('');
  });
});

describe('the progress of a check', () => {
  const terminal = (columns?: number) => fakeTerminal({ isTTY: true, columns });

  it('has a place for each target, and the width of its own terminal', () => {
    const { stderr, written } = terminal(60);
    const [one, other] = [80, 81].map((port) => ({ host: 'h', port }));
    const progress = showProgress(stderr, 2);
    progress.begin(one!, 'records');
    progress.begin(other!, 'addresses');
    progress.begin(one!, 'done');
    const lines = written.stderr.replaceAll('\n', '').split('\r\x1b[1A\x1b[J');
    expect(lines).toEqual([
      '0 of 2 checked; h:80 (looking up)',
      '0 of 2 checked; h:80 (looking up), h:81 (connecting)',
      '1 of 2 checked; h:81 (connecting)',
    ]);
    const narrow = terminal(20);
    showProgress(narrow.stderr, 2).begin(one!, 'records');
    expect(narrow.written.stderr).toBe('0 of 2 checked; h:…\n');
  });
});

describe('check --json', () => {
  const valid = schema('check');

  it('is one document that its schema describes, whatever has been found', async () => {
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tlsServer('::1', port, credentials);
    const owner = `_${port}._https.${NAME}`;
    const query = await dns({
      ...BOTH,
      ...reversed(NAME),
      ...named('dead.example', 'fe80::1', '127.0.0.9'),
      [`${owner} ${HTTPS}`]: { records: [httpsRecord(owner, '0001 00 0000 0002 0001 0001 0003 026833 0002 0000 0005 0001 00')] },
      'gone.example AAAA': { rcode: 'SERVFAIL' },
    });
    const options = { servers: query, tls: true, ca: authority.ca, json: true, ping: true };
    const { status, stdout, stderr } = await check(
      [NAME, 'dead.example', 'gone.example', '::1', 'localhost', String(port)],
      options,
    );
    const document = valid(stdout) as { hosts: { host: string; verdict: string }[] };
    expect(document.hosts.map(({ host, verdict }) => [host, verdict])).toEqual([
      [NAME, 'ready'],
      ['dead.example', 'unknown'],
      ['gone.example', 'not ready'],
      ['::1', 'not ready'],
      ['localhost', 'not ready'],
    ]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  });

  it('has every duration fixed where that is asked for', async () => {
    const port = await dualStack(onSix);
    const { stdout } = await check([NAME, String(port)], { servers: await dns(BOTH), json: true, fixedClock: true, ping: true });
    const times = [...stdout.matchAll(/"time": (\S+?),?\n/g)].map(([, time]) => time);
    expect(new Set(times.filter((time) => time !== 'null'))).toEqual(new Set(['10']));
    expect(times.length).toBeGreaterThan(6);
  });
});

describe('check, interrupted', () => {
  it('cancels everything, says so, and leaves nothing open', async () => {
    const port = await dualStack((same) => open(blackhole('::1', same)));
    const query = await dns({ ...BOTH, 'silent.example AAAA': { silent: true } });
    const before = activeResources();
    const { status, stdout, stderr } = await check(
      [NAME, 'silent.example', String(port)],
      { servers: query, probeTimeout: 60_000, dnsTimeout: 60_000, ping: true },
      { interruptAfter: 200, isTTY: true },
    );
    expect(status).toBe(130);
    expect(stdout).not.toContain(NAME);
    expect(stderr).toMatch(/\r\x1b\[1A\x1b\[JInterrupted: the check was cancelled and everything is closed\.\n$/);
    await expect(leftOver(before)).resolves.toEqual({});
  });

  it('leaves nothing open when it is done, either', async () => {
    const credentials = await authority.issue([NAME]);
    const { port } = await tlsServer('127.0.0.1', 0, credentials);
    await tlsServer('::1', port, credentials);
    const query = await dns(BOTH);
    const before = activeResources();
    await check([NAME, String(port)], { servers: query, ping: true, tls: true, ca: authority.ca });
    await expect(leftOver(before)).resolves.toEqual({});
  });
});

describe('check, of what makes no sense', () => {
  it.each<[readonly string[], object, string]>([
    [[], {}, '"host" must be given'],
    [['443'], {}, `"host" must be given beside the port. Received '443'`],
    [['example.com', '80', '443'], {}, `"host" must be a name or an address; one port for all goes last. Received '80'`],
    [['80:443'], {}, `"host" must be a name or an address; one port for all goes last. Received '80:443'`],
    [[''], {}, '"host" must not be empty'],
    [['exa mple'], {}, '"host" is neither a host name nor an IP address'],
    [['nonsense://example.com'], {}, '"port" must be given: the port of nonsense:// is not known'],
    [['https://'], {}, '"host" must not be empty'],
    [['example.com:https'], {}, '"port" must be a whole number from 1 to 65535'],
    [['example.com:'], {}, '"port" must be a whole number from 1 to 65535'],
    [['example.com:0'], {}, 'The value of "port" is out of range'],
    [['[::1]:65536'], {}, 'The value of "port" is out of range'],
    [['example.com', '65536'], {}, 'The value of "port" is out of range'],
    [['example.com', '80'], { port: 80 }, '"port" is given twice'],
    [['example.com'], { port: 0 }, 'The value of "options.port" is out of range'],
    [['example.com'], { probeTimeout: 0 }, 'The value of "options.probeTimeout" is out of range'],
    [['example.com'], { dnsTimeout: '1 s' }, '"options.dnsTimeout" must be of type number'],
    [['example.com'], { servers: ['dns.example'] }, '"options.servers" must be the IP address of a DNS server'],
    [['example.com'], { servers: [] }, '"options.servers" must not be empty'],
    [['example.com'], { tls: 'yes' }, '"options.tls" must be of type boolean'],
    [['example.com'], { ca: 5 }, '"options.ca" must be of type string'],
    [['example.com'], { verbose: true }, '"options.verbose" is not an option'],
  ])('%j %j is refused in a sentence', async (targets, options, sentence) => {
    await expect(check(targets, options)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(?:INVALID_ARG|OUT_OF_RANGE)/),
      message: expect.stringContaining(sentence),
    });
  });
});
