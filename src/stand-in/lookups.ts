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

/** The options of a look-up that affect the order of its answer. */
interface LookupOptions {
  readonly all?: unknown;
  readonly order?: unknown;
  readonly verbatim?: unknown;
}

/** The replaced look-ups of a process, shared by all copies of this package. */
interface Lookups {
  /** Absent if answers are left unchanged. */
  rank?: Rank;
  /** Restores the previous functions, unless someone has replaced ours since. */
  readonly restore: () => void;
  /** Installs ours again, if someone has restored the previous functions. */
  readonly renew: () => void;
}

const KEY = Symbol.for('rx-happy-eyeballs.lookups');
const shared = globalThis as { [KEY]?: Lookups };

/**
 * Sorts the answers of `dns.lookup` and `dns.promises.lookup` with `all: true`, if `areRanked`. Replaces the two functions once per
 * process, including their named imports.
 *
 * @returns a function that ends it, unless others have been registered since
 * @throws TypeError unless `areRanked` is a boolean, and for invalid options
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

/** Replaces the `lookup` of a module. Its other properties, such as the promisified form, are kept. */
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
    /** @returns whether the previous function is in place */
    restore: () => {
      if (owner.lookup === ours) owner.lookup = before;
      return owner.lookup === before;
    },
  };
}

function isForAll(options: unknown): options is LookupOptions {
  return typeof options === 'object' && options !== null && (options as LookupOptions).all === true;
}

/** Sorts an answer; returns it unchanged if it cannot be sorted. */
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

/** The family that the call or the program wants first. */
function leadingFamily({ order, verbatim }: LookupOptions): Family | undefined {
  const wanted = order ?? (verbatim === undefined ? dns.getDefaultResultOrder() : verbatim === true ? 'verbatim' : 'ipv4first');
  return wanted === 'ipv4first' ? 4 : wanted === 'ipv6first' ? 6 : undefined;
}
