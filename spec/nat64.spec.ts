import { BlockList } from 'node:net';
import { map, merge, NEVER, of, Subject, throwError, timer, VirtualTimeScheduler } from 'rxjs';
import { race$, ssrf, type Answer, type Endpoint, type RaceEvent, type RaceOptions } from '../src/index.js';
import { codedError } from '../src/core/error-tools.js';
import { parseNat64Prefix, type Nat64Prefix } from '../src/core/address/nat64.js';
import { Nat64Discovery } from '../src/node/nat64.js';
import { nat64Answers } from '../src/rx/nat64-answers.js';
import type { Query } from '../src/rx/resolver.js';
import { A, AAAA } from './support/virtual-race.js';

/** What is dialled in a race, in order, and what its events say of it; nothing connects. */
function race(answers: readonly (readonly [after: number, answer: Answer])[], options: RaceOptions, host = 'name.example') {
  const scheduler = new VirtualTimeScheduler();
  const dialled: Endpoint[] = [];
  const events: RaceEvent[] = [];
  const events$ = race$(host, 443, {
    scheduler,
    resolver: () => merge(...answers.map(([after, answer]) => timer(after, scheduler).pipe(map(() => answer)))),
    connectTimeout: 1000,
    transport: (endpoint) => {
      dialled.push(endpoint);
      return NEVER;
    },
    ...options,
  });
  events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
  scheduler.flush();
  const started = events.flatMap((event) => (event.type === 'started' ? [`${event.endpoint.address} at ${event.at}`] : []));
  return { dialled: dialled.map(({ address, family }) => `${address} ${family}`), started };
}

