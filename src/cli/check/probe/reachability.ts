import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls';
import { catchError, defer, map, of, switchMap, type Observable } from 'rxjs';
import type { Address } from '../../../core/address/address.js';
import type { Endpoint } from '../../../core/race/endpoint.js';
import { tcp } from '../../../node/tcp.js';
import { tls } from '../../../node/tls.js';
import { limit } from '../../../rx/limit.js';
import { monotonicScheduler } from '../../../rx/monotonic.js';
import { tlsIdentity } from '../../../node/tls.js';
import { failure, type Probing } from './probing.js';
import type { AddressReport, CertificateReport, StepReport, TlsReport } from '../report.js';
import type { Target } from '../targets.js';

/** Whether an address accepts TCP connections and, with `useTls`, TLS. */
export function reachabilityReport(
  { address, family }: Address,
  { host, port }: Target,
  useTls: boolean,
  probing: Probing,
): Observable<Pick<AddressReport, 'tcp' | 'tls'>> {
  const endpoint = { address, family, port };
  return defer(() => {
    const elapsed = probing.stopwatch();
    return tcp()(endpoint).pipe(
      limit(probing.timeout, monotonicScheduler, 'connection'),
      switchMap((socket) => {
        const connected: StepReport = { time: elapsed(), error: null };
        if (useTls) return tlsReport(socket, endpoint, host, probing).pipe(map((secured) => ({ tcp: connected, tls: secured })));
        socket.destroy();
        return of({ tcp: connected, tls: null });
      }),
      catchError((error: Error) => of({ tcp: { time: elapsed(), error: failure(error) }, tls: null })),
    );
  });
}

/** Reads the certificate, trusted or not. The report shows what is wrong with it. */
function tlsReport(socket: Socket, endpoint: Endpoint, host: string, probing: Probing): Observable<TlsReport> {
  const elapsed = probing.stopwatch();
  const options = { ALPNProtocols: ['h2', 'http/1.1'], ...tlsIdentity(host), ...probing.tls, rejectUnauthorized: false };
  const secure$ = defer(() => tls(options, () => of(socket))(endpoint));
  return secure$.pipe(
    limit(probing.timeout, monotonicScheduler, 'TLS handshake'),
    map((secure) => {
      const report = {
        time: elapsed(),
        error: null,
        protocol: secure.getProtocol(),
        alpn: secure.alpnProtocol || null,
        certificate: certificateReport(secure, probing),
      };
      secure.destroy();
      return report;
    }),
    catchError((error: Error) => {
      socket.destroy();
      return of({ time: elapsed(), error: failure(error), protocol: null, alpn: null, certificate: null });
    }),
  );
}

const DAY = 86_400_000;

function certificateReport(secure: TLSSocket, { tls: { rejectUnauthorized }, now }: Probing): CertificateReport | null {
  const certificate: Partial<PeerCertificate> & Partial<DetailedPeerCertificate> = secure.getPeerCertificate();
  if (certificate.valid_to === undefined) return null;
  const validUntil = new Date(certificate.valid_to);
  return {
    subject: commonName(certificate.subject),
    names: certificate.subjectaltname ?? '',
    issuer: commonName(certificate.issuer),
    validUntil: validUntil.toISOString(),
    daysLeft: Math.floor((validUntil.getTime() - now().getTime()) / DAY),
    // This is the code of an error, although its type is Error.
    error: secure.authorized ? null : (secure.authorizationError as unknown as string),
    verified: rejectUnauthorized !== false,
  };
}

/** The common name of a certificate, or else its organisation. */
function commonName(name: Partial<PeerCertificate['subject']> | undefined): string {
  return [name?.CN ?? name?.O ?? ''].flat().join(', ');
}
