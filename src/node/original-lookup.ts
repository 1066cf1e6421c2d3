import dns from 'node:dns';

/** The key under which a replacement of `dns.lookup` by this package, or another copy of it, keeps the original. */
export const ORIGINAL = Symbol.for('rx-happy-eyeballs.lookup.original');

/** The original of a look-up that we replaced, or the look-up itself. */
export function original<F extends object>(lookup: F): F {
  return (lookup as { readonly [ORIGINAL]?: F })[ORIGINAL] ?? lookup;
}

const KEY = Symbol.for('rx-happy-eyeballs.system-lookup');
const shared = globalThis as { [KEY]?: typeof dns.lookup };

/**
 * The value of `dns.lookup` when the first copy of this package was loaded in this process: the system's look-up. A function that
 * the program sets later is the program's own.
 */
export const systemLookup = (shared[KEY] ??= original(dns.lookup));
