import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction as NetLookupFunction } from 'node:net';
import { Observable } from 'rxjs';
import { parseAddress, type Address, type Family } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import { callable, checkEach, type Checks } from '../core/input/checks.js';
import { codedError, toError } from '../core/error-tools.js';
import type { Query, Resolver } from '../rx/resolve.js';
import { askFamilies, currentFamilies } from './connectivity.js';

/** `dns.lookup`, or anything that is called as `net.connect` calls its `lookup` option. */
export type LookupFunction = NetLookupFunction;

/** Options of {@link systemResolver}. */
export interface SystemResolverOptions {
  /** Default: `dns.lookup`. */
  readonly lookup?: LookupFunction;
  /** The families worth asking for; default: those in which this machine has a non-loopback, non-link-local address. */
  readonly families?: () => readonly Family[];
}

/**
 * Asks the system, as every other program does: hosts file, name service switch, mDNS and DNS, by `dns.lookup`.
 *
 *     lookup(host, IPv6)  ───────► AAAA
 *     lookup(host, IPv4)  ──► A
 *
 * One look-up per family, side by side, AAAA first; each answer is emitted when it comes, and neither waits for the other.
 * Completes when both have come. A family without addresses, one whose look-up fails, and one that this machine cannot
 * reach is a negative answer with the reason as its `error`. Never errors.
 *
 * The system's look-ups cannot be cancelled: after unsubscribing their results are ignored.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305#section-3.1 RFC 8305 section 3.1}
 */
export function systemResolver(options: SystemResolverOptions = {}): Resolver {
  checkEach('options', options, { lookup: callable, families: callable } satisfies Checks<SystemResolverOptions>);
  const { lookup = systemLookup, families = currentFamilies } = options;
  const resolver = (host: string, query: Query = {}) => askFamilies(query, families(), (family) => lookUp(lookup, host, family));
  return Object.assign(resolver, { uncancellable: true });
}

function lookUp(lookup: LookupFunction, host: string, family: Family): Observable<Answer> {
  return new Observable((subscriber) => {
    const answer = (addresses: readonly string[], error?: Error) => {
      subscriber.next({ type: recordType(family), addresses, ...(error && { error }) });
      subscriber.complete();
    };
    try {
      lookup(host, { family, all: true, verbatim: true }, (error, found) => {
        if (error) return answer([], toError(error));
        // A look-up of a literal, or a careless look-up function, brings the other family's addresses as well.
        const addresses = listed(found).filter((address) => parseAddress(address)?.family === family);
        if (addresses.length > 0) return answer(addresses);
        answer([], codedError('ENODATA', `the look-up of ${host} found no IPv${family} address`));
      });
    } catch (error) {
      answer([], toError(error));
    }
  });
}

/** The addresses among what a look-up function has given. */
export function addressesOf(found: unknown): readonly Address[] {
  return listed(found)
    .map(parseAddress)
    .filter((address) => address !== undefined);
}

/** The addresses that a look-up function gives: a list, as it is asked for, or one, as those do that know of no list. */
function listed(found: unknown): string[] {
  const addresses = [found]
    .flat()
    .map((one) => (typeof one === 'string' ? one : (one as Partial<LookupAddress> | null | undefined)?.address));
  return addresses.filter((address) => typeof address === 'string');
}
