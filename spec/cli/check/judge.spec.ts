import { conclude } from '../../../src/cli/check/judge/conclude.js';
import { judgeHost } from '../../../src/cli/check/judge/judge-host.js';
import { judgeMachine } from '../../../src/cli/check/judge/judge-machine.js';
import type {
  AddressReport,
  CertificateReport,
  Failure,
  HostReport,
  MachineReport,
  TlsReport,
} from '../../../src/cli/check/report.js';

const failed = (code: string): Failure => ({ code, message: `it has failed with ${code}` });
const refused = { time: 5, error: failed('ECONNREFUSED') };
const timedOut = { time: 3000, error: failed('ETIMEDOUT') };

const CERTIFICATE: CertificateReport = {
  subject: 'www.example',
  names: 'DNS:www.example',
  issuer: 'An Authority',
  validUntil: '2030-01-31T00:00:00.000Z',
  daysLeft: 90,
  error: null,
  verified: true,
};

const secured = (certificate: Partial<CertificateReport> | null = {}): TlsReport => ({
  time: 20,
  error: null,
  protocol: 'TLSv1.3',
  alpn: null,
  certificate: certificate && { ...CERTIFICATE, ...certificate },
});

const address = (text: string, changes: Partial<AddressReport> = {}): AddressReport => ({
  address: text,
  family: text.includes(':') ? 6 : 4,
  source: text.includes(':') ? '2001:db8::5' : '192.0.2.5',
  before: null,
  reverse: { names: [], confirmed: null, time: 3, error: null },
  echo: null,
  tcp: { time: 10, error: null },
  tls: secured(),
  ...changes,
});

const SIX = '2001:db8::1';
const FOUR = '192.0.2.1';

const host = (addresses: readonly AddressReport[], changes: Partial<HostReport> = {}): HostReport => {
  const of = (family: number) => addresses.filter((one) => one.family === family).map((one) => one.address);
  const question = { name: 'www.example', aliases: [], ttl: 60, time: 2, error: null, source: 'DNS' as const };
  const [winner] = addresses;
  const fallback = {
    winner: winner ? { address: winner.address, family: winner.family } : null,
    time: 12,
    attempts: [],
    error: null,
  };
  return {
    host: 'www.example',
    port: 443,
    tls: true,
    records: {
      AAAA: { ...question, addresses: of(6) },
      A: { ...question, addresses: of(4) },
      HTTPS: { ...question, ttl: null, records: [] },
    },
    addresses,
    untried: 0,
    fallback: { now: fallback, withoutIPv6: { ...fallback, winner: { address: FOUR, family: 4 } } },
    ...changes,
  };
};

const lines = (report: HostReport, section: string) =>
  judgeHost(report)
    .filter((finding) => finding.section === section)
    .map(({ verdict, text }) => `${verdict} | ${text}`);

const conclusion = (report: HostReport) => {
  const { verdict, text } = conclude(report, judgeHost(report));
  return `${verdict} | ${text}`;
};

