import { parseAddress } from '../address/address.js';

/** A host, and the port where one is given with it. */
export interface HostPort {
  readonly host: string;
  readonly port?: string;
}

/**
 * Takes apart what people write for a host, perhaps with its port: `example.com:8443`, `192.0.2.1:53`, `[2001:db8::1]:53`. An
 * IPv6 address without brackets is all host, and so is a text with an `@`: what stands before that may be a password, and is no
 * host. Neither is checked.
 */
export function hostPort(text: string): HostPort {
  if (text.includes('@')) return { host: text };
  const [, bracketed, afterBracket] = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? [];
  if (bracketed !== undefined) return { host: bracketed, ...(afterBracket !== undefined && { port: afterBracket }) };
  const colon = text.lastIndexOf(':');
  if (colon === -1 || parseAddress(text)) return { host: text };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}
