import type { Address } from '../address/address.js';
import type { ServiceRecord } from './service-records.js';

/** What one attempt connects to: a canonical IP address with its family, and a port. */
export interface Endpoint extends Address {
  readonly port: number;
  /** The transport protocol, if service records offer a choice. Default: TCP. */
  readonly protocol?: 'tcp' | 'quic';
  /** The service record that the address and port come from, if there is one. */
  readonly service?: Service;
  /** The IPv6 address that is dialled instead, through the network's NAT64, if IPv4 has no route. */
  readonly via?: string;
}

/** What a service record, or an alias, says about an endpoint. */
export interface Service {
  /** The name that owns the address. The certificate, SNI and `Host` are still those of the origin. */
  readonly target: string;
  /** The protocols that the record and this client share; empty if an alias led to a name without records. */
  readonly alpn: readonly string[];
  /** True if the address is a hint in the record that no answer has confirmed. */
  readonly hint?: boolean;
  /** Absent if an alias led to a name without records. */
  readonly record?: ServiceRecord;
}

/** The endpoint as a socket dials it: with the NAT64 address instead of the IPv4 address that it represents. */
export function dialled(endpoint: Endpoint): Endpoint {
  return endpoint.via === undefined ? endpoint : { ...endpoint, address: endpoint.via, family: 6 };
}

/** Formats an endpoint: `192.0.2.1:443`, `[2001:db8::1]:443`. */
export function formatEndpoint({ address, family, port }: Endpoint): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Formats the destination of a race: `example.com:443`, `[2001:db8::1]:443`. */
export function formatDestination({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
