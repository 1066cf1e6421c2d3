import { getDefaultResultOrder, setDefaultResultOrder } from 'node:dns';
import { BlockList, type Socket } from 'node:net';
import { EMPTY, NEVER, of, type Observable } from 'rxjs';
import { createConnector, staticResolver, type Resolver } from '../../src/index.js';
import { MAKES } from '../../src/connector/makes.js';
import { processHistory } from '../../src/connector/process-history.js';
import { codedError } from '../../src/core/error-tools.js';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { Attempt } from '../../src/stand-in/attempt.js';
import {
  checkConnector,
  defaultsOf,
  filtersOfConnector,
  racing,
  splitHistory,
  type OwnOptions,
} from '../../src/stand-in/racing.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';

const HOST = 'raced.example';
const PORT = 443;

/** What a call throws: its code and its message. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `${code} ${message}`;
  }
  return 'accepted';
}

describe('the options of races for sockets', () => {
  it.each([
    [null, `"options" must be an object. Received null`],
    [7, `"options" must be an object. Received 7`],
    [[], `"options" must be an object. Received []`],
    [{ tls: true }, `"options.tls" must be`],
    [{ history: 7 }, `"options.history" must be false or an object. Received 7`],
    [{ history: true }, `"options.history" must be false or an object. Received true`],
    [{ history: [] }, `"options.history" must be false or an object. Received []`],
    [{ history: { failureAge: -1 } }, `The value of "options.history.failureAge" is out of range`],
    [{ signal: AbortSignal.abort() }, `"options.signal" is not an option of these races`],
    [{ family: 4 }, `"options.family" is not an option of these races`],
    [{ transport: () => EMPTY }, `"options.transport" is not an option of these races`],
    [{ connectTimeout: 0 }, `The value of "options.connectTimeout" is out of range`],
  ])('are checked: %p', (options, expected) => {
    expect(refusal(() => racing(options as never))).toContain(` ${expected}`);
  });

  it.each(['auto', 'probe', 'off'] as const)('have a way of TLS: %s', (tls) => {
    expect(racing({ tls }).tls.mode).toBe(tls);
  });

  it.each([{}, { tls: undefined, history: undefined, resolver: undefined, filter: undefined }])(
    'have defaults: %p',
    (options) => {
      const { race$, ahead, tls, ...others } = racing(options);
      expect(others).toEqual({ hasResolver: false, isPlain: true });
      expect(tls).toMatchObject({ mode: 'auto', patience: 2000, patienceAfterFailure: 250 });
      expect(ahead).toBeInstanceOf(Function);
      expect(race$).toBeInstanceOf(Function);
    },
  );

  it('may be absent', () => {
    expect(racing()).toMatchObject({ isPlain: true, tls: { mode: 'auto' } });
  });

  it.each([
    ['blockList', new BlockList()],
    ['filter', () => true],
    ['sort', 'none'],
    ['connectTimeout', 1000],
    ['attemptTimeout', 1000],
    ['scheduler', new VirtualScheduler()],
  ])('matter for a single address: %s', (name, value) => {
    expect(racing({ [name]: value })).toMatchObject({ isPlain: false });
  });

  it.each([
    ['connectionAttemptDelay', 100],
    ['resolver', staticResolver([])],
    ['history', false],
  ])('do not matter for a single address: %s', (name, value) => {
    expect(racing({ [name]: value })).toMatchObject({ isPlain: true });
  });

  it('have a resolver, or not', () => {
    const resolver = staticResolver([]);
    expect(racing({ resolver }).hasResolver).toBe(true);
    expect(racing({}, createConnector({ resolver })).hasResolver).toBe(true);
    expect(racing({}, createConnector()).hasResolver).toBe(false);
  });

  it('have filters, or not', () => {
    const [own, others] = [() => true, () => false];
    expect(racing({ filter: own }).filters).toEqual({ filter: own });
    expect(racing({}, createConnector({ filter: others })).filters).toEqual({ filter: others });
    expect(racing({ filter: own }, createConnector({ filter: others })).filters).toEqual({ filter: own });
    expect(racing({ filter: undefined }, createConnector({ filter: others })).filters).toEqual({ filter: others });
    expect(racing({}, createConnector())).not.toHaveProperty('filters');
  });

  it.each<readonly [options: object, expected: object]>([
    [{ connectTimeout: 5000 }, { patience: Infinity }],
    [{ attemptTimeout: 5000 }, { patience: Infinity }],
    [{ connectTimeout: Infinity, attemptTimeout: Infinity }, { patience: 2000 }],
    [{ maximumConnectionAttemptDelay: 3000 }, { patience: 3000 }],
    [{ connectionAttemptDelay: 300 }, { patienceAfterFailure: 300 }],
    [{ connectionAttemptDelay: 'adaptive' }, { patienceAfterFailure: 250 }],
    [{ connectionAttemptDelay: undefined }, { patienceAfterFailure: 250 }],
  ])('decide how long a handshake is waited for: %p', (options, expected) => {
    expect(racing(options).tls).toMatchObject(expected);
    expect(racing({}, createConnector(options)).tls).toMatchObject(expected);
  });

  it('bring their scheduler', () => {
    const scheduler = new VirtualScheduler();
    expect(racing({ scheduler }).tls.scheduler).toBe(scheduler);
  });
});

describe('a history', () => {
  it('is that of the process, unless there is a connector', () => {
    const options = { connectTimeout: 1 };
    const { raceOptions, history } = splitHistory(options, undefined);
    expect(raceOptions).toBe(options);
    expect(history!()).toBe(processHistory());
    expect(splitHistory(options, {})).toEqual({ raceOptions: options, history: undefined });
  });

  it('may be none, or one of its own', () => {
    expect(splitHistory({ connectTimeout: 1, history: false }, undefined)).toEqual({
      raceOptions: { connectTimeout: 1 },
      history: undefined,
    });
    const { raceOptions, history } = splitHistory({ connectTimeout: 1, history: {} }, undefined);
    expect(raceOptions).toEqual({ connectTimeout: 1 });
    expect(history!()).toBe(history!());
    expect(history!()).not.toBe(processHistory());
  });

  it.each([false, {}, 7])('is refused beside a connector: %p', (history) => {
    expect(refusal(() => splitHistory({ history }, {}))).toMatch(
      /^ERR_INVALID_ARG_VALUE "options.history" has no effect: the connector has its own/,
    );
  });
});

describe('a connector', () => {
  const made = (by: string) => ({ race$: () => EMPTY, [MAKES]: { by } });

  it.each<readonly [connector: unknown, expected: string]>([
    [undefined, 'accepted'],
    [{ race$: () => EMPTY }, 'accepted'],
    [made('setup'), 'accepted'],
    [null, 'ERR_INVALID_ARG_TYPE "options.connector" must be a connector. Received null'],
    [7, 'ERR_INVALID_ARG_TYPE "options.connector" must be a connector. Received 7'],
    [{}, 'ERR_INVALID_ARG_TYPE "options.connector.race$" must be a function. Received undefined'],
    [made('tls'), 'ERR_INVALID_ARG_VALUE "options.connector" must make TCP connections: it was created with `tls`'],
  ])('is checked: %p', (connector, expected) => {
    expect(
      refusal(() => {
        checkConnector(connector, 'tls', 'transport');
      }),
    ).toMatch(new RegExp(`^${expected.replace(/[$.]/g, '\\$&')}`));
  });

  it.each(['tls', 'setup', 'transport'])('has no effect on sockets if it was created with %s', (by) => {
    expect(refusal(() => racing({}, made(by)))).toContain(`\`${by}\``);
  });

  it.each(['tcp', 'socketFactory'])('has no effect on sockets if it was created with %s', (name) => {
    const connector = { race$: () => EMPTY, [MAKES]: { defaults: { [name]: {} } } };
    expect(refusal(() => racing({}, connector))).toMatch(
      new RegExp(
        `^ERR_INVALID_ARG_VALUE "options.connector" was created with \`${name}\`, which has no effect on sockets that exist`,
      ),
    );
  });

  it('states its options and filters, if it is a connector at all', () => {
    const filter = () => true;
    const connector = createConnector({ filter, connectTimeout: 7 });
    expect(defaultsOf(connector)).toMatchObject({ filter, connectTimeout: 7 });
    expect(filtersOfConnector(connector)).toEqual({ filter });
    for (const other of [undefined, {}]) {
      expect(defaultsOf(other)).toEqual({});
      expect(filtersOfConnector(other)).toBeUndefined();
    }
  });

  it('excludes an attempt before its races', () => {
    expect(racing({}, createConnector())).not.toHaveProperty('ahead');
  });
});

/** Runs something with another order of the program's. */
function withOrder(order: 'verbatim' | 'ipv4first' | 'ipv6first', run: () => void): void {
  const before = getDefaultResultOrder();
  setDefaultResultOrder(order);
  try {
    run();
  } finally {
    setDefaultResultOrder(before);
  }
}

