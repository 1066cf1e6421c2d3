import { checkEach, given } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import { debug } from '../observe/debug.js';
import { cacheChecks, createCache, type Cache, type CachedResolver, type CacheOptions } from '../rx/cache.js';
import type { Resolver } from '../rx/resolver.js';
import { currentNetwork } from './connectivity.js';

/**
 * Remembers a resolver's answers for as long as they hold, in the network in which they were asked for.
 *
 *     ask ──► resolver ──► answer                 nothing known
 *     ask ──► answer                              fresh: at once, with the `ttl` that is left
 *     ask ──► stale answer ──► resolver ──► answer    expired, within `staleFor`: a fresh one follows and replaces it
 *
 * A family that is not known, or not any more, is asked for alone. Those who ask for the same while a query is under way
 * share it; it is cancelled with the last of them. That there is nothing (`ENOTFOUND`, `ENODATA`) is remembered too; that a
 * query failed (`ESERVFAIL`, `ETIMEOUT` …) is not, and does not replace a stale answer.
 *
 * What comes from memory is `assumed`: when all of it has failed, a race asks once more. In another network nothing of this
 * one is used, and neither are answers that come after the change.
 *
 * Errors with the resolver's error. Share one among races that should profit from each other.
 *
 * @throws TypeError, RangeError at the call, for options that make no sense
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8767 RFC 8767} for stale answers, {@link https://www.rfc-editor.org/rfc/rfc2308
 * RFC 2308} for negative ones, {@link https://www.rfc-editor.org/rfc/rfc9460#section-12 RFC 9460 section 12} for networks
 */
export function cached(resolver: Resolver, options: CacheOptions = {}): CachedResolver {
  const cache = networkCache(resolver, options);
  return Object.assign(cache.resolver(''), { clear: cache.clear });
}

/** The cache of {@link cached}, for several partitions. */
export function networkCache(resolver: Resolver, options: CacheOptions): Cache {
  checkEach('options', options, cacheChecks);
  return createCache(resolver, { ...given(options), network: named(options.network ?? currentNetwork) });
}

/** A network that cannot be named is one with all others of its kind: a cache must not keep a race from its answers. */
function named(network: () => string): () => string {
  return () => {
    try {
      return network();
    } catch (error) {
      debug('the cache does without a name of the network: %s', toError(error).message);
      return '';
    }
  };
}
