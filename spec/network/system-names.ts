import dns from 'node:dns';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { firstValueFrom, toArray } from 'rxjs';
import { connect, dnsResolver, race$, systemResolver, type ConnectOptions } from '../../src/index.js';
import { parseAddress } from '../../src/core/address/address.js';
import { generator } from '../support/random.js';
import { tcpServer } from '../support/fixtures.js';
import { zoneServer, type Zone, type ZoneServer } from '../support/zone-server.js';

// Run by names.spec.ts in a network of its own, in which every address of 10.0.0.0/8 and fd00::/8 is this machine's.

const PORT = 5000;
let server: ZoneServer;

beforeAll(async () => {
  server = await zoneServer();
});

afterAll(() => {
  server.close();
});

interface World {
  readonly hosts?: string;
  readonly resolvConf?: string;
  readonly zone?: Zone;
}

/** glibc reads a resolv.conf anew when its time or size has changed. */
let version = 0;
function become({ hosts = '', resolvConf = '', zone = {} }: World): void {
  writeFileSync('/etc/hosts', hosts);
  writeFileSync(
    '/etc/resolv.conf',
    `# ${'v'.repeat(++version % 64)}\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n${resolvConf}\n`,
  );
  server.zone = zone;
}

const canonical = (addresses: readonly string[]) =>
  [...new Set(addresses.map((address) => parseAddress(address)!.address))].sort();

/** What every other program of the machine would connect to. */
async function systemsAddresses(host: string): Promise<readonly string[]> {
  return dns.promises.lookup(host, { all: true, verbatim: true }).then(
    (found) => canonical(found.map(({ address }) => address)),
    () => [],
  );
}

/** Every address that a race dials where each refuses. */
async function dialled(host: string, options: ConnectOptions = {}): Promise<readonly string[]> {
  const dialled: string[] = [];
  await new Promise<void>((resolve) =>
    race$(host, PORT, { connectTimeout: Infinity, ...options }).subscribe({
      next: (event) => event.type === 'started' && dialled.push(event.endpoint.address),
      error: () => resolve(),
      complete: () => resolve(),
    }),
  );
  return canonical(dialled);
}

describe('[R16] a name of the hosts file has that file’s addresses and no others', () => {
  const both = { A: ['10.1.1.1'], AAAA: ['fd00::1'] };

  it.each([
    ['IPv4 alone, and DNS has AAAA', '10.9.0.1 payments.example', ['10.9.0.1']],
    ['IPv6 alone, and DNS has A', 'fd00::9 payments.example', ['fd00::9']],
    ['a block', '0.0.0.0 payments.example', ['0.0.0.0']],
    ['both', '10.9.0.1 payments.example\nfd00::9 payments.example', ['10.9.0.1', 'fd00::9']],
    ['an alias in another case', '10.9.0.1 other.example Payments.EXAMPLE', ['10.9.0.1']],
  ])('%s', async (_, hosts, expected) => {
    become({ hosts, zone: { 'payments.example': both } });
    await expect(systemsAddresses('payments.example')).resolves.toEqual(expected);
    await expect(dialled('payments.example')).resolves.toEqual(expected);
    await expect(dialled('payments.example', { resolver: dnsResolver() })).resolves.toEqual(expected);
  });

  it.each([
    ['db.localhost', '10.0.0.5 db.localhost', ['10.0.0.5']],
    ['localhost', '10.0.0.5 localhost', ['10.0.0.5']],
    ['localhost', '127.0.0.1 localhost', ['127.0.0.1', '::1']],
    ['db.localhost', '127.0.0.5 db.localhost', ['127.0.0.5']],
    ['db.localhost', '127.0.0.1 localhost', ['127.0.0.1', '::1']],
  ])('and so has %s with %j', async (host, hosts, expected) => {
    become({ hosts });
    await expect(dialled(host)).resolves.toEqual(expected);
    await expect(dialled(host, { resolver: dnsResolver() })).resolves.toEqual(expected);
  });

  it('also where its family alone is asked for', async () => {
    become({ hosts: '10.9.0.1 payments.example', zone: { 'payments.example': both } });
    await expect(dialled('payments.example', { family: 6 })).resolves.toEqual([]);
    const answers = await firstValueFrom(systemResolver()('payments.example', { family: 6 }).pipe(toArray()));
    expect(answers).toMatchObject([{ type: 'AAAA', addresses: [] }]);
  });

  it('and a server of the machine itself on ::1 is reached', async () => {
    become({ hosts: '127.0.0.1 this-machine\n::1 this-machine' });
    const { port } = await tcpServer('::1', 0);
    const socket = await connect('this-machine', port);
    expect(socket.remoteAddress).toBe('::1');
    socket.destroy();
  });
});

