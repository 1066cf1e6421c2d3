import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usesGlibc } from '../../src/node/glibc.js';
import { runCommand } from '../support/dist.js';
import { describeInNamespace } from '../support/namespace.js';

const SIX = '2001:db8::1';
/** On a network of this machine, where it answers nothing; this machine has 2001:db8:1::1 there. */
const DEAD = '2001:db8:1::7';
const TEN = '10.9.0.2';
const LOOPED = '127.0.0.2';

const HOSTS = {
  'dual.example': [SIX, TEN],
  'near.example': [DEAD, TEN],
  'looped.example': [SIX, LOOPED],
  'three.example': [SIX, '192.0.2.1', TEN],
};
type Name = keyof typeof HOSTS;

/** Where a race begins: through the system's look-ups, and with all answers of the same look-up at once. */
const ORDER_PROGRAM = `
  import { execFileSync } from 'node:child_process';
  import { lookup } from 'node:dns/promises';
  import { filter, firstValueFrom, from, map, mergeMap } from 'rxjs';
  import { race$ } from './dist/index.mjs';

  const inOrder = (name) => lookup(name, { all: true, verbatim: true });
  const together = (name) =>
    from(inOrder(name)).pipe(
      mergeMap((all) => [6, 4].map((family) => ({
        type: family === 6 ? 'AAAA' : 'A',
        addresses: all.filter((one) => one.family === family).map(({ address }) => address),
      }))),
    );
  const first = (name, options) =>
    firstValueFrom(race$(name, 9, options).pipe(filter(({ type }) => type === 'started'), map(({ endpoint }) => endpoint.address)));

  const found = {};
  for (const name of process.argv.slice(1)) {
    const getent = execFileSync('getent', ['ahosts', name], { encoding: 'utf8' }).split(' ')[0];
    found[name] = {
      getent,
      lookup: (await inOrder(name))[0].address,
      race: await first(name, {}),
      together: await first(name, { resolver: together }),
    };
  }
  console.log(JSON.stringify(found));
`;

/** The attempts of races to a dead IPv6 address and an IPv4 one that works; between them the file may change. */
const DEAD_PROGRAM = `
  import { writeFileSync } from 'node:fs';
  import net from 'node:net';
  import { setTimeout as delay } from 'node:timers/promises';
  import { lastValueFrom, toArray } from 'rxjs';
  import { race$ } from './dist/index.mjs';

  const server = net.createServer((socket) => socket.destroy()).listen(9, '${TEN}');
  const race = async () => {
    const events = await lastValueFrom(race$('near.example', 9).pipe(toArray()));
    const connected = events.find(({ type }) => type === 'connected');
    connected.value.destroy();
    return { started: events.filter(({ type }) => type === 'started').map(({ endpoint }) => endpoint.address), at: connected.at };
  };
  const [path, ...versions] = process.argv.slice(1);
  const races = [await race()];
  for (const text of versions) {
    writeFileSync(path, text);
    await delay(1100);
    races.push(await race());
  }
  server.close();
  console.log(JSON.stringify(races));
`;

jest.setTimeout(60_000);

