/** Where a client wants to be connected to: a name or an IP address, without brackets, and a port. */
export interface Authority {
  readonly host: string;
  readonly port: number;
}

/** A name, an IPv4 address, or an IPv6 address in brackets; then perhaps a port. */
const AUTHORITY = /^(?:\[([\da-f:.]+(?:%25[\w.~-]+|%[\w.~-]+)?)\]|([^\s:@/?#[\]\\]+))(?::(\d{0,5}))?$/i;

/**
 * Takes `example.com:443`, `192.0.2.1:80` and `[2001:db8::1]:443` apart.
 *
 * @param defaultPort where none is written; absent: there must be one
 * @returns `undefined` for text that is nothing of the kind: with user name and password as well, which have no place there
 */
export function parseAuthority(text: string, defaultPort?: number): Authority | undefined {
  const [, literal, name, written] = AUTHORITY.exec(text) ?? [];
  const host = literal ?? name;
  const port = written === undefined || written === '' ? defaultPort : Number(written);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** The destination as it is written in a request. */
export function formatAuthority({ host, port }: Authority, defaultPort?: number): string {
  const written = host.includes(':') ? `[${host}]` : host;
  return port === defaultPort ? written : `${written}:${port}`;
}
