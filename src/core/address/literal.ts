import { parseAddress, type Address } from './address.js';

/** Parses a host that is an IP literal, with or without the brackets of a URL (within brackets, a zone's `%` is `%25`). */
export function parseLiteral(host: string): Address | undefined {
  if (!host.startsWith('[') || !host.endsWith(']')) return parseAddress(host);
  const inside = host.slice(1, -1);
  return inside.includes(':') ? parseAddress(inside.replace('%25', '%')) : undefined;
}

/** Whether a name is `localhost` or a subdomain of it. */
export function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host);
}
