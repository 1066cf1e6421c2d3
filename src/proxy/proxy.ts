import { randomBytes } from 'node:crypto';
import type { Observable } from 'rxjs';
import { defer, finalize, mergeMap, of } from 'rxjs';
import { createConnector } from '../index.js';
import { connection$, type Connection, type Shared } from './connection.js';
import { connectorOptions } from './dial.js';
import type { ProxyEvent } from './events.js';
import { httpProxy } from './http-server.js';
import { listen$, type Heard } from './listen.js';
import { checkProxyOptions, type ProxyOptions, type ProxySettings } from './options.js';
import { rateLimit } from './rate.js';
import { serveSocks4, serveSocks5 } from './socks.js';

/**
 * A proxy whose connections are made by races, as an Observable of everything that happens in it.
 *
 *     listening ──●
 *     client 1      ├─ accepted ─ requested ─ started ─ started ─ connected ───────────── closed
 *     client 2               ├─ accepted ─ requested ─ started ─ failed ─ refused ─ closed
 *
 * One port speaks HTTP (CONNECT, and requests with absolute URLs), SOCKS 5 and SOCKS 4a. Cold: subscribing listens, and
 * unsubscribing closes the port and every connection. All clients share one connector: its cache, its history, its sessions.
 *
 * Errors where it cannot listen, with Node's own error. Completes after `drain` was aborted, with the last connection.
 *
 * @throws TypeError, RangeError at the call, for options that make no sense; also where anyone on the network could use the proxy
 *
 * @example
 * proxy$({ listen: '127.0.0.1:8118' }).subscribe((event) => console.log(event.type));
 */
export function proxy$(options: ProxyOptions = {}): Observable<ProxyEvent> {
  const settings = checkProxyOptions(options);
  createConnector(connectorOptions(settings)); // for what it throws
  return defer(() => serving$(settings));
}

function serving$(settings: ProxySettings): Observable<ProxyEvent> {
  const http = httpProxy(settings, `${randomBytes(4).toString('hex')}.rx-happy-eyeballs`);
  const open = new Set<Connection>();
  const shared: Shared = {
    settings,
    connector: createConnector(connectorOptions(settings)),
    rate: rateLimit(settings.clientRate),
    open,
  };
  const serve = { socks5: serveSocks5, socks4: serveSocks4, http: http.serve };
  settings.drain?.addEventListener('abort', http.drain, { once: true });
  let connections = 0;
  const eventsOf = (heard: Heard): Observable<ProxyEvent> => {
    if (heard.type === 'client') return connection$(++connections, heard.socket, shared, serve);
    const time = Date.now();
    if (heard.type === 'listening') return of({ ...heard, time });
    const { error } = heard;
    const message = `The system has refused a connection: ${error.message}`;
    return of({ type: 'refused', time, connection: ++connections, reason: 'accept', message, error });
  };
  return listen$(settings).pipe(
    mergeMap(eventsOf),
    finalize(() => {
      settings.drain?.removeEventListener('abort', http.drain);
      http.close();
    }),
  );
}
