import { from, map, of, take, type Observable } from 'rxjs';
import type { Address, Family } from '../core/address/address.js';
import { given } from '../core/input/checks.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { failuresLast, type Past } from '../core/race/path-records.js';
import { checkOptions, type RaceOptions } from '../plan/options.js';
import { ordering } from '../plan/order.js';

/**
 * Sorts the addresses of a look-up as a race would. Drops and adds none.
 *
 * @param preferFamily the family that comes first, except for addresses that failed recently
 */
export type Rank = <A extends Address>(addresses: readonly A[], preferFamily: Family | undefined) => Observable<readonly A[]>;

/** A look-up involves no port. */
const NO_PORT = 0;

/**
 * Sorts by the `sort` and `preferFamily` options of races, and by what earlier races have learnt.
 *
 * @param currentPast returns the history in the present network; `undefined`: none
 */
export function ranking(options: RaceOptions, currentPast: (random: () => number) => Past | undefined = () => undefined): Rank {
  const settings = checkOptions(given(options));
  return (addresses, preferFamily) => {
    const past = currentPast(settings.random);
    const places = new Map(addresses.map((place) => [{ address: place.address, family: place.family, port: NO_PORT }, place]));
    const endpoints = [...places.keys()];
    const sorted = ordering(settings, past)(endpoints);
    return (Array.isArray(sorted) ? of(sorted as readonly Endpoint[]) : from(sorted as Observable<readonly Endpoint[]>)).pipe(
      take(1),
      map((order) => {
        const all = [...order, ...endpoints.filter((endpoint) => !order.includes(endpoint))];
        const led = familyFirst(all, settings.preferFamily ?? preferFamily);
        const ranked = past ? failuresLast(led, past) : led;
        return ranked.map((endpoint) => places.get(endpoint)!);
      }),
    );
  };
}

function familyFirst(endpoints: readonly Endpoint[], family: Family | undefined): readonly Endpoint[] {
  const isFirst = (endpoint: Endpoint) => endpoint.family === family;
  return [...endpoints.filter(isFirst), ...endpoints.filter((endpoint) => !isFirst(endpoint))];
}
