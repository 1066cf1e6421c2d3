import { hasZone, withoutZone } from '../core/address/address.js';
import type { BlockList } from 'node:net';
import { throwError } from 'rxjs';
import { embeddedIPv4 } from '../core/address/embedded-ipv4.js';
import { dialled, formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, codedError } from '../core/error-tools.js';
import { invalidReturn } from '../core/input/argument-errors.js';
import { isObject } from '../core/input/checks.js';
import { isPublic } from '../core/address/special-purpose.js';
import type { Transport } from '../rx/transport.js';

/** Decides whether an endpoint may be dialled. Only `true` permits it. */
export type Filter = (endpoint: Endpoint) => boolean;

/** The filters of {@link filtered}. */
export interface Filters {
  readonly blockList?: BlockList;
  readonly filter?: Filter;
}

/** The filters among options; `undefined` if there are none. */
export function filtersOf({ blockList, filter }: Filters): Filters | undefined {
  return blockList || filter ? { ...(blockList && { blockList }), ...(filter && { filter }) } : undefined;
}

/**
 * Wraps a transport so that it never dials a refused endpoint: the attempt fails with `ERR_IP_BLOCKED` at once.
 *
 * An endpoint must pass as it is, without its zone, and as every IPv4 address that it may lead to, so that no spelling of an
 * address evades the filters.
 */
export function filtered<T>(transport: Transport<T>, { blockList, filter }: Filters): Transport<T> {
  if (!blockList && !filter) return transport;
  return (endpoint, progressed) => {
    const refused = refusal(endpoint, { blockList, filter });
    return refused ? throwError(() => refused) : transport(endpoint, progressed);
  };
}

/**
 * Why an endpoint must not be dialled; `undefined` if it may.
 *
 * @throws what the filter throws, and TypeError for a filter that returns a promise
 */
export function refusal(endpoint: Endpoint, { blockList, filter }: Filters): Error | undefined {
  const forms = formsOf(endpoint);
  if (blockList && forms.some(({ address, family }) => (blockList.check(address, `ipv${family}`) as unknown) !== false)) {
    return blocked(endpoint, 'the block list');
  }
  for (const form of filter ? forms : []) {
    const verdict: unknown = filter!(form);
    if (verdict !== true) return blocked(endpoint, `the filter${explained(verdict)}`);
  }
  return undefined;
}

function blocked(endpoint: Endpoint, by: string): Error {
  return codedError(BLOCKED, `${formatEndpoint(endpoint)} is blocked by ${by}`);
}

/**
 * Explains what may be wrong with a filter that returned neither true nor false.
 *
 * @throws TypeError for a promise: nothing awaits it, so the filter would refuse everything
 */
function explained(verdict: unknown): string {
  if (typeof verdict === 'function') return ', which has returned a function: is it meant to be called, as in ssrf()?';
  if (isObject(verdict) && typeof (verdict as PromiseLike<unknown>).then === 'function') {
    void Promise.resolve(verdict as PromiseLike<unknown>).catch(() => undefined);
    throw invalidReturn('options.filter', 'true or false at once, and no promise', verdict);
  }
  return '';
}

function formsOf(endpoint: Endpoint): readonly Endpoint[] {
  const { address } = endpoint;
  const unzoned = hasZone(address) ? [{ ...endpoint, address: withoutZone(address) }] : [];
  const ipv4s = embeddedIPv4(endpoint).map((ipv4): Endpoint => ({ ...endpoint, address: ipv4, family: 4 }));
  const own = UNSPECIFIED.get(unzoned[0]?.address ?? address);
  // If NAT64 reaches an IPv4 address, also the address that is dialled.
  const first = endpoint.via === undefined || endpoint.via === address ? [endpoint] : [dialled(endpoint), endpoint];
  return [...first, ...unzoned, ...ipv4s, ...(own === undefined ? [] : [{ ...endpoint, address: own }])];
}

/** Connecting to an unspecified address reaches this machine itself. */
const UNSPECIFIED: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/**
 * Creates a filter against server-side request forgery, which permits public addresses only. It refuses loopback, link-local
 * (including the metadata services of clouds), private, shared, documentation, benchmarking, multicast, reserved and unallocated
 * addresses of both families, in every spelling and within every IPv6 address that embeds one.
 *
 * It judges the address that is dialled, not an earlier look-up, so that DNS rebinding achieves nothing.
 *
 * @example
 * connect$(hostOfTheUser, 443, { filter: ssrf() });
 */
export function ssrf(): Filter {
  // A NAT64 address belongs to the network, and may be of any kind. What counts is the address that it leads to.
  return (endpoint) => formsOf(endpoint).every((form) => form.address === form.via || isPublic(form));
}
