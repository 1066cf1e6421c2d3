import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import type { ProxySettings } from './options.js';

/** An event of a listening server. */
export type Heard =
  | { readonly type: 'listening'; readonly address: string; readonly port: number }
  | { readonly type: 'client'; readonly socket: Socket }
  /** The system could not accept a connection, for example because the process has no file descriptors left. */
  | { readonly type: 'unaccepted'; readonly error: Error };

/**
 * Listens while it is subscribed to, and emits the connections of clients. Completes when `drain` is aborted.
 *
 * Errors with Node's own error if it cannot listen.
 */
export function listen$({ host, port, drain }: Pick<ProxySettings, 'host' | 'port' | 'drain'>): Observable<Heard> {
  return new Observable((subscriber) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.on('connection', (socket: Socket) => {
      subscriber.next({ type: 'client', socket });
    });
    server.on('error', (error) => {
      if (server.listening) subscriber.next({ type: 'unaccepted', error });
      else subscriber.error(error);
    });
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const { address, port } = server.address() as AddressInfo;
      subscriber.next({ type: 'listening', address, port });
    });
    const drained = () => subscriber.complete();
    drain?.addEventListener('abort', drained);
    if (drain?.aborted) drained();
    return () => {
      drain?.removeEventListener('abort', drained);
      server.close();
    };
  });
}

/** How many connections the system queues until they are accepted. Thousands may arrive at once. */
const BACKLOG = 4096;
