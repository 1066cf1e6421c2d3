import { parseAddress } from '../address/address.js';

/** A host and, if present, its port; both as written. */
export interface HostPort {
  readonly host: string;
  readonly port?: string;
}

/**
 * Splits a host from its port: `example.com:8443`, `192.0.2.1:53`, `[2001:db8::1]:53`. An IPv6 address without brackets is all
 * host. So is text with an `@`: what precedes the `@` may be a password, and must not be taken for a host. Neither part is
 * validated.
 */
export function hostPort(text: string): HostPort {
  if (text.includes('@')) return { host: text };
  const [, bracketed, afterBracket] = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? [];
  if (bracketed !== undefined) return { host: bracketed, ...(afterBracket !== undefined && { port: afterBracket }) };
  const colon = text.lastIndexOf(':');
  if (colon === -1 || parseAddress(text)) return { host: text };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}
