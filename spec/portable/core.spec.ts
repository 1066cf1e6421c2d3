import * as portable from '../../src/portable/index.js';
import { race$ } from '../../src/index.js';
import * as testing from '../../src/testing/index.js';

const six = '2001:db8::1';
const four = '192.0.2.1';

/** The events of a race in text, whose errors are told by code. */
const told = (events: readonly portable.RaceEvent[]) =>
  JSON.parse(
    JSON.stringify(events, (name, value: unknown) =>
      name === 'value' ? undefined : value instanceof Error ? (value as NodeJS.ErrnoException).code : value,
    ),
  ) as unknown;

const { connects, fails, hangs, refuses, race, virtualNetwork } = portable;

describe('a race without Node', () => {
  it('[R4] emits what race$ emits over the same resolver and transport', () => {
    const description = {
      dns: { A: testing.after(10, [four]), AAAA: testing.after(200, [six]), HTTPS: testing.nodata() },
      endpoints: { [six]: testing.connects(30), [four]: testing.hangs() },
    };
    const network = testing.virtualNetwork(description);
    const here = network.run(race$('example.com', 443, network));
    const plain = virtualNetwork(description);
    const there = plain.run(race('example.com', 443, plain));
    expect(there.values.at(-1)).toMatchObject({ type: 'connected', at: 340, endpoint: { address: six } });
    expect(told(there.values)).toEqual(told(here.values));
  });

  it('hands over a connection that says where it leads and can be ended', () => {
    const network = virtualNetwork({ dns: [four], endpoints: { [four]: connects(5) } });
    const { values, leaks } = network.run(race('example.com', 443, network));
    const last = values.at(-1)!;
    expect(last.type === 'connected' && [last.value.remoteAddress, last.value.remotePort]).toEqual([four, 443]);
    expect(leaks).toEqual([]);
    expect(last.type === 'connected' && last.value.destroy().destroyed).toBe(true);
  });

  it('errors with a ConnectionError that has a record for each attempt', () => {
    const network = virtualNetwork({
      dns: [six, four],
      endpoints: { [six]: refuses(5), [four]: fails(8, 'EHOSTUNREACH') },
    });
    const { error } = network.run(race('example.com', 443, network));
    expect(error).toBeInstanceOf(portable.ConnectionError);
    expect(error).toMatchObject({ reason: 'attempts', code: 'ECONNREFUSED' });
    expect((error as portable.ConnectionError).attempts).toHaveLength(2);
    expect((error as portable.ConnectionError).errors[1]).toMatchObject({
      code: 'EHOSTUNREACH',
      errno: expect.any(Number) as number,
    });
  });

  it('dials the address of NAT64 in place of the one that it stands for', () => {
    const network = virtualNetwork({ dns: [four], endpoints: { [four]: hangs(), '64:ff9b::c000:201': connects(20) } });
    const options = { ...network, nat64: { prefixes: ['64:ff9b::/96'] } };
    const { values } = network.run(race('example.com', 443, options));
    expect(values.at(-1)).toMatchObject({ type: 'connected', endpoint: { address: four, via: '64:ff9b::c000:201' } });
  });

  it('[R8] puts addresses in order by RFC 6724, with sources that the caller knows', () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: connects(5), [four]: connects(5) } });
    const winner = (findSources: portable.FindSources) =>
      network.run(race('example.com', 443, { ...network, sort: portable.rfc6724({ findSources }) })).winner;
    expect(winner((all) => all.map(({ family }) => (family === 6 ? '2001:db8::99' : '203.0.113.9')))).toBe(six);
    expect(winner((all) => all.map(({ family }) => (family === 6 ? undefined : '203.0.113.9')))).toBe(four);
  });

  it('waits for A where the policy table prefers IPv4', () => {
    const network = virtualNetwork({
      dns: { AAAA: [six], A: portable.after(30, [four]) },
      endpoints: { [six]: hangs(), [four]: connects(5) },
    });
    const policyTable = [
      ...portable.defaultPolicyTable.filter(({ label }) => label !== 4),
      { prefix: '::ffff:0:0/96', precedence: 100, label: 4 },
    ];
    const sort = portable.rfc6724({
      policyTable,
      findSources: (all) => all.map(({ family }) => (family === 6 ? '2001:db8::9' : '203.0.113.9')),
    });
    expect(network.run(race('example.com', 443, { ...network, sort })).starts).toMatchObject([{ address: four, at: 30 }]);
  });

  it.each([
    ['a host', () => race('', 443, virtualNetwork()), 'ERR_INVALID_ARG_VALUE'],
    ['a port', () => race('h', 0, virtualNetwork()), 'ERR_OUT_OF_RANGE'],
    ['a missing transport', () => race('h', 1, { resolver: virtualNetwork().resolver } as never), 'ERR_INVALID_ARG_TYPE'],
    ['an option of Node', () => race('h', 1, { ...virtualNetwork(), tls: true } as never), 'ERR_INVALID_ARG_VALUE'],
    ['a delay', () => race('h', 1, { ...virtualNetwork(), connectionAttemptDelay: 9 }), 'ERR_OUT_OF_RANGE'],
    ['delays together', () => race('h', 1, { ...virtualNetwork(), familyStaggerDelay: 90 }), 'ERR_INVALID_ARG_VALUE'],
    ['an order', () => race('h', 1, { ...virtualNetwork(), sort: 'rfc6724' as never }), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses at the call what makes no sense: %s', (_, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('takes a host in Unicode, as URLs do', () => {
    const network = virtualNetwork({ dns: { 'xn--bcher-kva.example': [four] }, endpoints: { [four]: connects(5) } });
    expect(network.run(race('bücher.example', 443, network)).winner).toBe(four);
  });

  it('has no server, which needs sockets', () => {
    const network = virtualNetwork({ dns: [four], endpoints: { [four]: testing.connects(5, () => undefined) } });
    expect(() => network.run(race('h', 443, network))).toThrow('a server needs sockets');
  });
});

describe('the schedule by itself', () => {
  it('[R9] says when the next attempt may start', () => {
    const endpoint = (address: string): portable.Endpoint => ({ ...portable.parseAddress(address)!, port: 443 });
    const [a, b] = [endpoint(six), endpoint(four)];
    const { evolve, nextStart, schedule } = portable;
    const events: portable.RaceEvent[] = [
      { type: 'answered', at: 5, answer: { type: 'AAAA', addresses: [six] } },
      { type: 'answered', at: 5, answer: { type: 'A', addresses: [four] } },
      { type: 'queued', at: 5, endpoints: [a, b] },
    ];
    const open = events.reduce(evolve, schedule({ connectionAttemptDelay: 100 }));
    expect([nextStart(open), open.nextCandidate]).toEqual([5, a]);
    expect(nextStart(evolve(open, { type: 'started', at: 5, endpoint: a }))).toBe(105);
    expect(() => schedule({ resolutionDelay: -1 })).toThrow(RangeError);
  });
});
