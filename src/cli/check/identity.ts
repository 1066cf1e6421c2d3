import { parseLiteral } from '../../rx/resolve.js';
import type { TlsOptions } from '../../node/tls.js';

/** For whom a certificate must be: the host's name, or else the address. */
export function tlsIdentity(host: string): TlsOptions {
  if (parseLiteral(host)) return {};
  const name = host.replace(/\.$/, '');
  return { host: name, servername: name };
}
