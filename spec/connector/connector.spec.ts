import net from 'node:net';
import { NEVER, of, throwError, VirtualTimeScheduler } from 'rxjs';
import {
  connect$,
  createConnector,
  rfc6724,
  staticResolver,
  type Connector,
  type ConnectorOptions,
  type HistoryStore,
  type PathRecord,
  type Resolver,
} from '../../src/index.js';
import { connects, hangs, refuses, type Fate } from '../../src/testing/index.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

const six = '2001:db8::6';
const seven = '2001:db8::7';
const four = '192.0.2.4';
const FAILURE_AGE = 600;

describe('a connector', () => {
  let clock: VirtualTimeScheduler;
  let network = 'home';
  const after = (seconds: number) => {
    clock.schedule(() => undefined, seconds * 1000);
    clock.flush();
  };
  const connector = ({ history, ...options }: ConnectorOptions = {}) =>
    createConnector({
      scheduler: clock,
      random: () => 0.5,
      cache: false,
      history: history === false ? false : { network: () => network, ...history },
      ...options,
    });
  beforeEach(() => {
    clock = new VirtualTimeScheduler();
    network = 'home';
  });

  /** A race of the connector in virtual time of its own; where it started, as `address ms`. */
  const starts = ({ race$ }: Connector, fates: Record<string, Fate>, options: object = {}) => {
    const addresses = Object.keys(fates);
    const lookup = answering(
      ['at once', AAAA(...addresses.filter((address) => address.includes(':')))],
      ['at once', A(...addresses.filter((address) => !address.includes(':')))],
    );
    return runRace({ lookup, fates, options, racing: race$ }).starts.map(([address, at]) => `${address} ${at}`);
  };

  describe('with a past', () => {
    it('[S7] pays for a dead IPv6 path once; then IPv4 leads, until the record ages', () => {
      const races = connector();
      const deadSix = { [six]: hangs(), [four]: connects(20) };
      expect(starts(races, deadSix)).toEqual([`${six} 0`, `${four} 250`]);
      expect(starts(races, deadSix)).toEqual([`${four} 0`]);
      after(FAILURE_AGE - 1);
      expect(starts(races, deadSix)).toEqual([`${four} 0`]);
      after(2);
      expect(starts(races, deadSix)).toEqual([`${six} 0`, `${four} 250`]);
    });

    it.each([
      ['AAAA a turn before A', [0, AAAA(six)], [1, A(four)], `${four} 1`],
      ['AAAA long before A', [0, AAAA(six)], [200, A(four)], `${six} 50`],
      ['AAAA alone', [0, AAAA(six)], [20, { type: 'A', addresses: [] }], `${six} 20`],
    ] as const)(
      '[S7] waits for the other family as for the preferred, where all of this one failed: %s',
      (_, first, second, start) => {
        const races = connector();
        starts(races, { [six]: hangs(), [four]: connects(20) });
        const race = runRace({
          lookup: answering(first, second),
          fates: { [six]: connects(500), [four]: connects(20) },
          racing: races.race$,
        });
        expect(`${race.starts[0]![0]} ${race.starts[0]![1]}`).toBe(start);
      },
    );

    it('[S7] tries what failed after the others of its family, never drops it, and forgets it with a success', () => {
      const races = connector();
      expect(starts(races, { [six]: refuses(10), [seven]: connects(20) })).toEqual([`${six} 0`, `${seven} 10`]);
      expect(starts(races, { [six]: refuses(10), [seven]: refuses(10), [four]: connects(10) })).toEqual([
        `${seven} 0`,
        `${four} 10`,
      ]);
      // Both have failed now, and IPv4 has not.
      expect(starts(races, { [six]: connects(10), [seven]: refuses(10), [four]: refuses(10) })).toEqual([
        `${four} 0`,
        `${seven} 10`,
        `${six} 20`,
      ]);
      expect(starts(races, { [seven]: hangs(), [six]: connects(10) })).toEqual([`${six} 0`]);
    });

    it('[S7] learns from a race that was out of time', () => {
      const races = connector();
      starts(races, { [six]: hangs() }, { connectTimeout: 100 });
      expect(starts(races, { [six]: hangs(), [four]: connects(1) })).toEqual([`${four} 0`]);
    });

    it('learns nothing of a path from a failure of this machine, nor from a race that was ended from outside', () => {
      const races = connector();
      const fates = { [six]: connects(1), [four]: connects(1) };
      const local = () => new Error('no such address');
      const transport = () => {
        throw Object.assign(local(), { code: 'EADDRNOTAVAIL' });
      };
      races.connect$('example.com', 443, { resolver: staticResolver([six]), transport }).subscribe({ error: () => undefined });
      const controller = new AbortController();
      races
        .connect$('example.com', 443, { resolver: staticResolver([six]), transport: () => NEVER, signal: controller.signal })
        .subscribe({ error: () => undefined });
      controller.abort();
      races
        .connect$('example.com', 443, { resolver: staticResolver([six]), transport: () => NEVER })
        .subscribe()
        .unsubscribe();
      expect(races.snapshot().paths).toEqual({});
      expect(starts(races, fates)).toEqual([`${six} 0`]);
    });

    it('[S2] takes for the round-trip time what TCP took, without the handshake', () => {
      const races = connector();
      starts(races, { [six]: connects(40).thenTls(300) });
      expect(races.snapshot().paths[`home ${six}`]).toEqual({ smoothedRtt: 40, rttVariation: 20, usedAt: 0 });
    });

    it('[S2] prefers the lower round-trip time, smoothed as RFC 6298 has it', () => {
      const races = connector();
      starts(races, { [six]: connects(80) });
      starts(races, { [seven]: connects(40) });
      expect(starts(races, { [six]: connects(1), [seven]: connects(200) })).toEqual([`${seven} 0`]);
      // 7/8 of 40 and 1/8 of 200, and still before 80.
      expect(races.snapshot().paths[`home ${seven}`]).toEqual({ smoothedRtt: 60, rttVariation: 55, usedAt: 0 });
      expect(starts(races, { [six]: connects(1), [seven]: connects(900) })).toEqual([`${seven} 0`, `${six} 250`]);
    });

    it('[S3] prefers what was used with success to what was not', () => {
      const races = connector();
      starts(races, { [seven]: connects(1500) });
      expect(races.snapshot().paths).toEqual({ [`home ${seven}`]: { usedAt: 0 } });
      expect(starts(races, { [six]: connects(1), [seven]: connects(1) })).toEqual([`${seven} 0`]);
    });

    it('[S2] does not put a family in front of the other by its round-trip time', () => {
      const races = connector();
      starts(races, { [four]: connects(1) });
      expect(starts(races, { [six]: connects(1), [four]: connects(1) })).toEqual([`${six} 0`]);
    });

    it('[S4] sets it aside in another network, and has it again back in the first', () => {
      const races = connector();
      const deadSix = { [six]: hangs(), [four]: connects(20) };
      starts(races, deadSix);
      network = 'train';
      expect(starts(races, { [six]: connects(1), [four]: connects(20) })).toEqual([`${six} 0`]);
      network = 'home';
      expect(starts(races, deadSix)).toEqual([`${four} 0`]);
    });

    it('[S4] learns nothing from a race during which the network changed', () => {
      const races = connector();
      const transport = ({ address }: { address: string }) => {
        network = 'train';
        return address === four ? of(address) : NEVER;
      };
      races
        .connect$('example.com', 443, { resolver: staticResolver([six, four]), transport, connectionAttemptDelay: 10 })
        .subscribe();
      clock.flush();
      expect(races.snapshot().paths).toEqual({});
    });

    it('[S4] does without a name of the network that cannot be had', () => {
      const broken = () => {
        throw new Error('no network');
      };
      const races = connector({ history: { network: broken } });
      expect(starts(races, { [six]: hangs(), [four]: connects(20) })).toEqual([`${six} 0`, `${four} 250`]);
      expect(starts(races, { [six]: hangs(), [four]: connects(20) })).toEqual([`${four} 0`]);
    });

    it('[S5] takes no notice of it in one race of twenty', () => {
      let chance = 0;
      const races = connector({ random: () => chance });
      chance = 0.5;
      starts(races, { [six]: refuses(1), [four]: connects(1) });
      const led = Array.from({ length: 20 }, (_, i) => {
        chance = i / 20;
        return starts(races, { [six]: refuses(1), [four]: connects(1) })[0];
      });
      expect(led.filter((start) => start === `${six} 0`)).toHaveLength(1);
    });

    it('counts with another policy table too', () => {
      const races = connector({ sort: rfc6724({ findSources: (all) => all.map(({ address }) => address) }) });
      const deadSix = { [six]: hangs(), [four]: connects(20) };
      starts(races, deadSix);
      expect(starts(races, deadSix)).toEqual([`${four} 0`]);
    });

    it("does not touch the order of a caller's sort, or of sort: 'none'", () => {
      const races = connector();
      const deadSix = { [six]: hangs(), [four]: connects(20) };
      starts(races, deadSix);
      expect(starts(races, deadSix, { sort: 'none' })[0]).toBe(`${six} 0`);
      expect(starts(races, deadSix, { sort: (all: []) => all })[0]).toBe(`${six} 0`);
    });

    it('has none with history: false', () => {
      const races = connector({ history: false });
      const deadSix = { [six]: hangs(), [four]: connects(20) };
      starts(races, deadSix);
      expect(starts(races, deadSix)).toEqual([`${six} 0`, `${four} 250`]);
      expect(races.snapshot()).toEqual({ version: 1, paths: {} });
    });
  });

  describe('[A4] with an adaptive delay', () => {
    const adaptive = { connectionAttemptDelay: 'adaptive' } as const;
    const delayAfter = (rtt: number | undefined, options: object = {}) => {
      const races = connector(adaptive);
      if (rtt !== undefined) starts(races, { [six]: connects(rtt) });
      return Number(starts(races, { [six]: hangs(), [four]: connects(1) }, options)[1]!.split(' ')[1]);
    };

    it.each([
      [undefined, 250],
      [40, 120],
      [100, 300],
      [10, 100],
      [900, 2000],
    ])('after a round trip of %p ms starts the next after %i ms', (rtt, delay) => {
      expect(delayAfter(rtt)).toBe(delay);
    });

    it('keeps to other bounds', () => {
      expect(delayAfter(10, { minimumConnectionAttemptDelay: 50 })).toBe(50);
      expect(delayAfter(900, { maximumConnectionAttemptDelay: 1000 })).toBe(1000);
    });
  });

  describe('keeps its history', () => {
    it('as JSON, for another connector', () => {
      const races = connector();
      starts(races, { [six]: hangs(), [four]: connects(20) });
      const snapshot = JSON.parse(JSON.stringify(races.snapshot())) as unknown;
      const later = connector();
      later.restore(snapshot);
      expect(later.snapshot()).toEqual(races.snapshot());
      expect(starts(later, { [six]: hangs(), [four]: connects(20) })).toEqual([`${four} 0`]);
    });

    it('until it is cleared', () => {
      const races = connector();
      starts(races, { [six]: hangs(), [four]: connects(20) });
      races.clear();
      expect(starts(races, { [six]: connects(1), [four]: connects(20) })).toEqual([`${six} 0`]);
    });

    it('in a store of the caller, bounded in the one of its own', () => {
      const store = new Map<string, PathRecord>();
      starts(connector({ history: { store } }), { [six]: connects(40) });
      expect([...store]).toEqual([[`home ${six}`, { smoothedRtt: 40, rttVariation: 20, usedAt: 0 }]]);
      const small = connector({ history: { maxEntries: 2 } });
      for (const address of [six, seven, four]) starts(small, { [address]: connects(1) });
      expect(Object.keys(small.snapshot().paths)).toHaveLength(2);
    });

    it('with what was used last as what was used last', () => {
      const races = connector({ history: { maxEntries: 3 } });
      for (const address of [six, seven, four]) starts(races, { [address]: connects(1) });
      const later = connector({ history: { maxEntries: 3 } });
      later.restore(races.snapshot());
      starts(later, { '192.0.2.5': connects(1) });
      expect(Object.keys(later.snapshot().paths).sort()).toEqual(['home 192.0.2.4', 'home 192.0.2.5', `home ${seven}`]);
    });

    it('without instants of a clock that was ahead', () => {
      const races = connector();
      races.restore({ version: 1, paths: { [`home ${six}`]: { failedAt: 1e13 } } });
      after(FAILURE_AGE + 1);
      expect(starts(races, { [six]: connects(1), [four]: connects(1) })).toEqual([`${six} 0`]);
    });

    it('and does without a store that gives promises', async () => {
      const store = {
        get: () => Promise.reject(new Error('later')),
        set: () => undefined,
        clear: () => undefined,
        entries: () => [],
      };
      const races = connector({ history: { store: store as never } });
      expect(starts(races, { [six]: connects(1) })).toEqual([`${six} 0`]);
      await new Promise(setImmediate);
    });

    it('by itself: two connectors share nothing', () => {
      starts(connector(), { [six]: hangs(), [four]: connects(20) });
      expect(starts(connector(), { [six]: connects(1), [four]: connects(20) })).toEqual([`${six} 0`]);
    });

    it.each([undefined, 5, [], {}, { version: 2, paths: {} }, { version: 1, paths: null }])(
      'and refuses %j for a snapshot',
      (snapshot) => {
        expect(() => {
          connector().restore(snapshot);
        }).toThrow(TypeError);
      },
    );

    it('without invalid records', () => {
      const races = connector();
      races.restore({ version: 1, paths: { a: 5, b: { failedAt: 'now' }, c: { usedAt: -1 }, d: { usedAt: 0 } } });
      expect(races.snapshot().paths).toEqual({ d: { usedAt: 0 } });
    });

    it('without what records do not have, lists and numbers that are impossible', () => {
      const races = connector();
      const paths: Record<string, unknown> = {
        a: { smoothedRtt: 1, note: 'text', constructor: 5 },
        b: [],
        c: { smoothedRtt: Infinity },
        d: { smoothedRtt: NaN },
        e: { rttVariation: 1e300 },
        f: { failedAt: null },
        g: Object.assign(Object.create({ usedAt: 5 }) as object, { smoothedRtt: 1 }),
        h: JSON.parse('{ "smoothedRtt": 2, "__proto__": { "failedAt": 3 } }') as unknown,
      };
      races.restore({ version: 1, paths });
      expect(races.snapshot().paths).toEqual({ a: { smoothedRtt: 1 }, g: { smoothedRtt: 1 }, h: { smoothedRtt: 2 } });
      expect(() => {
        races.restore({ version: 1, paths: [{ usedAt: 1 }] });
      }).toThrow(TypeError);
    });

    it('and does without a store that throws', () => {
      const broken = () => {
        throw new Error('the disk is full');
      };
      const store: HistoryStore = { get: broken, set: broken, clear: broken, entries: broken };
      const races = connector({ history: { store } });
      expect(starts(races, { [six]: hangs(), [four]: connects(20) })).toEqual([`${six} 0`, `${four} 250`]);
      expect(races.snapshot().paths).toEqual({});
      races.restore({ version: 1, paths: { d: { usedAt: 1 } } });
      races.clear();
    });
  });

  describe('remembers answers', () => {
    const asking = () => jest.fn<ReturnType<Resolver>, [string]>(() => of({ ...AAAA(six), ttl: 10 }, { ...A(four), ttl: 10 }));
    const race = (races: Connector, options: object = {}) => {
      races.connect$('example.com', 443, { transport: () => of('won'), ...options }).subscribe();
    };

    it('for as long as they hold, until it is cleared', () => {
      const resolver = asking();
      const races = connector({ resolver, cache: undefined });
      race(races);
      race(races);
      expect(resolver).toHaveBeenCalledTimes(1);
      after(11);
      race(races);
      expect(resolver).toHaveBeenCalledTimes(2);
      races.clear();
      race(races);
      expect(resolver).toHaveBeenCalledTimes(3);
    });

    it('without those that are malformed', () => {
      const resolver = () => of(null as never, { type: 'A' } as never, AAAA(six));
      const winners: unknown[] = [];
      const races = connector({ resolver, cache: {} });
      for (let i = 0; i < 2; i++)
        races.connect$('example.com', 443, { transport: () => of('won') }).subscribe((winner) => winners.push(winner));
      expect(winners).toEqual(['won', 'won']);
    });

    it('[R10] but asks again before it fails, once, when all that it remembers refuses', () => {
      let now = AAAA(six);
      const asked: unknown[] = [];
      const resolver: Resolver = (_host, query) => {
        asked.push(query);
        return of({ ...now, ttl: 30 }, negative('A', 'ENODATA'));
      };
      const alive = new Set([six]);
      const transport = ({ address }: { address: string }) =>
        alive.has(address) ? of(address) : throwError(() => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      const races = connector({ resolver, cache: {} });
      const outcome = () => {
        let ended: unknown;
        races.connect$('example.com', 443, { transport }).subscribe({
          next: (won) => (ended = won),
          error: (error: NodeJS.ErrnoException) => (ended = error.code),
        });
        clock.flush();
        return ended;
      };
      expect(outcome()).toBe(six);
      // The service moves to another machine.
      now = AAAA(seven);
      alive.clear();
      expect(outcome()).toBe('ECONNREFUSED');
      alive.add(seven);
      expect(outcome()).toBe(seven);
      expect(outcome()).toBe(seven);
      expect(asked).toEqual([{}, { insist: true }]);
      // It is gone altogether: one question for each race.
      alive.clear();
      expect(outcome()).toBe('ECONNREFUSED');
      expect(asked).toHaveLength(3);
    });

    it('[R15] in the network alone in which they were asked for, as its history has it', () => {
      const resolver = asking();
      const races = connector({ resolver, cache: {} });
      race(races);
      network = 'train';
      race(races);
      race(races);
      network = 'home';
      race(races);
      expect(resolver).toHaveBeenCalledTimes(2);
    });

    it('[R15] in a network that its cache names otherwise', () => {
      const resolver = asking();
      let own = 'a';
      const races = connector({ resolver, cache: { network: () => own } });
      race(races);
      network = 'train';
      race(races);
      expect(resolver).toHaveBeenCalledTimes(1);
      own = 'b';
      race(races);
      expect(resolver).toHaveBeenCalledTimes(2);
    });

    it('of its own resolver alone, and with cache: false not at all', () => {
      const [own, shared] = [asking(), asking()];
      const races = connector({ resolver: shared, cache: {} });
      race(races, { resolver: own });
      race(races, { resolver: own });
      expect([own, shared].map(({ mock }) => mock.calls.length)).toEqual([2, 0]);
      const forgetful = connector({ resolver: shared, cache: false });
      race(forgetful);
      race(forgetful);
      expect(shared).toHaveBeenCalledTimes(2);
    });
  });

  describe('with partitions', () => {
    const deadSix = { [six]: hangs(), [four]: connects(20) };
    const asTenant = (partition: string) => ({ partition });

    it('[S8] learns within each of them', () => {
      const races = connector();
      starts(races, deadSix, asTenant('tenant-1'));
      expect(starts(races, deadSix, asTenant('tenant-1'))).toEqual([`${four} 0`]);
      for (const options of [{}, asTenant(''), asTenant('tenant-2')])
        expect(starts(races, { [six]: connects(1), [four]: connects(1) }, options)).toEqual([`${six} 0`]);
    });

    it('[S8] has one of its own, which a call may replace, but not by undefined', () => {
      const races = connector({ partition: 'tenant-1' });
      starts(races, deadSix);
      expect(starts(races, deadSix, { partition: undefined })).toEqual([`${four} 0`]);
      expect(starts(races, { [six]: connects(1) }, asTenant('tenant-1'))).toEqual([`${six} 0`]);
      expect(starts(races, { [six]: connects(1), [four]: connects(1) }, asTenant(''))).toEqual([`${six} 0`]);
    });

    it('[S8] asks for each of them, and shares no question', () => {
      const asked = jest.fn<ReturnType<Resolver>, [string]>(() => NEVER);
      const races = connector({ resolver: asked, cache: {}, transport: () => NEVER });
      for (const partition of ['', 'a', 'b', 'b']) races.connect$('example.com', 443, { partition }).subscribe();
      expect(asked).toHaveBeenCalledTimes(3);
    });

    it('[S8] remembers answers for each of them', () => {
      const asked = jest.fn<ReturnType<Resolver>, [string]>(() => of(AAAA(six)));
      const races = connector({ resolver: asked, cache: {} });
      const transport = () => of('won');
      for (const partition of ['a', 'a', 'b', 'a b', 'b'])
        races.connect$('example.com', 443, { family: 6, transport, partition }).subscribe();
      expect(asked).toHaveBeenCalledTimes(3);
    });

    it('[S8] keeps them apart in snapshots', () => {
      const races = connector();
      starts(races, deadSix, asTenant('tenant-1'));
      starts(races, { [seven]: connects(40) }, asTenant('b "c'));
      starts(races, { [seven]: connects(40) });
      const snapshot = JSON.parse(JSON.stringify(races.snapshot())) as ReturnType<Connector['snapshot']>;
      expect(Object.keys(snapshot.paths).sort()).toEqual(
        [`home ${six} "tenant-1"`, `home ${four} "tenant-1"`, `home ${seven} "b \\"c"`, `home ${seven}`].sort(),
      );
      const later = connector();
      later.restore(snapshot);
      expect(starts(later, { [six]: connects(1), [four]: connects(1) })).toEqual([`${six} 0`]);
      expect(starts(later, deadSix, asTenant('tenant-1'))).toEqual([`${four} 0`]);
    });

    it('[S8] forgets all of them when it is cleared', () => {
      const races = connector();
      starts(races, deadSix, asTenant('tenant-1'));
      races.clear();
      expect(races.snapshot().paths).toEqual({});
    });

    it('[S8] [R15] holds history and answers together over a change of network', () => {
      const asked = jest.fn<ReturnType<Resolver>, [string]>(() => of(AAAA(six), A(four)));
      const races = connector({ resolver: asked, cache: {} });
      /** Whether it asked, and where it went first. */
      const go = (partition: string, alive: string) => {
        const before = asked.mock.calls.length;
        const tried: string[] = [];
        const transport = ({ address }: { address: string }) => {
          tried.push(address);
          return address === alive ? of(address) : NEVER;
        };
        races.connect$('example.com', 443, { partition, transport }).subscribe();
        clock.flush();
        return `${asked.mock.calls.length > before ? 'asked' : 'remembered'}, ${tried.join(' then ')}`;
      };
      expect(go('a', four)).toBe(`asked, ${six} then ${four}`);
      expect(go('a', four)).toBe(`remembered, ${four}`);
      expect(go('b', six)).toBe(`asked, ${six}`);
      network = 'train';
      expect(go('a', six)).toBe(`asked, ${six}`);
      expect(go('a', six)).toBe(`remembered, ${six}`);
      network = 'home';
      expect(go('a', four)).toBe(`remembered, ${four}`);
      expect(go('b', six)).toBe(`remembered, ${six}`);
    });

    it('is refused where nothing is shared', () => {
      expect(() => connect$('example.com', 443, { partition: 'a' } as object)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
    });

    it.each([5, null, {}, Symbol('tenant')])('refuses %p for one', (partition) => {
      const refused = expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('options.partition'),
      });
      expect(() => createConnector({ partition: partition as never })).toThrow(refused);
      expect(() => createConnector().race$('example.com', 443, { partition: partition as never })).toThrow(refused);
    });
  });

  describe('has defaults', () => {
    it('for its races, which a call can replace, but not by undefined', () => {
      const races = connector({ connectionAttemptDelay: 100 });
      const fates = { [six]: hangs(), [four]: hangs(), [seven]: connects(1) };
      expect(starts(races, fates, { history: undefined, connectionAttemptDelay: 40, interleave: undefined })[1]).toContain(' 40');
    });

    it('for sockets, in whose place a call may put a transport, and the other way round', async () => {
      const races = createConnector({ localAddress: '127.0.0.9', tcp: { noDelay: true } });
      await expect(races.connect('127.0.0.1', 1, { transport: () => of('won') })).resolves.toBe('won');
      const other = createConnector({ transport: () => of('won') });
      await expect(other.connect('127.0.0.1', 1)).resolves.toBe('won');
      await expect(other.connect('127.0.0.1', 1, { socketFactory: () => new net.Socket() })).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
    });

    it.each<[object, string]>([
      [{ connectTimeout: NaN }, 'ERR_OUT_OF_RANGE'],
      [{ cache: true }, 'ERR_INVALID_ARG_TYPE'],
      [{ cache: { maxTtl: -1 } }, 'ERR_OUT_OF_RANGE'],
      [{ cache: { staleFor: 604_801 } }, 'ERR_OUT_OF_RANGE'],
      [{ history: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
      [{ history: { failureAge: -1 } }, 'ERR_OUT_OF_RANGE'],
      [{ history: { ignoreOneIn: 0 } }, 'ERR_OUT_OF_RANGE'],
      [{ history: { store: {} } }, 'ERR_INVALID_ARG_TYPE'],
      [{ history: { age: 1 } }, 'ERR_INVALID_ARG_VALUE'],
      [{ signals: 1 }, 'ERR_INVALID_ARG_VALUE'],
    ])('and refuses %j when it is made', (options, code) => {
      expect(() => createConnector(options)).toThrow(expect.objectContaining({ code }));
    });

    it('and refuses bad input at the call', () => {
      const races = createConnector();
      expect(() => races.connect$('', 443)).toThrow(TypeError);
      expect(() => races.race$('example.com', 443, { connectTimeout: 0 })).toThrow(RangeError);
    });
  });
});
