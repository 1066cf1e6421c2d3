import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import type { ProxySettings } from './options.js';

/** What a listening server does. */
export type Heard =
  | { readonly type: 'listening'; readonly address: string; readonly port: number }
  | { readonly type: 'client'; readonly socket: Socket }
  /** The system has refused to accept a connection, as where it has no descriptors left. */
  | { readonly type: 'unaccepted'; readonly error: Error };

/**
 * Connections of clients, while it is subscribed to. Completes when `drain` is aborted.
 *
 * Errors with Node's own error where it cannot listen.
 */
export function listen$({ host, port, drain }: Pick<ProxySettings, 'host' | 'port' | 'drain'>): Observable<Heard> {
  return new Observable((subscriber) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.on('connection', (socket: Socket) => {
      // A connection that is reset before it is looked at must not end the process.
      socket.on('error', () => undefined);
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

/** Connections that the system keeps until they are accepted: thousands may come at once. */
const BACKLOG = 4096;