describe('[R17] where the search list applies, the families come from one and the same name', () => {
  const zone = {
    'api.one.test': { A: ['10.0.1.1'] },
    'api.two.test': { AAAA: ['fd00:2::1'] },
    'deep.api.two.test': { AAAA: ['fd00:2::2'] },
    'deep.api': { A: ['10.0.1.2'] },
  };

  it.each([
    ['api', 'search one.test two.test', ['10.0.1.1']],
    ['api', 'search two.test one.test', ['fd00:2::1']],
    ['api', 'domain two.test', ['fd00:2::1']],
    ['api.one.test', 'search one.test two.test', ['10.0.1.1']],
    // As it is first, and then in no search domain: there is such a name.
    ['deep.api', 'search one.test two.test', ['10.0.1.2']],
    ['deep.api', 'search one.test two.test\noptions ndots:2', ['fd00:2::2']],
    ['deep.api.', 'search one.test two.test\noptions ndots:2', ['10.0.1.2']],
    // There is none: the search list after all.
    ['api.one', 'search test', ['10.0.1.1']],
  ])('%s with %j', async (host, resolvConf, expected) => {
    become({ resolvConf, zone });
    await expect(systemsAddresses(host)).resolves.toEqual(expected);
    await expect(dialled(host)).resolves.toEqual(expected);
  });
});

describe('names that Node resolves are resolved', () => {
  it.each([
    ['0', ['0.0.0.0']],
    ['127.1', ['127.0.0.1']],
    ['0x7f.1', ['127.0.0.1']],
    ['a:b', ['10.0.0.1']],
    ['db:5432', ['10.0.0.2']],
    ['a_b', ['10.0.0.3']],
    ['single', ['10.0.0.4']],
    ['_service.example', ['10.0.0.5']],
  ])('%s', async (host, expected) => {
    become({
      hosts: '10.0.0.1 a:b\n10.0.0.2 db:5432\n10.0.0.3 a_b\n10.0.0.4 single',
      zone: { '_service.example': { A: ['10.0.0.5'] } },
    });
    await expect(systemsAddresses(host)).resolves.toEqual(expected);
    await expect(dialled(host)).resolves.toEqual(expected);
  });
});

describe('random files and zones', () => {
  const WORLDS = Number(process.env.WORLDS ?? 300);
  const SEED = Number(process.env.WORLDS_SEED ?? 1);

  const HOSTS = ['api', 'db.example', 'a.b.example', 'x_y.example', 'UPPER.example', 'www.one.test', hostname()];
  const DOMAINS = ['one.test', 'two.test'];

  it(`lead to the addresses of getaddrinfo for both families, and to no others (${WORLDS} worlds of seed ${SEED})`, async () => {
    const random = generator(SEED);
    const chance = (p: number) => random() < p;
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
    const number = () => Math.floor(random() * 250) + 1;
    const four = () => `10.${number()}.${number()}.${number()}`;
    const six = () => `fd00:${number()}::${number()}`;
    const some = <T>(make: () => T) => Array.from({ length: 1 + Math.floor(random() * 2) }, make);

    for (let world = 0; world < WORLDS; world++) {
      const name = pick(HOSTS);
      const host = chance(0.1) ? `${name}.` : name;
      const search = DOMAINS.filter(() => chance(0.4));
      const lines = [
        ...(chance(0.03) ? ['nameserver 127.0.0.9'] : []),
        ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
        ...(chance(0.3) ? [`options ndots:${pick([0, 2, 3, 5])}`] : []),
      ];
      const hosts = [name, ...HOSTS]
        .filter((_, index) => chance(index === 0 ? 0.4 : 0.1))
        .flatMap((one) => some(() => `${chance(0.5) ? four() : six()} ${chance(0.3) ? `other.${one} ` : ''}${one} # ${one}`));
      const entry = () => {
        if (chance(0.04)) return { fails: pick(['SERVFAIL', 'REFUSED'] as const) };
        if (chance(0.15)) return { alias: pick(['target.example', 'nothing.example']) };
        return { ...(chance(0.5) && { A: some(four) }), ...(chance(0.5) && { AAAA: some(six) }) };
      };
      const names = [name, ...DOMAINS.map((domain) => `${name}.${domain}`)].map((one) => one.toLowerCase());
      const zone: Zone = {
        'target.example': { ...(chance(0.7) && { A: some(four) }), ...(chance(0.5) && { AAAA: some(six) }) },
        ...Object.fromEntries(names.filter(() => chance(0.6)).map((one) => [one, entry()])),
      };
      const made = { hosts: hosts.join('\n'), resolvConf: lines.join('\n'), zone };
      become(made);

      const expected = await systemsAddresses(host);
      const seen = await dialled(host);
      expect({ world, host, ...made, seen }).toEqual({ world, host, ...made, seen: expected });

      const dots = name.split('.').length - 1;
      // dnsResolver takes a name of the hosts file with a final dot for the name itself; getaddrinfo asks DNS for it.
      if (search.length === 0 && dots > 0 && !host.endsWith('.') && !lines.some((line) => line.includes('ndots'))) {
        const byDns = await dialled(host, { resolver: dnsResolver({ timeout: 1000, tries: 1 }) });
        expect({ world, host, ...made, byDns }).toEqual({ world, host, ...made, byDns: expected });
      }
    }
  }, 300_000);
});
