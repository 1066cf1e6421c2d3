import { AsyncLocalStorage } from 'node:async_hooks';
import type { LookupFunction } from '../../src/index.js';
import { LookUps, systemSlots, type Found } from '../../src/node/system-lookup.js';

/** A look-up function whose answers the spec gives by hand. */
function manual(slots: number) {
  const asked: { readonly what: string; readonly answer: (...addresses: string[]) => void }[] = [];
  const lookup: LookupFunction = (host, { family }, callback) => {
    asked.push({
      what: `${host} ${String(family)}`,
      answer: (...addresses) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        ),
    });
  };
  return { asked, lookUps: new LookUps(lookup, slots), what: () => asked.map(({ what }) => what) };
}

const turn = () => new Promise(setImmediate);

describe('look-ups', () => {
  it('[R18] are shared while they are under way, by name and family', () => {
    const { asked, lookUps, what } = manual(2);
    const seen: [string, Found][] = [];
    lookUps.find('a.example', 6, (found) => seen.push(['first', found]));
    lookUps.find('a.example', 6, (found) => seen.push(['second', found]));
    lookUps.find('a.example', 4, (found) => seen.push(['IPv4', found]));
    lookUps.find('b.example', 6, (found) => seen.push(['b', found]));
    expect(what()).toEqual(['a.example 6', 'a.example 4', 'b.example 6']);
    asked[0]!.answer('2001:db8::1');
    const found = { addresses: ['2001:db8::1'] };
    expect(seen).toEqual([
      ['first', found],
      ['second', found],
    ]);
    lookUps.find('a.example', 6, () => undefined);
    expect(what()).toHaveLength(4);
  });

  it('[R18] go on without those who left, and leave one under way however often a race is repeated', () => {
    const { asked, lookUps, what } = manual(2);
    const seen: Found[] = [];
    for (let race = 0; race < 16; race++) lookUps.find('a.example', 6, (found) => seen.push(found))();
    expect(what()).toEqual(['a.example 6']);
    lookUps.find('a.example', 6, (found) => seen.push(found));
    asked[0]!.answer('2001:db8::1');
    expect(seen).toHaveLength(1);
  });

  it('tell who joins in the asynchronous context of its own', () => {
    const { asked, lookUps } = manual(2);
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    for (const name of ['first', 'second'])
      context.run(name, () => lookUps.find('a.example', 6, () => seen.push([name, context.getStore()])));
    context.run('first', () => asked[0]!.answer('2001:db8::1'));
    expect(seen).toEqual([
      ['first', 'first'],
      ['second', 'second'],
    ]);
  });

  it('[R18] of one name take two threads, and of several one each before any takes a second', async () => {
    const decisions = async (slots: number, names: readonly string[], before: readonly string[] = []) => {
      const { lookUps } = manual(slots);
      for (const name of before) lookUps.find(name, 0, () => undefined);
      const decided: boolean[] = [];
      for (const name of names) lookUps.decide(name, name, (isApart) => decided.push(isApart));
      await turn();
      return decided;
    };
    await expect(decisions(2, ['a'])).resolves.toEqual([true]);
    await expect(decisions(2, ['a', 'b'])).resolves.toEqual([false, false]);
    await expect(decisions(2, ['a'], ['hanging'])).resolves.toEqual([false]);
    await expect(decisions(1, ['a'])).resolves.toEqual([false]);
    await expect(decisions(4, ['a', 'b', 'c'])).resolves.toEqual([true, false, false]);
    await expect(decisions(Infinity, ['a', 'b'])).resolves.toEqual([true, true]);
  });

  it.each([
    [undefined, 2],
    ['8', 4],
    ['1', 1],
    ['7', 4],
    ['nonsense', 2],
    ['0', 1],
  ])('[R18] with UV_THREADPOOL_SIZE=%s have %d threads', (size, slots) => {
    expect(systemSlots(size)).toBe(slots);
  });
});
