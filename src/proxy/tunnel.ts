import type { Socket } from 'node:net';
import type { Endpoint } from '../index.js';
import type { Connection } from './connection.js';
import { admit, dial } from './dial.js';
import type { ProxyRequest } from './events.js';
import type { Refusal } from './refusal.js';

/** What a client is told. */
export interface Answers {
  readonly granted: (upstream: Socket, endpoint: Endpoint) => string | Uint8Array;
  readonly denied: (refusal: Refusal) => string | Uint8Array;
}

/**
 * Connects a client to the destination, where it may be, and passes bytes on. Until then as much is read of what the client sends
 * as a socket holds, so that a client that breaks off is noticed.
 */
export function tunnel(connection: Connection, asked: Omit<ProxyRequest, 'client'>, { granted, denied }: Answers): void {
  const { socket } = connection;
  const request = connection.requested(asked);
  socket.read(0);
  const refused = (refusal: Refusal) => {
    connection.refuse(refusal, request);
    connection.farewell(denied(refusal));
  };
  const done = (upstream: Socket, endpoint: Endpoint) => {
    socket.write(granted(upstream, endpoint));
    connection.relay(upstream);
  };
  admit(connection, request, { refused, done: (override) => dial(connection, request, override, { refused, done }) });
}
