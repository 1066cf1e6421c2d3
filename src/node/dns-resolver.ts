import { domainToASCII } from 'node:url';
import { catchError, defer, map, of, type Observable } from 'rxjs';
import { type Address, FAMILIES, type Family } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import { invalidAddress, invalidType } from '../core/input/argument-errors.js';
import { callable, checkEach, integer, LONGEST_DELAY, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import { knownAnswers } from '../rx/resolve.js';
import type { Resolver } from '../rx/resolver.js';
import { askFamilies, currentFamilies } from './connectivity.js';
import { dnsClient, queryRecords, type DnsClient } from './dns-query.js';
import { checkServers } from './dns-servers.js';
import { hostsFile, systemHostsFile } from './hosts-file.js';
import { serviceLookup } from './service-lookup.js';

/** Options of {@link dnsResolver}. */
export interface DnsResolverOptions {
  /**
   * The addresses of DNS servers, with a port where that is not 53: `192.0.2.53`, `[2001:db8::53]:5353`. By default the system's
   * servers are asked, as `resolv.conf` names them at the time of each query.
   *
   * @defaultValue none
   */
  readonly servers?: readonly string[] | undefined;
  /**
   * How long a server may take to answer the first try. Each further try doubles it.
   *
   * @defaultValue 1000 ms
   */
  readonly timeout?: number | undefined;
  /**
   * How often a server that does not answer is tried.
   *
   * @defaultValue 2
   */
  readonly tries?: number | undefined;
  /**
   * The hosts file that is read before any server is asked; `false`: none. The default is the system's.
   *
   * @defaultValue none
   */
  readonly hostsFile?: string | false | undefined;
  /**
   * The families to ask for. By default those in which this machine has an address that is neither loopback nor link-local.
   *
   * @defaultValue none
   */
  readonly families?: (() => readonly Family[]) | undefined;
}

/**
 * Creates a resolver that queries DNS servers itself, AAAA and A separately. It knows times to live, needs none of Node's threads
 * for look-ups, and can be cancelled. It consults the hosts file and knows `localhost`, but not search domains, mDNS or other
 * sources of the system.
 *
 * Servers with IPv6 addresses come first. A server that does not answer, or answers SERVFAIL, REFUSED, NOTIMP or FORMERR, is
 * skipped; NXDOMAIN ends the search. Emits an answer for each family as it arrives, with `ttl` (the least of its records', in s) or
 * with the `error` of its query (`ENODATA`, `ENOTFOUND`, `ESERVFAIL`, `ETIMEOUT` …; the most informative one if all servers
 * failed). Completes after both answers, and never errors. Unsubscribing cancels the queries.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for invalid options
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3 RFC 8305 section 3}
 */
export function dnsResolver(options: DnsResolverOptions = {}): Resolver {
  checkEach('options', options, dnsChecks);
  const { families = currentFamilies } = options;
  const hosts = options.hostsFile === false ? () => [] : hostsFile(options.hostsFile ?? systemHostsFile);
  const client = dnsClient(options);

  const resolver: Resolver = (host, query = {}) => {
    const listed = hosts(host);
    if (listed.length > 0) return askFamilies(query, FAMILIES, (family) => of(listedAnswer(host, family, listed)));
    return knownAnswers(host) ?? defer(() => askFamilies(query, families(), (family) => lookUp(host, family, client)));
  };
  return Object.assign(resolver, { serviceRecords: serviceLookup(client) });
}

export const dnsChecks: Checks<DnsResolverOptions> = {
  servers: (name, value) => {
    checkServers(name, value, invalidAddress);
  },
  timeout: integer(1, LONGEST_DELAY),
  tries: integer(1, Number.MAX_SAFE_INTEGER),
  hostsFile: (name, value) => {
    if (value !== false && typeof value !== 'string') throw invalidType(name, 'a path or false', value);
  },
  families: callable,
};

function lookUp(host: string, family: Family, client: DnsClient): Observable<Answer> {
  const type = recordType(family);
  return queryRecords(asciiName(host), type, client).pipe(
    map(({ aliases, data, ttl }): Answer => {
      if (data.length > 0) return { type, addresses: data, ttl: ttl! };
      const owner = aliases.length > 0 ? `${host}, an alias of ${aliases.at(-1)},` : host;
      return { type, addresses: [], error: codedError('ENODATA', `${owner} has no ${type} record`) };
    }),
    catchError((error: Error) => of<Answer>({ type, addresses: [], error })),
  );
}

/** The ASCII form of an internationalised name, as the DNS has it. A name without one cannot be queried. */
function asciiName(host: string): string {
  return /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host) || host;
}

function listedAnswer(host: string, family: Family, listed: readonly Address[]): Answer {
  const addresses = listed.filter((one) => one.family === family).map(({ address }) => address);
  if (addresses.length > 0) return { type: recordType(family), addresses };
  const error = codedError('ENODATA', `the hosts file has no IPv${family} address for ${host}`);
  return { type: recordType(family), addresses, error };
}
