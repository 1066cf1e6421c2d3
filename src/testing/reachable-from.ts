import { isObject } from '../core/input/checks.js';

/** Objects that are looked into before the search is given up: who holds that much is not looking for one socket. */
const MOST = 10_000;

/** Which of the objects that are looked for can be reached from another: within lists, maps, sets and properties. */
export function reachableFrom(from: unknown, wanted: ReadonlySet<unknown>): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  const seen = new Set<unknown>([from]);
  for (const one of seen) {
    if (found.size === wanted.size || seen.size > MOST) break;
    if (wanted.has(one)) found.add(one);
    else if (isObject(one)) for (const part of partsOf(one)) if (isObject(part)) seen.add(part);
  }
  return found;
}

function partsOf(whole: object): unknown[] {
  // No getter is called: it might do anything.
  const properties = Reflect.ownKeys(whole).map((key) => Object.getOwnPropertyDescriptor(whole, key)?.value as unknown);
  if (whole instanceof Map) return [...properties, ...whole.keys(), ...whole.values()];
  return whole instanceof Set ? [...properties, ...whole] : properties;
}
