import { parseAuthority, type Authority } from './authority.js';

/** The destination of a request with an absolute URL, and its path there. */
export type Target = Authority & { readonly path: string };

const HTTP_PORT = 80;

/**
 * Parses `http://example.com:8080/path?query`. The path is kept as it was written.
 *
 * @returns the target, or a sentence that says why the URL is refused
 */
export function parseAbsoluteUrl(url: string, method: string): Target | string {
  const [, scheme, authority = '', rest = ''] = /^([a-z][a-z\d+.-]*):\/\/([^/?#\\]*)([^#]*)/i.exec(url) ?? [];
  if (scheme === undefined) return 'This is a proxy: send it CONNECT, or a request with an absolute URL.';
  if (scheme.toLowerCase() !== 'http') return 'Only http: URLs are forwarded. Use CONNECT for others.';
  const destination = parseAuthority(authority, HTTP_PORT);
  if (!destination) return 'The URL has no valid host.';
  // RFC 9112 section 3.2.4
  const path = rest === '' && method === 'OPTIONS' ? '*' : rest.startsWith('/') ? rest : `/${rest}`;
  return { ...destination, path };
}
