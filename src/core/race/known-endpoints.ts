import { parseAddress, type Address, type Family } from '../address/address.js';
import { isOfAddresses, saysNothing, type Answer } from './answers.js';
import { LONGEST_DELAY } from '../input/checks.js';
import type { Endpoint } from './endpoint.js';
import type { Answered } from './events.js';

/** An endpoint from an answer. */
export interface KnownEndpoint {
  readonly endpoint: Endpoint;
  readonly type: Answer['type'];
  readonly stale: boolean;
  /** In ms since the race began. Later, the next answer of its type replaces the endpoint. `Infinity`: valid for the whole race. */
  readonly expiresAt: number;
}

/**
 * Translates an address for this network's NAT64: returns the IPv4 address that it is, or represents, once for each way to dial
 * it. Returns `undefined` if NAT64 does not concern the address.
 */
export type Translation = (address: Address) => readonly (Address & Pick<Endpoint, 'via'>)[] | undefined;

/**
 * Adds an answer's addresses to the known endpoints. Each endpoint appears once and keeps its object identity.
 *
 * A fresh answer replaces the stale and expired endpoints of its type. An inconclusive answer (its query failed) replaces
 * nothing.
 *
 * @param race the race's port, and the family that it is restricted to
 * @returns the same list for a negative answer that replaces nothing
 */
export function gatherEndpoints(
  known: readonly KnownEndpoint[],
  { answer, at }: Answered,
  race: { readonly port: number; readonly family: 0 | Family; readonly translation?: Translation },
): readonly KnownEndpoint[] {
  if (!isOfAddresses(answer)) return known;
  const { type, stale = false } = answer;
  const replaces = !stale && !saysNothing(answer) && known.some((one) => isReplaced(one, type, at));
  const kept = replaces ? known.filter((one) => !isReplaced(one, type, at)) : known;
  if (answer.addresses.length === 0) return kept;

  const expiresAt = expiryOf(answer, at);
  const gathered = [...kept];
  const before = kept === known ? NONE : new Map(known.map(({ endpoint }) => [keyOf(endpoint), endpoint]));
  const keys = new Set<string>();
  for (const { endpoint } of kept) keys.add(keyOf(endpoint));
  const add = ({ address, family, via }: Place) => {
    if (race.family !== 0 && family !== race.family) return;
    const key = via ?? address;
    if (keys.has(key)) return;
    keys.add(key);
    const endpoint = via === undefined ? { address, family, port: race.port } : { address, family, port: race.port, via };
    gathered.push({ endpoint: before.get(key) ?? endpoint, type, stale, expiresAt });
  };
  for (const text of answer.addresses) {
    const parsed = parseAddress(text);
    if (!parsed) continue;
    const translated = race.translation?.(parsed);
    if (translated) translated.forEach(add);
    else add(parsed);
  }
  return gathered;
}

type Place = Address & Pick<Endpoint, 'via'>;

/** Identifies an endpoint by the address that is dialled, since NAT64 may offer several ways to one IPv4 address. */
function keyOf({ address, via }: Place): string {
  return via ?? address;
}

const NONE: ReadonlyMap<string, Endpoint> = new Map();

function isReplaced(one: KnownEndpoint, type: Answer['type'], at: number): boolean {
  return one.type === type && (one.stale || one.expiresAt <= at);
}

/** A time to live of 0 is valid for the present race. */
function expiryOf({ ttl }: Answer, at: number): number {
  return ttl !== undefined && ttl > 0 && ttl * 1000 <= LONGEST_DELAY ? at + ttl * 1000 : Infinity;
}

/** When the first endpoint from answers of this type expires, in ms since the race began. */
export function firstExpiry(known: readonly KnownEndpoint[], type: Answer['type']): number {
  let first = Infinity;
  for (const one of known) if (one.type === type && one.expiresAt < first) first = one.expiresAt;
  return first;
}
