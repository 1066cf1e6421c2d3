import type { Socket } from 'node:net';
import type { Endpoint } from '../index.js';
import type { Connection } from './connection.js';
import { admit, dial } from './dial.js';
import type { ProxyRequest } from './events.js';
import type { Refusal } from './refusal.js';

/** The responses to a client. */
export interface Answers {
  readonly granted: (upstream: Socket, endpoint: Endpoint) => string | Uint8Array;
  readonly denied: (refusal: Refusal) => string | Uint8Array;
}

/**
 * Connects a client to its destination if that is allowed, and passes bytes on. Before there is a connection, the proxy reads one
 * buffer of what the client sends, because otherwise it would not notice that the client has left.
 */
export function tunnel(connection: Connection, request: ProxyRequest, { granted, denied }: Answers): void {
  const { socket } = connection;
  connection.requested(request);
  socket.read(0);
  const refused = (refusal: Refusal) => {
    connection.refuse(refusal, request);
    connection.farewell(denied(refusal));
  };
  const done = (upstream: Socket, endpoint: Endpoint) => {
    // Text is ASCII only. Node writes it faster as Latin-1 than as UTF-8.
    socket.write(granted(upstream, endpoint), 'latin1');
    connection.connectTo(upstream);
  };
  admit(connection, request, { refused, done: (override) => dial(connection, request, override, { refused, done }) });
}