describe('a race where NAT64 reaches IPv4', () => {
  const nat64 = { prefixes: ['2001:db8:64::/96', '64:ff9b::/96'] };

  it('[N4] dials an A answer by every prefix in order, and its events speak of the IPv4 address', () => {
    const { dialled, started } = race(
      [
        [10, A('192.0.2.1')],
        [10, AAAA()],
      ],
      { nat64 },
    );
    expect(dialled).toEqual(['2001:db8:64::c000:201 6', '64:ff9b::c000:201 6']);
    expect(started).toEqual(['192.0.2.1 at 10', '192.0.2.1 at 260']);
  });

  it('[N4] dials a literal so', () => {
    expect(race([], { nat64 }, '192.0.2.1').dialled).toEqual(['2001:db8:64::c000:201 6', '64:ff9b::c000:201 6']);
    expect(race([], { nat64 }, '[64:ff9b::c000:201]').dialled).toEqual(['64:ff9b::c000:201 6']);
  });

  it('[N3] takes what DNS64 made for the IPv4 address: one endpoint, of the family IPv4', () => {
    const { dialled, started } = race(
      [
        [10, AAAA('2001:db8:64::c000:201', '2001:db8::1')],
        [10, A('192.0.2.1', '192.0.2.2')],
      ],
      { nat64: { prefixes: ['2001:db8:64::/96'] } },
    );
    expect(dialled).toEqual(['2001:db8::1 6', '2001:db8:64::c000:201 6', '2001:db8:64::c000:202 6']);
    expect(started).toEqual(['2001:db8::1 at 10', '192.0.2.1 at 260', '192.0.2.2 at 510']);
  });

  it('[N3] lets filters and the order see the IPv4 address', () => {
    const seen: string[] = [];
    race([[10, AAAA('64:ff9b::7f00:1', '64:ff9b::c000:201')]], {
      nat64,
      filter: ({ address }) => seen.push(address) > 0,
      sort: (endpoints) => {
        seen.push(...endpoints.map(({ address, family }) => `${address}/${family}`));
        return endpoints;
      },
    });
    expect(seen).toContain('192.0.2.1/4');
    expect(seen).toContain('127.0.0.1');
  });

  it('[F1] ssrf() judges the IPv4 address, whatever kind of address the translator has', () => {
    const by = (ipv4: string) => race([[10, A(ipv4)]], { nat64: { prefixes: ['fd00:64::/96'] }, filter: ssrf() }).dialled.length;
    expect([by('192.0.2.1'), by('10.0.0.1'), by('198.41.0.4')]).toEqual([0, 0, 1]);
    const blockList = new BlockList();
    blockList.addSubnet('fd00:64::', 96, 'ipv6');
    expect(race([[10, A('198.41.0.4')]], { nat64: { prefixes: ['fd00:64::/96'] }, blockList }).dialled).toEqual([]);
  });

  it('[N3] leaves addresses as they are with nat64: false, and in races for IPv6 alone', () => {
    const answers = [[10, AAAA('64:ff9b::c000:201')]] as const;
    expect(race(answers, { nat64: false }).started).toEqual(['64:ff9b::c000:201 at 10']);
    expect(race(answers, { nat64, family: 6 }).started).toEqual(['64:ff9b::c000:201 at 10']);
    expect(race(answers, {}).started).toEqual(['192.0.2.1 at 10']);
  });

  it.each([
    [true, 'ERR_INVALID_ARG_TYPE'],
    ['on', 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [{ prefixes: [] }, 'ERR_INVALID_ARG_VALUE'],
    [{ prefixes: ['64:ff9b::/95'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ prefixes: [96] }, 'ERR_INVALID_ARG_TYPE'],
    [{ prefix: '64:ff9b::/96' }, 'ERR_INVALID_ARG_VALUE'],
  ])('[N1] refuses nat64: %j', (value, code) => {
    expect(() => race$('name.example', 443, { nat64: value as never })).toThrow(expect.objectContaining({ code }));
  });
});

describe('the prefixes of a network', () => {
  const wellKnown = ['64:ff9b::192.0.0.170', '64:ff9b::192.0.0.171'];

  function discovery() {
    let now = 0;
    let network = 'home';
    const asked: Subject<{ data: readonly string[]; ttl?: number }>[] = [];
    const own = new Nat64Discovery(
      () => {
        const answer$ = new Subject<{ data: readonly string[]; ttl?: number }>();
        asked.push(answer$);
        return answer$;
      },
      () => network,
      () => now,
    );
    const emitted: (readonly Nat64Prefix[])[] = [];
    return {
      own,
      asked,
      emitted,
      listen: () => own.prefixes$.subscribe((prefixes) => emitted.push(prefixes)),
      answer: (data: readonly string[], ttl?: number) => {
        asked.at(-1)!.next({ data, ...(ttl !== undefined && { ttl }) });
        asked.at(-1)!.complete();
      },
      after: (ms: number) => (now += ms),
      move: (to: string) => (network = to),
    };
  }

  it('[N1] are asked for once, by all who wait, and kept for their time to live', () => {
    const { own, asked, emitted, listen, answer, after } = discovery();
    listen();
    listen();
    expect(asked).toHaveLength(1);
    answer(wellKnown, 60);
    expect(emitted).toEqual([1, 2].map(() => [{ prefix: '64:ff9b::', length: 96 }]));
    after(59_999);
    listen();
    expect([asked.length, own.prefixes.length]).toEqual([1, 1]);
  });

  it('[N1] are renewed when they have expired, and count until the answer is there', () => {
    const { own, asked, emitted, listen, answer, after } = discovery();
    listen();
    answer(wellKnown, 60);
    after(60_000);
    listen();
    expect([asked.length, emitted.length]).toEqual([2, 2]);
    answer(['2001:db8:64::192.0.0.170', '2001:db8:64::192.0.0.171'], 60);
    expect(own.prefixes).toEqual([{ prefix: '2001:db8:64::', length: 96 }]);
  });

  it('[N1] belong to their network', () => {
    const { own, asked, listen, answer, move } = discovery();
    listen();
    answer(wellKnown, 60);
    move('office');
    expect(own.prefixes).toEqual([]);
    listen();
    expect(asked).toHaveLength(2);
    move('home');
    expect(own.prefixes).toHaveLength(1);
  });

  it('[N1] that there are no prefixes is believed for a minute, that they are unknown for ten seconds', () => {
    const { asked, listen, answer, after, emitted } = discovery();
    listen();
    answer([]);
    after(59_999);
    listen();
    expect([asked.length, emitted]).toEqual([1, [[], []]]);
    after(1);
    listen();
    asked.at(-1)!.error(codedError('ETIMEOUT', 'nothing'));
    after(9_999);
    listen();
    expect(asked).toHaveLength(2);
    after(1);
    listen();
    expect(asked).toHaveLength(3);
  });

  it('[N1] a race that ends before they are known asks no longer, and the next asks again', () => {
    const { asked, listen } = discovery();
    listen().unsubscribe();
    expect(asked[0]!.observed).toBe(false);
    listen();
    expect(asked.at(-1)!.observed).toBe(true);
  });
});

describe('answers of a network with NAT64', () => {
  const prefix = parseNat64Prefix('64:ff9b::/96')!;
  const assumed: Answer = { type: 'A', addresses: [], error: new Error('not asked for'), assumed: true };

  function answers(given: readonly Answer[], prefixes$ = of<readonly Nat64Prefix[]>([prefix])) {
    const asked: Query[] = [];
    const emitted: Answer[] = [];
    const ask = (query: Query) => {
      asked.push(query);
      return query.insist ? of(A('192.0.2.1')) : of(...given);
    };
    nat64Answers(ask, {}, prefixes$).subscribe((answer) => emitted.push(answer));
    return { asked, emitted };
  }

  it('[N2] with a prefix, A is asked for where it would have been taken for granted that there is none', () => {
    expect(answers([AAAA('2001:db8::1'), assumed])).toEqual({
      asked: [{}, { family: 4, insist: true }],
      emitted: [AAAA('2001:db8::1'), A('192.0.2.1')],
    });
  });

  it('[N2] without one it is not', () => {
    expect(answers([AAAA('2001:db8::1'), assumed], of([])).asked).toEqual([{}]);
  });

  it('[N1] A waits for the prefixes, and AAAA does not', () => {
    const prefixes$ = new Subject<readonly Nat64Prefix[]>();
    const { emitted } = answers([A('192.0.2.1'), AAAA('2001:db8::1')], prefixes$);
    expect(emitted.map(({ type }) => type)).toEqual(['AAAA']);
    prefixes$.next([prefix]);
    prefixes$.complete();
    expect(emitted.map(({ type }) => type)).toEqual(['AAAA', 'A']);
  });

  it('[N1] lets A through where the prefixes cannot be known', () => {
    const own = new Nat64Discovery(
      () => throwError(() => codedError('ETIMEOUT', 'nothing')),
      () => '',
      () => 0,
    );
    expect(answers([A('192.0.2.1')], own.prefixes$).emitted).toEqual([A('192.0.2.1')]);
  });
});
