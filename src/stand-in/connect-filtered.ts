import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { parseAddress } from '../core/address/address.js';
import { invalidType } from '../core/input/argument-errors.js';
import { BLOCKED, codedError, toError } from '../core/error-tools.js';
import { refusal, type Filters } from '../node/filter.js';
import type { ConnectTarget } from './connect-arguments.js';

/**
 * Creates a socket that is not raced for, but never connects to an address that the filters refuse: it fails with
 * `ERR_IP_BLOCKED` and sends nothing.
 *
 * Node connects to the answer of its look-up, which is filtered. It does not look up addresses, so a refused address is passed in
 * brackets, which make it a name.
 *
 * @param create creates and connects the socket from options of `net.connect`, as usual
 * @param filters absent if there are none
 */
export function connectFiltered<S>(create: (destination: ConnectTarget) => S, destination: ConnectTarget, filters?: Filters): S {
  if (!filters) return create(destination);
  // Copied, so that Node reads exactly what was judged.
  const own: ConnectTarget = { ...destination };
  const host: unknown = own.host || 'localhost';
  // Node would convert it to text, and perhaps to another text the next time.
  if (typeof host !== 'string') throw invalidType('options.host', 'of type string', host);
  const port = Number(own.port);
  if (isIP(host)) {
    const refused = refusalOf(host, port, filters);
    return create(refused ? { ...own, host: `[${host}]`, lookup: failing(refused) } : own);
  }
  const { lookup } = own;
  if (lookup != null && typeof lookup !== 'function') return create(own); // Node reports what is wrong with it
  return create({ ...own, lookup: filteredLookup(lookup ?? dns.lookup, port, filters) });
}

/** Why Node must not connect to an address; `undefined` if it may, or if the text is not an address. */
export function refusalOf(text: string, port: number, filters: Filters): Error | undefined {
  const address = parseAddress(text);
  if (!address) return isIP(text) ? codedError(BLOCKED, `${text} is blocked: it cannot be shown to the filters`) : undefined;
  try {
    return refusal({ ...address, port }, filters);
  } catch (thrown) {
    return toError(thrown);
  }
}

/** A look-up that always fails with an error. */
function failing(error: Error): LookupFunction {
  return (_name, _options, answered) => {
    process.nextTick(answered, error);
  };
}

/** Wraps a look-up so that it answers with permitted addresses only, or else with an error. */
export function filteredLookup(lookup: LookupFunction, port: number, filters: Filters): LookupFunction {
  return (name, options, answered) => {
    lookup(name, options, (error, found: unknown, family) => {
      if (error) {
        answered(error, found as string, family);
        return;
      }
      const judged = [found].flat().map((one) => judge(one, port, filters));
      const passed = judged.filter(({ refused }) => !refused).map(({ answer }) => answer);
      const refused = judged.find((one) => one.refused)?.refused;
      if (refused && passed.length === 0) answered(refused, undefined as never);
      else answered(null, (Array.isArray(found) ? passed : passed[0]) as never, family);
    });
  };
}

/** Replaces an answer by a copy of what Node reads from it, so that Node reads exactly what was judged. */
function judge(one: unknown, port: number, filters: Filters): { readonly answer: unknown; readonly refused?: Error } {
  if (typeof one === 'object' && one !== null && 'address' in one) {
    const { address, family } = one as { readonly address: unknown; readonly family?: unknown };
    const judged = judge(address, port, filters);
    return { ...judged, answer: { address: judged.answer, family } };
  }
  // Node 20 accepts anything that converts to the text of an address.
  const text = textOf(one);
  const refused = refusalOf(text, port, filters);
  return refused ? { answer: text, refused } : { answer: isIP(text) ? text : one };
}

/** Converts a value to text as Node does. */
export function textOf(value: unknown): string {
  return String(value);
}
