import { checkEach, given } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import { debug } from '../observe/debug.js';
import { cacheChecks, createCache, type Cache, type CachedResolver, type CacheOptions } from '../rx/cache.js';
import type { Resolver } from '../rx/resolver.js';
import { currentNetwork } from './connectivity.js';

/**
 * Caches a resolver's answers for their time to live, separately for each network.
 *
 *     ask ──► resolver ──► answer                 nothing cached
 *     ask ──► answer                              fresh: at once, with the remaining `ttl`
 *     ask ──► stale answer ──► resolver ──► answer    expired, within `staleFor`: a fresh one follows and replaces it
 *
 * Only the families that are missing or expired are queried. Concurrent look-ups share one query, which is cancelled with its
 * last subscriber. Negative answers (`ENOTFOUND`, `ENODATA`) are cached. Failed queries (`ESERVFAIL`, `ETIMEOUT` …) are not, and
 * do not replace a stale answer.
 *
 * Cached answers are `assumed`: a race queries once more after all their addresses have failed. Answers are never used in another
 * network, and neither are those that arrive after the network has changed.
 *
 * Errors with the resolver's error. Share one cached resolver among races that should profit from each other.
 *
 * @throws TypeError, RangeError at the call, for invalid options
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

/** All networks that cannot be named count as one: a race must not fail because of its cache. */
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
