import type dns from 'node:dns';
import { firstValueFrom, toArray } from 'rxjs';
import { connect$, systemResolver, type Answer, type LookupFunction, type RaceEvent } from '../../src/index.js';
import { connectedFamilies, networkId, watchConnectivity, type Interfaces } from '../../src/node/connectivity.js';

type Callback = Parameters<LookupFunction>[2];
const bothFamilies = () => [6, 4] as const;

/** A look-up function whose answers the spec gives by hand. */
function manual() {
  const asked: { family: unknown; options: dns.LookupOptions; answer: Callback }[] = [];
  const lookup: LookupFunction = (_host, options, answer) => {
    asked.push({ family: options.family, options, answer });
  };
  return { asked, lookup, resolver: systemResolver({ lookup, families: bothFamilies }) };
}

const found = (...addresses: string[]) => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('systemResolver', () => {
  it('[R1] asks once per family, side by side, AAAA first', () => {
    const { asked, resolver } = manual();
    resolver('example.com').subscribe();
    expect(asked.map(({ options }) => options)).toEqual([
      { family: 6, all: true, verbatim: true },
      { family: 4, all: true, verbatim: true },
    ]);
  });

  it('[R1] emits each answer when it comes, and completes with the second', () => {
    const { asked, resolver } = manual();
    const seen: unknown[] = [];
    resolver('example.com').subscribe({ next: (answer) => seen.push(answer), complete: () => seen.push('complete') });
    asked[1]!.answer(null, found('192.0.2.1'));
    expect(seen).toEqual([{ type: 'A', addresses: ['192.0.2.1'] }]);
    asked[0]!.answer(null, found('2001:db8::1', '2001:db8::2'));
    expect(seen.slice(1)).toEqual([{ type: 'AAAA', addresses: ['2001:db8::1', '2001:db8::2'] }, 'complete']);
  });

  it('[R3] lets IPv6 connect while A is never answered, [R4] and IPv4 start 50 ms after A while AAAA is not', async () => {
    for (const [answering, address] of [
      [0, '::1'],
      [1, '127.0.0.1'],
    ] as const) {
      const { asked, resolver } = manual();
      const events: RaceEvent<string>[] = [];
      const race = connect$('example.com', 443, {
        resolver,
        transport: (endpoint) => {
          events.push({ type: 'started', at: performance.now(), endpoint });
          return [] as never;
        },
      }).subscribe();
      const answeredAt = performance.now();
      let startedBefore: number | undefined;
      setTimeout(() => (startedBefore = events.length), 45);
      asked[answering]!.answer(null, found(address));
      while (events.length === 0 || startedBefore === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      race.unsubscribe();
      expect(events).toMatchObject([{ endpoint: { address } }]);
      expect(startedBefore).toBe(answering === 0 ? 1 : 0);
      if (answering === 1) expect(events[0]!.at - answeredAt).toBeGreaterThanOrEqual(50);
    }
  });

  it('makes a negative answer of an error, of no addresses, and of those of the other family', async () => {
    const { asked, resolver } = manual();
    const answers = firstValueFrom(resolver('example.com').pipe(toArray()));
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    asked[0]!.answer(error, []);
    asked[1]!.answer(null, found('2001:db8::1'));
    await expect(answers).resolves.toEqual([
      { type: 'AAAA', addresses: [], error },
      { type: 'A', addresses: [], error: expect.objectContaining({ code: 'ENODATA' }) },
    ]);
  });

  it('makes a negative answer of a look-up function that throws', async () => {
    const broken = new Error('no look-ups today');
    const resolver = systemResolver({
      lookup: () => {
        throw broken;
      },
      families: bothFamilies,
    });
    await expect(firstValueFrom(resolver('example.com').pipe(toArray()))).resolves.toMatchObject([
      { error: broken },
      { error: broken },
    ]);
  });

  it.each<[unknown, readonly string[]]>([
    ['127.0.0.1', ['127.0.0.1']],
    [undefined, []],
    [[null, { address: 5 }, { address: '127.0.0.1' }], ['127.0.0.1']],
  ])('makes the best of a look-up function that gives %j', async (given, addresses) => {
    const lookup: LookupFunction = (_host, _options, callback) => {
      setImmediate(callback, null, given as never);
    };
    const answers = await firstValueFrom(
      systemResolver({ lookup, families: () => [4] })('example.com', { family: 4 }).pipe(toArray()),
    );
    expect(answers).toMatchObject([{ type: 'A', addresses }]);
  });

  it('ignores answers that come after it was unsubscribed', () => {
    const { asked, resolver } = manual();
    const seen: Answer[] = [];
    resolver('example.com')
      .subscribe((answer) => seen.push(answer))
      .unsubscribe();
    asked[0]!.answer(null, found('2001:db8::1'));
    expect(seen).toEqual([]);
  });

  it('[A10] asks only for the family that the race is restricted to', () => {
    const { asked, resolver } = manual();
    connect$('example.com', 443, { resolver, family: 4 }).subscribe().unsubscribe();
    expect(asked.map(({ family }) => family)).toEqual([4]);
  });

  it('[R2] does not ask for a family that this machine cannot reach', () => {
    const { asked, lookup } = manual();
    const seen: unknown[] = [];
    systemResolver({ lookup, families: () => [4] })('example.com').subscribe({
      next: (answer) => seen.push(answer),
      complete: () => seen.push('complete'),
    });
    asked[0]!.answer(null, found('192.0.2.1'));
    expect(asked.map(({ family }) => family)).toEqual([4]);
    expect(seen).toEqual([
      { type: 'A', addresses: ['192.0.2.1'] },
      {
        type: 'AAAA',
        addresses: [],
        error: expect.objectContaining({ message: expect.stringContaining('IPv6') }),
        assumed: true,
      },
      'complete',
    ]);
  });

  it('[R2] asks for it all the same where there is nothing else: the name may be one of this machine itself', async () => {
    const lookup: LookupFunction = (_host, { family }, callback) => {
      callback(null, found(...(family === 6 ? ['::1'] : [])));
    };
    const answers = await firstValueFrom(systemResolver({ lookup, families: () => [4] })('ip6-loopback').pipe(toArray()));
    expect(answers).toMatchObject([
      { type: 'A', addresses: [] },
      { type: 'AAAA', addresses: ['::1'] },
    ]);
  });

  it('resolves a real name of this machine', async () => {
    const answers = await firstValueFrom(systemResolver({ families: bothFamilies })('localhost').pipe(toArray()));
    expect(answers.map(({ type }) => type).sort()).toEqual(['A', 'AAAA']);
    expect(answers.flatMap(({ addresses }) => addresses)).toContain('127.0.0.1');
  });

  it('[R8] fails with the code of the system for a name that does not exist', (done) => {
    connect$('nothing-here.invalid', 443, { resolver: systemResolver({ families: bothFamilies }) }).subscribe({
      error: (error: unknown) => {
        expect(error).toMatchObject({
          reason: 'resolution',
          code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
          attempts: [],
        });
        done();
      },
    });
  });
});

describe('connectedFamilies', () => {
  const info = (address: string, internal = false) => ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' });
  const families = (...infos: ReturnType<typeof info>[]) => connectedFamilies({ eth0: infos } as unknown as Interfaces);
  const loopback = [info('127.0.0.1', true), info('::1', true)];

  it.each([
    [
      [6, 4],
      [info('192.0.2.1'), info('2001:db8::1')],
    ],
    [[4], [info('192.0.2.1')]],
    [[4], [info('192.0.2.1'), info('fe80::1')]],
    [[6], [info('169.254.1.1'), info('2001:db8::1')]],
    [[6], [info('fd00::1')]],
  ])('[R2] are %p with %j', (expected, infos) => {
    expect(families(...loopback, ...infos)).toEqual(expected);
  });

  it.each([
    ['loopback alone', loopback],
    ['link-local addresses alone', [...loopback, info('fe80::1'), info('169.254.1.1')]],
    ['nothing', []],
  ])('[R2] are both on a machine with %s', (_, infos) => {
    expect(families(...infos)).toEqual([6, 4]);
  });
});

describe('watchConnectivity', () => {
  it('[R2] looks again when the network may have changed, but no more than once a second', () => {
    let now = 0;
    const info = (address: string, family: string) => [{ internal: false, family, address }];
    const interfaces = jest.fn<Interfaces, []>(() => ({ eth0: info('192.0.2.1', 'IPv4') }) as unknown as Interfaces);
    const connectivity = watchConnectivity(interfaces, () => now);
    expect(connectivity().families).toEqual([4]);
    interfaces.mockReturnValue({ eth0: info('2001:db8::1', 'IPv6') } as unknown as Interfaces);
    now = 999;
    expect(connectivity().families).toEqual([4]);
    now = 1000;
    expect(connectivity().families).toEqual([6]);
    expect(interfaces).toHaveBeenCalledTimes(2);
  });

  it('[R2] takes both families, or what was known before, for a system that does not tell', () => {
    let now = 0;
    const interfaces = jest.fn<Interfaces, []>(() => {
      throw new Error('not allowed');
    });
    const connectivity = watchConnectivity(interfaces, () => now);
    expect(connectivity()).toMatchObject({ families: [6, 4] });
    expect(connectivity().network()).toBe('');
    now = 1000;
    interfaces.mockReturnValueOnce({
      eth0: [{ internal: false, family: 'IPv4', address: '192.0.2.1' }],
    } as unknown as Interfaces);
    expect(connectivity().families).toEqual([4]);
    now = 2000;
    expect(connectivity().families).toEqual([4]);
  });

  it('[S1] gives another object for each look, also where the system does not tell, so that what was remembered with it goes', () => {
    let now = 0;
    const interfaces = jest.fn<Interfaces, []>(() => ({}));
    const connectivity = watchConnectivity(interfaces, () => now);
    const first = connectivity();
    now = 999;
    expect(connectivity()).toBe(first);
    now = 1000;
    const second = connectivity();
    expect(second).not.toBe(first);
    interfaces.mockImplementation(() => {
      throw new Error('not allowed');
    });
    now = 2000;
    expect(connectivity()).not.toBe(second);
    expect(connectivity().families).toEqual(second.families);
  });
});

describe('networkId', () => {
  const id = (...addresses: readonly [name: string, address: string, internal?: boolean][]) =>
    networkId(
      Object.fromEntries(
        addresses.map(([name, address, internal = false]) => [name, [{ address, internal }]]),
      ) as unknown as Interfaces,
    );
  const home = id(['eth0', '192.0.2.7']);

  it('[S4] is another with another address, or interface', () => {
    expect(new Set([home, id(['eth0', '192.0.2.8']), id(['wlan0', '192.0.2.7']), id(['eth0', '2001:db8:1::1']), id()]).size).toBe(
      5,
    );
  });

  it('[S4] is the same with loopback, link-local and changing IPv6 addresses', () => {
    expect(id(['eth0', '192.0.2.7'], ['lo', '127.0.0.1', true], ['veth1', 'fe80::1'])).toBe(home);
    expect(id(['eth0', '2001:db8:1::1'])).toBe(id(['eth0', '2001:db8:1::abcd']));
  });
});