const never = () => undefined as never;

describe('a race of a connector', () => {
  const own = { socketFactory: never };

  /** The options that a connector gets for a race. */
  function passedOn(options: object, defaults: object | undefined, ownOptions: object = own): unknown {
    const race$ = jest.fn<Observable<never>, unknown[]>(() => EMPTY);
    const connector = { race$, [MAKES]: { defaults } } as never;
    void racing(options, connector).race$(HOST, PORT, ownOptions as OwnOptions);
    const [host, port, given] = race$.mock.calls[0]!;
    expect([host, port]).toEqual([HOST, PORT]);
    return given;
  }
  const base = { connectTimeout: Infinity, serviceRecords: false, ...own };
  const resolver = staticResolver([]);
  const alpn = ['h2'];

  it.each<readonly [what: string, given: readonly [options: object, defaults?: object, own?: object], expected: object]>([
    ['has no limit', [{}], base],
    ['has the limit of the connector', [{}, { connectTimeout: 7 }], { ...base, connectTimeout: 7 }],
    ['has its own limit', [{ connectTimeout: 8 }, { connectTimeout: 7 }], { ...base, connectTimeout: 8 }],
    ['has its own options', [{ preferFamily: 4, sort: 'none' }], { ...base, preferFamily: 4, sort: 'none' }],
    ['has no options that are not given', [{ sort: undefined, preferFamily: undefined }], base],
    ['prefers the family of the connector', [{}, { preferFamily: 6 }], { ...base, preferFamily: 6 }],
    ['has the socket’s own resolver', [{ resolver: never }, {}, { ...own, resolver }], { ...base, resolver }],
    ['has service records only with ALPN', [{ serviceRecords: true }], base],
    [
      'has service records',
      [{ serviceRecords: true }, {}, { ...own, alpn }],
      { ...base, serviceRecords: { scheme: 'https', alpn } },
    ],
    [
      'has the service records of the connector',
      [{}, { serviceRecords: { scheme: 'wss', alpn: ['x'], hints: 'lastResort' } }, { ...own, alpn }],
      { ...base, serviceRecords: { scheme: 'wss', alpn: ['x'], hints: 'lastResort' } },
    ],
    ['has no service records that the connector lacks', [{}, {}, { ...own, alpn }], base],
  ])('%s', (_what, [options, defaults, ownOptions], expected) => {
    expect(passedOn(options, defaults, ownOptions)).toEqual(expected);
    expect(Object.keys(passedOn(options, defaults, ownOptions) as object).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each([
    ['verbatim', {}],
    ['ipv4first', { preferFamily: 4 }],
    ['ipv6first', { preferFamily: 6 }],
  ] as const)('goes by the order of the program: %s', (order, expected) => {
    withOrder(order, () => {
      expect(passedOn({}, {})).toEqual({ ...base, ...expected });
    });
  });
});

/** An attempt that never ends, or fails at once. */
class Fated extends Attempt {
  constructor(private readonly isSilent: boolean) {
    super((work) => {
      work();
    });
  }

  protected override begin(): void {
    if (!this.isSilent) this.fail(codedError('ETIMEDOUT', 'too slow'));
  }

  protected override release(): void {
    // It holds nothing.
  }
}

describe('a race without a connector', () => {
  const [ONE, TWO, THREE, SIX] = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'];
  const answering = (...addresses: string[]): Resolver => Object.assign(staticResolver(addresses), { decides: true });

  /** Who is tried, one after another, and how it ends. */
  function tried(options: object, own: Partial<OwnOptions> = {}, isSilent = false): readonly string[] {
    const scheduler = new VirtualScheduler();
    const lines: string[] = [];
    const socketFactory = ({ address }: Endpoint) => {
      lines.push(address);
      return new Fated(isSilent) as unknown as Socket;
    };
    const race$ = racing({ history: false, scheduler, ...options }).race$(HOST, PORT, { socketFactory, ...own });
    race$.subscribe({ error: (error: Error) => lines.push(`${scheduler.now()} ${error.name}`) });
    scheduler.maxFrames = 1e6;
    scheduler.flush();
    return lines;
  }

  it('refuses an invalid host', () => {
    expect(refusal(() => racing().race$('no host', PORT, { socketFactory: never }))).toContain('host');
  });

  it('has a limit only if it is given', () => {
    const resolver = answering(ONE);
    expect(tried({ resolver }, {}, true)).toEqual([ONE]);
    expect(tried({ resolver, connectTimeout: 100 }, {}, true)).toEqual([ONE, '100 ConnectionError']);
    expect(tried({ resolver, connectTimeout: undefined }, {}, true)).toEqual([ONE]);
  });

  it('asks the socket’s own resolver, and keeps its order', () => {
    const own = { resolver: answering(TWO, ONE, SIX) };
    withOrder('ipv6first', () => {
      expect(tried({ resolver: never }, own).slice(0, 3)).toEqual([TWO, SIX, ONE]);
      expect(tried({ sort: (all: readonly Endpoint[]) => [...all].reverse() }, own).slice(0, 3)).toEqual([SIX, ONE, TWO]);
    });
  });

  it('otherwise goes by the order of the program', () => {
    const resolver = answering(ONE, SIX);
    withOrder('ipv4first', () => {
      expect(tried({ resolver })[0]).toBe(ONE);
      expect(tried({ resolver, preferFamily: 6 })[0]).toBe(SIX);
    });
    withOrder('ipv6first', () => {
      expect(tried({ resolver, sort: 'none' })[0]).toBe(SIX);
    });
  });

  it('begins with the attempt that began before it, wherever the look-up puts it', () => {
    const begun = (address: string) => ({
      endpoint: { address, family: 4 as const, port: PORT },
      scheduler: new VirtualScheduler(),
    });
    const resolver = answering(ONE, TWO, THREE);
    const order = (options: object, address: string) => {
      const { scheduler, ...own } = begun(address);
      const asked: string[] = [];
      const socketFactory = (endpoint: Endpoint) => {
        asked.push(endpoint.address);
        return new Fated(true) as unknown as Socket;
      };
      racing({ history: false, ...options })
        .race$(HOST, PORT, { socketFactory, resolver, begun: { ...own, scheduler } })
        .subscribe({ error: () => undefined });
      scheduler.flush();
      return asked;
    };
    expect(order({}, TWO)).toEqual([TWO, ONE, THREE]);
    expect(order({}, SIX)).toEqual([ONE, TWO, THREE]);
    expect(order({ sort: 'none' }, TWO)).toEqual([ONE, TWO, THREE]);
  });

  it('learns, and tries what has failed lately last', () => {
    const store = new Map<string, { readonly failedAt?: number }>();
    const history = { store, network: () => 'net' };
    const resolver = answering(ONE, TWO);
    const options = { history, random: () => 0.5 };
    store.set(`net ${ONE}`, { failedAt: Date.now() });
    expect(tried(options, { resolver }).slice(0, 2)).toEqual([TWO, ONE]);
    expect([...store.keys()]).toEqual([`net ${ONE}`, `net ${TWO}`]);
    // Both have failed by now.
    expect(tried(options, { resolver }).slice(0, 2)).toEqual([ONE, TWO]);
    store.delete(`net ${TWO}`);
    expect(tried({ ...options, random: () => 0 }, { resolver }).slice(0, 2)).toEqual([ONE, TWO]);
  });

  it.each<readonly [what: string, options: object, alpn: readonly string[] | undefined, names: readonly string[], first: string]>(
    [
      ['not unless they are wanted', {}, ['h2'], [], `${ONE}:${PORT}`],
      ['not without ALPN', { serviceRecords: true }, undefined, [], `${ONE}:${PORT}`],
      ['of https', { serviceRecords: true }, ['h2'], [HOST], `${ONE}:8443`],
      ['which its protocols allow', { serviceRecords: true }, ['http/1.0'], [HOST], `${ONE}:${PORT}`],
      ['as their options say', { serviceRecords: { scheme: 'https', alpn: ['h2'] } }, ['http/1.0'], [HOST], `${ONE}:8443`],
    ],
  )('follows service records: %s', (_what, options, alpn, names, first) => {
    const asked: string[] = [];
    const resolver = Object.assign((host: string): Observable<never> => (answering(ONE) as (host: string) => never)(host), {
      decides: true,
      serviceRecords: (name: string) => {
        asked.push(name);
        return of({
          type: 'HTTPS' as const,
          records: [{ priority: 1, target: '.', port: 8443, alpn: ['h2'], noDefaultAlpn: true }],
        });
      },
    });
    const scheduler = new VirtualScheduler();
    const dialled: string[] = [];
    const socketFactory = ({ address, port }: Endpoint) => {
      dialled.push(`${address}:${port}`);
      return new Fated(false) as unknown as Socket;
    };
    racing({ history: false, scheduler, resolver, ...options })
      .race$(HOST, PORT, { socketFactory, ...(alpn && { alpn }) })
      .subscribe({ error: () => undefined });
    scheduler.flush();
    expect(asked).toEqual(names);
    expect(dialled[0]).toBe(first);
  });

  it('waits for its turn among many, unless its first attempt has begun', () => {
    const asked = jest.fn();
    const resolver: Resolver = () => {
      asked();
      return NEVER;
    };
    const { race$ } = racing({ history: false });
    const begun = { endpoint: { address: ONE, family: 4 as const, port: PORT }, scheduler: new VirtualScheduler() };
    const own = { socketFactory: never, resolver };
    const subscribe = (race: Observable<RaceEvent<Socket>>) => race.subscribe({ error: () => undefined });
    const races = Array.from({ length: 70 }, () => subscribe(race$(HOST, PORT, own)));
    const inOneTurn = asked.mock.calls.length;
    races.push(subscribe(race$(HOST, PORT, { ...own, begun })));
    const now = asked.mock.calls.length;
    for (const race of races) race.unsubscribe();
    expect(inOneTurn).toBeLessThan(70);
    expect(now).toBe(inOneTurn + 1);
  });
});