describe('the conclusion', () => {
  it.each<[string, HostReport, string]>([
    ['all is well', host([address(SIX), address(FOUR)]), 'ready | www.example is ready for IPv6.'],
    [
      'one of two IPv6 addresses is dead',
      host([address('2001:db8::dead', { tcp: timedOut, tls: null }), address(SIX), address(FOUR)]),
      'ready | www.example is ready for IPv6, but 1 of 2 IPv6 addresses is dead.',
    ],
    [
      'two of three IPv6 addresses are dead',
      host([
        address('2001:db8::dead', { tcp: timedOut, tls: null }),
        address('2001:db8::bad', { tcp: refused, tls: null }),
        address(SIX),
        address(FOUR),
      ]),
      'ready | www.example is ready for IPv6, but 2 of 3 IPv6 addresses are dead.',
    ],
    [
      'an IPv6 address has a certificate that has expired, and all of IPv4 is dead',
      host([
        address('2001:db8::bad', { tls: secured({ error: 'CERT_HAS_EXPIRED' }) }),
        address(SIX),
        address(FOUR, { tcp: refused, tls: null }),
      ]),
      'ready | www.example is ready for IPv6, but 1 of 2 IPv6 addresses does not work and its IPv4 address is dead.',
    ],
    [
      'an address is dead, and a reverse name does not lead back',
      host([
        address('2001:db8::dead', { tcp: refused, tls: null }),
        address(SIX, { reverse: { names: ['other.example'], confirmed: false, time: 3, error: null } }),
        address(FOUR),
      ]),
      'ready | www.example is ready for IPv6, but 1 of 2 IPv6 addresses is dead; there is also 1 warning.',
    ],
    [
      'IPv4 is dead',
      host([address(SIX), address(FOUR, { tcp: refused, tls: null })]),
      'ready | www.example is ready for IPv6, but its IPv4 address is dead.',
    ],
    ['there is no IPv4', host([address(SIX)]), 'ready | www.example is ready for IPv6, with 1 warning.'],
    [
      'there is no TLS to try',
      host([address(SIX, { tls: null })], { tls: false }),
      'ready | www.example is ready for IPv6, with 1 warning.',
    ],
    [
      'there is no AAAA',
      host([address(FOUR)]),
      'not ready | www.example is not ready for IPv6: it has no AAAA record. Publish one, once its servers listen on IPv6.',
    ],
    [
      'it is an IPv4 address',
      host([address(FOUR)], { host: FOUR, records: null }),
      `not ready | ${FOUR} is not ready for IPv6: it is an IPv4 address. Check its name instead, or its IPv6 address.`,
    ],
    [
      'there is no route to any IPv6 address',
      host([address(SIX, { source: null, tcp: { time: 0, error: failed('ENETUNREACH') }, tls: null }), address(FOUR)]),
      'unknown | Whether www.example is ready for IPv6 cannot be told from here: this machine has no way to its IPv6 addresses. Check it from a machine that has.',
    ],
    [
      'the address that comes farthest fails with its certificate',
      host([
        address('2001:db8::2', { tcp: refused, tls: null }),
        address(SIX, { tls: secured({ error: 'CERT_HAS_EXPIRED' }) }),
        address('2001:db8::3', { tls: { ...secured(null), error: failed('ECONNRESET') } }),
      ]),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443: the certificate is not accepted, it has expired (CERT_HAS_EXPIRED). Renew it.',
    ],
    [
      'IPv4 has the same certificate',
      host(['2001:db8::1', FOUR].map((text) => address(text, { tls: secured({ error: 'CERT_HAS_EXPIRED' }) }))),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443, and IPv4 likewise: the certificate is not accepted, it has expired (CERT_HAS_EXPIRED). Renew it.',
    ],
    [
      'nothing listens on IPv4, either',
      host([SIX, FOUR].map((text) => address(text, { tcp: refused, tls: null }))),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443, and IPv4 likewise: refused: nothing listens there (ECONNREFUSED). See that the server runs, and listens on this port.',
    ],
    [
      'nothing comes over IPv4, either',
      host([SIX, FOUR].map((text) => address(text, { tcp: timedOut, tls: null }))),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443, and IPv4 likewise: no answer in time (ETIMEDOUT). See that firewalls let this port through, and that the server has the address.',
    ],
    [
      'TLS fails over IPv4, too, but otherwise',
      host([
        address(SIX, { tls: { ...secured(null), error: failed('ECONNRESET') } }),
        address(FOUR, { tls: { ...secured(null), error: failed('ETIMEDOUT') } }),
      ]),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443: TLS fails, the connection was reset (ECONNRESET). See what the server says of its handshakes over IPv6.',
    ],
    [
      'TLS is reset',
      host([address(SIX, { tls: { ...secured(null), error: failed('ECONNRESET') } })]),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443: TLS fails, the connection was reset (ECONNRESET). See what the server says of its handshakes over IPv6.',
    ],
    [
      'there is no certificate',
      host([address(SIX, { tls: secured(null) })]),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443: the server has shown no certificate. Give it one for www.example.',
    ],
    [
      'the connection fails otherwise',
      host([address(SIX, { tcp: { time: 1, error: { code: null, message: 'something' } }, tls: null })]),
      'not ready | www.example is not ready for IPv6: [2001:db8::1]:443: something. See that the way there is open over IPv6.',
    ],
  ])('when %s', (_, report, expected) => {
    expect(conclusion(report)).toBe(expected);
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'Renew it.'],
    ['CERT_NOT_YET_VALID', 'See that the clocks are right, here and where it was issued.'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'Give the server one for www.example.'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'If you trust it, name its authority (--ca) or accept any (--insecure).'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'If you trust it, name its authority (--ca) or accept any (--insecure).'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'If you trust it, name its authority (--ca) or accept any (--insecure).'],
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'Let the server send the whole chain. If you trust it, name its authority (--ca) or accept any (--insecure).',
    ],
    ['CERT_REVOKED', 'Give the server one that clients trust.'],
  ])('advises on %s', (error, advice) => {
    const report = host([address(SIX, { tls: secured({ error }) }), address(FOUR)]);
    expect(conclusion(report)).toContain(` (${error}). ${advice}`);
    expect(conclusion(report).endsWith(advice)).toBe(true);
  });

  it.each([
    ['ETIMEOUT', 'ECONNREFUSED', 'unknown'],
    ['ETIMEOUT', 'ESERVFAIL', 'not ready'],
    ['ENOTFOUND', 'ENOTFOUND', 'not ready'],
  ])('when the DNS says %s for AAAA and %s for A: %s', (six, four, verdict) => {
    const { records, ...rest } = host([]);
    const report = {
      ...rest,
      records: { ...records!, AAAA: { ...records!.AAAA, error: failed(six) }, A: { ...records!.A, error: failed(four) } },
    };
    expect(conclusion(report)).toMatch(new RegExp(`^${verdict} \\| `));
    expect(conclusion(report).includes('--dns-server')).toBe(verdict === 'unknown');
  });

  it.each<[string, string, Partial<AddressReport>, RegExp]>([
    ['may be this network', '2600::1', { tcp: timedOut }, /^unknown/],
    ['may be this network, which says so', '2600::1', { tcp: { time: 1, error: failed('ENETUNREACH') } }, /^unknown/],
    ['is the host, which refuses', '2600::1', { tcp: refused }, /^not ready/],
    ['is a host of this site', 'fd00::1', { tcp: timedOut }, /^not ready/],
  ])('from a unique local address: %s', (_, text, changes, verdict) => {
    const report = host([address(text, { source: 'fd00::5', tls: null, ...changes })]);
    expect(conclusion(report)).toMatch(verdict);
  });

  it('blames a public address that does not answer another one', () => {
    expect(conclusion(host([address('2600::1', { source: '2600::5', tcp: timedOut, tls: null })]))).toMatch(/^not ready/);
  });

  it('blames no host where this machine has no file descriptors', () => {
    const spent = { time: 0, error: failed('EMFILE') };
    const verdict = /^unknown \| Whether www\.example .*: this machine has no file descriptors left\. Raise their limit/;
    const untold = host([address(SIX, { source: null, tcp: spent, tls: null }), address(FOUR)]);
    expect(conclusion(untold)).toMatch(verdict);
    expect(lines(untold, 'Reachability')[0]).toBe('unknown | 2001:db8::1: this machine has no file descriptors left (EMFILE)');
    const { records, ...rest } = host([]);
    expect(conclusion({ ...rest, records: { ...records!, AAAA: { ...records!.AAAA, error: spent.error } } })).toMatch(verdict);
    expect(conclusion(host([address(SIX), address('2001:db8::2', { tcp: spent, tls: null })]))).toMatch(/^ready/);
  });

  it('takes a certificate that was to be overlooked', () => {
    const report = host([address(SIX, { tls: secured({ error: 'CERT_HAS_EXPIRED', verified: false }) })]);
    expect(conclusion(report)).toMatch(/^ready/);
  });
});

