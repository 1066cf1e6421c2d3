import { from } from 'rxjs';
import { familiesFrom, parseAddress } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { codedError } from '../core/error-tools.js';
import { normalName } from '../core/input/host-name.js';
import type { Resolver } from './resolver.js';

/** Addresses by host name, or one list for every host. */
export type StaticTable = Readonly<Record<string, string | readonly string[]>> | readonly string[];

/**
 * Creates a resolver with fixed addresses. It answers synchronously, for both families, the family of the host's first address
 * first, and completes. A host that is not in the table gets negative answers (`ENOTFOUND`). Names are compared without regard to
 * case or a trailing dot.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for text that is not an IP address, `ERR_INVALID_ARG_TYPE` for another table
 *
 * @example
 * staticResolver({ 'db.example': ['2001:db8::1', '192.0.2.1'] })
 */
export function staticResolver(table: StaticTable): Resolver {
  if (isList(table)) {
    const answers = answersFor(table);
    return () => from(answers);
  }
  const given: unknown = table;
  if (typeof given !== 'object' || given === null) throw invalidType('table', 'an object or an array of addresses', given);
  const names = new Map(Object.entries(table).map(([name, addresses]) => [normalName(name), answersFor([addresses].flat())]));
  const nothing = answersFor([]);
  return (host) => from(names.get(normalName(host)) ?? nothing);
}

function isList(table: StaticTable): table is readonly string[] {
  return Array.isArray(table);
}

function answersFor(texts: readonly string[]): readonly Answer[] {
  const addresses = texts.map((text) => {
    const address = parseAddress(text);
    if (!address) throw invalidValue('table', 'must hold IP addresses', text);
    return address;
  });
  return familiesFrom(addresses[0]?.family).map((family) => {
    const own = addresses.filter((address) => address.family === family).map(({ address }) => address);
    const answer = { type: recordType(family), addresses: own };
    return own.length > 0 ? answer : { ...answer, error: codedError('ENOTFOUND', `no IPv${family} address in the table`) };
  });
}
