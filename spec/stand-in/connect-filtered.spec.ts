import dns from 'node:dns';
import net from 'node:net';
import type http from 'node:http';
import { connectFiltered, filteredLookup, refusalOf } from '../../src/stand-in/connect-filtered.js';
import type { ConnectTarget } from '../../src/stand-in/connect-arguments.js';
import { connectProxied, filterProxy, isProxied } from '../../src/stand-in/proxied.js';
import { keep } from '../support/tls-clients.js';

const [GOOD, BAD, WORSE] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
const HOST = 'some.example';

/** Filters that let only some addresses pass, and what they were shown. */
function filtersFor(...good: readonly string[]) {
  const seen: string[] = [];
  const filter = ({ address, port }: { address: string; port: number }) => {
    seen.push(`${address} ${port}`);
    return good.includes(address);
  };
  return { filters: { filter }, seen };
}
const { filters } = filtersFor(GOOD, '::1');
const passedOn = (destination: ConnectTarget, given = filters) => connectFiltered((changed) => changed, destination, given);

type Found = readonly unknown[];
const answerOf = (lookup: net.LookupFunction, options: dns.LookupAllOptions = { all: true }) =>
  new Promise<Found>((resolve) => lookup(HOST, options, (...answer) => resolve(answer)));
const giving =
  (...answer: Found): net.LookupFunction =>
  (_host, _options, callback) => {
    (callback as (...given: Found) => void)(...answer);
  };
const refused = (address: string) =>
  expect.objectContaining({ code: 'ERR_IP_BLOCKED', message: expect.stringContaining(address) as string }) as unknown;

describe('a target that is filtered', () => {
  it('is used as it is where there are no filters', () => {
    const destination = { host: BAD, port: 80 };
    expect(connectFiltered((changed) => changed, destination)).toBe(destination);
  });

  it('is copied, and nothing else, where its address may be reached', () => {
    for (const host of [GOOD, '::1']) {
      const destination = { host, port: 80, hints: 1 };
      expect(passedOn(destination)).toEqual(destination);
      expect(passedOn(destination)).not.toBe(destination);
    }
  });

  it('is a name that is never found where its address is refused', async () => {
    const { host, port, lookup, hints } = passedOn({ host: BAD, port: 80, hints: 1, lookup: giving(null, GOOD, 4) });
    expect([host, port, hints]).toEqual([`[${BAD}]`, 80, 1]);
    let isLater = false;
    const answer = answerOf(lookup!).then((told) => [isLater, told]);
    isLater = true;
    expect(await answer).toEqual([true, [refused(BAD)]]);
  });

  it.each([1, {}, true])('must have a host that is text: %p', (host) => {
    expect(() => passedOn({ host: host as never, port: 80 })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringMatching(/options\.host.*of type string/) as string,
      }),
    );
  });

  it.each(['', null, undefined])('may have the default host: %p', (host) => {
    expect(passedOn({ host, port: 80 }).lookup).toEqual(expect.any(Function));
  });

  it('has a look-up that is filtered, with its port', async () => {
    const { filters: own, seen } = filtersFor(GOOD);
    const { lookup, ...others } = passedOn({ host: HOST, port: '80', lookup: giving(null, BAD, 4) }, own);
    expect(others).toEqual({ host: HOST, port: '80' });
    expect(await answerOf(lookup!)).toEqual([refused(BAD), undefined]);
    expect(seen).toEqual([`${BAD} 80`]);
  });

  it('has the look-up of the system where it has none', async () => {
    const lookup = jest.spyOn(dns, 'lookup').mockImplementation(giving(null, GOOD, 4) as unknown as typeof dns.lookup);
    try {
      for (const own of [undefined, null])
        expect(await answerOf(passedOn({ host: HOST, lookup: own as never }).lookup!)).toEqual([null, GOOD, 4]);
      expect(lookup).toHaveBeenCalledTimes(2);
    } finally {
      lookup.mockRestore();
    }
  });

  it('is left to Node where its look-up is invalid', () => {
    expect(passedOn({ host: HOST, lookup: 'invalid' as never })).toEqual({ host: HOST, lookup: 'invalid' });
  });
});

describe('an address', () => {
  it('is refused by the filters, or shown to them with its port', () => {
    const { filters: own, seen } = filtersFor(GOOD);
    expect(refusalOf(GOOD, 80, own)).toBeUndefined();
    expect(refusalOf(BAD, 81, own)).toEqual(refused(BAD));
    expect(seen).toEqual([`${GOOD} 80`, `${BAD} 81`]);
  });

  it.each(['', HOST, '[192.0.2.2]', '192.0.2'])('is not what this text is: %p', (text) => {
    expect(refusalOf(text, 80, filters)).toBeUndefined();
  });

  it('is refused where it cannot be shown to the filters', () => {
    const odd = `fe80::1%${'x'.repeat(300)}`;
    // Node takes it for an address.
    expect(net.isIP(odd)).toBe(6);
    const error = refusalOf(odd, 80, { filter: () => true });
    expect([error, error?.message.endsWith('is blocked: it cannot be shown to the filters')]).toEqual([refused(odd), true]);
  });

  it('is refused with what a filter throws', () => {
    const thrown = new Error('thrown');
    const throwing = (what: unknown) => ({
      filter: () => {
        throw what;
      },
    });
    expect(refusalOf(GOOD, 80, throwing(thrown))).toBe(thrown);
    expect(refusalOf(GOOD, 80, throwing('text'))).toMatchObject({ cause: 'text' });
  });
});

