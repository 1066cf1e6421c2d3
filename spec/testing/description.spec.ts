import { connect, connect$ } from '../../src/index.js';
import {
  after,
  behaves,
  connects,
  fails,
  flaky,
  hangs,
  refuses,
  virtualNetwork,
  type NetworkDescription,
} from '../../src/testing/index.js';
import { asyncScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

const six = '2001:db8::6',
  four = '192.0.2.4';
const fates = { [six]: hangs(), [four]: connects(40) };

describe('nonsense in a description is an error that points at it', () => {
  it.each<[string, unknown, string, string]>([
    ['no description', 5, 'ERR_INVALID_ARG_TYPE', '"description" must be an object. Received 5'],
    ['an unknown part', { endpoint: fates }, 'ERR_INVALID_ARG_VALUE', '"description.endpoint" is not an option'],
    [
      'a scheduler of real time',
      { scheduler: { now: Date.now } },
      'ERR_INVALID_ARG_TYPE',
      '"description.scheduler" must be a VirtualTimeScheduler',
    ],
    [
      'an address without a fate',
      { dns: { 'example.com': { AAAA: ['2001:db8::9'] } }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      `"dns['example.com'].AAAA" lists an address that has no fate in endpoints. Received '2001:db8::9'`,
    ],
    [
      'one of every host',
      { dns: { A: ['192.0.2.9'] }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      `"dns.A" lists an address that has no fate in endpoints. Received '192.0.2.9'`,
    ],
    [
      'two fates in two forms of an address',
      { endpoints: { [six]: hangs(), '2001:DB8:0::6': connects(1) } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['2001:DB8:0::6']" is the same as endpoints['2001:db8::6'], and so would have two fates: hangs() and connects(1)`,
    ],
    [
      'two fates for a port',
      { endpoints: { [`[${six}]:80`]: hangs(), '[2001:DB8::6]:80': connects(1) } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['[2001:DB8::6]:80']" is the same as`,
    ],
    [
      'two fates in a list',
      { endpoints: { [four]: [hangs(), connects(1)] } },
      'ERR_INVALID_ARG_TYPE',
      `"endpoints['192.0.2.4']" must be one fate`,
    ],
    [
      'two fates in marbles',
      { endpoints: { [four]: '--c--x' } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4']" has two fates: it goes on at column 6, after its end. Received '--c--x'`,
    ],
    [
      'an unknown marble',
      { endpoints: { [four]: '--q' } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4']" has 'q' at column 3`,
    ],
    [
      'broken marbles',
      { endpoints: { [four]: '--^c' } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4']" must have no ^ and no !`,
    ],
    [
      'no fate',
      { endpoints: { [four]: 40 } },
      'ERR_INVALID_ARG_TYPE',
      `"endpoints['192.0.2.4']" must be a fate, a function that returns one, or marbles. Received 40`,
    ],
    ['invalid endpoints', { endpoints: [four] }, 'ERR_INVALID_ARG_TYPE', '"endpoints" must be an object or a function'],
    [
      'a name that is no address',
      { endpoints: { 'example.com': hangs() } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['example.com']" must be named by an IP address`,
    ],
    [
      'a lax address',
      { endpoints: { '127.1': hangs() } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['127.1']" must be named by an IP address`,
    ],
    [
      'an invalid port',
      { endpoints: { '192.0.2.4:70000': hangs() } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4:70000']" must have a port from 1 to 65535`,
    ],
    [
      'a negative time',
      { dns: { AAAA: { after: -1, addresses: [six] } }, endpoints: fates },
      'ERR_OUT_OF_RANGE',
      'The value of "dns.AAAA.after" is out of range. It must be >= 0',
    ],
    [
      'one in a list',
      { dns: { AAAA: [after(1, six), { after: NaN }] }, endpoints: fates },
      'ERR_OUT_OF_RANGE',
      '"dns.AAAA[1].after"',
    ],
    [
      'a negative time to live',
      { dns: { AAAA: { addresses: [six], ttl: -1 } }, endpoints: fates },
      'ERR_OUT_OF_RANGE',
      '"dns.AAAA.ttl"',
    ],
    [
      'an address of the other family',
      { dns: { AAAA: [four] }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      `"dns.AAAA" must hold IPv6 addresses. Received '192.0.2.4'`,
    ],
    ['the other way round', { dns: { A: six }, endpoints: fates }, 'ERR_INVALID_ARG_VALUE', `"dns.A" must hold IPv4 addresses`],
    [
      'no address',
      { dns: { 'example.com': { A: ['nonsense'] } }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      `"dns['example.com'].A" must hold IP addresses. Received 'nonsense'`,
    ],
    [
      'neither an address nor marbles',
      { dns: { A: 'nonsense' } },
      'ERR_INVALID_ARG_VALUE',
      '"dns.A" is neither an IP address nor marbles',
    ],
    ['no address in a list for a host', { dns: { h: [5] } }, 'ERR_INVALID_ARG_TYPE', `"dns['h'][0]" must be a reply`],
    [
      'marbles without addresses',
      { dns: { A: { marbles: '--a' } } },
      'ERR_INVALID_ARG_VALUE',
      `"dns.A" has no addresses for 'a', at column 3 of its marbles`,
    ],
    [
      'an unknown record',
      { dns: { h: { AAA: [six] } }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      `"dns['h'].AAA" is no type of record: AAAA, A`,
    ],
    [
      'an unknown part of a reply',
      { dns: { A: { address: [four] } }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      '"dns.A.address" is not known',
    ],
    [
      'a host without records',
      { dns: { h: 5 } },
      'ERR_INVALID_ARG_TYPE',
      `"dns['h']" must be records by type, or a list of addresses`,
    ],
    [
      'a host twice',
      { dns: { h: [four], 'H.': [four] }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      `"dns['H.']" is there twice`,
    ],
    ...['aaaa', 'a', 'AAA', 'SVCB', 'https'].map(
      (name) =>
        [
          `${name} beside what is known`,
          { dns: { [name]: [] } },
          'ERR_INVALID_ARG_VALUE',
          `"dns.${name}" is no type of record: AAAA, A`,
        ] as [string, unknown, string, string],
    ),
    ['a map of hosts', { dns: new Map() }, 'ERR_INVALID_ARG_TYPE', '"dns" must be an object, a list of addresses or a resolver'],
    ['a map of endpoints', { endpoints: new Map() }, 'ERR_INVALID_ARG_TYPE', '"endpoints" must be an object or a function'],
    [
      'the scheduler of real time',
      { scheduler: asyncScheduler },
      'ERR_INVALID_ARG_TYPE',
      '"description.scheduler" must be a VirtualTimeScheduler',
    ],
    [
      'what is neither a marble nor known',
      { dns: { A: { marbles: '--a', a: [four], ttl: 5 } }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      '"dns.A.ttl" is in no marble',
    ],
    [
      'a letter that is in no marble',
      { dns: { A: { marbles: '--a', a: [four], b: [four] } }, endpoints: fates },
      'ERR_INVALID_ARG_VALUE',
      '"dns.A.b" is in no marble',
    ],
    ['null', { dns: { A: null } }, 'ERR_INVALID_ARG_TYPE', '"dns.A" must be addresses, a reply or marbles. Received null'],
    ['no marbles at all', { dns: { A: '' } }, 'ERR_INVALID_ARG_VALUE', '"dns.A" is neither an IP address nor marbles'],
    [
      'stale in words',
      { dns: { A: { addresses: [four], stale: 'yes' } }, endpoints: fates },
      'ERR_INVALID_ARG_TYPE',
      '"dns.A.stale" must be of type boolean',
    ],
    [
      'marbles whose group is not closed',
      { endpoints: { [four]: '( c' } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4']" must close each ( with a )`,
    ],
    [
      'marbles without the space before a time',
      { endpoints: { [four]: '--5ms c' } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4']" must have a space before and after 5ms`,
    ],
    [
      'marbles without the space after a time',
      { endpoints: { [four]: '5msc' } },
      'ERR_INVALID_ARG_VALUE',
      `"endpoints['192.0.2.4']" must have a space before and after 5ms`,
    ],
    [
      'a fate that is not called',
      { endpoints: { [four]: refuses } },
      'ERR_INVALID_ARG_TYPE',
      `"endpoints['192.0.2.4']" must be a fate, and so be called: refuses()`,
    ],
    ['no DNS', { dns: 5 }, 'ERR_INVALID_ARG_TYPE', '"dns" must be an object, a list of addresses or a resolver'],
  ])('%s', (_, description, code, message) => {
    expect(() => virtualNetwork(description as NetworkDescription)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it.each<[string, () => unknown, string]>([
    ['connects(-5)', () => connects(-5), 'The value of "after" is out of range. It must be >= 0. Received -5'],
    ['refuses("5")', () => refuses('5' as never), '"after" must be of type number'],
    ['after(-1, …)', () => after(-1, []), 'The value of "ms" is out of range'],
    ['after of what is no reply', () => after(50, (() => undefined) as never), '"reply" must be addresses or a reply. Received'],
    ['after(5, after(6, …))', () => after(5, after(6, six)), '"reply" must not have a time of its own'],
    [
      'a handshake with a server',
      () => connects(1).thenTls(connects(2, () => undefined).latency(9)),
      '"handshake" must be no connection with a server, a latency or a loss: those of connects(1).thenTls(…)',
    ],
    ['a handshake with a handshake', () => connects(1).thenTls(connects(2).thenTls(3)), '"handshake" must be no connection with'],
    [
      'unsubscribing from what is no stream',
      () => virtualNetwork().run((() => 5) as never, { unsubscribeAt: 5 }),
      '"program" must be a stream',
    ],
    ['thenTls(-1)', () => connects(1).thenTls(-1), 'The value of "handshake" is out of range'],
    [
      'two handshakes',
      () => connects(1).thenTls(1).thenTls(1),
      '"handshake" must be the only one: this is connects(1).thenTls(1) already',
    ],
    ['an invalid error', () => fails(1, 5 as never), '"error" must be an Error, or the code of one'],
    ['an invalid code', () => fails(1, 'EFOO'), `"error" is not the code of a system error. Received 'EFOO'`],
    ['flaky(2, 1)', () => flaky(2, 1), 'The value of "probability" is out of range. It must be >= 0 and <= 1'],
    ['flaky(0.1)', () => flaky(0.1, undefined as never), '"seed" must be of type number'],
    ['flaky with what is no fate', () => flaky(0.1, 1, 40 as never), '"well" must be a fate'],
    ['latency(-1)', () => connects(1).latency(-1), 'The value of "latency" is out of range'],
    ['losesAfter(0.5)', () => connects(1).losesAfter(0.5), 'The value of "bytes" is out of range'],
    ['resetsAfter(-1)', () => connects(1).resetsAfter(-1), 'The value of "ms" is out of range'],
    ['serves(5)', () => connects(1).serves(5 as never), '"serve" must be a function'],
    ['behaves(5)', () => behaves(5 as never), '"transport" must be a function'],
    ['subscriptions of nothing', () => virtualNetwork().subscriptions('x'), '"address" must be an IP address'],
    ['run for no time', () => virtualNetwork().run((n) => connect$('h', 1, n), { until: -1 }), 'The value of "options.until"'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });

  const tried = `"endpoints" has no fate for 192.0.2.9:443, which was tried. Received ['192.0.2.4']`;
  const strange = () => virtualNetwork({ endpoints: { [four]: hangs() } });

  it('an attempt where there is no fate is thrown where time is let pass', async () => {
    const network = strange();
    expect(() => network.run(connect$('192.0.2.9', 443, network))).toThrow(tried);
    await expect(network.settle(connect('192.0.2.9', 443, network))).rejects.toThrow(tried);
    const begin = () => connect$('192.0.2.9', 443, network).subscribe({ error: () => undefined });
    begin();
    expect(() => {
      network.flush();
    }).toThrow(tried);
    begin();
    expect(() => {
      network.advance(0);
    }).toThrow(tried);
    begin();
    await expect(network.elapse(1)).rejects.toThrow(tried);
    network.flush();
  });

  it('also at a TestScheduler', () => {
    const scheduler = new TestScheduler(() => undefined);
    const network = virtualNetwork({ scheduler, endpoints: { [four]: hangs() } });
    expect(() => {
      scheduler.run(({ expectObservable }) => {
        expectObservable(connect$('192.0.2.9', 443, network)).toBe('#');
      });
    }).toThrow(tried);
  });

  it('a function that returns no fate is told so, with its place', () => {
    const network = virtualNetwork({ endpoints: { [four]: () => 40 as never } });
    expect(() => network.run(connect$(four, 443, network))).toThrow(`"endpoints['192.0.2.4']" must return a fate. Received 40`);
  });

  it.each<[string, NetworkDescription, string]>([
    ['a resolver', { dns: (() => 5) as never, endpoints: fates }, '"dns()" must return an Observable. Received 5'],
    [
      'a transport',
      { dns: [four], endpoints: { [four]: behaves(() => undefined as never) } },
      '"behaves()" must return an Observable, a promise or a list. Received undefined',
    ],
  ])('%s that returns something invalid is no ordinary failure', (_, description, message) => {
    const network = virtualNetwork(description);
    expect(() => network.run(connect$('example.com', 443, network))).toThrow(message);
  });

  it('a time for unsubscribing is for streams', async () => {
    const settled = virtualNetwork().settle(Promise.resolve(5), { unsubscribeAt: 5 });
    await expect(settled).rejects.toThrow('"program" must be a stream, to be unsubscribed');
  });

  it('a network in TestScheduler.run needs its scheduler', () => {
    const scheduler = new TestScheduler(() => undefined);
    expect(() => {
      scheduler.run(() => virtualNetwork({ dns: [] }));
    }).toThrow('within TestScheduler.run, a network lives in its time: virtualNetwork({ scheduler, … })');
    virtualNetwork();
  });

  it('fates of another copy of the package are fates', () => {
    jest.resetModules();
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const other = require('../../src/testing/index.js') as typeof import('../../src/testing/index.js');
    expect(other.connects).not.toBe(connects);
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: other.refuses(5), [four]: () => other.connects(1) } });
    expect(network.run(connect$('example.com', 443, network)).finish).toBe(6);
    expect(String(connects(1).thenTls(other.hangs()))).toBe('connects(1).thenTls(hangs())');
  });

  it('a server that throws is not taken for a broken connection', () => {
    const network = virtualNetwork({
      endpoints: {
        [four]: connects(1, () => {
          throw new Error('the test is wrong');
        }),
      },
    });
    expect(() => network.run(connect$(four, 443, network))).toThrow('the test is wrong');
  });
});
