import { callable, checkEach } from '../core/input/checks.js';
import type { Resolver } from '../rx/resolver.js';
import { dnsClient } from './dns-query.js';
import { dnsChecks, dnsResolver, type DnsResolverOptions } from './dns-resolver.js';
import { serviceLookup } from './service-lookup.js';

/** Options of {@link serviceResolver}. */
export interface ServiceResolverOptions extends DnsResolverOptions {
  /** Finds the addresses, so that this resolver queries service records only. Default: `dnsResolver` with these options. */
  readonly addresses?: Resolver | undefined;
}

/**
 * Adds queries for HTTPS records to a resolver of addresses: races with the option `serviceRecords` query HTTPS, AAAA and A in
 * parallel. `systemResolver` and `dnsResolver` already do so. Use this for other resolvers, or to query records from other servers
 * than addresses.
 *
 * Queries go over UDP, and over TCP if an answer does not fit. Addresses of a target in the additional section are used without
 * another query.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for invalid options
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
