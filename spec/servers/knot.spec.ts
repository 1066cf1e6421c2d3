import dgram from 'node:dgram';
import { once } from 'node:events';
import { decode } from 'dns-packet';
import { NEVER } from 'rxjs';
import type { RaceOptions } from '../../src/index.js';
import { placesBy, startKnot } from '../support/knot.js';
import { describeWith, type ServerProgram } from '../support/server-program.js';

const HEAD = '$TTL 60\n@ SOA ns.example.test. host.example.test. 1 3600 600 86400 60\n@ NS ns.example.test.\n';

/** Enough records that an answer does not fit into a datagram. */
const many = Array.from(
  { length: 40 },
  (_, index) =>
    `big HTTPS ${index + 1} big${index < 1 ? '' : '-other'} ipv6hint=2001:db8:b::${(index + 1).toString(16)} port=${9000 + index}`,
);

const ZONES: Readonly<Record<string, string>> = {
  'example.test': `${HEAD}ns A 127.0.0.1
plain HTTPS 1 . alpn=h2
plain A 192.0.2.1
plain AAAA 2001:db8::1
aliased HTTPS 0 plain
aliased A 192.0.2.99
loop HTTPS 0 loop2
loop2 HTTPS 0 loop
loop A 192.0.2.2
two HTTPS 2 backup alpn=h2
two HTTPS 1 first alpn=h2 port=8443
two A 192.0.2.3
first AAAA 2001:db8::f1
first A 192.0.2.11
backup A 192.0.2.12
lying HTTPS 1 . ipv4hint=198.51.100.66 ipv6hint=2001:db8::66
lying A 192.0.2.4
lying AAAA 2001:db8::4
away HTTPS 1 svc.other.test. alpn=h2
away A 192.0.2.5
_8443._https.port HTTPS 1 port port=9443
port A 192.0.2.6
cname CNAME plain
noservice HTTPS 0 .
noservice A 192.0.2.7
${many.join('\n')}
big A 192.0.2.8
`,
  'other.test': `${HEAD}svc A 203.0.113.1
svc AAAA 2001:db8:f::1
`,
};

describeWith(['knotd'], 'service records of Knot DNS', () => {
  let knot: ServerProgram;
  let server: string;

  beforeAll(async () => {
    knot = await startKnot(ZONES);
    server = `127.0.0.1:${knot.ports[0]}`;
  });

  afterAll(() => knot.close());

  const places = (host: string, options?: Parameters<typeof placesBy>[2]) => placesBy(server, host, options);

  it('[V3] a record of the host itself', async () => {
    expect(await places('plain.example.test')).toEqual([
      '[2001:db8::1]:443 plain.example.test',
      '192.0.2.1:443 plain.example.test',
    ]);
  });

  it('[V4] [V9] an alias, and the name to which it leads', async () => {
    expect(await places('aliased.example.test')).toEqual([
      '[2001:db8::1]:443 plain.example.test',
      '192.0.2.1:443 plain.example.test',
      '192.0.2.99:443',
    ]);
  });

  it('[V4] a loop of aliases, and an alias that says that there is no service', async () => {
    expect(await places('loop.example.test')).toEqual(['192.0.2.2:443']);
    expect(await places('noservice.example.test')).toEqual(['192.0.2.7:443']);
  });

  it('[V4] a CNAME before the record', async () => {
    expect(await places('cname.example.test')).toEqual([
      '[2001:db8::1]:443 cname.example.test',
      '192.0.2.1:443 cname.example.test',
    ]);
  });

  it('[V3] [V6] two priorities, and a port', async () => {
    expect(await places('two.example.test')).toEqual([
      '[2001:db8::f1]:8443 first.example.test',
      '192.0.2.11:8443 first.example.test',
      '192.0.2.12:443 backup.example.test',
      '192.0.2.3:443',
    ]);
  });

  it('[V2] hints that lie are left where the addresses are there', async () => {
    const started = await places('lying.example.test', { connectionAttemptDelay: 200 });
    expect(started).toEqual(expect.arrayContaining(['[2001:db8::4]:443 lying.example.test', '192.0.2.4:443 lying.example.test']));
    // One may have begun before the addresses came, and no other does.
    expect(started.filter((place) => place.endsWith('?')).length).toBeLessThan(2);
  });

  it('[V4] a target in another zone', async () => {
    expect(await places('away.example.test')).toEqual([
      '[2001:db8:f::1]:443 svc.other.test',
      '203.0.113.1:443 svc.other.test',
      '192.0.2.5:443',
    ]);
  });

  it('[V6] the name of a port other than 443', async () => {
    expect(await places('port.example.test', { port: 8443 })).toEqual(['192.0.2.6:9443 port.example.test', '192.0.2.6:8443']);
  });

  it('[V1] an answer that does not fit into a datagram is asked for over TCP', async () => {
    const started = await places('big.example.test');
    expect(started).toContain('192.0.2.8:9000 big.example.test');
    expect(started.at(-1)).toBe('192.0.2.8:443');
  });

  it('[V15] HTTPS queries that are dropped on the way cost the Resolution Delay', async () => {
    const dropping = await forwarder(knot.ports[0], (type) => type !== 'UNKNOWN_65');
    const began = performance.now();
    let startedAt = 0;
    const options: RaceOptions = {
      resolutionDelay: 100,
      transport: () => {
        startedAt ||= performance.now();
        return NEVER;
      },
    } as object;
    expect(await placesBy(dropping.address, 'plain.example.test', options)).toEqual(['[2001:db8::1]:443', '192.0.2.1:443']);
    expect(startedAt - began).toBeGreaterThanOrEqual(99);
    dropping.close();
  });
});

/** Hands UDP questions on to a server, those of some types alone. */
async function forwarder(port: number, passes: (type: string) => boolean) {
  const front = dgram.createSocket('udp4');
  front.on('message', (message, peer) => {
    if (!passes(decode(message).questions![0]!.type)) return;
    const back = dgram.createSocket('udp4');
    back.on('message', (answer) => {
      front.send(answer, peer.port, peer.address);
      back.close();
    });
    back.send(message, port, '127.0.0.1');
  });
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  return { address: `127.0.0.1:${front.address().port}`, close: () => front.close() };
}
