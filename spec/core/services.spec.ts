import { Services, type ServiceTerms } from '../../src/core/race/services.js';
import type { ServiceRecord } from '../../src/core/race/service-records.js';
import type { AnyAnswer } from '../../src/index.js';

const MANY = '8 names are looked up for a race, and no more';

function race(terms: Partial<ServiceTerms> = {}) {
  const complaints: string[] = [];
  const services = new Services({
    host: 'a.example',
    port: 443,
    family: 0,
    scheme: 'https',
    alpn: ['h2', 'http/1.1'],
    hints: 'untilAnswered',
    pacing: { preferredFamily: 6, resolutionDelay: 50 },
    random: () => 0,
    complain: (complaint) => complaints.push(complaint),
    ...terms,
  });
  const answer = (one: AnyAnswer, at = 0) => services.fold({ type: 'answered', at, answer: one });
  const records = (name: string, ...list: readonly ServiceRecord[]) => answer({ type: 'HTTPS', name, records: list });
  const addresses = (name: string, type: 'A' | 'AAAA', ...list: readonly string[]) => answer({ type, name, addresses: list });
  const found = () => services.groups.map((group) => group.map(({ address }) => address));
  return { services, complaints, answer, records, addresses, found };
}

const alias = (target: string): ServiceRecord => ({ priority: 0, target });

