import dns from 'node:dns';

/** On a look-up that this package, or another copy of it, has put in place of Node's: the one that it replaced. */
export const ORIGINAL = Symbol.for('rx-happy-eyeballs.lookup.original');

/** A look-up, or the one that ours was put in place of. */
export function original<F extends object>(lookup: F): F {
  return (lookup as { readonly [ORIGINAL]?: F })[ORIGINAL] ?? lookup;
}

/** What `dns.lookup` was when this was loaded. A named import would become whatever someone puts in its place. */
export const systemLookup = original(dns.lookup);
