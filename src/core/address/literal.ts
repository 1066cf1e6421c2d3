import { parseAddress, type Address } from './address.js';

/** The address that a host names itself, as people write it and, in brackets, as URLs do (there `%25` for the `%` of a zone). */
export function parseLiteral(host: string): Address | undefined {
  if (!host.startsWith('[') || !host.endsWith(']')) return parseAddress(host);
  const inside = host.slice(1, -1);
  return inside.includes(':') ? parseAddress(inside.replace('%25', '%')) : undefined;
}

/** Whether a name is `localhost`, or below it. */
export function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host);
}
