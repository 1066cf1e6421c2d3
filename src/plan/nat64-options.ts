import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach } from '../core/input/checks.js';
import { parseNat64Prefix, type Nat64Prefix } from '../core/address/nat64.js';

/** NAT64 prefixes in CIDR form (`64:ff9b::/96`), in the order in which they are tried. */
export interface Nat64Options {
  /**
   * The prefixes through which IPv4 is reached, in CIDR form and in the order in which they are tried.
   *
   * @defaultValue required
   */
  readonly prefixes: readonly string[];
}

export function checkNat64(name: string, value: unknown): void {
  if (value === 'auto' || value === false) return;
  if (typeof value !== 'object' || value === null) throw invalidType(name, "'auto', false or an object", value);
  checkEach<Nat64Options>(name, value, { prefixes: checkPrefixes });
  if ((value as Partial<Nat64Options>).prefixes === undefined)
    throw invalidType(`${name}.prefixes`, 'an array of prefixes', undefined);
}

export function checkPrefixes(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidType(name, 'an array of prefixes', value);
  if (value.length === 0) throw invalidValue(name, 'must not be empty', value);
  for (const one of value as unknown[]) {
    if (typeof one !== 'string') throw invalidType(name, 'an array of prefixes', one);
    if (!parseNat64Prefix(one)) throw invalidValue(name, 'must hold IPv6 prefixes of 32, 40, 48, 56, 64 or 96 bits', one);
  }
}

/** Parses the prefixes of options that have been checked. */
export function parsedPrefixes({ prefixes }: Nat64Options): readonly Nat64Prefix[] {
  return prefixes.map((text) => parseNat64Prefix(text)!);
}
