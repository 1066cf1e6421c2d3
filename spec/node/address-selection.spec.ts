import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, map, merge, NEVER, of, startWith, timer, toArray } from 'rxjs';
import { defaultPolicyTable, race$, rfc6724, type Address, type Endpoint, type Resolver } from '../../src/index.js';
import { policyLookup } from '../../src/core/race/policy-table.js';
import { destinationSelection } from '../../src/node/address-selection.js';
import { findSources, rememberingSources } from '../../src/node/source-address.js';
import { systemPolicy } from '../../src/node/system-policy.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { activeResources, leftOver } from '../support/fixtures.js';
import { A, AAAA, answering, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6';
const seven = '2001:db8::7';
const four = '192.0.2.4';
const five = '192.0.2.5';

const address = (text: string): Address => ({ address: text, family: text.includes(':') ? 6 : 4 });
const endpoint = (text: string): Endpoint => ({ ...address(text), port: 443 });

/** Sources as a machine with both families would use them. */
const dualStack = (addresses: readonly Address[]): readonly string[] =>
  addresses.map(({ family }) => (family === 6 ? '2001:db8::2' : '192.0.2.2'));

describe('findSources', () => {
  it('[S1] tells from which address this machine would connect, in the order of the question', () => {
    expect(findSources(['127.0.0.1', '::1', '127.0.0.2'].map(address))).toEqual(['127.0.0.1', '::1', '127.0.0.1']);
  });

  it('[S1] has no source where there is no route', () => {
    // A link-local address without a zone, and the broadcast address, cannot be connected to on any machine.
    expect(findSources(['fe80::1', '127.0.0.1', '255.255.255.255'].map(address))).toEqual([undefined, '127.0.0.1', undefined]);
  });

  it('leaves nothing open', async () => {
    const before = activeResources();
    for (let i = 0; i < 100; i++) findSources(['127.0.0.1', '::1', 'fe80::1'].map(address));
    await expect(leftOver(before)).resolves.toEqual({});
  });
});

describe('destinationSelection with history', () => {
  const policyOf = policyLookup(defaultPolicyTable);

  it('[S2] asks for the past of addresses only where earlier rules do not tell them apart', () => {
    const recall = jest.fn(({ address }: Address) => (address === '127.0.0.2' ? { usedAt: 1 } : undefined));
    const select = destinationSelection({ policyOf, recall });
    const [v6, v4, other] = ['::1', '127.0.0.1', '127.0.0.2'].map(endpoint) as [Endpoint, Endpoint, Endpoint];
    for (const _ of [1, 2]) expect(select([v4, v6])).toEqual([v6, v4]);
    expect(recall).not.toHaveBeenCalled();
    for (const _ of [1, 2]) expect(select([v4, other, v6])).toEqual([v6, other, v4]);
    expect(recall).toHaveBeenCalledTimes(6);
  });

  it('[S2] goes by what is known now, for any number of addresses', () => {
    const known = new Set<string>();
    const select = destinationSelection({ policyOf, recall: ({ address }) => (known.has(address) ? { usedAt: 1 } : undefined) });
    for (const count of [2, 16, 17]) {
      const all = Array.from({ length: count }, (_, i) => endpoint(`127.0.0.${i + 1}`));
      const last = all.at(-1)!;
      expect(select(all)).toEqual(all);
      known.add(last.address);
      expect(select(all)).toEqual([last, ...all.slice(0, -1)]);
      known.clear();
    }
  });
});

describe('rememberingSources', () => {
  const asked = (find: jest.Mock<readonly string[], [readonly Address[]]>) =>
    find.mock.calls.map(([all]) => all.map((one) => one.address));

  it('[S1] asks for an address once while the state of the machine is the same', () => {
    const find = jest.fn(dualStack);
    const sources = rememberingSources(find, () => defaultPolicyTable);
    expect(sources([six, four].map(address))).toEqual(['2001:db8::2', '192.0.2.2']);
    expect(sources([four, seven, six].map(address))).toEqual(['192.0.2.2', '2001:db8::2', '2001:db8::2']);
    expect(sources([four].map(address))).toEqual(['192.0.2.2']);
    expect(asked(find)).toEqual([[six, four], [seven]]);
  });

  it('[S1] remembers that there is no source', () => {
    const find = jest.fn(() => [undefined]);
    const sources = rememberingSources(find, () => defaultPolicyTable);
    expect([sources([address(six)]), sources([address(six)])]).toEqual([[undefined], [undefined]]);
    expect(find).toHaveBeenCalledTimes(1);
  });

  it('[S1] forgets everything once the machine has been looked at again', () => {
    let state = {};
    const find = jest.fn(dualStack);
    const sources = rememberingSources(find, () => state);
    sources([six, four].map(address));
    state = {};
    find.mockReturnValueOnce(['2001:db8::9']);
    expect(sources([address(six)])).toEqual(['2001:db8::9']);
    sources([address(four)]);
    expect(asked(find)).toEqual([[six, four], [six], [four]]);
  });

  it('[S1] remembers no more than 1,000 addresses and those of one call', () => {
    const find = jest.fn(dualStack);
    const sources = rememberingSources(find, () => defaultPolicyTable);
    const many = Array.from({ length: 1000 }, (_, i) => address(`2001:db8::${(i + 1).toString(16)}`));
    expect(sources(many)).toHaveLength(1000);
    sources([address(four)]);
    sources([many[0]!]);
    expect(asked(find).map((all) => all.length)).toEqual([1000, 1, 1]);
  });
});

describe('rfc6724', () => {
  it('[S1] asks for all sources together, once for an address and race', () => {
    const find = jest.fn(dualStack);
    const sort = rfc6724({ findSources: find });
    const race = runRace({
      lookup: answering([0, AAAA(six, seven)], [100, A(four)]),
      fates: { [six]: hangs(), [four]: connects(5) },
      options: { sort },
    });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(find.mock.calls.map(([all]) => all.map((one) => one.address))).toEqual([[six, seven], [four]]);
    runRace({ lookup: answering([0, AAAA(six, seven)]), fates: { [six]: connects(5) }, options: { sort } });
    expect(find).toHaveBeenCalledTimes(3);
  });

  it('[S1] does not ask for a single address', () => {
    const find = jest.fn(dualStack);
    const one = [endpoint(six)];
    expect(rfc6724({ findSources: find })(one)).toEqual(one);
    expect(find).not.toHaveBeenCalled();
  });

  it('[S1] puts what has no route last, and the other family in front', () => {
    const onlyIPv4 = (addresses: readonly Address[]) => addresses.map(({ family }) => (family === 6 ? undefined : '192.0.2.2'));
    const race = runRace({
      lookup: answering(['at once', AAAA(six, seven)], ['at once', A(four)]),
      fates: { [four]: refuses(1), [six]: connects(1) },
      options: { sort: rfc6724({ findSources: onlyIPv4 }) },
    });
    expect(race.starts).toEqual([
      [four, 0],
      [six, 1],
    ]);
  });

  it('[S1] goes by another policy table', () => {
    const policyTable = [
      ...defaultPolicyTable.filter(({ label }) => label !== 4),
      { prefix: '::ffff:0:0/96', precedence: 100, label: 4 },
    ];
    const sorted = rfc6724({ policyTable, findSources: dualStack })([six, four, seven, five].map(endpoint));
    expect(sorted.map((one) => one.address)).toEqual([four, five, six, seven]);
  });

  it('[R6] waits for A where the policy table prefers IPv4', () => {
    const policyTable = [
      ...defaultPolicyTable.filter(({ label }) => label !== 4),
      { prefix: '::ffff:0:0/96', precedence: 100, label: 4 },
    ];
    const race = runRace({
      lookup: answering([0, AAAA(six)], [20, A(four)]),
      fates: { [four]: connects(1) },
      options: { sort: rfc6724({ policyTable, findSources: dualStack }) },
    });
    expect(race.starts).toEqual([[four, 20]]);
  });

  it('refuses an invalid policy table at the call', () => {
    expect(() => rfc6724({ policyTable: [{ prefix: 'x', precedence: 1, label: 1 }] })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

describe('the default order', () => {
  const loopback: Resolver = () => of(A('127.0.0.1'), AAAA('::1'));
  const queued = async (options: object) => {
    const events = await firstValueFrom(
      race$('example.com', 443, { resolver: loopback, transport: () => of('won'), ...options }).pipe(toArray()),
    );
    const orders = events.flatMap((event) => (event.type === 'queued' ? [event.endpoints.map((one) => one.address)] : []));
    return orders.at(-1);
  };

  it("[S1] is destination address selection, also by name: sort: 'rfc6724'", async () => {
    await expect(queued({ sort: 'rfc6724' })).resolves.toEqual(['::1', '127.0.0.1']);
  });

  it('[S1] takes the local addresses that are given for the sources', (done) => {
    // Bound to an IPv4 address alone, the IPv6 endpoint has no source: IPv4 leads.
    const events: string[] = [];
    race$('example.com', 1, { resolver: loopback, localAddress: '127.0.0.9' }).subscribe({
      next: (event) => {
        if (event.type === 'started') events.push(event.endpoint.address);
      },
      error: () => {
        expect(events).toEqual(['127.0.0.1', '::1']);
        done();
      },
    });
  });

  it('[R6] waits for A where only IPv4 local addresses are given', async () => {
    const resolver: Resolver = () => NEVER.pipe(startWith(A('127.0.0.1')));
    const started$ = race$('example.com', 9, { resolver, resolutionDelay: 4000, localAddress: '127.0.0.9' }).pipe(
      filter(({ type }) => type === 'started'),
    );
    await expect(firstValueFrom(started$)).resolves.toMatchObject({ endpoint: { address: '127.0.0.1' } });
  });

  it('asks this machine nothing with a transport of the caller, which may reach what it does not', () => {
    const interfaces = jest.spyOn(os, 'networkInterfaces');
    const race = runRace({ lookup: answering([0, A(four)], [20, AAAA(six)]), fates: { [six]: connects(1) } });
    expect(race.starts).toEqual([[six, 20]]);
    expect(interfaces).not.toHaveBeenCalled();
    interfaces.mockRestore();
  });

  describe('where the administrator of this machine prefers IPv4', () => {
    /** A copy of the package on such a machine; the families are those of its addresses. */
    const onSuchMachine = async (
      families: readonly string[],
      specs: (copy: typeof import('../../src/index.js')) => Promise<void>,
    ) => {
      const folder = mkdtempSync(join(os.tmpdir(), 'gai-'));
      writeFileSync(join(folder, 'gai.conf'), 'precedence ::ffff:0:0/96 100\n');
      const currentPolicy = systemPolicy(join(folder, 'gai.conf'), () => true);
      await jest.isolateModulesAsync(async () => {
        jest.doMock('../../src/node/system-policy.js', () => ({ currentPolicy }));
        mockConnectivity(families);
        await specs(await import('../../src/index.js'));
      });
      unmockConnectivity();
      jest.dontMock('../../src/node/system-policy.js');
      rmSync(folder, { recursive: true });
    };
    const both = ['IPv6', 'IPv4'];
    const late: Resolver = () => merge(of(AAAA('::1')), timer(30).pipe(map(() => A('127.0.0.1'))));
    const firstStart = (copy: typeof import('../../src/index.js'), options: object) =>
      firstValueFrom(
        copy
          .race$('example.com', 9, { resolver: late, resolutionDelay: 5000, ...options })
          .pipe(filter((event) => event.type === 'started')),
      );

    it.each([[{}], [{ sort: 'rfc6724' }]])('[R6] [S1] waits for A, and tries it first, with %j', async (options) => {
      await onSuchMachine(both, async (copy) => {
        await expect(firstStart(copy, options)).resolves.toMatchObject({ endpoint: { address: '127.0.0.1' } });
      });
    });

    it('[R6] does not wait for A where it has IPv6 alone', async () => {
      await onSuchMachine(['IPv6'], async (copy) => {
        await expect(firstStart(copy, {})).resolves.toMatchObject({ endpoint: { address: '::1' } });
      });
    });

    it("[S1] [R6] goes by the RFC's table with rfc6724(), by none with sort: 'none'", async () => {
      await onSuchMachine(both, async (copy) => {
        await expect(firstStart(copy, { sort: copy.rfc6724() })).resolves.toMatchObject({ endpoint: { address: '::1' } });
        await expect(firstStart(copy, { sort: 'none' })).resolves.toMatchObject({ endpoint: { address: '::1' } });
      });
    });

    it.each([[{}], [{ sort: 'rfc6724' }]])(
      '[S1] [R6] a transport of the caller’s is raced as elsewhere, with %j',
      async (options) => {
        await onSuchMachine(both, async (copy) => {
          const transport = () => of('won');
          await expect(firstStart(copy, { ...options, transport })).resolves.toMatchObject({ endpoint: { address: '::1' } });
        });
      },
    );
  });

  it.each([
    ['IPv4', 'A', '127.0.0.1'],
    ['IPv6', 'AAAA', '::1'],
  ] as const)('[R6] on a machine with %s alone does not wait for the other family', async (family, type, address) => {
    await jest.isolateModulesAsync(async () => {
      mockConnectivity([family]);
      const copy = await import('../../src/index.js');
      const resolver: Resolver = () => NEVER.pipe(startWith({ type, addresses: [address] }));
      const started$ = copy
        .race$('example.com', 9, { resolver, resolutionDelay: 5000 })
        .pipe(filter((event) => event.type === 'started'));
      await expect(firstValueFrom(started$)).resolves.toMatchObject({ endpoint: { address } });
    });
    unmockConnectivity();
  });
});

/** A machine that has addresses of these families, and routes in them. */
function mockConnectivity(families: readonly string[]): void {
  const infos = families.map((family) => ({ internal: false, family, address: '2001:db8::7' }));
  jest.doMock('node:os', () => ({ ...jest.requireActual<object>('node:os'), networkInterfaces: () => ({ eth0: infos }) }));
  jest.doMock('../../src/node/source-address.js', () => ({
    ...jest.requireActual<object>('../../src/node/source-address.js'),
    findSources: (addresses: readonly Address[]) =>
      addresses.map(({ family }) =>
        families.includes(`IPv${family}`) ? { 4: '192.0.2.7', 6: '2001:db8::7' }[family] : undefined,
      ),
  }));
}

function unmockConnectivity(): void {
  jest.dontMock('node:os');
  jest.dontMock('../../src/node/source-address.js');
}
