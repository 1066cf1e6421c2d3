import { EMPTY, firstValueFrom, of, toArray, type Observable } from 'rxjs';
import type { Answer, Query, Resolver } from '../../src/index.js';
import type { Address } from '../../src/core/address/address.js';
import { knownAnswers, resolve } from '../../src/rx/resolve.js';

const all = (answers$: Observable<Answer>) => firstValueFrom(answers$.pipe(toArray()));
const known = (host: string, ...own: readonly Address[]) => all(knownAnswers(host, () => own) ?? EMPTY);
const four = (address: string): Address => ({ address, family: 4 });
const six = (address: string): Address => ({ address, family: 6 });

const BOTH = [
  { type: 'AAAA', addresses: ['::1'] },
  { type: 'A', addresses: ['127.0.0.1'] },
];

describe('what needs no query', () => {
  it.each([
    ['192.0.2.1', 'A', '192.0.2.1'],
    ['2001:DB8::1', 'AAAA', '2001:db8::1'],
    ['[2001:db8::1]', 'AAAA', '2001:db8::1'],
    ['fe80::1%eth0', 'AAAA', 'fe80::1%eth0'],
    ['::ffff:192.0.2.1', 'A', '192.0.2.1'],
  ])('[R12] %s is its own answer', async (host, type, address) => {
    await expect(known(host)).resolves.toEqual([{ type, addresses: [address] }]);
  });

  it.each(['localhost', 'LOCALHOST.', 'a.localhost'])('[R12] %s is both loopback addresses', async (host) => {
    await expect(all(knownAnswers(host)!)).resolves.toEqual(BOTH);
    await expect(known(host, four('127.0.0.1'))).resolves.toEqual(BOTH);
    await expect(known(host, six('::1'))).resolves.toEqual(BOTH);
    await expect(known(host, six('::1'), four('127.0.0.1'))).resolves.toEqual(BOTH);
  });

  it('[R12] localhost is elsewhere where the machine says so, the family of its first address first', async () => {
    await expect(known('localhost', four('192.0.2.1'), six('2001:db8::1'), four('192.0.2.2'))).resolves.toEqual([
      { type: 'A', addresses: ['192.0.2.1', '192.0.2.2'] },
      { type: 'AAAA', addresses: ['2001:db8::1'] },
    ]);
    await expect(known('localhost', six('::1'), four('127.0.0.2'))).resolves.toEqual([
      { type: 'AAAA', addresses: ['::1'] },
      { type: 'A', addresses: ['127.0.0.2'] },
    ]);
  });

  it('other names have to be asked for', () => {
    expect(knownAnswers('localhost.example')).toBeUndefined();
    expect(knownAnswers('example.com', () => [four('192.0.2.1')])).toBeUndefined();
  });
});

describe('resolve', () => {
  const asked: unknown[] = [];
  const answer: Answer = { type: 'A', addresses: ['192.0.2.7'] };
  const resolver: Resolver = (host, query) => {
    asked.push([host, query]);
    return of(answer);
  };
  const query: Query = { family: 4 };
  beforeEach(() => asked.splice(0));

  it('asks the resolver for names alone', async () => {
    await expect(all(resolve('192.0.2.1', resolver, query))).resolves.toEqual([{ type: 'A', addresses: ['192.0.2.1'] }]);
    await expect(all(resolve('localhost', resolver, query))).resolves.toEqual(BOTH);
    await expect(all(resolve('localhost', resolver, query, () => [four('192.0.2.1')]))).resolves.toEqual([
      { type: 'A', addresses: ['192.0.2.1'] },
      { type: 'AAAA', addresses: [] },
    ]);
    expect(asked).toEqual([]);
    await expect(all(resolve('a.example', resolver, query))).resolves.toEqual([answer]);
    expect(asked).toEqual([['a.example', query]]);
  });

  it('leaves everything to a resolver that decides', async () => {
    const deciding = Object.assign(resolver, { decides: true });
    await expect(all(resolve('localhost', deciding, query))).resolves.toEqual([answer]);
    await expect(all(resolve('192.0.2.1', deciding, query))).resolves.toEqual([answer]);
    expect(asked).toHaveLength(2);
  });
});
