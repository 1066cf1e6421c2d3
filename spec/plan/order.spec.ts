import { isObservable, lastValueFrom, of, type Observable } from 'rxjs';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { RaceOptions } from '../../src/plan/options.js';
import { checkOptions } from '../../src/plan/options.js';
import { ordering } from '../../src/plan/order.js';

const four: Endpoint = { address: '127.0.0.1', family: 4, port: 443 };
const six: Endpoint = { address: '::1', family: 6, port: 443 };

const order = (options: RaceOptions) => ordering(checkOptions(options), undefined)([four, six]);

describe('the order of endpoints', () => {
  it.each<[string, RaceOptions, readonly Endpoint[]]>([
    ["by sort: 'none'", { sort: 'none' }, [four, six]],
    ["by sort: 'rfc6724'", { sort: 'rfc6724' }, [six, four]],
    ['by a function that returns an array', { sort: (all) => [...all].reverse() }, [six, four]],
  ])('[S1] is an array at once %s', (_, options, expected) => {
    expect(order(options)).toEqual(expected);
  });

  it('[S1] is the first of an Observable of orders', async () => {
    const ordered = order({ sort: (all) => of([...all].reverse(), all) });
    expect(isObservable(ordered)).toBe(true);
    await expect(lastValueFrom(ordered as Observable<readonly Endpoint[]>)).resolves.toEqual([six, four]);
  });
});
