import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { parseLiteral } from '../core/address/literal.js';

/** The target of a race: the host as given and as looked up, and the port. */
export interface RaceTarget {
  readonly host: string;
  readonly asciiHost: string;
  readonly port: number;
}

/** Characters that no valid name contains. A colon may occur in the hosts file. */
const NEVER_IN_NAMES = /[\s\0-\x1f\x7f/\\?#@[\]<>^|%"`{}]/;

/** A host with its port, or a malformed IPv6 address. Other text with a colon is left to the resolver. */
const MISTAKEN = /:\d+$|^[\da-f.]*:[\da-f.]*:[\da-f:.]*$/i;

/** In characters. A name has at most 253 in ASCII and fewer in Unicode, but a bracketed address with a zone may have more. */
const LONGEST_TEXT = 300;

/**
 * A host in ASCII.
 *
 * @param toAscii what IDNA makes of a name that is not ASCII; empty for an invalid name
 * @param isKnown whether the system knows a name all the same, whatever it looks like
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for what cannot be a host name or an IP address
 */
export function hostInAscii(
  host: unknown,
  toAscii: (name: string) => string,
  isKnown: (name: string) => boolean = () => false,
): string {
  if (typeof host !== 'string') throw invalidType('host', 'of type string', host);
  if (host === '') throw invalidValue('host', 'must not be empty', host);
  if (host.length > LONGEST_TEXT) throw invalidValue('host', 'has over 253 characters', host);
  const ascii = /^[\0-\x7f]*$/.test(host) ? host : toAscii(host);
  const mistake = parseLiteral(ascii) ? undefined : mistakeIn(ascii);
  if (mistake !== undefined && !isKnown(ascii)) throw invalidValue('host', mistake, host);
  return ascii;
}

/** What is wrong with a name; `undefined` if it can be looked up. */
function mistakeIn(ascii: string): string | undefined {
  if (ascii === '' || NEVER_IN_NAMES.test(ascii) || MISTAKEN.test(ascii)) return 'is neither a host name nor an IP address';
  const labels = ascii.replace(/\.$/, '').split('.');
  if (labels.includes('')) return 'has an empty label';
  if (labels.some((label) => label.length > 63)) return 'has a label of over 63 characters';
  return labels.join('.').length > 253 ? 'has over 253 characters' : undefined;
}
