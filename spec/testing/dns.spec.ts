import { promises as dns } from 'node:dns';
import { addressesIn } from '../../src/core/race/answers.js';
import { connect$, race$, type Answer } from '../../src/index.js';
import { after, connects, lost, nodata, nxdomain, servfail, virtualNetwork, type Dns } from '../../src/testing/index.js';

const six = '2001:db8::6',
  seven = '2001:db8::7',
  four = '192.0.2.4';

/** When what was answered: `at type addresses code`. */
const answersOf = (description: Dns, host = 'example.com') => {
  const network = virtualNetwork({ dns: description, endpoints: () => connects(1000) });
  const { events } = network.run(race$(host, 443, { ...network, connectTimeout: 5000 }));
  return events.flatMap((event) => {
    if (event.type === 'resolved') return [`${event.at} resolved`];
    if (event.type !== 'answered') return [];
    const { type, error } = event.answer;
    const addresses = addressesIn(event.answer);
    return [[event.at, type, ...addresses, (error as { code?: string } | undefined)?.code ?? ''].join(' ').trim()];
  });
};

describe('DNS in virtual time', () => {
  it.each<[string, Dns, string[]]>([
    ['a list for every host, by family', [four, six], [`0 AAAA ${six}`, `0 A ${four}`, '0 resolved']],
    ['one address', { AAAA: six }, [`0 AAAA ${six}`, '0 A ENODATA', '0 resolved']],
    ['addresses', { AAAA: [six, seven], A: [four] }, [`0 AAAA ${six} ${seven}`, `0 A ${four}`, '0 resolved']],
    ['answers with times', { AAAA: after(20, [six]), A: after(10, four) }, [`10 A ${four}`, `20 AAAA ${six}`, '20 resolved']],
    ['a lost answer', { AAAA: after(10, six), A: lost() }, [`10 AAAA ${six}`]],
    ['SERVFAIL', { AAAA: servfail(), A: after(5, four) }, ['0 AAAA ESERVFAIL', `5 A ${four}`, '5 resolved']],
    ['a late SERVFAIL', { AAAA: after(9, servfail()), A: four }, [`0 A ${four}`, '9 AAAA ESERVFAIL', '9 resolved']],
    ['nothing of a type', { AAAA: nodata(), A: [] }, ['0 AAAA ENODATA', '0 A ENODATA', '0 resolved']],
    ['no such name', { AAAA: nxdomain(), A: nxdomain() }, ['0 AAAA ENOTFOUND', '0 A ENOTFOUND', '0 resolved']],
    [
      'an error of your own',
      { AAAA: { after: 3, error: 'ETIMEOUT' }, A: four },
      [`0 A ${four}`, '3 AAAA ETIMEOUT', '3 resolved'],
    ],
    [
      'several answers to one query',
      { AAAA: [{ addresses: [six], stale: true }, after(10, [seven])], A: four },
      [`0 AAAA ${six}`, `0 A ${four}`, `10 AAAA ${seven}`, '10 resolved'],
    ],
    [
      'marbles',
      { AAAA: { marbles: '--a-b', a: [six], b: seven }, A: '-n' },
      ['1 A ENODATA', `2 AAAA ${six}`, `4 AAAA ${seven}`, '4 resolved'],
    ],
    ['marbles without addresses', { AAAA: '---', A: '20ms #' }, ['20 A ESERVFAIL']],
    ['hosts', { 'EXAMPLE.com.': { AAAA: six } }, [`0 AAAA ${six}`, '0 A ENODATA', '0 resolved']],
    ['hosts with lists', { 'example.com': [four] }, ['0 AAAA ENODATA', `0 A ${four}`, '0 resolved']],
    ['other hosts', { 'example.org': [four] }, ['0 AAAA ENOTFOUND', '0 A ENOTFOUND', '0 resolved']],
    ['nothing', {}, ['0 AAAA ENOTFOUND', '0 A ENOTFOUND', '0 resolved']],
  ])('has %s', (_, description, answers) => {
    expect(answersOf(description)).toEqual(answers);
  });

  it('answers in a turn of its own, or within the call', () => {
    const answers = (reply: Dns) => {
      const network = virtualNetwork({ dns: reply, endpoints: { [six]: connects() } });
      const got: Answer[] = [];
      network.resolver('example.com').subscribe((answer) => got.push(answer));
      return got.length;
    };
    expect(answers({ AAAA: six })).toBe(0);
    expect(answers({ AAAA: after('at once', six) })).toBe(1);
  });

  it('gives times to live, and says what is stale', () => {
    const network = virtualNetwork({
      dns: { AAAA: { addresses: [six], ttl: 5, stale: true } },
      endpoints: { [six]: connects() },
    });
    const { values } = network.run(network.resolver('example.com'));
    expect(values).toEqual([
      { type: 'AAAA', addresses: [six], ttl: 5, stale: true },
      expect.objectContaining({ type: 'A', addresses: [] }),
    ]);
  });

  it('has the errors that Node has', async () => {
    const network = virtualNetwork({ dns: { AAAA: servfail() } });
    const { values } = network.run(network.resolver('example.com'));
    // Nothing listens there.
    const resolver = new dns.Resolver({ timeout: 100, tries: 1 });
    resolver.setServers(['127.0.0.1:1']);
    const real = (await resolver.resolve6('example.com').catch((error: unknown) => error)) as Error & { code: string };
    const virtual = values[0]!.error!;
    expect(Object.keys(virtual)).toEqual(Object.keys(real));
    expect(virtual.message).toBe(real.message.replace(real.code, 'ESERVFAIL'));
    expect(virtual).toMatchObject({ code: 'ESERVFAIL', syscall: 'queryAaaa', hostname: 'example.com' });
    expect(values[1]!.error).toMatchObject({ message: 'queryA ENODATA example.com', syscall: 'queryA' });
  });

  it('is not asked for addresses', () => {
    const network = virtualNetwork({ dns: [four], endpoints: { [four]: connects(5), [six]: connects(6) } });
    const report = network.run(connect$(`[${six}]`, 443, network));
    expect(report).toMatchObject({ winner: six, lookups: [] });
  });
});
