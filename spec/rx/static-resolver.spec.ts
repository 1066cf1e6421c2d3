import { firstValueFrom, toArray } from 'rxjs';
import { staticResolver, type Resolver } from '../../src/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';
const answers = (resolver: Resolver, host: string) => firstValueFrom(resolver(host).pipe(toArray()));

describe('staticResolver', () => {
  it('answers both families at once, that of the first address first', () => {
    const seen: unknown[] = [];
    staticResolver([four, six, five])('example.com').subscribe({
      next: ({ type, addresses }) => seen.push([type, addresses]),
      complete: () => seen.push('complete'),
    });
    expect(seen).toEqual([['A', [four, five]], ['AAAA', [six]], 'complete']);
  });

  it('finds names without regard to case and to a final dot', async () => {
    const resolver = staticResolver({ 'DB.example.': [six] });
    await expect(answers(resolver, 'db.EXAMPLE')).resolves.toMatchObject([
      { type: 'AAAA', addresses: [six] },
      { type: 'A', addresses: [], error: { code: 'ENOTFOUND' } },
    ]);
    await expect(answers(resolver, 'db.example.')).resolves.toMatchObject([{ addresses: [six] }, { addresses: [] }]);
  });

  it('takes one address without a list around it', async () => {
    await expect(answers(staticResolver({ 'db.example': six }), 'db.example')).resolves.toMatchObject([
      { addresses: [six] },
      { addresses: [] },
    ]);
  });

  it('has negative answers for a name that is not in the table', async () => {
    await expect(answers(staticResolver({ 'example.com': [four] }), 'constructor')).resolves.toMatchObject([
      { type: 'AAAA', addresses: [], error: { code: 'ENOTFOUND' } },
      { type: 'A', addresses: [], error: { code: 'ENOTFOUND' } },
    ]);
  });

  it.each([
    ['text', () => staticResolver('192.0.2.1' as never), 'ERR_INVALID_ARG_TYPE', '"table" must be an object or an array of addresses.'],
    ['nothing', () => staticResolver(null as never), 'ERR_INVALID_ARG_TYPE', '"table" must be an object or an array of addresses.'],
    ['a name for an address', () => staticResolver(['db.example']), 'ERR_INVALID_ARG_VALUE', `"table" must hold IP addresses. Received 'db.example'`],
    ['the same in a table', () => staticResolver({ a: 'b' }), 'ERR_INVALID_ARG_VALUE', `"table" must hold IP addresses. Received 'b'`],
  ])('refuses %s at the call', (_, create, code, message) => {
    expect(create).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error);
  }); // prettier-ignore
});
