import type { Socket } from 'node:net';
import { catchError, defer, filter, forkJoin, map, merge, NEVER, of, type Observable } from 'rxjs';
import { race$ } from '../../../connect.js';
import type { Answer } from '../../../core/race/answers.js';
import { formatEndpoint } from '../../../core/race/endpoint.js';
import { codedError } from '../../../core/error-tools.js';
import { ConnectionError } from '../../../core/race/connection-error.js';
import type { Connected } from '../../../core/race/events.js';
import { sortBy } from '../../../node/address-selection.js';
import { currentPolicy } from '../../../node/system-policy.js';
import { tcp } from '../../../node/tcp.js';
import { tls } from '../../../node/tls.js';
import type { Transport } from '../../../rx/transport.js';
import { tlsIdentity } from '../../../node/tls.js';
import { failure, type Probing } from './probing.js';
import { addressRecords } from './records.js';
import type { FallbackReport, RaceReport } from '../report.js';
import type { Target } from '../targets.js';

/** Races the addresses of a host, as they are and with IPv6 addresses that never answer. */
export function fallbackReport(target: Target, useTls: boolean, probing: Probing): Observable<FallbackReport> {
  const withoutIPv6: Transport<Socket> = (endpoint) => (endpoint.family === 6 ? NEVER : tcp()(endpoint));
  return forkJoin({
    now: raceReport(target, useTls, tcp(), probing),
    withoutIPv6: raceReport(target, useTls, withoutIPv6, probing),
  });
}

/** A race with the default options and its look-up. It may take as long as one probe. */
function raceReport(
  { host, port }: Target,
  useTls: boolean,
  connection: Transport<Socket>,
  probing: Probing,
): Observable<RaceReport> {
  return defer(() => {
    const elapsed = probing.stopwatch();
    const transport: Transport<Socket> = useTls ? tls({ ...tlsIdentity(host), ...probing.tls }, connection) : connection;
    const resolver = () => merge(...(['AAAA', 'A'] as const).map((type) => answers(host, type, probing)));
    const options = { transport, resolver, sort: sortBy(currentPolicy()), connectTimeout: probing.timeout };
    return race$(host, port, options).pipe(
      filter((event): event is Connected<Socket> => event.type === 'connected'),
      map(({ endpoint: { address, family }, value }) => {
        value.destroy();
        return { winner: { address, family }, time: elapsed(), attempts: [], error: null };
      }),
      catchError((error: Error) => of({ winner: null, time: elapsed(), attempts: lostAttempts(error), error: failure(error) })),
    );
  });
}

/** The result of each attempt of a race without a winner. */
function lostAttempts(error: Error): RaceReport['attempts'] {
  if (!(error instanceof ConnectionError)) return [];
  return error.attempts.map((attempt) => ({
    endpoint: formatEndpoint(attempt.endpoint),
    error: attempt.error ? failure(attempt.error) : null,
  }));
}

function answers(host: string, type: 'AAAA' | 'A', probing: Probing): Observable<Answer> {
  return addressRecords(host, type, probing).pipe(
    map(({ addresses, ttl, error }) => ({
      type,
      addresses,
      ...(ttl !== null && { ttl }),
      ...(error && { error: codedError(error.code ?? 'ENODATA', error.message) }),
    })),
  );
}
