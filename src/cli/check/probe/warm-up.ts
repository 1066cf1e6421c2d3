import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { catchError, concatMap, defer, EMPTY, finalize, from, ignoreElements, range, switchMap, type Observable } from 'rxjs';
import type { Probing } from './probing.js';
import { reachabilityReport } from './reachability.js';

/** The number of connections after which all code has been loaded. */
const CONNECTIONS = 5;

/**
 * Connects on loopback before anything is measured. The first connections take some ms longer to load code, and the first TLS context
 * takes even longer to read the authorities that Node trusts. Completes, and never errors.
 */
export function warmUp(usesTls: boolean, probing: Probing): Observable<never> {
  return defer(() => {
    if (usesTls) createSecureContext();
    const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    const connect = () => {
      const { port } = server.address() as AddressInfo;
      return reachabilityReport({ address: '127.0.0.1', family: 4 }, { host: 'localhost', port }, false, probing);
    };
    return from(once(server, 'listening')).pipe(
      switchMap(() => range(CONNECTIONS)),
      concatMap(connect),
      ignoreElements(),
      finalize(() => server.close()),
    );
  }).pipe(catchError(() => EMPTY)); // the machine has no loopback, or no file descriptors are left
}