describe('a look-up that is filtered', () => {
  const one = (address: unknown) => ({ address, family: 4 });

  it.each<[string, Found, Found]>([
    ['an address', [null, GOOD, 4], [null, GOOD, 4]],
    ['a refused address', [null, BAD, 4], [refused(BAD), undefined]],
    ['addresses', [null, [one(GOOD)]], [null, [one(GOOD)], undefined]],
    ['addresses, some refused', [null, [one(BAD), one(GOOD), one(WORSE)]], [null, [one(GOOD)], undefined]],
    ['addresses, all refused', [null, [one(BAD), one(WORSE)]], [refused(BAD), undefined]],
    ['an address in an object', [null, one(GOOD)], [null, one(GOOD), undefined]],
    ['no more than Node reads', [null, [{ ...one(GOOD), other: 1 }]], [null, [one(GOOD)], undefined]],
    ['texts', [null, [GOOD, BAD]], [null, [GOOD], undefined]],
    ['nothing', [null, [], 4], [null, [], 4]],
    ['undefined', [null, undefined], [null, undefined, undefined]],
    ['null', [null, null], [null, null, undefined]],
    ['a list with nothing', [null, [null, undefined]], [null, [null, undefined], undefined]],
    ['nonsense', [null, 'nonsense', 4], [null, 'nonsense', 4]],
    ['a number', [null, 7], [null, 7, undefined]],
    ['an object without an address', [null, { family: 4 }], [null, { family: 4 }, undefined]],
    ['an address in disguise', [null, { toString: () => GOOD }], [null, GOOD, undefined]],
    ['a refused address in disguise', [null, [one({ toString: () => BAD })]], [refused(BAD), undefined]],
  ])('answers with %s', async (_what, answer, expected) => {
    expect(await answerOf(filteredLookup(giving(...answer), 80, filters))).toEqual(expected);
  });

  it('passes an error on, and asks as it is asked', async () => {
    const error = new Error('no');
    const lookup = jest.fn(giving(error, BAD, 6));
    expect(await answerOf(filteredLookup(lookup, 80, filters), { all: true, family: 6 })).toEqual([error, BAD, 6]);
    expect(lookup.mock.calls).toEqual([[HOST, { all: true, family: 6 }, expect.any(Function)]]);
  });

  it('judges an object once, and hands on what was judged', async () => {
    const texts = [GOOD, BAD];
    const changing = { toString: () => texts.shift()! };
    expect(await answerOf(filteredLookup(giving(null, changing, 4), 80, filters))).toEqual([null, GOOD, 4]);
  });
});

describe('an agent with proxies', () => {
  const agentWith = (config: unknown, name = 'kProxyConfig') =>
    ({ [Symbol('other')]: {}, [Symbol(name)]: config }) as unknown as http.Agent;

  it.each([
    [true, { options: { proxyEnv: {} } }],
    [false, { options: {} }],
    [false, {}],
  ])('is recognised: %p for %j', (expected, agent) => {
    expect(isProxied(agent as unknown as http.Agent)).toBe(expected);
  });

  it('has its proxy filtered', () => {
    const options = { host: BAD, port: 80 };
    const config = { proxyConnectionOptions: options as ConnectTarget };
    filterProxy(agentWith(config), undefined);
    expect(config.proxyConnectionOptions).toBe(options);
    filterProxy(agentWith(config), filters);
    expect(config.proxyConnectionOptions).toMatchObject({ host: `[${BAD}]`, port: 80 });
  });

  it.each([null, undefined, {}])('may have no proxy: %j', (config) => {
    expect(() => {
      filterProxy(agentWith(config), filters);
    }).not.toThrow();
  });

  it('is refused where Node keeps its proxies elsewhere, if it has any', () => {
    const agent = agentWith({}, 'another');
    const filter = (given: typeof filters | undefined, isKnown: boolean) => () => {
      filterProxy(agent, given, isKnown);
    };
    for (const harmless of [filter(undefined, true), filter(filters, false)]) expect(harmless).not.toThrow();
    expect(filter(filters, true)).toThrow(
      expect.objectContaining({
        code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
        message: expect.stringContaining('proxies') as string,
      }),
    );
    const isKnown = Number(process.versions.node.split('.')[0]) >= 24;
    const byDefault = () => {
      filterProxy(agent, filters);
    };
    if (isKnown) expect(byDefault).toThrow();
    else expect(byDefault).not.toThrow();
  });

  it('reaches no refused address by a proxy', async () => {
    const create = jest.fn((changed: ConnectTarget) => changed);
    const socket = keep(connectProxied(create, { host: BAD, port: 80 }, filters) as unknown as net.Socket);
    const error = await new Promise((resolve) => socket.on('error', resolve));
    expect(error).toEqual(refused(`${BAD}:80`));
    expect(create).not.toHaveBeenCalled();
  });

  it.each<[ConnectTarget, typeof filters | undefined]>([
    [{ host: BAD, port: 80 }, undefined],
    [{ host: GOOD, port: 80 }, filters],
    [{ host: '/run/[1]', path: '/run/some.socket' }, undefined],
    [{ port: 80 }, undefined],
  ])('connects to %j as usual', (destination, given) => {
    expect(connectProxied((changed) => changed, destination, given)).toEqual(destination);
  });

  it.each(['', undefined, HOST])('looks up what is no address: %p', (host) => {
    const { lookup, ...others } = connectProxied((changed) => changed, { host, port: 80 }, filters);
    expect(others).toEqual({ host, port: 80 });
    expect(lookup).toEqual(expect.any(Function));
  });
});