describeInNamespace('/etc/gai.conf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gai-conf-'));
  const file = (name: string) => join(folder, name);
  const hosts = Object.entries(HOSTS).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`));
  beforeAll(() => {
    if (!usesGlibc()) throw new Error('compares with glibc');
    writeFileSync(file('hosts'), hosts.join(''));
    writeFileSync(file('nsswitch.conf'), 'hosts: files\n');
    writeFileSync(file('resolv.conf'), 'nameserver 127.0.0.1\n');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const run = async (gaiConf: string, ...command: readonly string[]) => {
    writeFileSync(file('gai.conf'), gaiConf);
    const enter = [
      'ip link set lo up',
      `ip addr add ${TEN}/32 dev lo`,
      'ip addr add 192.0.2.1/32 dev lo',
      `ip addr add ${SIX}/128 dev lo nodad`,
      'ip addr add 2001:db8:1::1/64 dev lo nodad',
      ...['gai.conf', 'hosts', 'nsswitch.conf', 'resolv.conf'].map((name) => `mount --bind ${file(name)} /etc/${name}`),
      'exec "$@"',
    ].join('; ');
    return runCommand('unshare', '--net', '--mount', 'sh', '-ec', enter, 'sh', process.execPath, ...command).ended;
  };
  const results = async (gaiConf: string, program: string, ...args: readonly string[]): Promise<unknown> => {
    const { status, stdout, stderr } = await run(gaiConf, '--input-type=module', '-e', program, '--', ...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout);
  };

  const PREFER_IPV4 = 'precedence ::ffff:0:0/96 100\n';

  describe('where it is clear from the table alone which family comes first', () => {
    it.each<[string, Partial<Record<Name, string>>]>([
      ['', { 'dual.example': SIX, 'near.example': DEAD, 'looped.example': SIX, 'three.example': SIX }],
      ['reload yes\n# precedence ::ffff:0:0/96 100\n', { 'dual.example': SIX }],
      ['precedence 10.0.0.0/8 100\nprecedence ::ffff:0:0/96 -1\n', { 'dual.example': SIX, 'looped.example': SIX }],
      [PREFER_IPV4, { 'dual.example': TEN, 'near.example': TEN, 'looped.example': LOOPED }],
      ['\tprecedence  ::ffff:0.0.0.0/+96 0100 # like this\r\n', { 'dual.example': TEN, 'looped.example': LOOPED }],
      ['precedence ::ffff:0:0/96 50\nprecedence ::ffff:0:0/96 10\n', { 'dual.example': TEN }],
      ['precedence ::ffff:0:0/96 10\nprecedence ::ffff:0:0/96 50\n', { 'dual.example': SIX }],
      // What does not match in label or scope is behind, whatever its precedence.
      [`${PREFER_IPV4}label ::ffff:127.0.0.2/128 9\n`, { 'dual.example': TEN }],
    ])('[S1] [R6] %j: a race dials first what getaddrinfo has first', async (gaiConf, firsts) => {
      const names = Object.keys(firsts);
      const expected = names.map((name) => {
        const first = firsts[name as Name];
        return [name, { getent: first, lookup: first, race: first, together: first }];
      });
      expect(await results(gaiConf, ORDER_PROGRAM, ...names)).toEqual(Object.fromEntries(expected));
    });
  });

  // Here A is not waited for: that it brings an address that is preferred is known only when it has come.
  describe('where it depends on the addresses', () => {
    it.each<[string, Partial<Record<Name, string>>]>([
      // Of equal precedence are IPv6 and what else there is of IPv4: a loopback address has the smaller scope.
      [
        'precedence ::ffff:10.0.0.0/104 100\n',
        { 'dual.example': TEN, 'near.example': TEN, 'looped.example': LOOPED, 'three.example': TEN },
      ],
      [`label ${DEAD}/128 9\n`, { 'dual.example': SIX, 'near.example': TEN }],
      [`${PREFER_IPV4}label ::ffff:127.0.0.2/128 9\n`, { 'dual.example': TEN, 'looped.example': SIX }],
      ['scopev4 10.0.0.0/8 2\nprecedence ::/0 40\n', { 'dual.example': TEN, 'three.example': TEN, 'looped.example': SIX }],
      ['scopev4 ::ffff:10.0.0.0/104 2\nprecedence ::/0 40\n', { 'three.example': TEN }],
      [`${PREFER_IPV4}scopev4 127.0.0.1/32 5\n`, { 'looped.example': SIX, 'dual.example': TEN }],
      [`${PREFER_IPV4}scopev4 10.0.0.0/8 2\n`, { 'three.example': TEN }],
    ])('[S1] %j: a race that has all answers dials first what getaddrinfo has first', async (gaiConf, firsts) => {
      const names = Object.keys(firsts);
      const expected = names.map((name) => {
        const first = firsts[name as Name];
        return [name, { getent: first, lookup: first, race: expect.any(String) as string, together: first }];
      });
      expect(await results(gaiConf, ORDER_PROGRAM, ...names)).toEqual(Object.fromEntries(expected));
    });
  });

  it('[S1] [R6] saves the attempt on a dead IPv6 address where it prefers IPv4', async () => {
    const [race] = (await results(PREFER_IPV4, DEAD_PROGRAM, file('gai.conf'))) as [{ at: number }];
    expect(race).toMatchObject({ started: [TEN] });
  });

  it('[S1] [R6] is followed while a process runs', async () => {
    const races = await results('', DEAD_PROGRAM, file('gai.conf'), PREFER_IPV4, '');
    expect(races).toMatchObject([{ started: [DEAD, TEN] }, { started: [TEN] }, { started: [DEAD, TEN] }]);
  });

  it('[S1] decides in the check of the command line as well, which says so', async () => {
    const { stdout } = await run(PREFER_IPV4, 'dist/cli.mjs', 'check', 'dual.example', '9', '--json');
    const {
      hosts: [host],
    } = JSON.parse(stdout) as { hosts: [{ addresses: object[] }] };
    expect(host.addresses).toMatchObject([
      { address: TEN, before: { rule: 6, name: 'prefer higher precedence', by: '/etc/gai.conf' } },
      { address: SIX, before: null },
    ]);
  });
});
