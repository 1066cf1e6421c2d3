import { randomBytes } from 'node:crypto';
import { Observable } from 'rxjs';
import { createConnector } from '../index.js';
import { Connection, serveClient, type Servers, type Shared } from './connection.js';
import { Crowd } from './crowd.js';
import type { ProxyEvent } from './events.js';
import { watchHeads } from './head-watch.js';
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
    const see = (event: ProxyEvent) => subscriber.next(event);
    const connections = new Crowd<Connection>();
    let accepted = 0;
    let isDrained = false;
    const over = (connection: Connection) => {
      connections.delete(connection);
      if (isDrained && connections.size === 0) subscriber.complete();
    };
    const heads = watchHeads(connections, settings.headerTimeout);
    const connector = createConnector(connectorOptions(settings));
    const shared: Shared = { settings, connector, rate: rateLimit(settings.clientRate), heads, see, over, open: 0 };
    const http = httpProxy(settings, heads, `${randomBytes(4).toString('hex')}.rx-happy-eyeballs`);
    const servers: Servers = { socks5: serveSocks5, socks4: serveSocks4, http: http.serve };

    const listening = listen$(settings).subscribe({
      next: (heard) => {
        if (heard.type === 'client') {
          const connection = new Connection(++accepted, heard.socket, shared);
          connections.add(connection);
          serveClient(connection, servers);
        } else if (heard.type === 'listening') see({ ...heard, time: Date.now() });
        else see(unaccepted(++accepted, heard.error));
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => {
        isDrained = true;
        http.drain();
        if (connections.size === 0) subscriber.complete();
      },
    });
    const endIdleWatch = watchIdle(connections, settings.idleTimeout);
    return () => {
      listening.unsubscribe();
      for (const connection of connections) connection.close();
      heads.close();
      endIdleWatch();
    };
  });
}

function unaccepted(connection: number, error: Error): ProxyEvent {
  const message = `The system could not accept a connection: ${error.message}`;
  return { type: 'refused', time: Date.now(), connection, reason: 'accept', message, error };
}
