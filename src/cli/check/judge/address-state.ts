import { parseAddress, type Family } from '../../../core/address/address.js';
import { isPublic } from '../../../core/address/special-purpose.js';
import type { AddressReport, CertificateReport, Failure, HostReport } from '../report.js';

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

/** This machine has a way to it, so that it is to blame where it does not answer. */
export function routed(report: AddressReport): boolean {
  return report.source !== null && !outOfDescriptors(report.tcp.error) && !unansweredBeyondSite(report);
}

/** It has failed because this program, or this machine, may open no more. */
export function outOfDescriptors(error: Failure | null | undefined): boolean {
  return error?.code === 'EMFILE' || error?.code === 'ENFILE';
}

const UNIQUE_LOCAL = /^f[cd]/;
const NO_ANSWER = new Set<string | null | undefined>(['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH']);

/**
 * A public address that does not answer a unique local one: few networks translate those, so that it may be this one that
 * does not get through.
 */
function unansweredBeyondSite({ address, source, tcp }: AddressReport): boolean {
  return NO_ANSWER.has(tcp.error?.code) && UNIQUE_LOCAL.test(source ?? '') && isPublic(parseAddress(address)!);
}
