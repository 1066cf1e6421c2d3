import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { parseAddress } from '../core/address/address.js';
import { invalidType } from '../core/input/argument-errors.js';
import { BLOCKED, codedError, toError } from '../core/error-tools.js';
import { refusal, type Filters } from '../node/filter.js';
import type { ConnectTarget } from './connect-arguments.js';

/**
 * Creates a socket that is not raced for, and that connects to no address which the filters refuse: it fails with
 * `ERR_IP_BLOCKED`, and sends nothing.
 *
 * Node looks names up; what it is answered is what it connects to. An address is not looked up, so one that is refused is given
 * to Node in brackets, as which it is a name.
 *
 * @param create makes it from options of `net.connect`, and connects it, as ever
 * @param filters absent: there are none
 */
export function connectFiltered<S>(create: (destination: ConnectTarget) => S, destination: ConnectTarget, filters?: Filters): S {
  if (!filters) return create(destination);
  // Read once: what is judged is what Node reads.
  const own: ConnectTarget = { ...destination };
  const host: unknown = own.host || 'localhost';
  // Node may take it for the text that it turns into, and the next time for another.
  if (typeof host !== 'string') throw invalidType('options.host', 'of type string', host);
  const port = Number(own.port);
  if (isIP(host)) {
    const refused = refusalOf(host, port, filters);
    return create(refused ? { ...own, host: `[${host}]`, lookup: failing(refused) } : own);
  }
  const { lookup } = own;
  if (lookup != null && typeof lookup !== 'function') return create(own); // Node says what is wrong with it
  return create({ ...own, lookup: filteredLookup(lookup ?? dns.lookup, port, filters) });
}

/** Why a text that Node takes for an address must not be connected to; `undefined` where it may, or where it is none. */
export function refusalOf(text: string, port: number, filters: Filters): Error | undefined {
  const address = parseAddress(text);
  if (!address) return isIP(text) ? codedError(BLOCKED, `${text} is blocked: it cannot be shown to the filters`) : undefined;
  try {
    return refusal({ ...address, port }, filters);
  } catch (thrown) {
    return toError(thrown);
  }
}

/** A look-up that finds nothing but this error. */
function failing(error: Error): LookupFunction {
  return (_name, _options, answered) => {
    process.nextTick(answered, error);
  };
}

/** A look-up that answers with no address which is refused: with the others, or with the error. */
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

/** What is to be given to Node in place of an answer: what Node would read of it, so that it reads what was judged. */
function judge(one: unknown, port: number, filters: Filters): { readonly answer: unknown; readonly refused?: Error } {
  if (typeof one === 'object' && one !== null && 'address' in one) {
    const { address, family } = one as { readonly address: unknown; readonly family?: unknown };
    const judged = judge(address, port, filters);
    return { ...judged, answer: { address: judged.answer, family } };
  }
  if (one === undefined || one === null) return { answer: one };
  // Node 20 takes for an address whatever turns into the text of one.
  const text = textOf(one);
  const refused = refusalOf(text, port, filters);
  return refused ? { answer: text, refused } : { answer: isIP(text) ? text : one };
}

/** What a value turns into where Node takes it for a text. */
export function textOf(value: unknown): string {
  return String(value);
}
