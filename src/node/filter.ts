import type { BlockList } from 'node:net';
import { throwError } from 'rxjs';
import { embeddedIPv4 } from '../core/address/embedded-ipv4.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, codedError } from '../core/error-tools.js';
import { isPublic } from '../core/address/special-purpose.js';
import type { Transport } from '../rx/transport.js';

/** Decides whether an endpoint may be dialled. */
export type Filter = (endpoint: Endpoint) => boolean;

/** What {@link filtered} goes by. */
export interface Filters {
  readonly blockList?: BlockList;
  readonly filter?: Filter;
}

/**
 * A transport that dials no endpoint which is refused: the attempt fails with `ERR_IP_BLOCKED` at once.
 *
 * An endpoint has to pass as it is, without its zone, and as every IPv4 address that it may lead to, so that no way of writing
 * an address passes the filters by.
 */
export function filtered<T>(transport: Transport<T>, { blockList, filter }: Filters): Transport<T> {
  if (!blockList && !filter) return transport;
  return (endpoint, progressed) => {
    const forms = formsOf(endpoint);
    const blocked = blockList && forms.some(({ address, family }) => blockList.check(address, `ipv${family}`));
    if (blocked || (filter && !forms.every(filter))) {
      return throwError(() =>
        codedError(BLOCKED, `${formatEndpoint(endpoint)} is blocked by the ${blocked ? 'block list' : 'filter'}`),
      );
    }
    return transport(endpoint, progressed);
  };
}

function formsOf(endpoint: Endpoint): readonly Endpoint[] {
  const { address, port } = endpoint;
  const unzoned = address.includes('%') ? [{ ...endpoint, address: address.replace(/%.*$/, '') }] : [];
  return [endpoint, ...unzoned, ...embeddedIPv4(endpoint).map((ipv4): Endpoint => ({ address: ipv4, family: 4, port }))];
}

/**
 * A filter against server-side request forgery: lets public addresses pass and nothing else. Refused are loopback, link-local
 * (with the metadata services of clouds), private, shared, documentation, benchmarking, multicast, reserved and unallocated
 * addresses of both families, however they are written and wherever an IPv6 address hides one.
 *
 * It judges what is dialled, not what a name resolved to before, so that a name which changes its address (DNS rebinding)
 * gains nothing.
 *
 * @example
 * connect$(hostOfTheUser, 443, { filter: ssrf() });
 */
export function ssrf(): Filter {
  return (endpoint) => formsOf(endpoint).every(isPublic);
}
