import { from, map, of, take, type Observable } from 'rxjs';
import type { Address, Family } from '../core/address/address.js';
import { given } from '../core/input/checks.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { failuresLast, type Past } from '../core/race/path-records.js';
import { checkOptions, type RaceOptions } from '../plan/options.js';
import { ordering } from '../plan/order.js';

/**
 * Puts the addresses of a look-up in the order in which a race would sort them. No address is left out, and none is added.
 *
 * @param preferFamily comes first, but for addresses that failed lately
 */
export type Rank = <A extends Address>(addresses: readonly A[], preferFamily: Family | undefined) => Observable<readonly A[]>;

/** A look-up has no port. */
const NO_PORT = 0;

/**
 * Ranks by the `sort` and `preferFamily` options of races, and by what earlier races have learnt.
 *
 * @param currentPast what is known of the paths of the network that this machine is in; `undefined`: nothing
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