describe('the services of a host', () => {
  it('asks for records and addresses of the host first, once', () => {
    const { services } = race();
    expect(services.questions()).toEqual([
      { name: 'a.example', type: 'HTTPS' },
      { name: 'a.example', type: 'addresses' },
    ]);
    expect(services.questions()).toEqual([]);
  });

  it('follows an alias and asks for both its records and its addresses', () => {
    const { services, records, complaints } = race();
    services.questions();
    records('a.example', alias('b.example'));
    expect(services.questions()).toEqual([
      { name: 'b.example', type: 'HTTPS' },
      { name: 'b.example', type: 'addresses' },
    ]);
    expect(services.places).toEqual([
      { target: 'b.example', port: 443, alpn: [] },
      { target: 'a.example', port: 443 },
    ]);
    expect(complaints).toEqual([]);
  });

  it('reports an alias loop, and goes on as without records', () => {
    const { services, records, addresses, complaints } = race();
    records('a.example', alias('b.example'));
    addresses('a.example', 'AAAA', '2001:db8::1');
    expect(services.isReady).toBe(false);
    records('b.example', alias('a.example'));
    expect(complaints).toEqual(['the alias from b.example to a.example is not followed: it goes round in circles']);
    expect(services.places).toEqual([{ target: 'a.example', port: 443 }]);
    expect(services.isReady).toBe(true);
  });

  it('follows aliases over 8 names', () => {
    const { records, complaints } = race();
    const names = ['a.example', ...Array.from({ length: 8 }, (_, i) => `n${i}.example`)];
    names.slice(1).forEach((name, index) => records(names[index]!, alias(name)));
    expect(complaints).toEqual([`the alias from n6.example to n7.example is not followed: ${MANY}`]);
  });

  it('ignores an alias to nothing', () => {
    const { services, records, complaints } = race();
    records('a.example', alias('.'));
    expect(complaints).toEqual(['an alias of a.example says that there is no such service, and is ignored']);
    expect(services.places).toEqual([{ target: 'a.example', port: 443 }]);
  });

  it('keeps a target beyond the 8 names only for its hints', () => {
    const { services, records, complaints, found } = race();
    const targets = Array.from({ length: 7 }, (_, i): ServiceRecord => ({ priority: 1 + i, target: `t${i}` }));
    const hinted = ['4', '6'].map((digit): ServiceRecord => ({ priority: 8, target: `hint${digit}`, [`ipv${digit}hint`]: [digit === '4' ? '192.0.2.1' : '2001:db8::1'] })); // prettier-ignore
    records('a.example', ...targets, { priority: 9, target: 'bare' }, ...hinted);
    expect(complaints.sort()).toEqual(
      ['bare', 'hint4', 'hint6'].map((name) => `the addresses of ${name} are not looked up: ${MANY}`),
    );
    expect(services.places.map(({ target }) => target)).not.toContain('bare');
    expect(found().flat().sort()).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(services.isReady).toBe(true);
  });

  it('ignores hints that are not addresses', () => {
    const { records, found } = race();
    records('a.example', { priority: 1, target: 'b.example', ipv4hint: ['nonsense', '192.0.2.1'] });
    expect(found()).toEqual([['192.0.2.1']]);
  });

  it.each([
    ['untilAnswered', [['192.0.2.1', '2001:db8::2']]],
    ['lastResort', [['192.0.2.1', '2001:db8::2'], ['2001:db8::1']]],
  ] as const)('drops hints family by family once an answer came: %s', (hints, expected) => {
    const { records, addresses, found } = race({ hints });
    records('a.example', { priority: 1, target: 'b.example', ipv4hint: ['192.0.2.1'], ipv6hint: ['2001:db8::1'] });
    expect(found().flat().sort()).toEqual(['192.0.2.1', '2001:db8::1']);
    addresses('b.example', 'AAAA', '2001:db8::2');
    expect(found()).toEqual(expected);
  });

  it.each([
    [4, ['192.0.2.1']],
    [6, ['2001:db8::1']],
  ] as const)('keeps to family %i', (family, expected) => {
    const { services, records, found } = race({ family, pacing: { preferredFamily: family, resolutionDelay: 50 } });
    services.questions();
    records('a.example', { priority: 1, target: 'b.example', ipv4hint: ['192.0.2.1'], ipv6hint: ['2001:db8::1'] });
    expect(found()).toEqual([expected]);
    expect(services.questions()).toEqual([{ name: 'b.example', type: 'addresses', family }]);
  });

  it('waits for the records of the last alias for the Resolution Delay from the first endpoint', () => {
    const { services, answer } = race();
    answer({ type: 'A', addresses: [] }, 5);
    expect(services.hasWaitedFor('a.example', 1000)).toBe(false);
    answer({ type: 'A', addresses: ['192.0.2.1'] }, 10);
    answer({ type: 'AAAA', addresses: ['2001:db8::1'] }, 30);
    expect([59, 60].map((at) => services.hasWaitedFor('a.example', at))).toEqual([false, true]);
    expect(services.hasWaitedFor('b.example', 1000)).toBe(false);
    services.end({ name: 'b.example', type: 'HTTPS' });
    expect(services.isReady).toBe(false);
    services.end({ name: 'a.example', type: 'HTTPS' });
    expect(services.isReady).toBe(true);
    expect(services.hasWaitedFor('a.example', 1000)).toBe(false);
    expect(services.known.map(({ endpoint }) => endpoint.address)).toEqual(['192.0.2.1', '2001:db8::1']);
  });

  it('is not ready without any address, and skips a record whose target has none', () => {
    const { services, records, addresses } = race();
    records('a.example', { priority: 1, target: 'b.example' });
    addresses('a.example', 'AAAA', '2001:db8::1');
    addresses('b.example', 'AAAA');
    expect(services.isReady).toBe(false);
    addresses('b.example', 'A');
    expect(services.isReady).toBe(true);
    const empty = race();
    empty.records('a.example');
    empty.addresses('a.example', 'AAAA');
    empty.addresses('a.example', 'A');
    expect(empty.services.isReady).toBe(false);
  });

  it('reports whether an answer changed the endpoints', () => {
    const { services, addresses } = race();
    addresses('a.example', 'A', '192.0.2.1');
    expect(services.isReordered).toBe(true);
    addresses('a.example', 'AAAA');
    expect(services.isReordered).toBe(false);
  });

  it('waits for the records of an alias that it follows', () => {
    const { services, answer, addresses } = race();
    answer({ type: 'HTTPS', name: 'a.example', records: [alias('b.example')] }, 10);
    addresses('b.example', 'AAAA', '2001:db8::1');
    expect(services.isReady).toBe(false);
    expect(services.hasWaitedFor('b.example', 50)).toBe(true);
  });

  it('falls back to the host where an alias has no addresses', () => {
    const { services, records, addresses } = race();
    records('a.example', alias('b.example'));
    records('b.example');
    addresses('b.example', 'AAAA');
    addresses('b.example', 'A');
    expect(services.isReady).toBe(false);
    addresses('a.example', 'AAAA', '2001:db8::1');
    expect(services.isReady).toBe(true);
  });

  it('tries a hint over QUIC only, where its record supports nothing else and no answer has come', () => {
    const { services, records } = race({ alpn: ['h3', 'h2'], hints: 'lastResort' });
    records('a.example', { priority: 1, target: 'b.example', alpn: ['h3'], noDefaultAlpn: true, ipv4hint: ['192.0.2.1'] });
    expect(services.groups.map((group) => group.map(({ address, protocol }) => [address, protocol]))).toEqual([
      [['192.0.2.1', 'quic']],
    ]);
  });

  it.each<[readonly string[], boolean, readonly (readonly [string, string | undefined])[]]>([
    [['h3'], true, [['192.0.2.1', 'quic']]],
    [['h3', 'h2'], false, [['192.0.2.1', 'quic'], ['192.0.2.1', undefined]]],
    [['h2'], false, [['192.0.2.1', undefined]]],
  ])('[V2] [V7] tries a refuted hint last, over what its record supports: %j', (alpn, noDefaultAlpn, last) => {
    const { services, records, addresses } = race({ alpn: ['h3', 'h2'], hints: 'lastResort' });
    records('a.example', { priority: 1, target: 'b.example', alpn, noDefaultAlpn, ipv4hint: ['192.0.2.1'] });
    services.questions();
    addresses('b.example', 'A', '192.0.2.9');
    const groups = services.groups.map((group) => group.map(({ address, protocol }) => [address, protocol]));
    expect(groups.at(-1)).toEqual(last);
    expect(groups).toHaveLength(2);
  }); // prettier-ignore
});
