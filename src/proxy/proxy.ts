import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Observable } from 'rxjs';
import { createConnector } from '../index.js';
import { serveClient, type Shared } from './connection.js';

import type { ProxyEvent } from './events.js';
import { httpProxy } from './http-server.js';
import { watchIdle } from './idle.js';
import { listen$ } from './listen.js';
import { checkProxyOptions, type ProxyOptions, type ProxySettings } from './options.js';
import { rateLimit } from './rate.js';
import { serveSocks4, serveSocks5 } from './socks.js';
import { connectorOptions } from './upstream-options.js';

/**
 * A proxy whose connections are made by races, as an Observable of everything that happens in it.
 *
 *     listening ──●
 *     client 1      ├─ accepted ─ requested ─ started ─ started ─ connected ───────────── closed
 *     client 2               ├─ accepted ─ requested ─ started ─ failed ─ refused ─ closed
 *
 * One port speaks HTTP (CONNECT, and requests with absolute URLs), SOCKS 5 and SOCKS 4a. Cold: subscribing listens, and
 * unsubscribing closes the port and every connection. All clients share the cache, history and sessions of one connector.
 *
 * Errors with Node's own error if it cannot listen. After `drain` is aborted, it completes when the last connection has closed.
 *
 * @throws TypeError, RangeError at the call, for invalid options, and for options that would let anyone on the network use the proxy
 *
 * @example
 * proxy$({ listen: '127.0.0.1:8118' }).subscribe((event) => console.log(event.type));
 */
export function proxy$(options: ProxyOptions = {}): Observable<ProxyEvent> {
  const settings = checkProxyOptions(options);
  createConnector(connectorOptions(settings)); // for what it throws
  return serving$(settings);
}

function serving$(settings: ProxySettings): Observable<ProxyEvent> {
  return new Observable((subscriber) => {
    const http = httpProxy(settings, `${randomBytes(4).toString('hex')}.rx-happy-eyeballs`);
    const shared: Shared = {
      settings,
      connector: createConnector(connectorOptions(settings)),
      rate: rateLimit(settings.clientRate),
      idle: watchIdle(settings.idleTimeout),
      open: new Set(),
    };
    const serve = { socks5: serveSocks5, socks4: serveSocks4, http: http.serve };
    const see = (event: ProxyEvent) => subscriber.next(event);
    const closing = new Set<() => void>();
    let connections = 0;
    let isDrained = false;

    const accept = (socket: Socket) => {
      const over = () => {
        closing.delete(close);
        if (isDrained && closing.size === 0) subscriber.complete();
      };
      const close = serveClient(++connections, socket, shared, serve, { see, over });
      closing.add(close);
    };
    const listening = listen$(settings).subscribe({
      next: (heard) => {
        if (heard.type === 'client') accept(heard.socket);
        else if (heard.type === 'listening') see({ ...heard, time: Date.now() });
        else see(unaccepted(++connections, heard.error));
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => {
        isDrained = true;
        http.drain();
        if (closing.size === 0) subscriber.complete();
      },
    });
    return () => {
      listening.unsubscribe();
      for (const close of closing) close();
      http.close();
    };
  });
}

function unaccepted(connection: number, error: Error): ProxyEvent {
  const message = `The system could not accept a connection: ${error.message}`;
  return { type: 'refused', time: Date.now(), connection, reason: 'accept', message, error };
}
