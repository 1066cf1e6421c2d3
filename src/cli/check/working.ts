import type { Family } from '../../core/address.js';
import type { AddressReport, CertificateReport, HostReport } from './report.js';

/** The certificate is to be trusted, as far as that was asked for. */
export function trusted({ error, verified }: CertificateReport): boolean {
  return error === null || !verified;
}

/** An address over which a client gets what it wants: TCP, and where there is TLS, a handshake and a certificate. */
export function works({ tcp, tls }: AddressReport): boolean {
  if (tcp.error) return false;
  return tls === null || (tls.error === null && tls.certificate !== null && trusted(tls.certificate));
}

export function ofFamily({ addresses }: HostReport, family: Family): readonly AddressReport[] {
  return addresses.filter((address) => address.family === family);
}

/** This machine has a way to it, so that what it does not answer is its own fault. */
export function routed({ source }: AddressReport): boolean {
  return source !== null;
}
