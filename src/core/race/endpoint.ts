import type { Address } from '../address/address.js';

/** Where one attempt connects to: a canonical IP address with its family, and a port. */
export interface Endpoint extends Address {
  readonly port: number;
}

/** The endpoint as people write it: `192.0.2.1:443`, `[2001:db8::1]:443`. */
export function formatEndpoint({ address, family, port }: Endpoint): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Where a race goes, as people write it: `example.com:443`, `[2001:db8::1]:443`. */
export function formatDestination({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
