import { callable, checkEach } from '../core/input/checks.js';
import type { Resolver } from '../rx/resolver.js';
import { dnsClient } from './dns-query.js';
import { dnsChecks, dnsResolver, type DnsResolverOptions } from './dns-resolver.js';
import { serviceLookup } from './service-lookup.js';

/** Options of {@link serviceResolver}. */
export interface ServiceResolverOptions extends DnsResolverOptions {
  /** Finds the addresses; only service records are then asked for here. Default: `dnsResolver` with these options. */
  readonly addresses?: Resolver | undefined;
}

/**
 * Joins queries for HTTPS records to a resolver of addresses: in races with the option `serviceRecords`, HTTPS, AAAA and A are
 * asked for side by side. `systemResolver` and `dnsResolver` do so by themselves; this is for other resolvers, and for records
 * that are asked of other servers than addresses.
 *
 * Over UDP, and over TCP where an answer does not fit. Where the additional section has the addresses of a target, these are
 * used before any are asked for.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for options that make no sense
 *
 * @example
 * connect$('example.com', 443, { serviceRecords: true, resolver: serviceResolver({ servers: ['192.0.2.53'] }) });
 */
export function serviceResolver(options: ServiceResolverOptions = {}): Resolver {
  checkEach('options', options, { ...dnsChecks, addresses: callable });
  const { addresses, ...dns } = options;
  const found = addresses ?? dnsResolver(dns);
  const resolver: Resolver = (host, query) => found(host, query);
  const { uncancellable = false, decides = false } = found;
  return Object.assign(resolver, { uncancellable, decides, serviceRecords: serviceLookup(dnsClient(dns)) });
}