describe('the lines about a host', () => {
  it('count the addresses of a family that work', () => {
    const report = host([
      address(SIX),
      address('2001:db8::2', { tcp: { time: 8, error: null } }),
      address('2001:db8::3', { tcp: refused, tls: null }),
      address(FOUR, { source: null, tcp: { time: 0, error: failed('ENETUNREACH') }, tls: null }),
    ]);
    expect(lines(report, 'Families')).toEqual([
      'warning | IPv6: 2 of 3 addresses work; best TCP 8 ms, best TLS 20 ms',
      'unknown | IPv4: cannot be told from here',
    ]);
  });

  it('give the reason for the order', () => {
    const report = host([
      address(SIX, { before: { rule: 6, name: 'prefer higher precedence' } }),
      address(FOUR, { before: { rule: 'history', name: 'prefer addresses that were used' } }),
      address('192.0.2.2', { source: null }),
    ]);
    expect(lines(report, 'Order (RFC 6724)')).toEqual([
      'ok | 1. 2001:db8::1, from 2001:db8::5; before 192.0.2.1: rule 6, prefer higher precedence',
      'ok | 2. 192.0.2.1, from 192.0.2.5; before 192.0.2.2: prefer addresses that were used',
      'warning | 3. 192.0.2.2, no route',
    ]);
  });

  it('[S1] name the file of this system that gives the reason', () => {
    const report = host([
      address(FOUR, { before: { rule: 6, name: 'prefer higher precedence', by: '/etc/gai.conf' } }),
      address(SIX),
    ]);
    expect(lines(report, 'Order (RFC 6724)')).toEqual([
      'ok | 1. 192.0.2.1, from 192.0.2.5; before 2001:db8::1: rule 6, prefer higher precedence, by /etc/gai.conf',
      'ok | 2. 2001:db8::1, from 2001:db8::5',
    ]);
  });

  it('tell what an echo says, and what it does not', () => {
    const echoes = [
      address('2001:db8::1', { echo: { outcome: 'answered', time: 7, reason: null } }),
      address('2001:db8::2', { echo: { outcome: 'unanswered', time: null, reason: null } }),
      address('2001:db8::3', { echo: { outcome: 'unanswered', time: null, reason: null }, tcp: timedOut, tls: null }),
      address('2001:db8::4', { echo: { outcome: 'unknown', time: null, reason: 'there is no program ping' } }),
    ];
    expect(lines(host(echoes), 'Reachability').filter((line) => line.includes('ICMP'))).toEqual([
      'ok | 2001:db8::1 ICMP echo: answered; after 7 ms',
      'warning | 2001:db8::2 ICMP echo: no answer: it is filtered, and Path MTU Discovery may be, too',
      'warning | 2001:db8::3 ICMP echo: no answer',
      'unknown | 2001:db8::4 ICMP echo: there is no program ping',
    ]);
  });

  it('tell that there are more addresses than are tried', () => {
    const many = Array.from({ length: 40 }, (_, index) => `2001:db8::${index + 1}`);
    const report = host([address(SIX), address(FOUR)], { untried: 39 });
    const AAAA = { ...report.records!.AAAA, addresses: many };
    const records = lines({ ...report, records: { ...report.records!, AAAA } }, 'Records');
    expect(records[0]).toBe(`ok | AAAA: ${many.slice(0, 16).join(', ')} and 24 more for 60 s; after 2 ms`);
    expect(lines(report, 'Reachability').at(-1)).toBe('unknown | and 39 more addresses, not tried');
    expect(lines(host([address(SIX)], { untried: 1 }), 'Reachability').at(-1)).toBe('unknown | and 1 more address, not tried');
  });

  it('show an IPv4-mapped address in an AAAA record as it was', () => {
    const report = host([address(FOUR)]);
    const mapped = (...addresses: string[]): HostReport => ({
      ...report,
      records: { ...report.records!, AAAA: { ...report.records!.AAAA, addresses } },
    });
    expect(lines(mapped(SIX, '::ffff:127.0.0.1'), 'Records').slice(0, 2)).toEqual([
      'ok | AAAA: 2001:db8::1 for 60 s; after 2 ms',
      'failed | AAAA: ::ffff:127.0.0.1: an IPv4-mapped address is no use in AAAA',
    ]);
    const alone = mapped('::ffff:127.0.0.1');
    expect(lines(alone, 'Records')[0]).toBe('failed | AAAA: ::ffff:127.0.0.1: an IPv4-mapped address is no use in AAAA');
    expect(conclusion(alone)).toBe(
      'not ready | www.example is not ready for IPv6: its AAAA records hold nothing but IPv4-mapped addresses. Put its IPv6 addresses there.',
    );
  });

  it.each<[string, string, string, string]>([
    ['www.example', 'ENOTFOUND', 'ENOTFOUND', 'warning | HTTPS: there is no such name (ENOTFOUND); after 2 ms'],
    ['_8443._https.www.example', 'ENOTFOUND', 'ENOTFOUND', 'warning | HTTPS: there is no such name (ENOTFOUND); after 2 ms'],
    ['www.example', '', 'ENOTFOUND', 'warning | HTTPS: there is no such name (ENOTFOUND); after 2 ms'],
    ['_8443._https.www.example', '', 'ENOTFOUND', 'ok | HTTPS: none; after 2 ms'],
    ['www.example', '', '', 'ok | HTTPS: none; after 2 ms'],
    ['www.example', 'ETIMEOUT', 'ETIMEOUT', 'warning | HTTPS: no answer in time (ETIMEOUT); after 2 ms'],
  ])('tell what there is of HTTPS records at %s where AAAA has %j and HTTPS %j', (name, six, https, line) => {
    const { records, ...rest } = host([]);
    const error = (code: string) => (code === '' ? null : failed(code));
    const HTTPS = { ...records!.HTTPS!, name, error: error(https) };
    const report = { ...rest, records: { ...records!, AAAA: { ...records!.AAAA, error: error(six) }, HTTPS } };
    expect(lines(report, 'Records')[2]).toBe(line);
  });

  it('have tenths of a ms where that is not many', () => {
    const tcp = (time: number) => address(SIX, { tcp: { time, error: null } });
    const timeOf = (time: number) => /after (.*)/.exec(lines(host([tcp(time)]), 'Reachability')[0]!)?.[1];
    expect([0, 0.04, 0.4, 9.94, 9.96, 10, 10.4, 1000].map(timeOf)).toEqual([
      '0 ms',
      '0 ms',
      '0.4 ms',
      '9.9 ms',
      '10 ms',
      '10 ms',
      '10 ms',
      '1000 ms',
    ]);
    expect(lines(host([tcp(0.4)]), 'Families')[0]).toContain('best TCP 0.4 ms');
  });

  it.each<[Partial<CertificateReport>, string]>([
    [{}, 'ok | 2001:db8::1 certificate: www.example, by An Authority, until 2030-01-31: 90 days left'],
    [{ daysLeft: 14 }, 'ok | 2001:db8::1 certificate: www.example, by An Authority, until 2030-01-31: 14 days left'],
    [
      { daysLeft: 13 },
      'warning | 2001:db8::1 certificate: www.example, by An Authority, until 2030-01-31: only 13 days left: renew it',
    ],
    [
      { daysLeft: 1 },
      'warning | 2001:db8::1 certificate: www.example, by An Authority, until 2030-01-31: only 1 day left: renew it',
    ],
    [
      { error: 'HOSTNAME_MISMATCH', subject: '', issuer: '' },
      'failed | 2001:db8::1 certificate: DNS:www.example, by an unnamed issuer, until 2030-01-31: it is not to be trusted (HOSTNAME_MISMATCH)',
    ],
  ])('tell of a certificate: %j', (certificate, line) => {
    expect(lines(host([address(SIX, { tls: secured(certificate) })]), 'Reachability')).toContain(line);
  });

  it('miss a reverse name over IPv6 where IPv4 has one', () => {
    const reverse = { names: ['www.example'], confirmed: true, time: 3, error: null };
    expect(lines(host([address(SIX), address(FOUR, { reverse })]), 'Reverse names')).toEqual([
      'warning | 2001:db8::1: none, while IPv4 has one; after 3 ms',
      'ok | 192.0.2.1: www.example, which leads back; after 3 ms',
    ]);
    expect(lines(host([address(SIX), address(FOUR)]), 'Reverse names')).toEqual([
      'ok | 2001:db8::1: none; after 3 ms',
      'ok | 192.0.2.1: none; after 3 ms',
    ]);
  });

  it('say why nothing is known of an address', () => {
    const report = host([
      address('2600::1', { source: null, tcp: { time: 0, error: failed('ENETUNREACH') }, tls: null }),
      address('2600::2', { source: 'fd00::5', tcp: timedOut, tls: null }),
    ]);
    expect(lines(report, 'Reachability')).toEqual([
      'unknown | 2600::1: this machine has no route to it',
      'unknown | 2600::2: no answer, but fd00::5 may not lead beyond this site',
    ]);
  });

  it('do not blame clients that have no IPv6 for falling back', () => {
    const now = { winner: { address: FOUR, family: 4 as const }, time: 12, attempts: [], error: null };
    const report = (source: string | null) =>
      host([address(SIX, { source }), address(FOUR)], { fallback: { now, withoutIPv6: now } });
    expect(lines(report('2001:db8::5'), 'Fallback')[0]).toMatch(
      /^warning \| now: connected over IPv4 to 192\.0\.2\.1; after 12 ms$/,
    );
    expect(lines(report(null), 'Fallback')[0]).toMatch(/^ok/);
  });
});

