import type { Address } from '../address/address.js';
import type { ServiceRecord } from './service-records.js';

/** Where one attempt connects to: a canonical IP address with its family, and a port. */
export interface Endpoint extends Address {
  readonly port: number;
  /** What it is dialled by, where service records leave a choice; absent: TCP. */
  readonly protocol?: 'tcp' | 'quic';
  /** Where its address and port come from, in a race that asks for service records and has found some. */
  readonly service?: Service;
  /** The IPv6 address by which this network's NAT64 reaches it, where IPv4 has no route. */
  readonly via?: string;
}

/** What a service record, or an alias without one, has told of an endpoint. */
export interface Service {
  /** The name whose address it is. The certificate, SNI and `Host` are the origin's all the same. */
  readonly target: string;
  /** The protocols that the record and this client share; none where an alias has led to a name without records. */
  readonly alpn: readonly string[];
  /** The address is a hint of the record that no answer has confirmed. */
  readonly hint?: boolean;
  /** Absent where an alias has led to a name without records. */
  readonly record?: ServiceRecord;
}

/** The endpoint as a socket dials it: the address of NAT64 in place of the IPv4 address that it stands for. */
export function dialled(endpoint: Endpoint): Endpoint {
  return endpoint.via === undefined ? endpoint : { ...endpoint, address: endpoint.via, family: 6 };
}

/** The endpoint as people write it: `192.0.2.1:443`, `[2001:db8::1]:443`. */
export function formatEndpoint({ address, family, port }: Endpoint): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Where a race goes, as people write it: `example.com:443`, `[2001:db8::1]:443`. */
export function formatDestination({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
