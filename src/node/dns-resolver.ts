import { getServers, Resolver as Channel, type RecordWithTtl } from 'node:dns';
import { defer, finalize, Observable, of } from 'rxjs';
import type { Address, Family } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import { invalidType } from '../core/input/argument-errors.js';
import { callable, checkEach, integer, LONGEST_DELAY, oneOrMore, type Checks } from '../core/input/checks.js';
import { codedError, toError } from '../core/error-tools.js';
import { knownAnswers, type Query, type Resolver } from '../rx/resolve.js';
import { askFamilies, currentFamilies } from './connectivity.js';
import { hostsFile, systemHostsFile } from './hosts-file.js';

/** Options of {@link dnsResolver}. */
export interface DnsResolverOptions {
  /** Addresses of DNS servers, with a port where that is not 53: `192.0.2.53`, `[2001:db8::53]:5353`. Default: the system's. */
  readonly servers?: readonly string[];
  /** How long a server is given for its first try, in ms. Default 1000. */
  readonly timeout?: number;
  /** How often each server is tried. Default 2. */
  readonly tries?: number;
  /** Asked before any server; false: none. Default: the system's. */
  readonly hostsFile?: string | false;
  /** The families worth asking for; default: those in which this machine has a non-loopback, non-link-local address. */
  readonly families?: () => readonly Family[];
}

/**
 * Asks DNS servers itself, with AAAA and A as separate queries: knows how long answers hold, does not share Node's four
 * look-up threads, and can be cancelled. The hosts file and `localhost` come before any query; search domains, mDNS and
 * other sources of the system are not asked.
 *
 * Servers with IPv6 addresses are asked first; a server that does not answer is passed over. Emits an answer for each family
 * when it comes, with `ttl` (the least of its records', in s) or with the `error` of its query (`ENODATA`, `ENOTFOUND`,
 * `ESERVFAIL`, `ETIMEOUT` …); completes when both have come; never errors. Unsubscribing cancels the queries.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for servers, timeout or tries that are none
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3 RFC 8305 section 3}
 */
export function dnsResolver(options: DnsResolverOptions = {}): Resolver {
  checkEach('options', options, checks);
  const { servers, timeout = 1000, tries = 2, families = currentFamilies } = options;
  const hosts = options.hostsFile === false ? () => [] : hostsFile(options.hostsFile ?? systemHostsFile);
  const open = () => {
    const channel = new Channel({ timeout, tries });
    channel.setServers(ipv6First(servers ?? getServers()));
    return channel;
  };
  open(); // checks the servers

  return (host, query = {}) => {
    const listed = hosts(host);
    if (listed.length > 0) return askFamilies(query, [6, 4], (family) => of(listedAnswer(host, family, listed)));
    return knownAnswers(host) ?? defer(() => ask(open(), host, query, families()));
  };
}

const checks: Checks<DnsResolverOptions> = {
  servers: (name, value) => {
    if (!Array.isArray(value)) throw invalidType(name, 'an array of addresses', value);
    oneOrMore((each, server) => {
      if (typeof server !== 'string') throw invalidType(each, 'of type string', server);
    })(name, value);
  },
  timeout: integer(1, LONGEST_DELAY),
  tries: integer(1, Number.MAX_SAFE_INTEGER),
  hostsFile: (name, value) => {
    if (value !== false && typeof value !== 'string') throw invalidType(name, 'a path or false', value);
  },
  families: callable,
};

/** The queries share a channel of their own, so that cancelling them cancels nobody else's. */
function ask(channel: Channel, name: string, query: Query, connected: readonly Family[]): Observable<Answer> {
  return askFamilies(query, connected, (family) => queryRecords(channel, name, family)).pipe(
    finalize(() => {
      channel.cancel();
    }),
  );
}

function queryRecords(channel: Channel, name: string, family: Family): Observable<Answer> {
  const type = recordType(family);
  return new Observable((subscriber) => {
    const answer = (error: Error | null, records: readonly RecordWithTtl[] = []) => {
      if (error) subscriber.next({ type, addresses: [], error });
      else
        subscriber.next({
          type,
          addresses: records.map(({ address }) => address),
          ttl: Math.min(...records.map(({ ttl }) => ttl)),
        });
      subscriber.complete();
    };
    try {
      if (family === 6) channel.resolve6(name, { ttl: true }, answer);
      else channel.resolve4(name, { ttl: true }, answer);
    } catch (error) {
      answer(toError(error)); // a name that cannot be put into a query
    }
  });
}

function listedAnswer(host: string, family: Family, listed: readonly Address[]): Answer {
  const addresses = listed.filter((one) => one.family === family).map(({ address }) => address);
  if (addresses.length > 0) return { type: recordType(family), addresses };
  const error = codedError('ENODATA', `the hosts file has no IPv${family} address for ${host}`);
  return { type: recordType(family), addresses, error };
}

function ipv6First(servers: readonly string[]): string[] {
  const isIPv6 = (server: string) => server.startsWith('[') || server.split(':').length > 2;
  return [...servers.filter(isIPv6), ...servers.filter((server) => !isIPv6(server))];
}
