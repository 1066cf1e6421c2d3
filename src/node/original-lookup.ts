import dns from 'node:dns';

/** On a look-up that this package, or another copy of it, has put in place of Node's: the one that it replaced. */
export const ORIGINAL = Symbol.for('rx-happy-eyeballs.lookup.original');

/** A look-up, or the one that ours was put in place of. */
export function original<F extends object>(lookup: F): F {
  return (lookup as { readonly [ORIGINAL]?: F })[ORIGINAL] ?? lookup;
}

const KEY = Symbol.for('rx-happy-eyeballs.system-lookup');
const shared = globalThis as { [KEY]?: typeof dns.lookup };

/**
 * What `dns.lookup` was when any copy of this package was loaded first, in this process: the look-up of the system. What a program
 * puts in its place later, however soon before the first race, is the program's own.
 */
export const systemLookup = (shared[KEY] ??= original(dns.lookup));