describe('the lines about this machine', () => {
  const machine = (changes: Partial<MachineReport> = {}): MachineReport => ({
    addresses: [
      { address: '2001:db8::5', family: 6, interface: 'eth0' },
      { address: '192.0.2.5', family: 4, interface: 'eth0' },
    ],
    routes: [
      { family: 6, gateway: 'fe80::1', interface: 'eth1', metric: 1024 },
      { family: 6, gateway: null, interface: 'eth0', metric: 5 },
      { family: 4, gateway: '192.0.2.254', interface: 'eth0', metric: 0 },
    ],
    nat64: { prefixes: [], time: 4, error: null },
    ...changes,
  });
  const judged = (report: MachineReport) => judgeMachine(report).map(({ verdict, text }) => `${verdict} | ${text}`);

  it('tell of addresses, routes with the best first, and NAT64', () => {
    expect(judged(machine())).toEqual([
      'ok | IPv6: 2001:db8::5 (eth0)',
      'ok | IPv4: 192.0.2.5 (eth0)',
      'ok | IPv6 default route: on the link (eth0, metric 5), by fe80::1 (eth1, metric 1024)',
      'ok | IPv4 default route: by 192.0.2.254 (eth0, metric 0)',
      'ok | NAT64: none in this network; after 4 ms',
    ]);
  });

  it('tell what is missing, and what is not known', () => {
    const [four] = machine().addresses.slice(1) as [MachineReport['addresses'][number]];
    expect(
      judged(machine({ addresses: [four], routes: [], nat64: { prefixes: [], time: 4, error: failed('ESERVFAIL') } })),
    ).toEqual([
      'warning | IPv6: no address that reaches others: whether hosts answer over IPv6 cannot be told from here',
      'ok | IPv4: 192.0.2.5 (eth0)',
      'warning | IPv6 default route: none',
      'warning | IPv4 default route: none; only neighbours can be reached',
      'unknown | NAT64: it has failed with ESERVFAIL (ESERVFAIL); after 4 ms',
    ]);
    expect(judged(machine({ addresses: [], routes: null }))).toMatchObject({
      1: 'warning | IPv4: no address that reaches others: what has IPv4 alone is reached by NAT64 at most',
      2: 'unknown | IPv6 default route: this system does not tell',
    });
  });
});
