import { firstValueFrom, isObservable, of, Subject, toArray, type Observable } from 'rxjs';
import type { Endpoint } from '../../src/index.js';
import { groupOrder } from '../../src/rx/group-order.js';

const endpoints: Readonly<Record<string, Endpoint>> = Object.fromEntries(
  ['6a', '6b', '6c', '4a', '4b', '4c'].map((name, i) => [
    name,
    name.startsWith('6')
      ? { address: `2001:db8::${i}`, family: 6, port: 443 }
      : { address: `192.0.2.${i}`, family: 4, port: 443 },
  ]),
);
const group = (names: string) => names.split(' ').map((name) => endpoints[name]!);
const names = (order: readonly Endpoint[]) =>
  order.map((endpoint) => Object.keys(endpoints).find((name) => endpoints[name] === endpoint)).join(' ');

const INTERLEAVING = { interleave: true, firstAddressFamilyCount: 1, preferFamily: 6 } as never;
const asIs = (order: readonly Endpoint[]) => order;

describe('the order of groups', () => {
  it('[V3] alternates within each group', () => {
    const order = groupOrder([group('6a 6b 4a'), group('6c 4c')], asIs, INTERLEAVING);
    expect(names(order as readonly Endpoint[])).toBe('6a 4a 6b 6c 4c');
  });

  it('[V3] is empty without groups, at once', () => {
    expect(groupOrder([], asIs, INTERLEAVING)).toEqual([]);
  });

  it('[V3] sorts each group by itself', () => {
    const reversed = (order: readonly Endpoint[]) => order.toReversed();
    const order = groupOrder([group('6a 6b'), group('4a 4b')], reversed, INTERLEAVING);
    expect(names(order as readonly Endpoint[])).toBe('6b 6a 4b 4a');
  });

  it('[V3] waits for all groups where the order of one is an Observable, and follows later orders', async () => {
    const later = new Subject<readonly Endpoint[]>();
    const sort = (order: readonly Endpoint[]) => (order[0]!.family === 6 ? later : order);
    const order$ = groupOrder([group('6a 6b 4a'), group('4b 4c')], sort, INTERLEAVING) as Observable<readonly Endpoint[]>;
    expect(isObservable(order$)).toBe(true);
    const orders = firstValueFrom(order$.pipe(toArray()));
    later.next(group('6b 6a 4a'));
    later.next(group('6a 6b 4a'));
    later.complete();
    expect((await orders).map(names)).toEqual(['6b 4a 6a 4b 4c', '6a 4a 6b 4b 4c']);
  });

  it('[V3] takes Observables for all groups', async () => {
    const order$ = groupOrder([group('6a'), group('4a')], (order) => of(order), INTERLEAVING);
    expect((await firstValueFrom((order$ as Observable<readonly Endpoint[]>).pipe(toArray()))).map(names)).toEqual(['6a 4a']);
  });
});
