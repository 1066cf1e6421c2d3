/** A destination: a name or an IP address without brackets, and a port. */
export interface Authority {
  readonly host: string;
  readonly port: number;
}

/** A name, an IPv4 address, or an IPv6 address in brackets, with an optional port. */
const AUTHORITY = /^(?:\[([\da-f:.]+(?:%25[\w.~-]+|%[\w.~-]+)?)\]|([^\s:@/?#[\]\\]+))(?::(\d{0,5}))?$/i;

/**
 * Parses `example.com:443`, `192.0.2.1:80` or `[2001:db8::1]:443`.
 *
 * @param defaultPort used if the text has no port; absent if a port is required
 * @returns `undefined` for invalid text, which includes text with a user name and password
 */
export function parseAuthority(text: string, defaultPort?: number): Authority | undefined {
  const [, literal, name, written] = AUTHORITY.exec(text) ?? [];
  const host = literal ?? name;
  const port = written === undefined || written === '' ? defaultPort : Number(written);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** Formats a destination as requests have it. */
export function formatAuthority({ host, port }: Authority, defaultPort?: number): string {
  const written = host.includes(':') ? `[${host}]` : host;
  return port === defaultPort ? written : `${written}:${port}`;
}
