import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { lastValueFrom } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { boolean } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import { original, ORIGINAL } from '../node/original-lookup.js';
import { debug } from '../observe/debug.js';
import { splitHistory, type StandInOptions } from './racing.js';
import { ranking, type Rank } from './ranking.js';

/** The options of a look-up that have a say in the order of its answer. */
interface LookupOptions {
  readonly all?: unknown | undefined;
  readonly order?: unknown | undefined;
  readonly verbatim?: unknown | undefined;
}

/** The look-ups of a process, whichever copy of this package has replaced them. */
interface Lookups {
  /** Absent: answers come as ever. */
  rank?: Rank;
  /** Puts back what was there before, where ours is still there. */
  readonly restore: () => void;
  /** Puts ours in place again, where someone has put back what was there before. */
  readonly renew: () => void;
}

const KEY = Symbol.for('rx-happy-eyeballs.lookups');
const shared = globalThis as { [KEY]?: Lookups };

/**
 * Ranks the answers of `dns.lookup` and `dns.promises.lookup` that have all addresses, if they are to be ranked. Replaces the two
 * functions once for a process, also as named imports.
 *
 * @returns ends it, unless others have been registered since
 * @throws TypeError for what is no boolean, and for options that make no sense
 */
export function rankLookups(areRanked: unknown, options: StandInOptions): () => void {
  boolean('options.lookups', areRanked);
  if (areRanked !== true) return () => undefined;
  const { raceOptions, history } = splitHistory({ ...options, tls: undefined }, undefined);
  const rank = ranking(raceOptions, (random) => history?.().begin(random, '').past);
  const lookups = (shared[KEY] ??= patch());
  lookups.rank = rank;
  lookups.renew();
  return () => {
    if (lookups.rank !== rank) return;
    delete lookups.rank;
    lookups.restore();
  };
}

function patch(): Lookups {
  const patches = [patchCallback, patchPromise].map((patchOne) => patchOne(() => lookups.rank));
  const lookups: Lookups = {
    renew: () => {
      for (const { renew } of patches) renew();
      syncBuiltinESMExports();
    },
    restore: () => {
      const restored = patches.map(({ restore }) => restore());
      syncBuiltinESMExports();
      if (restored.every(Boolean)) Reflect.deleteProperty(shared, KEY);
    },
  };
  return lookups;
}

function patchCallback(current: () => Rank | undefined) {
  return replace(
    dns,
    (lookup) =>
      function (this: unknown, ...given: unknown[]): unknown {
        const [name, options, callback] = given;
        const rank = current();
        if (!rank || !isForAll(options) || typeof callback !== 'function') return Reflect.apply(lookup, this, given);
        const answered = callback as (error: Error | null, addresses?: unknown) => void;
        return Reflect.apply(lookup, this, [
          name,
          options,
          (error: Error | null, addresses: unknown) => {
            if (error) answered(error, addresses);
            else void ranked(rank, addresses, options).then((order) => process.nextTick(answered, null, order));
          },
        ]);
      },
  );
}

function patchPromise(current: () => Rank | undefined) {
  return replace(
    dns.promises,
    (lookup) =>
      function (this: unknown, ...given: unknown[]): unknown {
        const [, options] = given;
        const rank = current();
        const found = Reflect.apply(lookup, this, given) as Promise<unknown>;
        return rank && isForAll(options) ? found.then((addresses) => ranked(rank, addresses, options)) : found;
      },
  );
}

type AnyFunction = (this: unknown, ...given: unknown[]) => unknown;

/** Replaces the `lookup` of a module. What it is to others, as its promisified form, stays. */
function replace(module: object, make: (lookup: AnyFunction) => AnyFunction) {
  const owner = module as { lookup: AnyFunction };
  const before = owner.lookup;
  const ours = make(before);
  Object.defineProperties(ours, Object.getOwnPropertyDescriptors(before));
  Object.defineProperty(ours, ORIGINAL, { value: original(before) });
  return {
    renew: () => {
      if (owner.lookup === before) owner.lookup = ours;
    },
    /** @returns whether the one before is in place */
    restore: () => {
      if (owner.lookup === ours) owner.lookup = before;
      return owner.lookup === before;
    },
  };
}

function isForAll(options: unknown): options is LookupOptions {
  return typeof options === 'object' && options !== null && (options as LookupOptions).all === true;
}

/** An answer in order; as it came, where it cannot be put in order. */
async function ranked(rank: Rank, found: unknown, options: LookupOptions): Promise<unknown> {
  if (!Array.isArray(found) || found.length < 2) return found;
  try {
    return await lastValueFrom(rank(found as Found, leadingFamily(options)));
  } catch (error) {
    debug('the answer of a look-up keeps its order: %s', toError(error).message);
    return found;
  }
}

type Found = readonly (LookupAddress & { readonly family: Family })[];

/** The family that the call, or the program, wants first. */
function leadingFamily({ order, verbatim }: LookupOptions): Family | undefined {
  const wanted = order ?? (verbatim === undefined ? dns.getDefaultResultOrder() : verbatim === true ? 'verbatim' : 'ipv4first');
  return wanted === 'ipv4first' ? 4 : wanted === 'ipv6first' ? 6 : undefined;
}
